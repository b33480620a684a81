package witnessing

import (
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// partsEarlier has a county go on in epoch 2 after a loss, make acts, and then say that it parts
// earlier than was said. It returns where it does.
func (p *place) partsEarlier(acts int) (parts uint64) {
	t, w := p.w.t, p.w
	t.Helper()
	p.does(3)
	for range 3 {
		w.round()
	}
	backup, parts := p.copied(), p.size()
	p.does(20)
	for range 3 {
		w.round()
	}
	p.becomes(backup)
	p.says(10)
	w.round() // it learns that it was put back
	if p.Questioned() == nil {
		t.Fatal("not in question")
	}
	must2(p.BeginEpoch(t.Context(), must2(identity.NewMessage())(t), "r", host.Lost{From: p.size()}))(t)
	p.does(acts)
	known := func(uint64) bool { return true }
	must2(0, errors.Join(p.LostFrom(t.Context(), 2, parts), p.SettleEpoch(t.Context(), 2, true), p.RenewKeys(t.Context(), known)))(t)
	w.elapse(2 * time.Minute)
	return parts
}

// TestSaidInALaterPiece: between the entry that began an epoch and the one that says that the
// ledger parts earlier, there are more acts than a piece has. The levels above take no act between
// for hidden, and have all heads.
func TestSaidInALaterPiece(t *testing.T) {
	for _, acts := range []int{0, 400} {
		w := newWorld(t, three...)
		province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
		parts := county.partsEarlier(acts)
		for range 12 {
			w.round()
		}
		for _, above := range []*place{city, province} {
			if f := above.findings(); len(f) > 0 {
				t.Errorf("%d acts between: %s finds %+v", acts, above.name, f)
			}
			k, _ := above.knows(county.Log())
			if lost, begun := k.lostAfter(1); lost != parts || !begun {
				t.Errorf("%d acts between: %s has it that entries from %d on are lost, %t, want %d", acts, above.name, lost, begun, parts)
			}
			above.checkKnown(county)
		}
	}
}

// TestWhatIsSaidStandsThere (W21d): what a piece comes with that the log says beyond it stands in
// the tree of the checkpoint, and the pieces that follow show it.
func TestWhatIsSaidStandsThere(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.partsEarlier(400)
	must2(0, county.desk.show(t.Context(), city.name))(t)
	good := county.next(span{}, city.of(county).Kept)
	if len(good.Said) != 1 {
		t.Fatalf("got %d entries", len(good.Said))
	}
	x := must2(ledger.ParseExcerpt(good.Excerpt))(t)
	var inside witness.Begun
	county.read(func(r *state.Reader) { inside = must2(begunAt(r, x.To-1, good.Size))(t) })
	with := func(edit func(*witness.Begun)) raised {
		o, b := good, good.Said[0]
		b.Leaf, b.Path = append([]byte{}, b.Leaf...), append(b.Path[:0:0], b.Path...)
		edit(&b)
		o.Said = []witness.Begun{b}
		return o
	}
	for what, o := range map[string]raised{
		"nothing":         func() raised { o := good; o.Said = nil; return o }(),
		"another entry":   with(func(b *witness.Begun) { *b = inside }),
		"another place":   with(func(b *witness.Begun) { b.Index++ }),
		"a changed leaf":  with(func(b *witness.Begun) { b.Leaf[len(b.Leaf)/2] ^= 1 }),
		"a changed path":  with(func(b *witness.Begun) { b.Path[0][0] ^= 1 }),
		"beyond the tree": with(func(b *witness.Begun) { b.Index = good.Size }),
	} {
		if _, err := county.sends(city, o); code(err) != text.HeadsRefused {
			t.Errorf("%s: got %v", what, err)
		}
	}
	for what, o := range map[string]raised{
		"five":        func() raised { o := good; o.Said = make([]witness.Begun, mostSaid+1); return o }(),
		"a long leaf": with(func(b *witness.Begun) { b.Leaf = make([]byte, ledger.MaxActLen+1) }),
		"a long path": with(func(b *witness.Begun) { b.Path = make([]tlog.Hash, maxPath+1) }),
	} {
		if err := o.Check(); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
	if f := city.findings(); len(f) != 1 {
		t.Errorf("where nothing is said the city finds %+v", f)
	}
	if at, err := county.sendsWithout(city, []uint64{good.Said[0].Index}); code(err) != text.HeadsRefused || at.To < x.To {
		t.Errorf("where a later piece hides what was said: got %+v, %v", at, err)
	}
	county.witnessed(city)
	city.checkKnown(county)
	if f := city.findings(); len(f) > 0 {
		t.Errorf("once it is named as lost the city finds %+v", f)
	}
}

// TestSaidCountsFromThenOn (W21d): a county hides an act that it showed, and with each piece of its
// heads says, in an entry beyond it, that the act is lost; the next piece hides what the last one
// said. The act is listed as lost from the first time on, and no piece is taken that does not show
// what was said.
func TestSaidCountsFromThenOn(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	county.does(6)
	for range 4 {
		w.round()
	}
	hides := []uint64{county.acts(0)[2]}
	act := county.Log().Entry(hides[0]).String()
	county.rewrites(city, county.size())
	w.elapse(2 * time.Minute)
	must2(0, county.desk.show(t.Context(), city.name))(t)
	county.down.Store(true)
	for i := range 3 {
		at := county.saysBegun(2, 0, county.size())
		w.elapse(2 * time.Minute)
		county.down.Store(false)
		must2(0, county.desk.show(t.Context(), city.name))(t)
		if _, err := county.sendsUpTo(city, at, hides); i > 0 && code(err) != text.HeadsRefused {
			t.Errorf("a piece that hides what was said: got %v", err)
		}
		county.down.Store(true)
		hides = append(hides, at)
		w.without(county, 2)
		for _, above := range []*place{city, province} {
			if !slices.Contains(above.listed(county), act) {
				t.Errorf("after piece %d %s lists %v, and not %s", i, above.name, above.listed(county), act)
			}
		}
		county.does(1)
	}
}

// sendsUpTo has a county send the heads of its first entries, some of them under a hash, with what
// the entry after them says.
func (p *place) sendsUpTo(city *place, n uint64, hides []uint64) (span, error) {
	kept := city.of(p).Kept
	o := raised{Links: []link{}, By: p.Log(), Size: kept}
	p.read(func(r *state.Reader) {
		x := must2(ledger.Excerpts(p.Log(), 0, n, without{r, hides}))(p.w.t)
		o.Excerpt = x.Sign(p.Host).Encode()
		o.Path = must2(ledger.ProveConsistency(n, kept, r))(p.w.t)
		o.Said = []witness.Begun{must2(begunAt(r, n, kept))(p.w.t)}
	})
	return p.sends(city, o)
}
