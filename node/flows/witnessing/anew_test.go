package witnessing

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// beginning appends an entry that says that an epoch was begun, as only made software does.
const beginning book.Command[beginningBody, ledger.Ref] = 9007

type beginningBody struct {
	_         struct{} `cbor:",toarray"`
	Epoch     uint64
	From, To  uint64
	Statement book.Statement
}

func applyBeginning(tx *state.Tx, b beginningBody) (ledger.Ref, error) {
	at := book.Next(tx)
	_, err := b.Statement.Append(tx, ledger.Head{Kind: ledger.KindEpoch, Epoch: b.Epoch, Before: b.Epoch - 1, From: b.From, To: b.To, Root: tlog.Hash{1}})
	return at, err
}

// saysBegun has a place say so in its ledger. It returns the entry.
func (p *place) saysBegun(epoch, from, to uint64) uint64 {
	p.w.t.Helper()
	s := must2(p.Note("text/plain", []byte("x")))(p.w.t)
	at := must2(beginning.Do(p.w.t.Context(), p.Host, book.Request{}, beginningBody{Epoch: epoch, From: from, To: to, Statement: s}))(p.w.t)
	index, _ := at.Index()
	return index
}

// begunAt is the proof that an entry of a place says so.
func (p *place) begunAt(index uint64) (b witness.Begun) {
	p.read(func(r *state.Reader) {
		b = witness.Begun{Index: index, Leaf: slices.Clone(r.Leaf(index)), Path: must2(ledger.ProveInclusion(index, r.Size(), r))(p.w.t)}
	})
	return b
}

// listed are the acts of a ledger below that a place lists, by their names.
func (p *place) listed(of *place) (all []string) {
	p.read(func(r *state.Reader) {
		a := must2(p.desk.ActsOf(r, of.name))(p.w.t)
		for n, _, ok := a.From(0); ok; n, _, ok = a.From(n + 1) {
			all = append(all, a.Entry(n).String())
		}
	})
	return all
}

// later has minutes pass in which one place says nothing more, and the others go on.
func (w *world) without(silent *place, rounds int) {
	silent.down.Store(true)
	for range rounds {
		w.elapse(every)
		for _, name := range inOrder(w.places) {
			if p := w.places[name]; p != silent {
				p.desk.Round(w.t.Context())
			}
		}
	}
}

// TestHidesByANewLedger (A20-1): a county has its city endorse a key set of epoch 2, and shows as
// its log another tree, whose first entry is another one. The entry that names all before as lost
// is shown to the city alone, and is under a hash in the heads, or does not come yet. Nothing of
// before goes off the lists above: such heads are refused, with the evidence (W20), or go no
// further up (W20d). What names all as lost for all to see is taken.
func TestHidesByANewLedger(t *testing.T) {
	for name, tc := range map[string]struct {
		hides, part   bool // the entry; heads are sent up to before it
		taken, alarms bool
	}{
		"under a hash":   {hides: true, alarms: true},
		"not sent":       {part: true, taken: true},
		"for all to see": {taken: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, three...)
			province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
			county.does(4)
			for range 4 {
				w.round()
			}
			kept := city.of(county).Kept
			before := [2][]string{city.listed(county), province.listed(county)}
			two := county.rewrites(city, 0) // its parent endorses the key set of epoch 2 as any
			source := newWorld(t, three[2]).at(three[2])
			source.does(1)
			index := source.saysBegun(2, 0, kept+5)
			source.does(1)
			w.elapse(2 * time.Minute)
			if got, err := county.shows(city, county.tells(two, source, 0, source.begunAt(index))); got.Verdict != witness.Larger {
				t.Fatalf("the other tree: got verdict %d, %v", got.Verdict, err)
			}
			if lost := city.of(county).Lost; len(lost) != 1 || lost[0].From != 0 || lost[0].Seen != kept {
				t.Errorf("once it was witnessed, the city says that is lost: %+v", lost)
			}
			var hides []uint64
			if tc.hides {
				hides = append(hides, index)
			}
			to := source.size()
			if tc.part {
				to = index
			}
			var o raised
			source.read(func(r *state.Reader) {
				x := must2(ledger.Excerpts(two, 0, to, without{r, hides}))(t)
				o = raised{Excerpt: x.Sign(county.Host).Encode(), Size: r.Size(), Path: []tlog.Hash{}, Links: []link{}, By: two}
				if to < r.Size() {
					o.Path = must2(ledger.ProveConsistency(to, r.Size(), r))(t)
				}
			})
			if at, err := county.sends(city, o); (err == nil) != tc.taken || !tc.taken && code(err) != text.HeadsRefused {
				t.Errorf("its heads: got %+v, %v", at, err)
			}
			w.without(county, 5)
			for i, p := range []*place{city, province} {
				for _, act := range before[i] {
					if !slices.Contains(p.listed(county), act) {
						t.Errorf("%s lists %s no more", p.name, act)
					}
				}
			}
			if found := city.findings(); (len(found) > 0) != tc.alarms {
				t.Errorf("the city finds %+v", found)
			}
		})
	}
}

// TestBegunIsShown: the entry that a city was shown as the one that begins an epoch stands in the
// heads of that, also where they show another one that says less: else what was rewritten without
// being an act would be named nowhere (W20b).
func TestBegunIsShown(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.says(4)
	w.round()
	w.round()
	kept := city.of(county).Kept
	two := county.rewrites(city, 0)
	source := newWorld(t, three[2]).at(three[2])
	source.becomes(county.copied())
	all := source.saysBegun(2, 0, kept+5)
	source.says(1)
	w.elapse(2 * time.Minute)
	must2(county.shows(city, county.tells(two, source, 0, source.begunAt(all))))(t)
	send := func(hides ...uint64) (at span, err error) {
		var o raised
		source.read(func(r *state.Reader) {
			x := must2(ledger.Excerpts(two, 0, r.Size(), without{r, hides}))(t)
			o = raised{Excerpt: x.Sign(county.Host).Encode(), Size: r.Size(), Path: []tlog.Hash{}, Links: []link{}, By: two}
		})
		return county.sends(city, o)
	}
	if at, err := send(all); code(err) != text.HeadsRefused {
		t.Errorf("with another entry that begins it: got %+v, %v", at, err)
	}
	if at, err := send(); err != nil || at.To != source.size() {
		t.Errorf("with the one that was shown: got %+v, %v", at, err)
	}
}
