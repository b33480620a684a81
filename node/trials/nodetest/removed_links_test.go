package nodetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
)

// TestARemovedReplicaKeepsNoLinks (A20-22): one of three replicas is removed, and runs on. A county
// that was linked to it asks its city through another one within minutes, as everybody does.
func TestARemovedReplicaKeepsNoLinks(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		all := []*Node{city, city.Further(), city.Further()}
		for _, n := range []*Node{root, city, county} {
			offer(t, n)
		}
		time.Sleep(2 * time.Minute) // the county hears where the others are
		gone := slices.IndexFunc(all, func(n *Node) bool {
			status, err := n.Client("").Status(t.Context())
			return err == nil && status.Jurisdictions[0].Children[0].Linked
		})
		two := all[(gone+1)%len(all)]
		name := fmt.Sprintf("r%d", gone+1)
		p, err := two.Client("").ReplicaRemovalPlan(t.Context(), name)
		if err == nil {
			_, err = two.Client("").RemoveReplica(t.Context(), name, client.ReplicaRemoval{Plan: p.Hash})
		}
		if err != nil {
			t.Fatal(err)
		}
		tree.Within(3*time.Minute, "the county asks its city", func() bool {
			_, err := ask(t, county, two)
			return err == nil
		})
		for range 10 {
			time.Sleep(time.Minute)
			for _, n := range []*Node{root, county} {
				if _, err := ask(t, n, two); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
