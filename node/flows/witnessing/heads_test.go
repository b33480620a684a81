package witnessing

import (
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

var four = []string{"guizhou", "guiyang.guizhou", "nanming.guiyang.guizhou", "xinhua.nanming.guiyang.guizhou"}

// does appends acts, with two entries that are none before each.
func (p *place) does(n int) {
	p.w.t.Helper()
	s := must2(p.Note("text/plain", []byte("x")))(p.w.t)
	must2(act.Do(p.w.t.Context(), p.Host, book.Request{}, actBody{N: n, Statement: s}))(p.w.t)
}

// acts are those of a place's own ledger.
func (p *place) acts(from uint64) (all []uint64) {
	p.read(func(r *state.Reader) {
		for i := from; i < r.Size(); i++ {
			if must2(ledger.DecodeLeaf(r.Leaf(i)))(p.w.t).Head.Kind.IsAct() {
				all = append(all, i)
			}
		}
	})
	return all
}

// knows returns how far a place knows the heads of a log, and the acts.
func (p *place) knows(log identity.Log) (k risen, acts []uint64) {
	child, _ := p.desk.childOver(log.Jurisdiction())
	p.read(func(r *state.Reader) {
		k, _ = risenOf.Load(r, keyOfRisen(child, log))
		for at := uint64(0); at < k.To; {
			piece, ok := pieces.Load(r, keyOfPiece(log, at))
			x := must2(readPiece(piece, ok))(p.w.t)
			for _, a := range x.Acts {
				acts = append(acts, a.Index)
			}
			at = x.To
		}
	})
	return k, acts
}

// checkKnown checks that a place knows all acts of another one's ledger, up to what was witnessed.
func (p *place) checkKnown(of *place) {
	p.w.t.Helper()
	k, acts := p.knows(of.Log())
	if want := of.acts(0); !slices.Equal(acts, want) || k.Acts != uint64(len(want)) || k.To != of.size() {
		p.w.t.Errorf("%s knows of %s %d acts in %d entries (%v), and it has %d in %d", p.name, of.name, k.Acts, k.To, acts, len(want), of.size())
	}
}

// TestHeadsGoUp: every level knows the acts of all below it, in as many pieces as they take, also
// of a ledger whose keys it does not know; what comes later is added, and then all is still.
func TestHeadsGoUp(t *testing.T) {
	w := newWorld(t, four...)
	nation, city, county, town := w.at(four[0]), w.at(four[1]), w.at(four[2]), w.at(four[3])
	below := map[*place][]*place{nation: {city, county, town}, city: {county, town}, county: {town}}
	town.does(500)
	county.does(1)
	for range 2 {
		for range 6 {
			w.round()
		}
		for above, all := range below {
			for _, p := range all {
				above.checkKnown(p)
			}
		}
		town.does(3)
		county.says(4)
	}
	if v := county.of(town); v.Heads != v.Kept || v.Heads == 0 {
		t.Errorf("of the town is told %+v", v)
	}
	if k, _ := nation.knows(town.Log()); k.From == 0 {
		t.Error("all is one piece: it shows little")
	}
	for range 6 {
		w.round()
	}
	asked := 0
	nation.answers = func(operation string, content []byte) []byte { asked++; return content }
	w.round()
	w.round()
	if asked > 0 {
		t.Errorf("nothing happened, and the nation was asked %d times", asked)
	}
	if k, _ := town.knows(nation.Log()); k.To > 0 {
		t.Error("heads went down")
	}
}

// TestActsOf: a province lists the acts of a county from what it keeps, in both directions, while
// the city and the county are gone.
func TestActsOf(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	county.does(400)
	for range 3 {
		w.round()
	}
	want := county.acts(0)
	city.down.Store(true)
	county.down.Store(true)
	province.read(func(r *state.Reader) {
		a := must2(province.desk.ActsOf(r, county.name))(t)
		var up, down []uint64
		for n, leaf, ok := a.From(0); ok; n, leaf, ok = a.From(n + 1) {
			if must2(ledger.DecodeLeaf(leaf))(t).Head.Kind.IsAct() {
				up = append(up, n)
			}
		}
		for n, _, ok := a.Below(1 << 62); ok; n, _, ok = a.Below(n) {
			down = append(down, n)
		}
		slices.Reverse(down)
		if !slices.Equal(up, want) || !slices.Equal(down, want) || a.Log() != county.Log() {
			t.Errorf("of %s %d acts up, %d down; want %d", a.Log(), len(up), len(down), len(want))
		}
		k := a.Known()
		if k.Log != county.Log() || k.Acts != uint64(len(want)) || k.Size != county.size() || k.By != city.name || k.At.After(w.now()) {
			t.Errorf("known are %+v", k)
		}
		var below []identity.Log
		for _, k := range append(province.desk.KnownBelow(r, province.name), province.desk.KnownBelow(r, city.name)...) {
			below = append(below, k.Log)
			if k.By != city.name {
				t.Errorf("of %s by %s", k.Log, k.By)
			}
		}
		if !slices.Equal(below, []identity.Log{city.Log(), county.Log(), county.Log()}) || len(province.desk.KnownBelow(r, county.name)) > 0 {
			t.Errorf("below are %v", below)
		}
		if _, err := province.desk.ActsOf(r, province.name); code(err) != text.NoHeads {
			t.Errorf("of itself: got %v", err)
		}
	})
	county.read(func(r *state.Reader) {
		if _, err := county.desk.ActsOf(r, city.name); code(err) != text.NoHeads {
			t.Errorf("of a level above: got %v", err)
		}
	})
}

// TestHeadsComeBack: a county that was put back to a backup gets the acts of the lost range from
// its city, whole and with their places; of what the city did not get it is told so, and gets the
// rest all the same.
func TestHeadsComeBack(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(3)
	w.round()
	backup, from := county.copied(), county.size()
	county.does(400)
	w.round()
	want := county.acts(from)
	county.says(1)
	whole := county.copied()
	seen := func() Seen { return must2(county.desk.Largest(t.Context()))(t)[0] }

	county.becomes(backup)
	lost := seen()
	for _, at := range []uint64{from, from - 1, 0} {
		acts, same, err := county.desk.Heads(t.Context(), lost, at)
		var got []uint64
		for _, a := range acts {
			got = append(got, a.Index)
		}
		if err != nil || !slices.Equal(got, want) || same != (ledger.Agreement{UpTo: from}) {
			t.Errorf("from %d: got %d acts, %+v, %v, want %d", at, len(got), same, err, len(want))
		}
	}
	other := lost
	other.By = must2(county.name.Child(county.name.Label()))(t)
	if acts, _, err := county.desk.Heads(t.Context(), other, from); err != nil || len(acts) != len(want) {
		t.Errorf("up to what a child saw: got %d acts, %v, want %d", len(acts), err, len(want))
	}
	if acts, _, err := county.desk.Heads(t.Context(), lost, lost.Checkpoint.Size); err != nil || len(acts) > 0 {
		t.Errorf("of nothing: got %v, %v", acts, err)
	}

	county.becomes(whole)
	county.does(5)
	w.elapse(time.Hour)
	must2(0, county.desk.show(t.Context(), city.name))(t) // witnessed, and the link is lost before the heads go up
	county.becomes(backup)
	acts, _, err := county.desk.Heads(t.Context(), seen(), from)
	if !errors.Is(err, ErrNotWhole) || code(err) != text.HeadsMissing || len(acts) != len(want) {
		t.Errorf("what the city has not: got %d acts, %v, want %d", len(acts), err, len(want))
	}
	city.down.Store(true)
	if acts, _, err := county.desk.Heads(t.Context(), lost, from); err == nil || errors.Is(err, ErrNotWhole) || len(acts) > 0 {
		t.Errorf("nobody answers: got %d acts, %v", len(acts), err)
	}
}

// TestHeadsOfALongLedger: what is here, too, does not count in what is taken back of a ledger, so
// its length is no bound; what is not here counts, also after the first entry that differs.
func TestHeadsOfALongLedger(t *testing.T) {
	w := newWorld(t, three[1:]...)
	county := w.at(three[2])
	county.does(600)
	backup, from := county.copied(), county.size()
	county.does(200)
	w.round()
	w.round()
	want := len(county.acts(from))
	for most, ok := range map[int]bool{3 * ledger.MaxExcerptLen: true, ledger.MaxExcerptLen: false} {
		county.becomes(backup)
		county.desk.o.MostTaken = most
		lost := must2(county.desk.Largest(t.Context()))(t)[0]
		if acts, _, err := county.desk.Heads(t.Context(), lost, 0); (err == nil) != ok || ok && len(acts) != want {
			t.Errorf("at most %d bytes: got %d acts, %v, want %d", most, len(acts), err, want)
		}
	}
}

// TestHeadsAreResumed: the link is lost, or the city, in the midst of many pieces, before or after
// each of them was kept. All of them come in the end, none twice.
func TestHeadsAreResumed(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(1500)
	total := 0
	for lost := 0; ; lost++ {
		if lost > 30 {
			t.Fatal("it does not get on")
		}
		n := 0
		city.answers = func(operation string, content []byte) []byte {
			if operation == string(operationRaise) {
				if n++; n > 1 {
					return []byte("the line broke") // after the second was kept
				}
				total++
			}
			return content
		}
		w.round()
		must2(0, city.Close())(t)
		city.open()
		if k, _ := city.knows(county.Log()); k.To == county.size() {
			break
		}
	}
	city.checkKnown(county)
	if total < 2 {
		t.Errorf("in %d rounds: it shows nothing", total)
	}
}

// TestHeadsOfRestoredParent: a city that was put back to a backup gets the heads again that it
// lost, and the province, which has more of them, goes on where it is.
func TestHeadsOfRestoredParent(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	county.does(10)
	for range 3 {
		w.round()
	}
	backup := city.copied()
	county.does(300)
	for range 3 {
		w.round()
	}
	province.checkKnown(county)
	had, _ := province.knows(county.Log())
	city.becomes(backup)
	county.does(300)
	for range 3 {
		w.round()
	}
	city.checkKnown(county)
	if k, _ := province.knows(county.Log()); k.span() != had.span() {
		t.Errorf("the province takes %+v by a tree that is not the one it keeps", k)
	}
}

// TestHeadsFromAbove (B17-24): a county and its city are put back to backups at once, so that the
// city lacks the heads that the county lost. The province keeps them, and is asked, also where it
// has more than was seen, or the city does not answer. Where it has not all, what it has comes; and
// a city that does not answer is told as that, so that nobody takes it for all there is.
func TestHeadsFromAbove(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	county.does(10)
	for range 3 {
		w.round()
	}
	cityBefore, countyBefore, from := city.copied(), county.copied(), county.size()
	county.does(60)
	for range 3 {
		w.round()
	}
	some := len(county.acts(from))
	lost := must2(county.desk.Largest(t.Context()))(t)[0]
	provinceBefore := province.copied()
	county.does(30)
	for range 3 {
		w.round()
	}
	more, all := must2(county.desk.Largest(t.Context()))(t)[0], len(county.acts(from))
	city.becomes(cityBefore)
	county.becomes(countyBefore)
	tells := func(what string, up Seen, want int, told text.Code) {
		t.Helper()
		acts, same, err := county.desk.Heads(t.Context(), up, from)
		if len(acts) != want || code(err) != told || want > 0 && same.UpTo != from {
			t.Errorf("%s: got %d acts, %+v, %v, want %d and %q", what, len(acts), same, err, want, told)
		}
	}
	tells("the province has more", lost, all, "")
	province.becomes(provinceBefore)
	tells("the province has just that", lost, some, "")
	tells("it has less", more, some, text.HeadsMissing)
	city.down.Store(true)
	tells("and the city does not answer", more, some, text.Unreachable)
	tells("what the province has, without the city", lost, some, "")
	province.down.Store(true)
	tells("nobody answers", lost, 0, text.Unreachable)
}

// TestHeadsOfEpochs: the heads of each epoch of a ledger are kept apart.
func TestHeadsOfEpochs(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	county.does(2)
	for range 3 {
		w.round()
	}
	first := county.Log()
	_, want := city.knows(first)
	county.inEpoch(2)
	county.does(4)
	for range 4 {
		w.round()
	}
	city.checkKnown(county)
	province.checkKnown(county)
	if _, got := province.knows(first); !slices.Equal(got, want) || county.Log() == first {
		t.Errorf("of the epoch before the province knows %v, and knew %v", got, want)
	}
	if k := must2(city.ledgersOf(county))(t); k != 2 {
		t.Errorf("the city keeps heads of %d logs", k)
	}
}

func (p *place) ledgersOf(child *place) (n int, err error) {
	p.read(func(r *state.Reader) { n = len(known(r, child.name)) })
	return n, nil
}

// TestHeadsAreBounded: the longest piece, and what is known of the longest log, fit into their
// values; what is more than they hold is refused.
func TestHeadsAreBounded(t *testing.T) {
	log := must2(identity.NewLog(must2(identity.ParseJurisdiction("a"+longest(199)))(t), 1<<64-1))(t)
	full := risen{Log: log, From: 1 << 62, To: 1 << 62, At: 1 << 62, Acts: 1 << 62, Last: ledger.Frontier{Size: 1<<62 - 1, Hashes: make([]tlog.Hash, 62)}}
	full.Begun = slices.Repeat([]begun{{Epoch: 1 << 62, Before: 1 << 62, From: 1 << 62, To: 1 << 62, Entry: 1 << 62}}, mostBegun)
	full.Said = full.Begun[:mostBeyond]
	if err := risenOf.Check(full); err != nil {
		t.Error(err)
	}
	l := link{Index: 1 << 62, Leaf: make([]byte, ledger.MaxActLen), Path: make([]tlog.Hash, maxPath)}
	said := slices.Repeat([]witness.Begun{{Index: 1 << 62, Leaf: l.Leaf, Path: l.Path}}, mostSaid)
	p := piece{Excerpt: make([]byte, ledger.MaxExcerptLen), Size: 1 << 62, Path: make([]tlog.Hash, maxPath), Note: make([]byte, 4<<10), Said: said, Links: slices.Repeat([]link{l}, maxLinks), Entry: 1 << 62}
	if err := pieces.Check(p); err != nil {
		t.Error(err)
	}
	if err := heldOf.Check(held{Logs: 1<<64 - 1, Bytes: 1<<64 - 1}); err != nil {
		t.Error(err)
	}
	o := raised{Excerpt: p.Excerpt, Size: p.Size, Path: p.Path, Said: p.Said, Links: p.Links, By: log}
	if data := must2(canon.Marshal(o))(t); len(data) > 64<<10 || o.Check() != nil {
		t.Errorf("on its way up it has %d bytes, %v", len(data), o.Check())
	}
	for what, bad := range map[string]interface{ Check() error }{
		"links": raised{Links: make([]link, maxLinks+1)}, "a leaf": raised{Links: []link{{Leaf: make([]byte, ledger.MaxActLen+1)}}},
		"logs": risenTo{Logs: make([]logSpan, mostTold+1)}, "more of nothing": risenTo{More: true}, "a name": whose{After: string(make([]byte, 513))},
		"epoch 0": lost{}, "pieces": heads{Pieces: make([][]byte, mostAnswered+1)}, "a note": heads{Note: make([]byte, 5<<10)},
	} {
		if bad.Check() == nil {
			t.Errorf("%s: taken", what)
		}
	}
}
