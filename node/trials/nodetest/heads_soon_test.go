package nodetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
)

// TestHeadsOfActsGoUpAtOnce: what a county decides is known in the city and in the province within
// the second after it was recorded, though it did not wait for that.
func TestHeadsOfActsGoUpAtOnce(t *testing.T) {
	Run(t, "guizhou latency=20ms\n  guiyang latency=20ms\n    nanming latency=20ms", func(t *testing.T, tree *Tree) {
		county := tree.Node("nanming")
		above := []*Node{tree.Node("guiyang"), tree.Node("guizhou")}
		knows := func(n *Node) int {
			got, err := n.Client("").Entries(t.Context(), client.List{At: "nanming.guiyang.guizhou", Kind: "agency added", Sort: "index"})
			if err != nil && problem(err).Code != "no-heads" {
				t.Fatal(err)
			}
			return len(got.Entries)
		}
		time.Sleep(10 * time.Minute)
		took := map[string][]time.Duration{}
		for i := range 9 {
			time.Sleep(2*time.Minute + 7*time.Second)
			began := time.Now()
			addAgencies(t, county, fmt.Sprintf("a%d", i))
			recorded := time.Now()
			took["answer"] = append(took["answer"], recorded.Sub(began))
			for _, n := range above {
				for knows(n) <= i {
					if time.Since(recorded) > 30*time.Second {
						t.Fatalf("act %d is not known in %s after half a minute", i, n.Name())
					}
					time.Sleep(5 * time.Millisecond)
				}
				took[n.Name()] = append(took[n.Name()], time.Since(recorded))
			}
		}
		for what, all := range took {
			slices.Sort(all)
			t.Logf("%s: p50 %s, slowest %s", what, all[len(all)/2], all[len(all)-1])
			if all[len(all)-1] > time.Second {
				t.Errorf("%s: %v", what, all)
			}
		}
	})
}
