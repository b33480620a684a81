package witnessing

import (
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/text"
)

// first sends the heads of the first entries of a county's own log.
func (p *place) first(city *place, n uint64) {
	p.w.t.Helper()
	o := p.next(span{}, city.of(p).Kept).recut(p, func(x *ledger.Excerpt) {
		p.read(func(r *state.Reader) { *x = must2(ledger.Excerpts(p.Log(), 0, n, r))(p.w.t) })
	})
	p.read(func(r *state.Reader) { o.Path = must2(ledger.ProveConsistency(n, o.Size, r))(p.w.t) })
	must2(p.sends(city, o))(p.w.t)
}

// TestHidesBehindAnEpochBetween: a county shows an act, begins an epoch of which it sends the first
// heads alone, and another one in whose heads the act is under a hash. They show all that those of
// the epoch between did, and are held against those before it, too (W21).
func TestHidesBehindAnEpochBetween(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(6)
	for range 3 {
		w.round()
	}
	one, shown := county.Log(), county.acts(0)
	for range 2 {
		county.rewrites(city, county.size())
		w.elapse(2 * time.Minute)
		must2(0, county.desk.show(t.Context(), city.name))(t)
		if county.Log().Epoch() == 2 {
			county.first(city, shown[2])
		}
	}
	act := shown[4]
	if at, err := county.sendsWithout(city, []uint64{act}); code(err) != text.HeadsRefused {
		t.Errorf("without %s: got %+v, %v", one.Entry(act), at, err)
	}
	if found := city.findings(); len(found) != 1 || found[0].Hidden != one.Entry(act) {
		t.Errorf("the city finds %+v, want %s", found, one.Entry(act))
	}
	county.witnessed(city)
	city.checkKnown(county)
}

// TestBeginsBeyondItsPlace: a county has an entry say that its epoch began with entries that were
// not there yet, and sends the heads up to it alone. What was shown between is listed all the same:
// no ledger begins an epoch so (W21b).
func TestBeginsBeyondItsPlace(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(2)
	backup := county.copied()
	county.does(6)
	for range 3 {
		w.round()
	}
	before, kept := city.listed(county), city.of(county).Kept
	two := county.rewrites(city, county.size())
	source := newWorld(t, three[2]).at(three[2])
	source.becomes(backup)
	from := source.size()
	beyond := source.saysBegun(2, kept+5, kept+5)
	true2 := source.saysBegun(2, from, kept+5)
	source.does(1)
	w.elapse(2 * time.Minute)
	var old uint64
	city.read(func(r *state.Reader) {
		for _, k := range olderOf.All(r, ofLog(county.name)) {
			if k.Size <= from {
				old = max(old, k.Size)
			}
		}
	})
	must2(county.shows(city, county.tells(two, source, old, source.begunAt(true2))))(t)
	var o raised
	source.read(func(r *state.Reader) {
		x := must2(ledger.Excerpts(two, 0, beyond+1, r))(t)
		o = raised{Excerpt: x.Sign(county.Host).Encode(), Size: r.Size(), Path: must2(ledger.ProveConsistency(beyond+1, r.Size(), r))(t), Links: []link{}, By: two}
	})
	must2(county.sends(city, o))(t)
	for _, act := range before {
		if !slices.Contains(city.listed(county), act) {
			t.Errorf("the city lists %s no more", act)
		}
	}
	if k, _ := city.knows(two); len(k.Begun) > 0 {
		t.Errorf("the city has it that was begun: %+v", k.Begun)
	}
}

