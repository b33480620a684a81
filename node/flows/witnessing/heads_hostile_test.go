package witnessing

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// TestForgedHeads: a witness answers with anything but what it was shown. No act of it is taken
// (W09).
func TestForgedHeads(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(2)
	backup, from := county.copied(), county.size()
	county.does(400)
	w.round()
	good := must2(county.desk.Largest(t.Context()))(t)[0]
	county.becomes(backup)
	stranger := newWorld(t, "zunyi.guizhou").at("zunyi.guizhou")
	stranger.does(2)
	foreign := must2(looked(stranger.desk, func(r *state.Reader) (raised, error) {
		return stranger.desk.nextOf(r, stranger.Log(), span{}, r.Size())
	}))(t)
	for name, forge := range map[string]func(*heads){
		"nothing":            func(h *heads) { h.Pieces = nil },
		"a piece is missing": func(h *heads) { h.Pieces = slices.Delete(h.Pieces, 0, 1) },
		"one of the middle":  func(h *heads) { h.Pieces = slices.Delete(h.Pieces, 1, 2) },
		"twice":              func(h *heads) { h.Pieces = slices.Insert(h.Pieces, 1, h.Pieces[0]) },
		"a stranger's":       func(h *heads) { h.Pieces = [][]byte{foreign.Excerpt} },
		"garbage":            func(h *heads) { h.Pieces[0] = []byte{1} },
		"an act is changed": func(h *heads) {
			x := must2(ledger.ParseExcerpt(h.Pieces[1]))(t)
			leaf := must2(x.Leaves())(t)[0].Leaf
			leaf.Head.Kind = ledger.KindGrant
			x.Acts[0].Leaf = must2(leaf.Encode())(t)
			h.Pieces[1] = x.Sign(county.Host).Encode() // as a copy beside it might
		},
		"one hash is changed": func(h *heads) {
			x := must2(ledger.ParseExcerpt(h.Pieces[1]))(t)
			x.Hashes[0][0] ^= 1
			h.Pieces[1] = x.Sign(county.Host).Encode()
		},
		"of another epoch": func(h *heads) {
			x := must2(ledger.ParseExcerpt(h.Pieces[0]))(t)
			x.Log = must2(identity.NewLog(county.name, 2))(t)
			h.Pieces[0] = x.Sign(county.Host).Encode()
		},
		"too many pieces": func(h *heads) { h.Pieces = slices.Repeat(h.Pieces, mostAnswered) },
		"a long piece":    func(h *heads) { h.Pieces[0] = make([]byte, ledger.MaxExcerptLen+1) },
	} {
		city.answers = func(operation string, content []byte) []byte {
			if operation != string(operationHeads) {
				return content
			}
			var h heads
			if err := canon.Unmarshal(content, len(content), &h); err != nil {
				t.Fatal(err)
			}
			if h.Pieces = slices.Clone(h.Pieces); len(h.Pieces) < 2 {
				t.Fatalf("%d pieces: it shows nothing", len(h.Pieces))
			}
			forge(&h)
			if h.Pieces == nil {
				h.Pieces = [][]byte{}
			}
			return must2(canon.Marshal(h))(t)
		}
		acts, _, err := county.desk.Heads(t.Context(), good, from)
		if err == nil || len(acts) > 0 {
			t.Errorf("%s: got %d acts, %v", name, len(acts), err)
		}
	}
	city.answers = nil
	forged := good
	forged.Checkpoint.Root[0] ^= 1
	if acts, _, err := county.desk.Heads(t.Context(), forged, from); err != nil || len(acts) == 0 {
		// They are proven all the same by the note that the city keeps, which the own keys signed.
		t.Errorf("another root, and the true note: got %d acts, %v", len(acts), err)
	}
}

// sends has a place send a piece of heads to another.
func (p *place) sends(to *place, o raised) (span, error) {
	ctx := budget.With(p.w.t.Context(), budget.Payer{Neighbour: p.name.String()})
	return ask(ctx, p.desk, operationRaise, to.name, o)
}

