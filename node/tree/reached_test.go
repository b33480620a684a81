package tree_test

import (
	"slices"
	"strings"
	"testing"

	"xietong/consensus/state"
	"xietong/node/tree"
	. "xietong/node/tree/treetest"
)

// TestReached: where the parent says that it is reached is kept, also the longest that a hello
// brings, and nothing of anybody else.
func TestReached(t *testing.T) {
	city := New(t, "guiyang.guizhou")
	p, other := NewIn(t, countyName, 1), New(t, "guizhou")
	city.Invite(t, p, "1", false)
	p.JoinTo(t, city, "1")
	up := tree.Upstream{Parent: city.Name(), RootPin: "guizhou/keys/1/" + strings.Repeat("0", 64), Addresses: []string{"192.0.2.7:7400"}}
	if _, err := tree.Record(t.Context(), p, up); err != nil {
		t.Fatal(err)
	}
	kept := func() (got []string) {
		t.Helper()
		if err := p.Look(func(r *state.Reader) error { got = tree.Reached(r, city.Name()); return nil }); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := kept(); got != nil {
		t.Errorf("got %q before the parent said anything", got)
	}
	longest := slices.Repeat([]string{strings.Repeat("a", tree.MaxReachedLen/tree.MaxReached-5) + ":7400"}, tree.MaxReached)
	for _, said := range [][]string{{"192.0.2.7:7400", "192.0.2.8:7400"}, longest, {"192.0.2.9:7400"}} {
		if err := tree.KeepReached(t.Context(), p, city.Name(), said); err != nil {
			t.Fatal(err)
		}
		if got := kept(); !slices.Equal(got, said) {
			t.Errorf("got %q, want %q", got, said)
		}
	}
	before := kept()
	for _, said := range [][]string{{"198.51.100.1:7400"}, nil} {
		by := other.Name()
		if said == nil { // a parent that listens nowhere says nothing
			by = city.Name()
		}
		if err := tree.KeepReached(t.Context(), p, by, said); err != nil {
			t.Fatal(err)
		}
		if got := kept(); !slices.Equal(got, before) {
			t.Errorf("got %q, want %q as before", got, before)
		}
	}
}
