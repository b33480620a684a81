package tree_test

import (
	"testing"

	"xietong/certs/trust"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// mostKept is the most bytes that a parent keeps of one child, key sets included.
const mostKept = 256 << 10

// longSets returns key sets of the party from number 1 on, each signed by the one before it.
// Together they are longer than the record that a parent keeps of a child; most is how many of them
// still fit.
func longSets(t *testing.T, p *treetest.Party) (sets [][]byte, most int) {
	t.Helper()
	signed, pin, err := p.Keys.FirstKeySet(p.Log().Epoch())
	if err != nil {
		t.Fatal(err)
	}
	walked, err := trust.Walk(pin, [][]byte{signed})
	if err != nil {
		t.Fatal(err)
	}
	sets, newest, size := [][]byte{signed}, walked[0], len(signed)
	for ; size <= mostKept; size += len(signed) {
		before := newest.Hash()
		newest.Number, newest.Previous = newest.Number+1, before[:]
		if signed, err = trust.Assemble(newest, []trust.Signature{p.Keys.SignKeySet(newest)}); err != nil {
			t.Fatal(err)
		}
		sets = append(sets, signed)
	}
	return sets, len(sets) - 2 // the rest of the record is shorter than one key set
}

// TestKeySetsTooLong has a child bring more key sets than its parent keeps. The parent refuses
// them, both from a child that redeems an invitation and from a child that is endorsed. The record
// that was there stays; the parent reads it again after a restart, and serves on.
func TestKeySetsTooLong(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	sets, most := longSets(t, county)
	honest := county.Bring(t, "one")
	long := honest
	long.KeySets = sets
	city.Invite(t, county, "one", false)
	if _, err := tree.Redeem(t.Context(), city, long, treetest.Binding, city.Clock()); treetest.Code(err) != text.TooLarge {
		t.Errorf("redeemed with %d key sets: got %v, want %s", len(sets), err, text.TooLarge)
	}
	restart(t, city)
	if _, err := tree.Redeem(t.Context(), city, honest, treetest.Binding, city.Clock()); err != nil {
		t.Fatalf("redeemed as it should be, then: %v", err)
	}
	for n, want := range map[int]text.Code{most: "", len(sets): text.TooLarge} {
		if _, err := tree.Present(t.Context(), city, county.Name(), sets[:n], city.Clock()); treetest.Code(err) != want {
			t.Errorf("presented %d key sets: got %v, want %q", n, err, want)
		}
	}
	restart(t, city)
	child := city.Child(t, "nanming")
	if walked, err := child.Walk(); err != nil || len(walked) != most || child.Number != uint64(most) {
		t.Errorf("kept are %d key sets up to number %d, %v, want %d", len(walked), child.Number, err, most)
	}
	if again, err := tree.Present(t.Context(), city, county.Name(), sets[:most], city.Clock()); err != nil || again != child.Endorsement.In(city.Log()) {
		t.Errorf("presented again: got %s, %v, want the entry that is there", again, err)
	}
	if entry, err := tree.Withdraw(t.Context(), city, treetest.Message(t), county.Name().Label(), "merged"); err != nil {
		t.Errorf("withdrawn: %s, %v", entry, err)
	}
}

func restart(t *testing.T, p *treetest.Party) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p.Open(t)
}
