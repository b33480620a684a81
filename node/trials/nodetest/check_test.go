package nodetest

import (
	"testing"
	"time"

	"xietong/node/faces/client"
)

// checked returns what others believe of a node's keys, as it tells.
func checked(t *testing.T, n *Node) client.Check {
	t.Helper()
	k, err := n.Client("").Keys(t.Context())
	if err != nil {
		t.Fatalf("keys of %s: %v", n.Name(), err)
	}
	return k.Check
}

// relationsOf returns who of which relation said that it believes the node's keys.
func relationsOf(c client.Check) map[string]string {
	ours := map[string]string{}
	for _, a := range c.Asked {
		if a.Outcome == client.BelievesOurs {
			ours[a.Relation] = a.Name
		}
	}
	return ours
}

// nobodyAlarmed checks that no node has an alarm or a lead about its own keys.
func nobodyAlarmed(t *testing.T, tree *Tree, when string) {
	t.Helper()
	for _, n := range tree.nodes {
		if n.place.absent {
			continue
		}
		if c := checked(t, n); len(c.Alarms) > 0 {
			t.Errorf("%s: %s has %+v", when, n.Name(), c.Alarms)
		}
	}
}

// TestEverybodyIsChecked: within hours every jurisdiction hears from its grandparent that it
// believes its keys; a child of the root has none, and hears it from its parent or from others.
func TestEverybodyIsChecked(t *testing.T) {
	Run(t, seven, func(t *testing.T, tree *Tree) {
		time.Sleep(150 * time.Minute)
		nobodyAlarmed(t, tree, "after some hours")
		for name, want := range map[string]string{"guizhou": "", "guiyang": "", "bijie": "", "nanming": "guizhou", "weining": "guizhou"} {
			c := checked(t, tree.Node(name))
			ours := relationsOf(c)
			if got := ours[client.AskedGrandparent]; got != want || (name == "guizhou") != (len(c.Asked) == 0) {
				t.Errorf("%s: the grandparent that believes its keys is %q, want %q; asked %+v", name, got, want, c.Asked)
			}
			t.Logf("%s: %v, alone %t, %d asked", name, ours, c.Alone, len(c.Asked))
		}
	})
}

// TestNobodyElseToAsk: in a tree of two the child asks its parent, and says that there is nobody
// else.
func TestNobodyElseToAsk(t *testing.T) {
	Run(t, "guizhou\n  guiyang", func(t *testing.T, tree *Tree) {
		time.Sleep(3 * time.Hour)
		c := checked(t, tree.Node("guiyang"))
		if ours := relationsOf(c); ours[client.AskedParent] != "guizhou" || !c.Alone || len(c.Alarms) > 0 {
			t.Errorf("got %+v", c)
		}
	})
}

// TestKeysChangeUnderAudit: while the province counts all its counties and audits them, and a
// county is off for three days, a county renews its keys, another revokes its own, and the city
// above the one that is off renews its own. Everybody is counted, or told in its true state;
// nothing is lost but what was signed with the revoked keys; nobody is named as a liar, and nobody
// is alarmed, then or when the one that was off is back.
func TestKeysChangeUnderAudit(t *testing.T) {
	Run(t, province, func(t *testing.T, tree *Tree) {
		s, top, off := scenario{t, tree}, tree.Node("guizhou"), tree.Node("liping")
		s.take("standard guizhou", nil)
		s.take("adopt nanming yunyan liping kaili weining", nil)
		s.take("count guizhou **.guizhou", []string{"total 10 of 88", "answered 5", "not-joined 83"})
		off.Stop()
		type change struct {
			who    string
			revoke bool
		}
		changes := []change{{"weining", true}, {"nanming", false}, {"qiandongnan", false}}
		if testing.Short() { // a count over the province each, and days between
			changes = changes[:1]
		}
		for _, change := range changes {
			tree.Skip(24 * time.Hour)
			time.Sleep(20 * time.Minute)
			n := tree.Node(change.who)
			tree.Latency(change.who, 200*time.Millisecond)
			answered := make(chan client.FederatedAnswer)
			go func() {
				got, err := top.Client("water").QueryFederated(t.Context(), counted(top, "**.guizhou"))
				if err != nil {
					t.Errorf("%s changes its keys: %v", change.who, err)
				}
				answered <- got
			}()
			time.Sleep(500 * time.Millisecond)
			newKeys(t, tree, n, change.revoke)
			got := <-answered
			if got.Total != 2*got.Answered || got.Answered+uint64(len(got.Missing)) != got.Members || len(got.Lies) > 0 {
				t.Errorf("%s changes its keys: got %d of %v, lies %v, missing %+v", change.who, got.Total, got.States, got.Lies, got.Missing)
			}
			for _, m := range got.Missing {
				if lost := change.revoke && m.Name == n.Name(); m.State != client.StateNotJoined && m.Name != off.Name() && !lost {
					t.Errorf("%s changes its keys: lost is %+v", change.who, m)
				}
			}
			for _, unseen := range got.Unseen {
				if !change.revoke || unseen != n.Name() {
					t.Errorf("%s changes its keys: not audited is %s", change.who, unseen)
				}
			}
			tree.Latency(change.who, 0)
			tree.WaitLinked("guiyang", "nanming", "yunyan", "qiandongnan", "kaili", "bijie", "weining")
		}
		off.Start()
		tree.WaitLinked("liping")
		s.take("count guizhou **.guizhou", []string{"total 10 of 88", "answered 5", "not-joined 83", "audited guiyang bijie qiandongnan"})
		newKeys(t, tree, off, false)
		time.Sleep(90 * time.Minute)
		s.take("count guizhou **.guizhou", []string{"total 10 of 88", "answered 5", "not-joined 83"})
		nobodyAlarmed(t, tree, "when all are back")
	})
}

// TestAlarmOfAnOldEndorsement: a county whose parent is off for 26 hours has an alarm, which ends
// when the endorsement is renewed.
func TestAlarmOfAnOldEndorsement(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		county := tree.Node("nanming")
		tree.Node("guiyang").Stop()
		for _, row := range []struct {
			pass time.Duration
			want int
		}{{25 * time.Hour, 0}, {2 * time.Hour, 1}} {
			tree.Skip(row.pass)
			c := checked(t, county)
			if len(c.Alarms) != row.want || row.want == 1 && c.Alarms[0].Code != "endorsement-stale" {
				t.Errorf("after %s more: got %+v", row.pass, c.Alarms)
			}
		}
		s, err := county.Client("").Status(t.Context())
		if err != nil || len(s.Jurisdictions[0].Check.Alarms) != 1 {
			t.Errorf("status: got %+v, %v", s.Jurisdictions, err)
		}
		tree.Node("guiyang").Start()
		tree.WaitLinked("nanming")
		tree.Within(10*time.Minute, "the endorsement is renewed", func() bool { return len(checked(t, county).Alarms) == 0 })
	})
}
