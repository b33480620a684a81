package tree_test

import (
	"testing"

	"xietong/consensus/state"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// TestWithdrawn checks that a withdrawal counts for the child and for everybody below it, until the
// child is endorsed anew.
func TestWithdrawn(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	check := func(when string, want map[string]bool) {
		t.Helper()
		err := city.View(t.Context(), func(r *state.Reader) error {
			for _, of := range []string{"nanming.guiyang.guizhou", "town.nanming.guiyang.guizhou", "yunyan.guiyang.guizhou", "guiyang.guizhou", "guizhou", "yunnan"} {
				if got := tree.Withdrawn(r, city.Name(), treetest.Name(t, of)); got != want[of] {
					t.Errorf("%s, %s: got %t, want %t", when, of, got, want[of])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check("before any invitation", nil)
	city.Invite(t, county, "one", false)
	check("invited", nil)
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock()); err != nil {
		t.Fatal(err)
	}
	check("endorsed", nil)
	if _, err := tree.Withdraw(t.Context(), city, treetest.Message(t), county.Name().Label(), "merged"); err != nil {
		t.Fatal(err)
	}
	gone := map[string]bool{"nanming.guiyang.guizhou": true, "town.nanming.guiyang.guizhou": true}
	check("withdrawn", gone)
	city.Invite(t, county, "two", false)
	check("invited anew", gone)
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "two"), treetest.Binding, city.Clock()); err != nil {
		t.Fatal(err)
	}
	check("endorsed anew", nil)
}