// next is the piece that a place would send.
func (p *place) next(at span, kept uint64) raised {
	p.w.t.Helper()
	return must2(looked(p.desk, func(r *state.Reader) (raised, error) { return p.desk.nextOf(r, r.Log(), at, kept) }))(p.w.t)
}

// recut has a place change the excerpt of a piece, and sign it.
func (o raised) recut(by *place, edit func(*ledger.Excerpt)) raised {
	x := must2(ledger.ParseExcerpt(o.Excerpt))(by.w.t)
	edit(&x)
	o.Excerpt = x.Sign(by.Host).Encode()
	return o
}

// hiding takes an act for another entry.
type hiding struct {
	*state.Reader
	act uint64
}

func (h hiding) Leaf(index uint64) []byte {
	if index == h.act {
		index++ // no act
	}
	return h.Reader.Leaf(index)
}

// TestHostileHeads: a child sends what is not the heads of its ledger, in all ways. Nothing of it
// is kept, and it is told how far its heads are known (W07).
func TestHostileHeads(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou", "wudang.elsewhere")
	city, county, other, stranger := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou"), w.at("yunyan.guiyang.guizhou"), w.at("wudang.elsewhere")
	county.does(2)
	other.does(2)
	w.round()
	had, _ := city.knows(county.Log())
	county.does(300)
	w.elapse(time.Hour)
	must2(0, county.desk.show(t.Context(), city.name))(t)
	kept := city.of(county).Kept
	good := county.next(had.span(), kept)
	second := county.next(span{From: must2(ledger.ParseExcerpt(good.Excerpt))(t).To, To: must2(ledger.ParseExcerpt(good.Excerpt))(t).To}, kept)
	hidden := good
	county.read(func(r *state.Reader) { // an act that was shown goes under its hash
		hidden.Excerpt = must2(ledger.Excerpts(county.Log(), had.From, kept, hiding{r, county.acts(0)[1]}))(t).Sign(county.Host).Encode()
	})
	for name, tc := range map[string]struct {
		by      *place
		o       raised
		refused text.Code // "": it is told how far its heads are known
	}{
		"from another place":       {county, second, ""},
		"what came before":         {county, county.next(span{}, had.To), ""},
		"from the middle":          {county, county.next(span{From: 1, To: 1}, kept), ""},
		"an act is changed":        {county, good.recut(county, func(x *ledger.Excerpt) { x.Acts[1].Leaf = x.Acts[2].Leaf }), text.HeadsRefused},
		"a shown act is hidden":    {county, hidden, text.HeadsRefused},
		"a hash is changed":        {county, good.recut(county, func(x *ledger.Excerpt) { x.Hashes[len(x.Hashes)-1][0] ^= 1 }), text.HeadsRefused},
		"no proof":                 {county, raised{Excerpt: good.Excerpt, Size: good.Size, By: good.By}, text.HeadsRefused},
		"another size":             {county, raised{Excerpt: good.Excerpt, Size: good.Size - 1, Path: good.Path, By: good.By}, text.HeadsRefused},
		"nothing":                  {county, raised{By: good.By}, text.HeadsRefused},
		"another's ledger":         {other, good, text.HeadsRefused},
		"another's, in its name":   {other, raised{Excerpt: good.Excerpt, Size: good.Size, Path: good.Path, By: other.Log()}, text.HeadsRefused},
		"its parent's":             {county, city.next(span{}, 2), text.HeadsRefused},
		"a stranger":               {stranger, stranger.next(span{}, stranger.size()), text.HeadsRefused},
		"of an epoch never shown":  {county, good.recut(county, func(x *ledger.Excerpt) { x.Log = must2(identity.NewLog(county.name, 2))(t) }), text.HeadsRefused},
		"longer than an excerpt":   {county, raised{Excerpt: make([]byte, ledger.MaxExcerptLen+1), By: good.By}, text.BadRequest},
		"more links than a tree":   {county, raised{Excerpt: good.Excerpt, Links: make([]link, maxLinks+1), By: good.By}, text.BadRequest},
		"a link of its own ledger": {county, raised{Excerpt: good.Excerpt, Size: good.Size, Path: good.Path, Links: make([]link, 1), By: good.By}, text.HeadsRefused},
		"a path without end":       {county, raised{Excerpt: good.Excerpt, Path: make([]tlog.Hash, maxPath+1), By: good.By}, text.BadRequest},
	} {
		at, err := tc.by.sends(city, tc.o)
		if code(err) != tc.refused || err == nil && at != had.span() {
			t.Errorf("%s: got %+v, %v, want %q", name, at, err, tc.refused)
		}
		if now, _ := city.knows(county.Log()); now.span() != had.span() {
			t.Fatalf("%s: it is kept: %+v", name, now)
		}
	}
	city.here = true
	if _, err := county.sends(city, good); code(err) != text.HeadsRefused {
		t.Errorf("on the same node: got %v", err)
	}
	city.here = false
	w.round()
	city.checkKnown(county)
	if len(city.findings()) > 0 {
		t.Errorf("the city finds %+v", city.findings())
	}
}

