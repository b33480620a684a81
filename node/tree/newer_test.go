package tree_test

import (
	"errors"
	"slices"
	"testing"

	"xietong/certs/trust"
	"xietong/node/ground/host"
	"xietong/node/tree"
	. "xietong/node/tree/treetest"
)

// TestNewerKeysOfTheParent: a county that is shown that its city has other keys by now keeps that,
// also over a restart, and takes no chain of the old ones any more, until the city has endorsed it
// under the new ones. What does not lead down to the city, or does not lead further, is not kept.
func TestNewerKeysOfTheParent(t *testing.T) {
	root, old, county := New(t, "guizhou"), New(t, "guiyang.guizhou"), New(t, countyName)
	root.Invite(t, old, "one", false)
	old.JoinTo(t, root, "one")
	old.Invite(t, county, "two", false)
	county.JoinTo(t, old, "two")
	entry, err := tree.Redeem(t.Context(), old, county.Bring(t, "two"), Binding, old.Clock())
	if err != nil {
		t.Fatal(err)
	}
	before, pin := old.Above(t, entry)
	root.Invite(t, old, "three", true)
	anew := NewIn(t, "guiyang.guizhou", 2)
	anew.JoinTo(t, root, "three")
	levels, _, err := anew.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	former, _, err := old.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	altered := slices.Clone(levels)
	altered[1].KeySets = [][]byte{slices.Clone(levels[1].KeySets[0])}
	altered[1].KeySets[0][40] ^= 1
	if further, err := county.KeepNewer(t.Context(), former); further || err != nil {
		t.Errorf("what is known: further %t, %v", further, err)
	}
	if further, err := county.KeepNewer(t.Context(), altered); further || !errors.Is(err, host.ErrNotAbove) {
		t.Errorf("altered: further %t, %v", further, err)
	}
	if further, err := county.KeepNewer(t.Context(), levels[:1]); further || err == nil {
		t.Errorf("not down to the city: further %t, %v", further, err)
	}
	if _, err := county.SetAbove(t.Context(), pin, before); err != nil || county.Newer() != nil {
		t.Fatalf("the chain that it has: %v, newer %v", err, county.Newer())
	}
	if further, err := county.KeepNewer(t.Context(), levels); !further || err != nil {
		t.Fatalf("the newer keys: further %t, %v", further, err)
	}
	for _, when := range []string{"at once", "after a restart"} {
		if got := county.Newer(); len(got) != 2 || got[1].Newest().Pin() != anew.MustPin(t) {
			t.Errorf("%s: it knows %d levels", when, len(got))
		}
		if further, err := county.KeepNewer(t.Context(), levels); further || err != nil {
			t.Errorf("%s, once more: further %t, %v", when, further, err)
		}
		if further, err := county.KeepNewer(t.Context(), former); further || !errors.Is(err, host.ErrNotAbove) {
			t.Errorf("%s, the keys of before: further %t, %v", when, further, err)
		}
		if _, err := county.SetAbove(t.Context(), pin, before); !errors.Is(err, host.ErrNotAbove) {
			t.Errorf("%s, the chain of before: %v", when, err)
		}
		county.Restart(t)
	}
	anew.Invite(t, county, "four", false)
	county.JoinTo(t, anew, "four")
	if county.Newer() != nil {
		t.Error("it is kept though the chain leads as far")
	}
	county.Restart(t)
	if county.Newer() != nil {
		t.Error("it is back after a restart")
	}
}

// TestTheRootBeginsNothingAnew (S14m): nobody endorses a root, so a later epoch of it counts where
// its key sets go on from those that are known. Whoever has the keys of a machine that was removed
// from it, or an old backup of it, can make an epoch beside, and is not believed.
func TestTheRootBeginsNothingAnew(t *testing.T) {
	root, city := New(t, "guizhou"), New(t, "guiyang.guizhou")
	root.Invite(t, city, "one", false)
	city.JoinTo(t, root, "one")
	later := func(from uint64) func(*trust.KeySet) {
		return func(k *trust.KeySet) {
			if k.Number >= from {
				k.Epoch = 2
			}
		}
	}
	known := root.Follow(t, 3, nil)
	for _, step := range []struct {
		what    string
		sets    [][]byte
		further bool
		err     error
	}{
		{"the newest", known, true, nil},
		{"an epoch beside the newest", root.Follow(t, 3, later(3)), false, host.ErrNotAbove},
		{"an epoch of before", root.Follow(t, 2, later(2)), false, host.ErrNotAbove},
		{"a longer one beside it", root.Follow(t, 5, later(2)), false, host.ErrNotAbove},
		{"an epoch that goes on", root.Follow(t, 4, later(4)), true, nil},
	} {
		further, err := city.KeepNewer(t.Context(), []trust.Level{{KeySets: step.sets}})
		if further != step.further || !errors.Is(err, step.err) {
			t.Errorf("%s: further %t, %v", step.what, further, err)
		}
	}
}
