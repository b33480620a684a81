package tree_test

import (
	"sync"
	"testing"

	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// TestChainIsKeptBySeveral: upkeep and whoever met a key that it does not know keep the chain of
// the parent's answer at once. Each succeeds, and the file is whole.
func TestChainIsKeptBySeveral(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "secret", false)
	entry, err := tree.Redeem(t.Context(), city, county.Bring(t, "secret"), treetest.Binding, city.Clock())
	if err != nil {
		t.Fatal(err)
	}
	levels, root := city.Above(t, entry)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				if _, err := county.SetAbove(t.Context(), root, levels); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if err := county.Close(); err != nil {
		t.Fatal(err)
	}
	county.Open(t)
}
