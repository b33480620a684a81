package nodetest

import (
	"slices"
	"testing"

	"go.uber.org/goleak"

	"xietong/node/faces/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const seven = `
	guizhou
	  guiyang
	    nanming
	    yunyan hosted
	  bijie offset=3m latency=40ms
	    weining
	    qixingguan
`

// TestTree joins a tree of seven, and asks each how it stands.
func TestTree(t *testing.T) {
	Run(t, seven, func(t *testing.T, tree *Tree) {
		for _, row := range []struct {
			name     string
			chain    []string
			children int
		}{
			{"guizhou", []string{"贵州省"}, 2},
			{"guiyang", []string{"贵州省", "贵阳市"}, 2},
			{"nanming", []string{"贵州省", "贵阳市", "南明区"}, 0},
			{"yunyan", []string{"贵州省", "贵阳市", "云岩区"}, 0},
			{"bijie", []string{"贵州省", "毕节市"}, 2},
			{"weining", []string{"贵州省", "毕节市", "威宁彝族回族苗族自治县"}, 0},
			{"qixingguan", []string{"贵州省", "毕节市", "七星关区"}, 0},
		} {
			got, err := tree.Node(row.name).Client("").Tree(t.Context())
			if err != nil || !slices.Equal(got.Chain, row.chain) || len(got.Children) != row.children || (got.Parent == nil) != (len(row.chain) == 1) {
				t.Errorf("%s: got %+v, %v", row.name, got, err)
			}
			for _, c := range got.Children {
				if !c.Linked || c.State != client.ChildJoined {
					t.Errorf("%s tells its child: %+v", row.name, c)
				}
			}
			if p := got.Parent; p != nil && (!p.Linked || p.State != client.ChildJoined) {
				t.Errorf("%s tells its parent: %+v", row.name, p)
			}
		}
	})
}
