package api

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/faces/client"
	"xietong/node/flows/anywhere"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// crowded are the keys of a root for whose key sets there is little room left.
type crowded struct{ waiting }

func (crowded) Taken(context.Context) (int, bool, error) { return host.Room / 4 * 3, true, nil }

// TestStatusTellsOfLittleRoom (A11): a person is told in time that a root has many key sets.
func TestStatusTellsOfLittleRoom(t *testing.T) {
	d := open(t)
	for _, near := range []bool{false, true} {
		if hosted := d.server.node.(*node).hosted; near {
			hosted[0].Keys = crowded{}
		}
		var got client.Status
		if err := json.Unmarshal(d.done(t, "GET", "/v1/status", "", nil), &got); err != nil {
			t.Fatal(err)
		}
		alarms := got.Jurisdictions[0].Check.Alarms
		if near != (len(alarms) == 1) || near && (alarms[0].Code != string(text.ChainLong) || alarms[0].Args["length"] != "210") {
			t.Errorf("little room %t: got %+v", near, alarms)
		}
	}
}

// TestStatusTellsOfTrouble: what is wrong with the machine is an alarm of status, whose reader is
// the one whom a refused clerk calls.
func TestStatusTellsOfTrouble(t *testing.T) {
	d := open(t)
	d.server.node.(*node).hosted[0].Trouble = func() []error {
		return []error{&state.DamageError{File: "/data/state.db", Err: errNotHere}, &group.SpaceError{Dir: "/data", Free: 1 << 20, Needed: 64 << 20}}
	}
	var got client.Status
	if err := json.Unmarshal(d.done(t, "GET", "/v1/status", "", nil), &got); err != nil {
		t.Fatal(err)
	}
	all := got.Jurisdictions[0].Alarms
	if len(all) < 2 || all[0].Code != string(text.StateDamaged) || all[0].Args["file"] != "/data/state.db" || all[1].Code != string(text.DiskFull) {
		t.Errorf("got %+v", all)
	}
}

// decayed is a ledger none of whose payloads opens.
type decayed struct{ memory }

func (decayed) Payload(*state.Reader, uint64) ([]byte, error) { return nil, errNotHere }

// TestStatusTellsOfDamagedRecords: what a query could not read is an alarm at the provider, who
// would hear of it from others alone.
func TestStatusTellsOfDamagedRecords(t *testing.T) {
	d := open(t)
	hosted := d.server.node.(*node).hosted
	hosted[0].Records = records.NewDesk(decayed{memory{d.Ledger}})
	hosted[0].Ask = anywhere.New(hosted[0].Ledger.(memory), hosted[0].Records, sharing.NewDesk(hosted[0].Ledger.(memory), records.DatasetState), nobody{})
	d.refused(t, "a damaged record", request{method: "POST", path: "/v1/query", as: "water", body: client.Query{Dataset: "villages", Key: "1", Use: use}}, text.RecordUnreadable)
	var got client.Status
	if err := json.Unmarshal(d.done(t, "GET", "/v1/status", "", nil), &got); err != nil {
		t.Fatal(err)
	}
	for _, alarm := range got.Jurisdictions[0].Alarms {
		if alarm.Code == string(text.RecordsDamaged) && alarm.Args["count"] == "1" {
			return
		}
	}
	t.Errorf("got %+v", got.Jurisdictions[0].Alarms)
}

// TestStatusTellsOfClockAhead: a clock that is ahead of the parent's is an alarm while the link is
// up; one that is behind, or whose parent is away, is none of that kind.
func TestStatusTellsOfClockAhead(t *testing.T) {
	for _, row := range []struct {
		up     bool
		offset time.Duration
		want   bool
	}{{true, -400 * time.Second, true}, {true, -4 * time.Minute, false}, {true, time.Hour, false}, {false, -time.Hour, false}} {
		got := clockAhead(LinkState{Up: row.up, Offset: row.offset}, "贵阳市")
		if (len(got) == 1) != row.want || row.want && text.AsFailure(got[0]).Args["offset"] != "6m40s" {
			t.Errorf("%+v: got %v", row, got)
		}
	}
}
