package nodetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestAllReplicasPutBack (C13): all three replicas of a city are put back to a day before it
// revoked a grant. Without a word they do nothing, and a word that does not say which it is does
// nothing either. Somebody says of each, wrongly, that it is the newest: each asks its neighbours
// before it answers anybody, and is found out. One of them goes on by an invitation of the parent:
// the grant ends again, and no entry has the name of one that is lost.
func TestAllReplicasPutBack(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		all := []*Node{city, city.Further(), city.Further()}
		for _, n := range []*Node{root, city, county} {
			offer(t, n)
		}
		if _, err := ask(t, county, city); err != nil {
			t.Fatal(err)
		}
		first := uint64(len(city.Entries("")))
		var old []string
		for _, n := range all {
			n.Stop()
		}
		for _, n := range all {
			newest := n.machine.dir
			n.moved()
			old = append(old, n.machine.dir)
			n.machine.dir = newest
		}
		for _, n := range all {
			n.Start()
		}
		tree.leaderOf(all...)
		tree.WaitLinked()
		_, index := grantOf(t, city)
		if _, err := city.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		tree.Within(15*time.Minute, "the city is witnessed", func() bool { return city.seenWhole() })
		time.Sleep(5 * time.Minute) // its heads have gone up
		for _, n := range all {
			n.Kill()
		}
		for i, n := range all {
			n.machine.dir = old[i]
			n.Start()
		}
		time.Sleep(time.Minute)
		_, err := city.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "from the backup"})
		refusedAs(t, "a word that does not say which", err, text.GroupUnsaid, "")
		for i := range 3 {
			for _, n := range all[min(i, 1):] { // nobody repeats it on the first, which is told all the same
				_, _ = n.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "moved", Newest: true}) // nobody leads at first
			}
		}
		for range 20 {
			for _, asker := range []*Node{county, root} {
				if _, err := ask(t, asker, city); err == nil {
					t.Fatal("it answers what was revoked")
				}
			}
			time.Sleep(30 * time.Second)
		}
		for _, n := range all {
			if !slices.Contains(alarms(t, n), string(text.GroupSetBack)) {
				t.Errorf("alarms %v, want %s", alarms(t, n), text.GroupSetBack)
			}
			n.Kill()
		}
		city.goneOn("guiyang")
		if g, _ := grantOf(t, city); g.State != "revoked" {
			t.Errorf("the grant is %s", g.State)
		}
		for _, e := range city.Entries("") {
			if before := strings.Contains(e.Entry, "/log/1/"); before != (e.Index < first) {
				t.Errorf("entry %d is %s; from %d on all are lost", e.Index, e.Entry, first)
			}
		}
		tree.Within(15*time.Minute, "it answers others", func() bool {
			_, err := ask(t, root, city)
			return err == nil
		})
	})
}
