package nodetest

import (
	"testing"
	"time"

	"xietong/node/faces/client"
)

// newKeys has the node make its next key set, and waits until the keys are in use.
func newKeys(t *testing.T, tree *Tree, n *Node, revoke bool) {
	t.Helper()
	made, err := n.Client("").NewKeys(t.Context(), client.NewKeys{Revoke: revoke})
	if err != nil {
		t.Fatalf("%s: %v", n.Name(), err)
	}
	tree.Within(time.Hour, n.Name()+" uses its new keys", func() bool {
		k, err := n.Client("").Keys(t.Context())
		return err == nil && k.KeySets[0].Number == made.Number && k.KeySets[0].State == client.KeysInUse
	})
}

// TestKeysChangeUnderWay renews and revokes the keys of each level while the levels ask one
// another: every link comes back, every question is answered, and nobody is alarmed.
func TestKeysChangeUnderWay(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		names := []string{"guizhou", "guiyang", "nanming"}
		for _, name := range names {
			offer(t, tree.Node(name))
		}
		answered := func(when string) {
			t.Helper()
			tree.WaitLinked("guiyang", "nanming")
			for _, from := range names {
				for _, at := range names {
					if from == at {
						continue
					}
					if got, err := ask(t, tree.Node(from), tree.Node(at)); err != nil || len(got.Rows) != 1 {
						t.Errorf("%s, %s asks %s: got %s, %v", when, from, at, got.Rows, err)
					}
				}
			}
			for _, name := range names {
				view, err := tree.Node(name).Client("").Tree(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, n := range append(view.Children, parentOf(view)...) {
					if n.Alarm != "" {
						t.Errorf("%s, %s is alarmed about %s: %s", when, name, n.Name, n.Alarm)
					}
				}
			}
		}
		answered("at first")
		changed := names
		if testing.Short() { // the city has neighbours above and below
			changed = names[1:2]
		}
		for _, revoke := range []bool{false, true} {
			for _, name := range changed {
				time.Sleep(2 * time.Hour)
				newKeys(t, tree, tree.Node(name), revoke)
				if revoke { // the links under the former CA end, and come again
					time.Sleep(time.Minute)
				}
				answered(name + "'s keys are new")
			}
		}
		time.Sleep(2 * time.Hour)
		answered("two hours later")
	})
}

func parentOf(view client.Tree) []client.Neighbour {
	if view.Parent == nil {
		return nil
	}
	return []client.Neighbour{*view.Parent}
}

// TestRevokedWhileCutOff revokes a county's keys while the city is away for six hours, which is
// longer than any hour of grace: the county goes on with the old keys, which nobody else believes
// less, and the revocation takes effect when the city is back.
func TestRevokedWhileCutOff(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		tree.Partition("guiyang", "nanming")
		if _, err := county.Client("").NewKeys(t.Context(), client.NewKeys{Revoke: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Hour)
		k, err := county.Client("").Keys(t.Context())
		if err != nil || k.KeySets[0].State != client.KeysPending || k.KeySets[1].State != client.KeysInUse {
			t.Errorf("cut off: got %+v, %v", k.KeySets, err)
		}
		tree.Heal("guiyang", "nanming")
		tree.Within(time.Hour, "the county uses its new keys", func() bool {
			k, err = county.Client("").Keys(t.Context())
			return err == nil && k.KeySets[0].State == client.KeysInUse && k.KeySets[1].State == client.KeysRevoked
		})
		tree.WaitLinked("nanming")
		for _, way := range [][2]*Node{{city, county}, {county, city}} {
			if got, err := ask(t, way[0], way[1]); err != nil || len(got.Rows) != 1 {
				t.Errorf("%s asks %s: got %s, %v", way[0].Name(), way[1].Name(), got.Rows, err)
			}
		}
	})
}

// TestParentRevokesTwice: the parent's keys change once more between the child's presentation,
// which succeeded, and its next dial. The reason why there is no link stays the same, and still the
// child asks at the door again, and is linked within a minute.
func TestParentRevokesTwice(t *testing.T) {
	Run(t, "guizhou\n  guiyang", func(t *testing.T, tree *Tree) {
		province, city := tree.Node("guizhou"), tree.Node("guiyang")
		tree.Partition("guizhou", "guiyang")
		time.Sleep(5 * time.Minute) // by now the city dials once in half a minute
		newKeys(t, tree, province, true)
		tree.Heal("guizhou", "guiyang")
		tree.Within(10*time.Minute, "the city knows the province's second key set", func() bool {
			up, _ := city.Links()
			return up.KeySet == 2
		})
		newKeys(t, tree, province, true)
		took := tree.Within(10*time.Minute, "the city is linked again", func() bool {
			up, down := city.Links()
			return up.Linked && down.Linked
		})
		if took > 2*time.Minute {
			t.Errorf("linked again after %s, want within two minutes", took)
		}
	})
}