// TestHeadsJudgedTwice: of two pieces that were judged against the same, on two replicas, the
// second is not kept.
func TestHeadsJudgedTwice(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	for _, to := range []uint64{10, 20} {
		body := raiseBody{
			Child: county.name, Risen: risen{Log: county.Log(), To: to, Last: ledger.Frontier{Hashes: []tlog.Hash{}}},
			Piece: piece{Excerpt: []byte{}, Path: []tlog.Hash{}, Note: []byte{}, Links: []link{}},
		}
		must2(commandRaise.Do(t.Context(), city.Host, book.Request{}, body))(t)
	}
	city.read(func(r *state.Reader) {
		if k, _ := risenOf.Load(r, keyOfRisen(county.name, county.Log())); k.To != 10 {
			t.Errorf("%d entries are kept", k.To)
		}
	})
}

// TestHeadsFlood: a child that sends heads without end is told to wait, for itself alone.
func TestHeadsFlood(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou")
	city, county, other := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou"), w.at("yunyan.guiyang.guizhou")
	big := raised{Excerpt: make([]byte, ledger.MaxExcerptLen), By: county.Log()}
	taken := 0
	for range headsAtOnce {
		_, err := county.sends(city, big)
		if code(err) == text.Busy {
			break
		}
		taken++
	}
	if taken > headsAtOnce*1024/ledger.MaxExcerptLen {
		t.Errorf("%d pieces at once", taken)
	}
	other.does(1)
	w.round()
	city.checkKnown(other)
}

// TestHostileKeeper: a parent says what it likes of how far the heads are known. The child sends no
// more than a few pieces for it, and its round ends.
func TestHostileKeeper(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", "nanming.guiyang.guizhou")
	city, county := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou")
	county.does(300)
	for name, lie := range map[string]span{
		"the middle": {From: 100, To: 101}, "beyond": {From: 1 << 61, To: 1 << 62}, "backwards": {From: 9, To: 3}, "always the begin": {},
	} {
		asked := 0
		city.answers = func(operation string, content []byte) []byte {
			switch operation {
			case string(operationRisen):
				return must2(canon.Marshal(risenTo{Kept: county.size(), Logs: []logSpan{{Log: county.Log(), Span: lie}}}))(t)
			case string(operationRaise):
				asked++
				return must2(canon.Marshal(lie))(t)
			}
			return content
		}
		w.round()
		w.round()
		if asked > 2 {
			t.Errorf("%s: %d pieces in two rounds", name, asked)
		}
	}
	city.answers = nil
	w.elapse(time.Hour)
	w.round()
	city.checkKnown(county)
}

