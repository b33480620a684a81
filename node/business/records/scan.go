package records

import (
	"bytes"
	"context"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/node/ground/book"
	"xietong/node/ground/rows"
)

// A scan goes in pieces, each a look at the state of its own: a look that takes minutes keeps the
// file from using its free pages again, and from growing its map. All pieces see the records of the
// one position at which the first began, whatever is put, retracted or published meanwhile: a
// version is never taken away, and each knows its position. The payload of a record that was erased
// meanwhile is gone, and the record is left out, like every one that is erased.
const (
	pieceSteps = 4096                   // versions of records that one piece passes, or as many more as the last key has
	pieceTime  = 100 * time.Millisecond // that one piece takes, or as much more as one record does
)

// piece is how far one look may go.
type piece struct {
	steps int
	until time.Time
}

func newPiece() *piece { return &piece{until: time.Now().Add(pieceTime)} }

// over reports whether the look ends here. It goes one step at least.
func (p *piece) over() bool {
	return p.steps >= pieceSteps || p.steps > 0 && !time.Now().Before(p.until)
}

// newViewAt returns a view of the records as they counted at a position of the log.
func newViewAt(r book.Reads, code identity.Label, position uint64) view {
	v := newView(r)
	v.at = position
	if v.floor(code) <= position {
		return v
	}
	v.floors[code] = 0
	for _, f := range floors(r, code, 0) {
		if f.position <= position {
			v.floors[code] = f.position
		}
	}
	return v
}

// some is all in pieces: it goes on after a key until over, which is asked between two keys, and
// returns the last key that it is through with; ended is true where no key is left, or each has
// returned false.
func (v view) some(code identity.Label, after []byte, step, over func() bool, each func(found) (more bool)) (through []byte, ended bool) {
	prefix, through := datasetPrefix(code), after
	from := prefix
	if len(after) == len(MAC{}) {
		from = slices.Concat(prefix, after, afterAll, afterAll)
	}
	var last *found
	var now []byte // the key of which versions come
	ended = true
	pass := func() bool {
		if last != nil && !last.Retracted && !each(*last) {
			return false
		}
		last, through = nil, now
		return true
	}
	floor := v.floor(code)
	going := true
	v.Scan(versions.Name, prefix, from, func(k, value []byte) bool {
		key := k[len(prefix) : len(prefix)+len(MAC{})]
		if now != nil && !bytes.Equal(now, key) {
			going = pass()
			ended = !going || !over()
			going = going && ended
		}
		if going = going && step(); !going {
			return false
		}
		now = key
		got, ok := v.visible(k, versions.Decode(k, value))
		if ok && got.Position >= floor && (last == nil || newer(got, last.Version)) {
			last = &found{MAC(key), got}
		}
		return true
	})
	if going {
		pass()
	}
	return through, ended
}

// scan looks at candidates in one piece: those that an index finds, or all records. It sets s.place
// to where it goes on, and s.ended where no candidate is left or the search is over.
func (s *search) scan(ctx context.Context, r *state.Reader) {
	code, p := s.p.set.Code, newPiece()
	v := newViewAt(r, code, s.answer.AsOf)
	step := func() bool {
		p.steps++
		s.err = budget.Pause(ctx)
		return s.err == nil
	}
	place := func(f found) []byte { return f.key[:] }
	where, byIndex := s.p.indexedWhere()
	if byIndex {
		place = func(f found) []byte { return book.Be64(f.Index + 1) }
	}
	each := func(f found) bool {
		if s.full() || len(s.from.End) > 0 && bytes.Compare(place(f), s.from.End) > 0 {
			s.stopped = true
			return false
		}
		more := s.look(ctx, f)
		if s.stopped = !more; !s.over {
			s.last = place(f)
		}
		return more
	}
	if byIndex {
		s.scanIndex(v, where, p, step, each)
	} else {
		s.place, s.ended = v.some(code, s.place, step, p.over, each)
	}
	s.ended = s.ended || s.stopped || s.err != nil
	if s.ended && !s.stopped {
		s.last = nil // no candidate is left
	}
}

// scanIndex is scan for the candidates that an index finds.
func (s *search) scanIndex(v view, w rows.IndexedValue, p *piece, step func() bool, each func(found) bool) {
	over := false
	next := v.indexed(s.p.set.Code, w.Field, s.desk.valueMAC(s.p.set.Code, w.Field, w.Value), number(s.place), func() bool {
		over = p.over()
		return !over && step()
	}, each)
	s.place, s.ended = book.Be64(next), !over
}

// indexedWhere returns a condition that an index answers completely; it returns false where there
// is none. Where there may be records that the schema does not take, no index is complete: they are
// counted, whatever they hold.
func (p plan) indexedWhere() (rows.IndexedValue, bool) {
	if p.set.Unsure != ledger.None {
		return rows.IndexedValue{}, false
	}
	for _, w := range p.where {
		if slices.Contains(p.set.Found, w.Field) && string(w.Value) != "null" {
			return w, true
		}
	}
	return rows.IndexedValue{}, false
}
