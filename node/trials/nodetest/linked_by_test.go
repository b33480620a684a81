package nodetest

import (
	"testing"
	"time"
)

// TestEachReplicaTellsWhoIsLinked: a county keeps a link to one replica of the city, and each of
// the others tells that one has it, in status and in tree. One that nobody has a link to
// is told as that.
func TestEachReplicaTellsWhoIsLinked(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming\n    yunyan\n", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		all := []*Node{city, city.Further(), city.Further()}
		// as tells what the replicas say of a child, each in status and in tree: how many have its
		// link, how many say that another one has it, and how many say nothing of a link.
		as := func(name string) (here, elsewhere, none int) {
			for _, n := range all {
				s, err := n.Client("").Status(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				in, err := n.Client("").Tree(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range append(in.Children, s.Jurisdictions[0].Children...) {
					switch {
					case c.Name != name:
					case c.Linked:
						here++
					case c.LinkedBy != "":
						elsewhere++
					default:
						none++
					}
				}
			}
			return here, elsewhere, none
		}
		tree.Within(5*time.Minute, "every replica knows who has the links", func() bool {
			for _, name := range []string{"nanming.guiyang.guizhou", "yunyan.guiyang.guizhou"} {
				if here, elsewhere, none := as(name); here == 0 || elsewhere == 0 || none > 0 {
					return false
				}
			}
			return true
		})
		county.Kill()
		tree.Within(5*time.Minute, "nobody has a link to who is gone", func() bool {
			_, _, none := as("nanming.guiyang.guizhou")
			return none == 2*len(all)
		})
	})
}
