package reform

import (
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
)

// closing returns by which entry each grant that the agency gave or holds was ended, with its
// dataset or its consumer, in the order of the grants.
func (w *world) closing(t *testing.T, by string) (grants []uint64, ended map[uint64]ledger.Ref) {
	t.Helper()
	ended = map[uint64]ledger.Ref{}
	err := w.View(ctx, func(r *state.Reader) error {
		for _, g := range sharing.GrantsOf(r, w.records, identity.NewAgency(w.Name(), label(by)), sharing.Wanted{}) {
			grants, ended[g.Index] = append(grants, g.Index), g.Closed
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return grants, ended
}

// TestProviderSeesWhatEnded: who provided a dataset sees the grants of it that ended, whatever
// ended them, as those who held them do.
func TestProviderSeesWhatEnded(t *testing.T) {
	w := newWorld(t, "civil", "water", "tax")
	w.publish(t, "villages", "civil")
	w.put(t, "villages", "civil", "a")
	w.used(t, "before", "water", "villages", "a", "")
	w.used(t, "before", "tax", "villages", "a", "")
	_, held := w.closing(t, "tax")
	for grant := range held {
		must(sharing.Revoke(ctx, w, newID(), catalog.Local("civil"), grant, "越权"))
	}
	done := w.withdraw(t, "villages")
	want := map[sharing.State]int{sharing.Closed: 1, sharing.Revoked: 1}
	got := map[sharing.State]int{}
	for _, s := range w.states(t, "civil", "villages") {
		got[s]++
	}
	if len(got) != len(want) || got[sharing.Closed] != 1 || got[sharing.Revoked] != 1 {
		t.Errorf("the provider sees grants in the states %v, want %v", got, want)
	}
	if _, held := w.closing(t, "water"); len(held) != 1 {
		t.Errorf("its consumer sees %v, want the grant that ended with %s", held, done.Entry)
	}
}

// TestFirstEndCounts: a grant ended with the first end of its dataset or its consumer; what comes
// back, and ends again, ends other grants.
func TestFirstEndCounts(t *testing.T) {
	w := newWorld(t, "civil", "tax")
	w.publish(t, "villages", "civil")
	w.put(t, "villages", "civil", "a")
	var ends []identity.Entry
	again := func(end func() Done, back func()) {
		w.used(t, "before an end", "tax", "villages", "a", "")
		ends = append(ends, end().Entry)
		back()
	}
	withdrawn := func() { w.publish(t, "villages", "civil") }
	returned := func() { must(w.desk.Return(ctx, newID(), catalog.Agency{Code: label("tax"), Title: "局tax"})) }
	for range 2 {
		again(func() Done { return w.withdraw(t, "villages") }, withdrawn)
		again(func() Done { return w.end(t, Order{Agency: label("tax"), Drop: true}) }, returned)
	}
	grants, ended := w.closing(t, "tax")
	if len(grants) != len(ends) {
		t.Fatalf("got %d grants, want %d", len(grants), len(ends))
	}
	for i, end := range ends {
		first := uint64(0) // the grant that was given last before this end
		for _, g := range grants {
			if g < end.Index() && g > first {
				first = g
			}
		}
		if got := ended[first].In(w.Names()); got != end {
			t.Errorf("end %d: the grant %d is told to have ended with %s, want %s", i, first, got, end)
		}
	}
}
