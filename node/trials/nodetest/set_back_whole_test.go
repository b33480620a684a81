package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// revoked ends the only grant of the node's villages, has that seen by its neighbours, and checks
// that whoever had it is refused.
func revoked(t *testing.T, tree *Tree, n, from *Node) {
	t.Helper()
	_, index := grantOf(t, n)
	if _, err := n.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	addAgencies(t, n, "forestry", "sports", "parks")
	tree.Within(5*time.Minute, "it is seen", func() bool { return n.seenWhole() })
	if _, err := ask(t, from, n); err == nil {
		t.Fatal("a revoked grant is answered")
	}
}

// unansweredUntil asks again and again until a node says that it is in question, and checks that it
// never answered.
func unansweredUntil(t *testing.T, from, n *Node, code text.Code) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		if _, err := ask(t, from, n); err == nil {
			t.Fatalf("%s after the start the revoked grant is answered", time.Since(began))
		}
		if slices.Contains(alarms(t, n), string(code)) {
			t.Logf("found after %s", time.Since(began))
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("a minute after the start the alarms are %v, want %s", alarms(t, n), code)
		}
	}
}

// TestSetBackWholeAnswersNothing (C37): a machine is set back with every file in its place, so that
// it starts plainly. Its parent saw that a grant was revoked since: the first question that comes
// over the new link is not answered, nor is any after it.
func TestSetBackWholeAnswersNothing(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		if _, err := ask(t, city, county); err != nil {
			t.Fatal(err)
		}
		before := len(recorded(county, "access"))
		old := county.backup()
		revoked(t, tree, county, city)
		county.Kill()
		setBack(t, old, county.machine.dir)
		county.Start()
		unansweredUntil(t, city, county, text.CopyBehind)
		if got := len(recorded(county, "access")); got != before {
			t.Errorf("%d uses were recorded under names of lost entries", got-before)
		}
	})
}

// TestOneOfThreeIsSetBackWhole (C37): of three machines one acknowledges a revocation with the
// leader, while the third is away, and is set back whole. It and the third lead then, and know
// nothing: what the parent saw is compared at each link, before the first question is answered.
func TestOneOfThreeIsSetBackWhole(t *testing.T) {
	Run(t, "guiyang\n  nanming listen", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		two, three := county.Further(), county.Further()
		offer(t, city)
		offer(t, county)
		if _, err := ask(t, city, county); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		old := three.backup()
		time.Sleep(time.Minute)
		two.Kill()
		tree.leaderOf(county, three)
		time.Sleep(10 * time.Second)
		revoked(t, tree, county, city)
		county.Kill()
		three.Kill()
		setBack(t, old, three.machine.dir)
		two.Start()
		three.Start()
		tree.leaderOf(two, three)
		unansweredUntil(t, city, two, text.GroupSetBack)
	})
}
