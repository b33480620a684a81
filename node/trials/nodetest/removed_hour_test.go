package nodetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
)

// linkedToParent reports whether a node says that it has a link to its parent.
func (n *Node) linkedToParent() bool {
	seen, err := n.Client("").Tree(n.tree.T.Context())
	return err == nil && seen.Parent != nil && seen.Parent.Linked
}

// TestARemovedReplicaHasNoHour (S14n): a machine that is in bad hands, or merely cut off, is
// removed while it reaches the parent and none of the others. It has no link soon, so the parent
// hands it nothing; the machine that comes in its stead has one.
func TestARemovedReplicaHasNoHour(t *testing.T) {
	Run(t, "guizhou listen\n  guiyang listen\n", func(t *testing.T, tree *Tree) {
		root, city := tree.Node("guizhou"), tree.Node("guiyang")
		offer(t, root)
		offer(t, city)
		two, three := city.Further(), city.Further()
		tree.Within(5*time.Minute, "each has a link", func() bool {
			return city.linkedToParent() && two.linkedToParent() && three.linkedToParent()
		})
		for _, n := range []*Node{city, two} {
			tree.net.set(three.machine, n.machine, true)
		}
		tree.leaderOf(city, two)
		if done := city.removed("r3"); !done.Settled {
			t.Fatalf("removed: got %+v", done)
		}
		tree.Within(time.Minute, "it has no link", func() bool { return !three.linkedToParent() })
		next := city.Further()
		for range 10 {
			time.Sleep(time.Minute)
			if three.linkedToParent() {
				t.Fatal("the removed machine has a link again")
			}
			if _, err := ask(t, root, city); err != nil {
				t.Fatalf("the parent asks: %v", err)
			}
		}
		if !next.linkedToParent() {
			t.Error("the machine in its stead has no link")
		}
		if keys, err := city.Client("").Keys(t.Context()); err != nil || !counts(keys) {
			t.Errorf("the key sets: got %+v, %v; want one of before in its hour", keys.KeySets, err)
		}
	})
}

// counts reports whether a key set that another one follows counts still.
func counts(keys client.Keys) bool {
	for _, k := range keys.KeySets {
		if k.State == client.KeysCounting {
			return true
		}
	}
	return false
}

// TestARemovedMachineOfTheRoot (K06): a machine of the root that a city is linked to is removed,
// and reaches none of the others. Nobody vouches for a root, so nothing on that link tells: the
// city looks at the others all the same, and leaves it.
func TestARemovedMachineOfTheRoot(t *testing.T) {
	Run(t, "guizhou listen\n  guiyang\n", func(t *testing.T, tree *Tree) {
		one, city := tree.Node("guizhou"), tree.Node("guiyang")
		all := []*Node{one, one.Further(), one.Further()}
		for _, n := range []*Node{one, city} {
			offer(t, n)
		}
		time.Sleep(2 * time.Minute) // the city hears where the others are
		gone := slices.IndexFunc(all, func(n *Node) bool { return n.linkedTo(city) })
		stay := []*Node{all[(gone+1)%3], all[(gone+2)%3]}
		for _, n := range stay {
			tree.net.set(all[gone].machine, n.machine, true)
		}
		tree.leaderOf(stay...)
		if done := stay[0].removed(fmt.Sprintf("r%d", gone+1)); !done.Settled {
			t.Fatalf("removed: got %+v", done)
		}
		tree.Within(10*time.Minute, "the city is linked to another one", func() bool {
			return !all[gone].linkedTo(city) && (stay[0].linkedTo(city) || stay[1].linkedTo(city))
		})
		for range 12 {
			time.Sleep(time.Minute)
			if all[gone].linkedTo(city) {
				t.Fatal("the city is linked to the removed machine again")
			}
			if _, err := ask(t, city, one); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// linkedTo reports whether a replica says that it has the link of a child itself.
func (n *Node) linkedTo(child *Node) bool {
	seen, err := n.Client("").Tree(n.tree.T.Context())
	return err == nil && slices.ContainsFunc(seen.Children, func(c client.Neighbour) bool { return c.Name == child.Name() && c.Linked })
}
