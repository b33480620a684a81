package witnessing

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// without takes some acts for other entries.
type without struct {
	*state.Reader
	acts []uint64
}

func (h without) Leaf(index uint64) []byte {
	if slices.Contains(h.acts, index) {
		return h.Reader.Leaf(2) // no act
	}
	return h.Reader.Leaf(index)
}

// sendsWithout has a county send the heads of its log from where the city has them, with some acts
// under a hash. They give the same tree.
func (p *place) sendsWithout(city *place, acts []uint64) (at span, err error) {
	p.w.t.Helper()
	for range 9 {
		o := p.next(at, city.of(p).Kept)
		if len(o.Excerpt) == 0 {
			return at, nil
		}
		o = o.recut(p, func(x *ledger.Excerpt) {
			p.read(func(r *state.Reader) { *x = must2(ledger.Excerpts(p.Log(), x.From, x.To, without{r, acts}))(p.w.t) })
		})
		now, err := p.sends(city, o)
		if err != nil {
			return at, err
		}
		at = now
	}
	return at, nil
}

// begins has a county show the city that it went on in a new epoch, and no heads of that yet.
func (p *place) begins(city *place, from uint64) {
	p.w.t.Helper()
	p.goesOn(from)
	p.w.elapse(2 * time.Minute)
	must2(0, p.desk.show(p.w.t.Context(), city.name))(p.w.t)
}

// TestHidesInLater: a county begins an epoch, and of the acts that it showed before it hides some
// in the heads of that: the tree is the same, and what they decided would be listed no more. None
// of it is taken, and the city has the evidence and an alarm, until they are shown (W18).
func TestHidesInLater(t *testing.T) {
	for name, tc := range map[string]struct {
		aside int // entries that the county recorded beside those that are lost
		hides func(shown []uint64, began uint64) []uint64
		tells bool // which of the acts is gone
	}{
		"one":                          {0, func(shown []uint64, _ uint64) []uint64 { return shown[len(shown)/2:][:1] }, true},
		"the first entry":              {0, func(shown []uint64, _ uint64) []uint64 { return shown[:1] }, true},
		"the last one":                 {0, func(shown []uint64, _ uint64) []uint64 { return shown[len(shown)-1:] }, true},
		"all, before others":           {3, func(shown []uint64, _ uint64) []uint64 { return shown }, true},
		"one, and how the epoch began": {0, func(shown []uint64, began uint64) []uint64 { return []uint64{shown[3], began} }, true},
		"how the epoch began":          {0, func(_ []uint64, began uint64) []uint64 { return []uint64{began} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, three[1:]...)
			city, county := w.at(three[1]), w.at(three[2])
			county.does(6)
			before, backup, from := county.Log(), county.copied(), county.size()
			county.does(2)
			for range 3 {
				w.round()
			}
			_, shown := city.knows(before)
			shown = slices.DeleteFunc(shown, func(i uint64) bool { return i >= from })
			county.becomes(backup)
			county.says(tc.aside)
			w.round()
			began := county.size()
			county.begins(city, from)
			hides := tc.hides(shown, began)
			at, err := county.sendsWithout(city, hides)
			if k, _ := city.knows(county.Log()); code(err) != text.HeadsRefused || k.To > 0 {
				t.Errorf("without %v of %v: got %+v, %v, and %d entries are known", hides, shown, at, err, k.To)
			}
			if found := city.findings(); !tc.tells && len(found) > 0 || tc.tells && (len(found) != 1 || found[0].Hidden != before.Entry(hides[0])) {
				t.Errorf("the city finds %+v, want %d", found, hides[0])
			}
			if tc.tells {
				city.checkEvidence(county, before.Entry(hides[0]))
			}
			county.witnessed(city)
			city.checkKnown(county)
		})
	}
}

// checkEvidence checks that a place has one piece of evidence that heads of a county hide an act.
func (p *place) checkEvidence(of *place, act identity.Entry) {
	t := p.w.t
	t.Helper()
	found := p.findings()
	if len(found) != 1 {
		t.Fatalf("%s finds %+v", p.name, found)
	}
	var e evidence
	p.read(func(r *state.Reader) {
		must2(0, canon.Unmarshal(must2(p.Payload(r, found[0].Entry.Index()))(t), 1<<20, &e))(t)
	})
	var all []ledger.Excerpt
	for _, data := range [][]byte{e.Shown, e.Hides, e.Begun} {
		x := must2(ledger.ParseExcerpt(data))(t)
		must2(0, x.SignedBy(of.keys()))(t)
		all = append(all, x)
	}
	is := func(a ledger.Act) bool { return a.Index == act.Index() }
	if x := all[1]; !slices.ContainsFunc(all[0].Acts, is) || slices.ContainsFunc(x.Acts, is) || act.Index() < x.From || act.Index() >= x.To {
		t.Errorf("the evidence of %s shows %s", act, fmt.Sprint(all[0].Acts, x.From, x.To, x.Acts))
	}
}

// TestHidesInPieces: where the entry that began the epoch comes with a later piece than the one
// that hides an act, that one is refused, and the evidence has both (W18).
func TestHidesInPieces(t *testing.T) {
	w := newWorld(t, three...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(400)
	before, backup, from := county.Log(), county.copied(), county.size()
	county.does(1)
	for range 3 {
		w.round()
	}
	county.becomes(backup)
	w.round()
	county.begins(city, from)
	act := before.Entry(county.acts(0)[5])
	at, err := county.sendsWithout(city, []uint64{act.Index()})
	if code(err) != text.HeadsRefused || at.To <= act.Index() || at.To >= from {
		t.Errorf("got %+v, %v", at, err)
	}
	city.checkEvidence(county, act)
	for range 3 {
		w.round()
	}
	city.checkEvidence(county, act)
	if k, _ := w.at(three[0]).knows(county.Log()); k.To != at.To {
		t.Errorf("the province knows %d entries of it, want %d", k.To, at.To)
	}
}
