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

// goesOn has a place that is in question go on in a new epoch, with the entries from one on lost.
func (p *place) goesOn(from uint64) {
	p.w.t.Helper()
	if _, ok := errors.AsType[*host.QuestionError](p.Questioned()); !ok {
		p.w.t.Fatalf("%s is not in question: %v", p.name, p.Questioned())
	}
	must2(p.BeginEpoch(p.w.t.Context(), must2(identity.NewMessage())(p.w.t), "r", host.Lost{From: from}))(p.w.t)
	known := func(uint64) bool { return true } // the parent has endorsed the keys
	if err := errors.Join(p.SettleEpoch(p.w.t.Context(), p.Log().Epoch(), true), p.RenewKeys(p.w.t.Context(), known)); err != nil {
		p.w.t.Fatal(err)
	}
}

// witnessed checks that the place is witnessed by others as it is, with no alarm anywhere.
func (p *place) witnessed(by ...*place) {
	p.w.t.Helper()
	for range 3 {
		p.w.round()
	}
	for _, other := range append(by, p) {
		if f := other.findings(); len(f) > 0 {
			p.w.t.Errorf("%s finds %+v", other.name, f)
		}
	}
	for _, other := range by {
		var c cosigned
		p.read(func(r *state.Reader) { c, _ = cosignedBy.Load(r, keyOfWitness(other.name)) })
		if c.Log != p.Log() || c.Size < p.size()-1 { // the last entry may log what the other showed
			p.w.t.Errorf("%s cosigned %d entries of %s, and there are %d of %s", other.name, c.Size, c.Log, p.size(), p.Log())
		}
	}
}

// TestLaterEpoch: a city that was put back goes on in a later epoch, and shows its parent and its
// child by itself that its ledger goes on from what they witnessed: whichever of that is lost is
// named, and the rest is there. Each is told so also where it missed an epoch, or where it saw more
// than the city knew when it went on.
func TestLaterEpoch(t *testing.T) {
	for name, lose := range map[string]func(w *world, city, county *place){
		"what both saw": func(w *world, city, county *place) {
			backup := city.copied()
			city.says(5)
			w.round()
			city.becomes(backup)
			w.round()
			city.goesOn(city.size())
		},
		"what is here, too": func(w *world, city, county *place) {
			backup := city.copied()
			city.says(5)
			w.round()
			city.becomes(backup)
			w.round()
			city.goesOn(7)
		},
		"twice, and the child was away": func(w *world, city, county *place) {
			for range 2 {
				backup := city.copied()
				city.says(5)
				w.round()
				county.down.Store(true)
				city.becomes(backup)
				w.round()
				city.goesOn(city.size())
				w.round()
			}
			county.down.Store(false)
		},
		"more than was known, as the child was away": func(w *world, city, county *place) {
			backup := city.copied()
			city.says(5)
			w.round()
			w.at(three[0]).down.Store(true)
			city.says(5)
			w.round() // which the child saw alone
			w.at(three[0]).down.Store(false)
			county.down.Store(true)
			city.becomes(backup)
			w.round()
			city.goesOn(city.size())
			w.round()
			county.down.Store(false)
			w.round()
			if f := county.findings(); len(f) != 1 || f[0].Epoch != 2 || f[0].Kept == 0 {
				w.t.Errorf("the child finds %+v", f)
			}
			city.goesOn(city.size())
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, three...)
			province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
			for range 2 {
				city.says(4)
				w.round()
			}
			lose(w, city, county)
			city.says(2)
			city.witnessed(province, county)
		})
	}
}

// rewrites has a county begin an epoch by itself, with its own keys: from is what it says is lost.
func (p *place) rewrites(city *place, from uint64) identity.Log {
	p.w.t.Helper()
	more := ledger.Checkpoint{Log: p.Log(), Size: p.size() + 1, Root: tlog.Hash{1}}
	note := must2(ledger.SignCheckpoint(more, p.Host))(p.w.t)
	p.Doubt(host.Seen{By: city.name, Checkpoint: more, Note: note})
	p.goesOn(from)
	return p.Log()
}

