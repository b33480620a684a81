package api

import (
	"context"
	"encoding/json"
	"testing"

	"xietong/node/faces/client"
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