// TestHostileMiddle: a city changes what it passes on of its county. The province takes nothing of
// it, and nothing under an entry of the city that logs another ledger's checkpoint (W08).
func TestHostileMiddle(t *testing.T) {
	w := newWorld(t, append(three, "yunyan.guiyang.guizhou")...)
	province, city, county, other := w.at(three[0]), w.at(three[1]), w.at(three[2]), w.at("yunyan.guiyang.guizhou")
	county.does(3)
	other.does(1)
	city.up(false)
	for range 3 {
		w.round()
	}
	city.up(true)
	w.elapse(time.Hour)
	must2(0, city.desk.show(t.Context(), province.name))(t)
	kept := province.of(city).Kept
	below := func(p *place) raised {
		return must2(looked(city.desk, func(r *state.Reader) (raised, error) { return nextBelow(r, p.Log(), span{}, kept) }))(t)
	}
	good, others := below(county), below(other)
	if len(good.Links) != 1 {
		t.Fatalf("got %+v", good)
	}
	swapped := func(edit func(*raised)) raised {
		o := good
		o.Links = slices.Clone(o.Links)
		edit(&o)
		return o
	}
	for name, o := range map[string]raised{
		"an act is changed":              good.recut(city, func(x *ledger.Excerpt) { x.Acts[1].Leaf = x.Acts[0].Leaf }),
		"a shorter one":                  good.recut(city, func(x *ledger.Excerpt) { *x = must2(ledger.ParseExcerpt(others.Excerpt))(t); x.Log = county.Log() }),
		"another's tree":                 others.recut(city, func(x *ledger.Excerpt) { x.Log = county.Log() }),
		"a signature that does not hold": swapped(func(o *raised) { o.Excerpt = slices.Clone(o.Excerpt); o.Excerpt[len(o.Excerpt)-1] ^= 1 }),
		"no link":                        swapped(func(o *raised) { o.Links = nil }),
		"another's link":                 swapped(func(o *raised) { o.Links = others.Links }),
		"another's ledger":               swapped(func(o *raised) { o.Excerpt, o.Size = others.Excerpt, others.Size }),
		"a link twice":                   swapped(func(o *raised) { o.Links = append(o.Links, o.Links[0]) }),
		"another place":                  swapped(func(o *raised) { o.Links[0].Index-- }),
		"beyond the tree":                swapped(func(o *raised) { o.Links[0].Index = kept }),
		"a forged entry": swapped(func(o *raised) {
			leaf := must2(ledger.DecodeLeaf(o.Links[0].Leaf))(t)
			leaf.Head.To, leaf.Head.Root = 1, tlog.Hash{1}
			o.Links[0].Leaf = must2(leaf.Encode())(t)
		}),
		"no entry": swapped(func(o *raised) { o.Links[0].Leaf = nil }),
		"another entry": swapped(func(o *raised) {
			city.read(func(r *state.Reader) {
				o.Links[0] = link{Index: 0, Leaf: r.Leaf(0), Path: must2(ledger.ProveInclusion(0, kept, r))(t)}
			})
		}),
		"in another log": swapped(func(o *raised) { o.By = must2(identity.NewLog(city.name, 2))(t) }),
	} {
		if at, err := city.sends(province, o); code(err) != text.HeadsRefused {
			t.Errorf("%s: got %+v, %v", name, at, err)
		}
	}
	if k, _ := province.knows(county.Log()); k.To > 0 {
		t.Fatalf("it is kept: %+v", k)
	}
	for range 3 {
		w.round()
	}
	province.checkKnown(county)
	province.checkKnown(other)
}

// up has the links of a place go down, or come back, but for those from below.
func (p *place) up(up bool) {
	above, _ := p.desk.o.Parent()
	p.w.places[above].down.Store(!up)
}
