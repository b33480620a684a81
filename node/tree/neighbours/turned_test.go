package neighbours_test

import (
	"fmt"
	"slices"
	"testing"

	"xietong/certs/identity"
	"xietong/node/tree/neighbours"
)

// TestTurned: three replicas of a child begin at three replicas of the parent, whether each of
// those has one address or two, and the children of a province begin at all of them.
func TestTurned(t *testing.T) {
	first := map[string]int{}
	for _, all := range [][]string{{"r1 a", "r2 a", "r3 a"}, {"r1 a", "r2 a", "r3 a", "r1 b", "r2 b", "r3 b"}} {
		for n := range 90 {
			child, err := identity.ParseJurisdiction(fmt.Sprintf("c%d.guizhou", n))
			if err != nil {
				t.Fatal(err)
			}
			begin := map[string]bool{}
			for i := range uint32(3) {
				replica, _ := identity.NewReplica(i + 1)
				got := neighbours.Turned(all, child, replica)
				if sorted := slices.Sorted(slices.Values(got)); !slices.Equal(sorted, slices.Sorted(slices.Values(all))) {
					t.Fatalf("got %q, want all of %q", got, all)
				}
				begin[got[0][:2]] = true
				first[got[0][:2]]++
			}
			if len(begin) != 3 {
				t.Errorf("the replicas of %s begin at %v", child, begin)
			}
		}
	}
	if len(first) != 3 || neighbours.Turned(nil, identity.Jurisdiction{}, identity.Replica{}) != nil {
		t.Errorf("they begin at %v", first)
	}
	for r, n := range first {
		if n != 180 {
			t.Errorf("%d begin at %s, want a third of 540", n, r)
		}
	}
}