// TestNothingShowsHow: a county that was not witnessed before must show how its second epoch began
// all the same, as its key sets began before that. And what it shows of the first one later on is
// listed, as long as it is not known how the second one began (W20c).
func TestNothingShowsHow(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(4)
	county.rewrites(city, county.size())
	must2(0, county.desk.show(t.Context(), city.name))(t)
	var began uint64
	county.read(func(r *state.Reader) { all, _, _ := begunSince(r, 1, 0); began = all[0].Index })
	if _, err := county.sendsWithout(city, []uint64{began}); code(err) != text.HeadsRefused {
		t.Errorf("without how it began: got %v", err)
	}
	county.witnessed(city)
	city.checkKnown(county)

	w = newWorld(t, three[1:]...)
	city, county = w.at(three[1]), w.at(three[2])
	county.does(4)
	w.elapse(every)
	must2(0, county.desk.show(t.Context(), city.name))(t)
	heads, one := county.next(span{}, city.of(county).Kept), county.Log()
	two := county.rewrites(city, 0)
	source := newWorld(t, three[2]).at(three[2])
	index := source.saysBegun(2, 0, 99)
	source.does(1)
	w.elapse(2 * time.Minute)
	must2(county.shows(city, county.tells(two, source, 0, source.begunAt(index))))(t)
	source.read(func(r *state.Reader) {
		x := must2(ledger.Excerpts(two, 0, index, r))(t)
		must2(county.sends(city, raised{
			Excerpt: x.Sign(county.Host).Encode(), Size: r.Size(), Path: must2(ledger.ProveConsistency(index, r.Size(), r))(t), Links: []link{}, By: two,
		}))(t)
	})
	must2(county.sends(city, heads))(t)
	if all := city.listed(county); len(all) == 0 || !strings.HasPrefix(all[0], one.String()) {
		t.Errorf("the city lists %v", all)
	}
}

// notes has a city remember, as what another replica of it was shown within the minute, a county's
// checkpoint, and lets the minute pass.
func (p *place) notes(c ledger.Checkpoint, note []byte) {
	p.w.t.Helper()
	p.desk.note(kept{Log: c.Log, Size: c.Size, Root: c.Root, Note: note, At: uint64(p.w.now().UnixMilli()), Begun: []begun{}})
	p.w.elapse(every)
	p.desk.keepNoted(p.w.t.Context())
}

// TestNotedCountsInALaterEpoch (A20-2): what a city was shown within the minute, and did not keep
// yet, counts where the county shows an epoch that names nothing of it as lost: also where another
// replica of the city saw it, once that kept it. The county is told, and what is true is taken
// (W22).
func TestNotedCountsInALaterEpoch(t *testing.T) {
	for name, late := range map[string]bool{"the same replica saw it": false, "another one did": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, three[1:]...)
			city, county := w.at(three[1]), w.at(three[2])
			county.does(2)
			for range 2 {
				w.round()
			}
			county.does(1)
			w.round()
			backup := county.copied()
			county.does(1) // a revocation, that it tells and shows at once
			w.elapse(pause)
			must2(0, county.desk.show(t.Context(), city.name))(t)
			noted, known := city.desk.noted(county.Log())
			if !known {
				t.Fatal("it is not noted")
			}
			if late {
				city.desk.forget(noted.Log, noted.Size)
			}
			county.becomes(backup)
			county.rewrites(city, county.size())
			w.elapse(pause)
			err := county.desk.show(t.Context(), city.name)
			if (err == nil) != late {
				t.Errorf("shown within the minute: %v", err)
			}
			if late {
				city.notes(noted.checkpoint(), noted.Note)
				if err := county.desk.show(t.Context(), city.name); err == nil {
					county.says(1)
					err = county.desk.show(t.Context(), city.name)
					if err == nil {
						t.Error("nothing is asked of it")
					}
				}
			}
			if found := city.findings(); len(found) != 1 || found[0].Kept != noted.Size || found[0].Epoch != 2 {
				t.Errorf("the city finds %+v, want %d entries", found, noted.Size)
			}
			county.goesOn(county.size()) // it was told, and names what is lost
			county.says(1)
			w.elapse(showAgain)
			county.witnessed(city)
			if k, _ := city.knows(county.Log()); late && len(k.Begun) != 1 {
				t.Errorf("the city knows that was begun: %+v", k.Begun)
			}
		})
	}
}

// TestSilentOnALaterEpoch: a county that shows a later epoch, and proves nothing, cannot end the
// alarm about that with what it showed before (W25).
func TestSilentOnALaterEpoch(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(4)
	w.round()
	w.round()
	kept := city.of(county).Kept
	was := county.offers(kept)
	two := county.rewrites(city, kept)
	for range 4 {
		w.elapse(every)
		must2(county.shows(city, county.tells(two, county, 0)))(t)
		if got, err := county.shows(city, was); got.Verdict != witness.Same {
			t.Fatalf("what is kept: got verdict %d, %v", got.Verdict, err)
		}
	}
	if f := city.findings(); len(f) != 1 || f[0].Epoch != 2 {
		t.Errorf("the city finds %+v", f)
	}
}