// tells is an offer of a tree that the county would rather have, as its own log.
func (p *place) tells(log identity.Log, source *place, old uint64, begun ...witness.Begun) (o witness.Offer) {
	source.read(func(r *state.Reader) {
		c := ledger.Checkpoint{Log: log, Size: r.Size(), Root: must2(r.RootAt(r.Size()))(p.w.t)}
		g := ledger.Growth{Old: old, Note: must2(ledger.SignCheckpoint(c, p.Host))(p.w.t)}
		if o.Begun = begun; old > 0 {
			g.Path = must2(ledger.ProveConsistency(old, r.Size(), r))(p.w.t)
			o.Was = must2(r.RootAt(old))(p.w.t)
		}
		o.Growth = g.Encode()
	})
	return o
}

// TestEpochRewrites: a county begins an epoch by itself, and signs as its log a tree that has
// nothing of what its city witnessed, or not all. None of it is kept, cosigned or listed; what it
// proves to be another history is an alarm on both sides, and the silence of one that proves
// nothing is one at the city (W14, W15).
func TestEpochRewrites(t *testing.T) {
	w := newWorld(t, three...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(10)
	for range 4 {
		w.round()
	}
	source := newWorld(t, three[2]).at(three[2])
	source.does(20)
	kept := city.of(county).Kept
	two := county.rewrites(city, kept)
	var begun []witness.Begun
	county.read(func(r *state.Reader) { begun, _, _ = begunSince(r, 1, r.Size()) })
	for name, o := range map[string]witness.Offer{
		"another tree":                               county.tells(two, source, 0),
		"another tree, with a proof":                 county.tells(two, source, kept),
		"with an entry that is not in the tree":      county.tells(two, source, kept, begun...),
		"from nothing, with what began the epoch":    must2(county.desk.offer(t.Context(), crossing{since: 1}))(t).o,
		"from elsewhere, with what began the epoch":  must2(county.desk.offer(t.Context(), crossing{since: 1, old: kept - 1}))(t).o,
		"from what is kept, and nothing began there": must2(county.desk.offer(t.Context(), crossing{old: kept}))(t).o,
	} {
		got, err := county.shows(city, o)
		if got.Verdict == witness.Larger || got.Verdict == witness.Same || len(got.Line) > 0 {
			t.Errorf("%s: got verdict %d, and %d bytes of cosignature, %v", name, got.Verdict, len(got.Line), err)
		}
	}
	if v := city.of(county); v.Kept != kept || len(city.findings()) > 0 {
		t.Errorf("the city keeps %d entries, and finds %+v", v.Kept, city.findings())
	}
	w.elapse(2 * unproven)
	if got, err := county.shows(city, county.tells(two, source, 0)); err != nil || got.Verdict != witness.Elsewhere {
		t.Errorf("again: got verdict %d, %v", got.Verdict, err)
	}
	if f := city.findings(); len(f) != 1 || f[0].Epoch != 2 || f[0].Kept != kept || f[0].Log.Epoch() != 1 {
		t.Errorf("the city finds %+v of one that proves nothing", f)
	}
	county.witnessed(city) // what is true is taken
}

// TestEpochForks: a county that was put back and signed other entries says, in a later epoch, that
// it lost none before them. What its city kept tells otherwise: both sides have the evidence, which
// a stranger verifies (W14).
func TestEpochForks(t *testing.T) {
	for name, first := range map[string]func(city, county *place){
		"the county finds it": func(city, county *place) { city.w.round() },
		"the city finds it": func(city, county *place) {
			o := must2(county.desk.offer(city.w.t.Context(), crossing{since: 1, old: city.of(county).Kept}))(city.w.t).o
			if got, err := county.shows(city, o); err != nil || got.Verdict != witness.Forked {
				city.w.t.Errorf("got verdict %d, %v", got.Verdict, err)
			}
			city.w.round()
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, three[1:]...)
			city, county := w.at(three[1]), w.at(three[2])
			county.says(3)
			backup := county.copied()
			for range 3 {
				county.says(4)
				w.round()
			}
			before := county.Log()
			kept := city.of(county).Kept
			county.becomes(backup)
			county.says(20)
			log := county.rewrites(city, county.size())
			first(city, county)
			for _, p := range []*place{city, county} {
				found := p.findings()
				if len(found) != 1 || found[0].Kept > 0 || found[0].Size != kept || found[0].Own != (p == county) {
					t.Fatalf("%s finds %+v; the city keeps %d entries", p.name, found, kept)
				}
				a, b, err := witness.OpenFork(found[0].Evidence, county.name, county.keys())
				if err != nil || a.Log != before || b.Log != log {
					t.Errorf("the evidence of %s: %s and %s, %v", p.name, a.Log, b.Log, err)
				}
			}
			county.says(1)
			w.round()
			if v := county.of(city); v.Cosigned > 0 {
				t.Errorf("the city cosigned %d entries of it", v.Cosigned)
			}
		})
	}
}

