package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestTwoOfThreePutBack (B21-11): two of three replicas are put back to a day before a revocation,
// and the third one, which has it, cannot lead alone. Each says what to do, and that is done on one
// of the two: no word that it is the newest. It takes in what it lacks, the revocation holds, and
// the other one can be replaced. While one leads, the same word of the other counts for nothing.
func TestTwoOfThreePutBack(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		all := []*Node{city, city.Further(), city.Further()}
		offer(t, city)
		offer(t, county)
		if _, err := ask(t, county, city); err != nil {
			t.Fatal(err)
		}
		var old []string
		for _, n := range all {
			n.Stop()
		}
		for _, n := range all[1:] {
			newest := n.machine.dir
			n.moved()
			old, n.machine.dir = append(old, n.machine.dir), newest
		}
		for _, n := range all {
			n.Start()
		}
		leader := tree.leaderOf(all...)
		_, index := grantOf(t, leader)
		if _, err := leader.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"}); err != nil {
			t.Fatal(err)
		}
		tree.Within(time.Minute, "the first one has it", func() bool { return len(city.Entries("grant revoked")) == 1 })
		for _, n := range all {
			n.Stop()
		}
		for i, n := range all[1:] {
			n.machine.dir = old[i]
		}
		for _, n := range all {
			n.Start()
		}
		for _, n := range all {
			tree.Within(time.Minute, "each says what to do", func() bool { return slices.Contains(alarms(t, n), string(text.ReplicasPutBack)) })
		}
		word := client.Continuation{Reason: "the first one is the newest"}
		if _, err := all[1].Client("").ContinueLedger(t.Context(), word); err != nil {
			t.Fatal(err)
		}
		tree.leaderOf(all...)
		if got := all[1].Entries("grant revoked"); len(got) != 1 {
			t.Errorf("the one that takes part again has %d revocations", len(got))
		}
		_, err := all[2].Client("").ContinueLedger(t.Context(), word)
		refusedAs(t, "the other one", err, text.GroupUnsaid, "")
		tree.Within(5*time.Minute, "the city answers, and what was revoked stays so", func() bool {
			_, err := ask(t, county, city)
			return problem(err).Code == string(text.GrantRevoked)
		})
		tree.Within(time.Minute, "the third one is to be replaced", func() bool { return slices.Contains(alarms(t, city), string(text.ReplicaMute)) })
	})
}
