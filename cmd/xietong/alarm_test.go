package main

import (
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestAlarmSentences (N21-21, N21-37): an alarm tells nothing twice, and its sentences begin with
// capital letters.
func TestAlarmSentences(t *testing.T) {
	a := &app{lang: text.En}
	for _, row := range []struct {
		code       text.Code
		args       text.Args
		want, fear string
	}{
		{text.NoLeader, nil, "ALARM No replica leads, so nothing", "leads: "},
		{text.PartMissing, text.Args{"file": "f", "holds": "a part", "mend": "mend it"}, "ALARM A file is missing from the data directory: ", "directory: a file"},
		{text.ReplicaWasRemoved, text.Args{"replica": "r3"}, "ALARM Replica removed: replica r3 was taken out", "(r3). to"},
	} {
		e := text.Explain(text.En, row.code, row.args)
		code, args := a.alarmed(e, string(row.code))
		if got := text.T(text.En, code, args); !strings.HasPrefix(got, row.want) || strings.Contains(got, row.fear) {
			t.Errorf("%s: got %q", row.code, got)
		}
	}
}

// TestLostEachTime (B21-14): of several losses the last one says in which epoch the ledger is, and
// each names the entries as they were named.
func TestLostEachTime(t *testing.T) {
	a := &app{lang: text.En, getenv: func(string) string { return "" }}
	got := a.lostTold([]client.Lost{
		{Epoch: 2, Entry: "x/log/2/30", From: 30, To: 36, First: "x/log/1/30", Last: "x/log/1/35"},
		{Epoch: 3, Entry: "x/log/3/36", From: 36, To: 36, First: "x/log/2/36"},
		{Epoch: 5, Entry: "x/log/5/33", From: 33, To: 47, First: "x/log/2/33", Last: "x/log/3/46"},
	})
	want := []string{
		"before that it began epoch 2 (see x/log/2/30): the entries from x/log/1/30 to x/log/1/35 are lost",
		"before that it began epoch 3 (see x/log/3/36): the entries from x/log/2/36 on may be lost, and nobody knows how many",
		"this ledger is in epoch 5 (since x/log/5/33): the entries from x/log/2/33 to x/log/3/46 are lost",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// TestOneWithAnInvitation (N21-20): where one replica is left, and another one is invited, the
// status tells no list of one.
func TestOneWithAnInvitation(t *testing.T) {
	a := &app{lang: text.En, getenv: func(string) string { return "" }}
	j := client.JurisdictionStatus{Members: []client.Replica{{Replica: "r1", Role: client.ReplicaLeader, Follows: true}, {Replica: "r4", Role: client.ReplicaInvited}}}
	if got := a.membersTold(j); len(got) > 0 {
		t.Errorf("got %q", got)
	}
	j.Members = append(j.Members, client.Replica{Replica: "r5", Role: client.ReplicaFollower, Follows: true})
	if got := a.membersTold(j); len(got) != 2 {
		t.Errorf("with one that follows: got %q", got)
	}
}