// TestActsThatAreLost: what was decided in a lost range is listed above as lost, with the acts of
// the epoch that goes on, in both directions. While the heads of a new epoch come up, and where a
// ledger begins anew under the same name, nothing is called lost.
func TestActsThatAreLost(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	acts := func(p *place) (all []identity.Entry) {
		t.Helper()
		p.read(func(r *state.Reader) {
			a := must2(p.desk.ActsOf(r, county.name))(t)
			for n, _, ok := a.From(0); ok; n, _, ok = a.From(n + 1) {
				all = append(all, a.Entry(n))
				if about, first := a.About(n, ledger.RefTo(0)), county.Names().Entry(0); about != first {
					t.Errorf("%s says that %s is about %s, want %s", p.name, a.Entry(n), about, first)
				}
			}
			var down []identity.Entry
			for n, _, ok := a.Below(1 << 62); ok; n, _, ok = a.Below(n) {
				down = append(down, a.Entry(n))
			}
			if slices.Reverse(down); !slices.Equal(all, down) {
				t.Errorf("%s lists %v up, and %v down", p.name, all, down)
			}
		})
		return all
	}
	names := func(from uint64) (all []identity.Entry) { // as the county's own list has them
		for _, i := range county.acts(from) {
			all = append(all, county.Names().Entry(i))
		}
		return all
	}
	var want []identity.Entry
	for range 2 {
		county.does(2)
		w.round()
		backup, from := county.copied(), county.size()
		county.does(3)
		for range 4 {
			w.round()
		}
		want = append(want, names(from)...)
		county.becomes(backup)
		w.round()
		county.goesOn(county.size())
		county.does(4)
		for range 4 {
			w.round()
		}
		for _, p := range []*place{city, province} {
			all := append(slices.Clone(want), names(0)...)
			if got := acts(p); !slices.Equal(got, all) {
				t.Errorf("%s lists\n%v, want\n%v", p.name, got, all)
			}
		}
	}
	county.inEpoch(7)
	county.does(1)
	for range 4 {
		w.round()
	}
	if got, want := acts(province), names(0); !slices.Equal(got, want) {
		t.Errorf("of a ledger that began anew it lists\n%v, want\n%v", got, want)
	}
}

// TestEpochIsOver (A18-7): once a later epoch was witnessed, nothing larger of the one before is
// taken: it would be of entries that the ledger has not, and names nowhere as lost.
func TestEpochIsOver(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(5)
	w.round()
	w.round()
	dir, one, kept := county.copied(), county.Log(), city.of(county).Kept
	county.rewrites(city, county.size())
	county.witnessed(city)
	source := newWorld(t, three[2]).at(three[2])
	source.becomes(dir)
	source.does(10)
	w.elapse(2 * time.Minute)
	if got, err := county.shows(city, county.tells(one, source, kept)); code(err) != text.CheckpointRefused || len(got.Line) > 0 {
		t.Errorf("%s with %d entries: got %+v, %v", one, source.size(), got, err)
	}
}
