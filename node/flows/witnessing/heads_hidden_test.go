package witnessing

import (
	"slices"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// hidden makes the pieces anew that a place keeps of a log, each with one of its acts under a hash.
// They give the same tree. They bear the key and the signature of those that they stand for.
func (p *place) hidden(of *place) (all []ledger.Excerpt) {
	p.w.t.Helper()
	log := of.Log()
	var shown []ledger.Excerpt
	p.read(func(r *state.Reader) {
		k, _ := risenOf.Load(r, keyOfRisen(of.name, log))
		for at := uint64(0); at < k.To; at = shown[len(shown)-1].To {
			kept, ok := pieces.Load(r, keyOfPiece(log, at))
			shown = append(shown, must2(readPiece(kept, ok))(p.w.t))
		}
	})
	of.read(func(r *state.Reader) {
		for _, x := range shown {
			less := must2(ledger.Excerpts(log, x.From, x.To, hiding{r, x.Acts[len(x.Acts)/2].Index}))(p.w.t)
			if less.To != x.To || len(less.Acts) != len(x.Acts)-1 {
				p.w.t.Fatalf("hidden: [%d, %d) with %d acts for [%d, %d) with %d", less.From, less.To, len(less.Acts), x.From, x.To, len(x.Acts))
			}
			less.Key, less.Signature = x.Key, x.Signature
			all = append(all, less)
		}
	})
	return all
}

// TestHiddenHeads: a city gives a county that was put back to a backup its heads with one act under
// a hash, which give the same tree. None of it is taken, whoever signed it but the county: else
// what was revoked would hold again (W10).
func TestHiddenHeads(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(2)
	backup, from := county.copied(), county.size()
	county.does(400)
	w.round()
	want := county.acts(from)
	less := city.hidden(county)
	county.becomes(backup)
	lost := must2(county.desk.Largest(t.Context()))(t)[0]
	for name, sign := range map[string]func(ledger.Excerpt) ledger.Excerpt{
		"the signature of the true one": func(x ledger.Excerpt) ledger.Excerpt { return x },
		"signed by the city":            func(x ledger.Excerpt) ledger.Excerpt { return x.Sign(city.Host) },
		"by the city, as the county": func(x ledger.Excerpt) ledger.Excerpt {
			key := x.Key
			x = x.Sign(city.Host)
			x.Key = key
			return x
		},
		"another signature of the county": func(x ledger.Excerpt) ledger.Excerpt {
			x.Signature = ledger.StateDigest{Log: x.Log, Index: 1, Digest: make([]byte, 32)}.Sign(county.Host)
			return x
		},
	} {
		for which := range less {
			city.answers = func(operation string, content []byte) []byte {
				if operation != string(operationHeads) {
					return content
				}
				var h heads
				if err := canon.Unmarshal(content, len(content), &h); err != nil || len(h.Pieces) != len(less) {
					t.Fatalf("%d pieces, %v", len(h.Pieces), err)
				}
				h.Pieces[which] = sign(less[which]).Encode()
				return must2(canon.Marshal(h))(t)
			}
			if acts, _, err := county.desk.Heads(t.Context(), lost, from); err == nil || len(acts) > 0 {
				t.Errorf("%s, piece %d: got %d acts of %d, %v", name, which, len(acts), len(want), err)
			}
		}
	}
	city.answers = nil
	if acts, _, err := county.desk.Heads(t.Context(), lost, from); err != nil || len(acts) != len(want) {
		t.Errorf("the true ones: got %d acts of %d, %v", len(acts), len(want), err)
	}
}

// TestOldHeads: a city gives back a piece as it was signed before it grew, and says that nothing
// follows. What it leaves out is missed.
func TestOldHeads(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	county.does(2)
	backup, from := county.copied(), county.size()
	county.does(3)
	w.round()
	var old heads
	city.read(func(r *state.Reader) {
		p, _ := pieces.Load(r, keyOfPiece(county.Log(), 0))
		old = heads{Pieces: [][]byte{p.Excerpt}, Path: p.Path, Note: p.Note}
	})
	known := len(county.acts(from))
	county.does(4)
	w.elapse(time.Hour)
	w.round()
	county.becomes(backup)
	lost := must2(county.desk.Largest(t.Context()))(t)[0]
	asked := 0
	city.answers = func(operation string, content []byte) []byte {
		if operation != string(operationHeads) {
			return content
		}
		if asked++; asked > 1 {
			return must2(canon.Marshal(heads{Pieces: [][]byte{}}))(t)
		}
		return must2(canon.Marshal(old))(t)
	}
	if acts, _, err := county.desk.Heads(t.Context(), lost, from); code(err) != text.HeadsMissing || len(acts) != known {
		t.Errorf("got %d acts, %v, want the %d of then, and to be told so", len(acts), err, known)
	}
}

// TestWhoMadeHeads: a parent takes its child's own heads by keys of the child that count, and by
// no others (W10b).
func TestWhoMadeHeads(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou")
	city, county, other := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou"), w.at("yunyan.guiyang.guizhou")
	county.does(2)
	must2(0, county.desk.show(t.Context(), city.name))(t)
	kept := city.of(county).Kept
	good := county.next(span{}, kept)
	same := func(*ledger.Excerpt) {}
	flipped := good
	flipped.Excerpt = slices.Clone(good.Excerpt)
	flipped.Excerpt[len(flipped.Excerpt)-1] ^= 1
	bare := good.recut(county, same)
	bare.Excerpt = bare.Excerpt[:len(bare.Excerpt)-66]
	for name, o := range map[string]raised{
		"by another child": good.recut(other, same), "by the city": good.recut(city, same), "a signature that does not hold": flipped, "none": bare,
	} {
		if at, err := county.sends(city, o); code(err) != text.HeadsRefused {
			t.Errorf("%s: got %+v, %v", name, at, err)
		}
	}
	w.ended[county.name] = true
	if at, err := county.sends(city, good); code(err) != text.HeadsRefused {
		t.Errorf("by keys that have ended: got %+v, %v", at, err)
	}
	w.ended[county.name] = false
	if k, _ := city.knows(county.Log()); k.To > 0 {
		t.Fatalf("it is kept: %+v", k)
	}
	w.round()
	city.checkKnown(county)
}

// TestHiddenFromAbove: a city hides an act of its county from the province, which knows no keys of
// the county and keeps what it is passed. Who has the county's key sets finds that the county did
// not make it; what the city passes on as it came, the county made.
func TestHiddenFromAbove(t *testing.T) {
	for name, honest := range map[string]bool{"as it came": true, "less": false} {
		w := newWorld(t, three...)
		province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
		county.does(3)
		city.up(false)
		w.round()
		less := city.hidden(county)[0]
		city.up(true)
		if !honest {
			city.keeps(county, less.Sign(city.Host))
		}
		for range 3 {
			w.round()
		}
		k, _ := province.knows(county.Log())
		if k.To == 0 {
			t.Fatalf("%s: nothing was passed on", name)
		}
		var x ledger.Excerpt
		province.read(func(r *state.Reader) {
			p, ok := pieceAt(r, county.Log(), 0)
			x = must2(readPiece(p, ok))(t)
		})
		var sets []trust.KeySet
		for _, b := range must2(w.believed(county.name))(t) {
			sets = append(sets, b.KeySet)
		}
		if err := x.SignedBy(sets); (err == nil) != honest {
			t.Errorf("%s: an auditor gets %v", name, err)
		}
	}
}

// keeps has a place keep another piece than it was sent.
func (p *place) keeps(of *place, x ledger.Excerpt) {
	p.w.t.Helper()
	must2(swap.Do(p.w.t.Context(), p.Host, book.Request{}, swapBody{Log: of.Log(), Excerpt: x.Encode()}))(p.w.t)
}
