package nodetest

import (
	"flag"
	"testing"
	"time"

	"xietong/node/faces/client"
)

var days = flag.Int("days", 0, "how many whole days of virtual time TestDays runs, with every hello of them")

// TestDays runs whole days of virtual time: the link stays up, and the endorsement in force. A day
// takes some seconds.
func TestDays(t *testing.T) {
	if *days == 0 {
		t.Skip("say -days 40, and wait some minutes")
	}
	Run(t, "guizhou\n  guiyang", func(t *testing.T, tree *Tree) {
		for day := range *days {
			time.Sleep(24 * time.Hour)
			inForce(t, tree, day)
		}
		if got := len(tree.Node("guizhou").Entries("endorsement")); got < *days || got > *days+2 {
			t.Errorf("%d endorsements in %d days", got, *days)
		}
	})
}

// inForce checks that both sides tell guiyang as linked and joined, with 28 of the 30 days of its
// endorsement left at least: it is renewed every day.
func inForce(t *testing.T, tree *Tree, day int) {
	t.Helper()
	n := tree.Node("guiyang")
	up, down := n.Links()
	for _, side := range []client.Neighbour{up, down} {
		until, err := time.Parse(time.RFC3339, side.Until)
		if left := until.Sub(n.Now()); err != nil || !side.Linked || side.State != client.ChildJoined || left < 28*24*time.Hour {
			t.Errorf("day %d: %s left of %+v", day, left, side)
		}
	}
}

// TestEndorsementIsRenewed lets 40 days pass in leaps of a day, and some minutes of each.
func TestEndorsementIsRenewed(t *testing.T) {
	passing := 40
	if testing.Short() {
		passing = 5
	}
	Run(t, "guizhou\n  guiyang", func(t *testing.T, tree *Tree) {
		for day := range passing {
			tree.Skip(24 * time.Hour)
			tree.Within(15*time.Minute, "the chain is asked for", func() bool {
				time.Sleep(time.Minute)
				up, down := tree.Node("guiyang").Links()
				return up.Linked && up.Until == down.Until
			})
			inForce(t, tree, day)
		}
		if got := len(tree.Node("guizhou").Entries("endorsement")); got < passing || got > passing+2 {
			t.Errorf("%d endorsements in %d days", got, passing)
		}
		if got := len(tree.Node("guiyang").Entries("joined")); got != 1 {
			t.Errorf("%d entries \"joined\"", got)
		}
	})
}

// TestCutOffForAMonth cuts a child off for 31 days. Neither believes the other any more, and both
// say so. When the line is whole again the child presents itself at the door, and is back without
// help.
func TestCutOffForAMonth(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		n := tree.Node("nanming")
		tree.Partition("guiyang", "nanming")
		down(tree, "nanming")
		const day = 24 * time.Hour
		began := n.Now()
		for _, leap := range []time.Duration{day, 13 * day, 15 * day, day, day} {
			tree.Skip(leap)
			time.Sleep(2 * time.Minute)
			up, down := n.Links()
			away := n.Now().Sub(began)
			want := client.ChildJoined
			if away > 30*day {
				want = client.ChildExpired
			}
			if up.State != want || up.Linked || down.State != want || down.Linked {
				t.Errorf("after %s the child tells %+v, the parent %+v", away, up, down)
			}
		}
		tree.WaitLinked("guiyang")
		tree.Heal("guiyang", "nanming")
		began = time.Now()
		tree.Within(15*time.Minute, "the child is back", func() bool {
			up, down := n.Links()
			return up.Linked && down.Linked && up.State == client.ChildJoined && down.State == client.ChildJoined
		})
		t.Logf("back %s after healing", time.Since(began))
	})
}

// TestParentAwayForAMonth stops a parent for 31 days, so that its endorsement of the child ends on
// both sides.
func TestParentAwayForAMonth(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		n := tree.Node("nanming")
		tree.Node("guiyang").Stop()
		tree.Skip(31 * 24 * time.Hour)
		time.Sleep(2 * time.Minute)
		if up, _ := n.Links(); up.State != client.ChildExpired {
			t.Errorf("the child tells %+v", up)
		}
		tree.Node("guiyang").Start()
		began := time.Now()
		tree.Within(15*time.Minute, "all are back", func() bool {
			up, down := n.Links()
			return up.Linked && down.Linked && up.State == client.ChildJoined && down.State == client.ChildJoined
		})
		t.Logf("back %s after the start", time.Since(began))
		tree.WaitLinked()
	})
}
