package records

import (
	"context"
	"errors"
	"slices"

	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/rows"
	"xietong/node/text"
)

// search is one reading of the records at one position of the log.
type search struct {
	desk    *Desk
	p       plan
	reader  *state.Reader
	answer  Answer
	removed uint64
	keys    []MAC
	bytes   int
	over    bool // the record that was looked at last would have made the answer too long, and is not in it
	opened  int
	groups  map[string]uint64 // by the JSON of the value, "null" where there is none
	last    []byte            // where the cursor stands after the record that was looked at last
	err     error
}

// read reads the answer, all of it at one position of the log. Nothing of it may be given before it is recorded.
func (d *Desk) read(ctx context.Context, p plan) (*search, error) {
	after, err := d.openCursor(p)
	if err != nil {
		return nil, err
	}
	s := &search{desk: d, p: p}
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		s.reader = r
		s.answer.AsOf, s.removed = r.Size()-1, Removed(r, p.set.Code)
		s.run(ctx, after)
		return s.err
	})
	if err != nil {
		return nil, err
	}
	if s.last != nil && !p.q.Count {
		s.answer.Cursor, err = d.sealCursor(p, s.last)
	}
	return s, err
}

// run looks at the candidates: the record of the key, those that an index finds, or all. s.last stays nil when it came to
// their end.
func (s *search) run(ctx context.Context, after []byte) {
	code, v := s.p.set.Code, newView(s.reader)
	if s.p.key != nil {
		mac := s.desk.keyMAC(code, s.p.key)
		if now, ok := v.current(code, mac); ok && after == nil {
			s.look(ctx, found{mac, now})
		}
		s.last = nil
		return
	}
	var place func(found) []byte
	each := func(f found) bool {
		if s.full() {
			return false
		}
		more := s.look(ctx, f)
		if !s.over {
			s.last = place(f)
		}
		return more
	}
	ended := s.each(v, after, &place, each)
	if ended {
		s.last = nil
	}
}

// each goes through the candidates after a place, and says whether it came to their end.
func (s *search) each(v view, after []byte, place *func(found) []byte, look func(found) bool) (ended bool) {
	code, stopped := s.p.set.Code, false
	each := func(f found) bool {
		more := look(f)
		stopped = stopped || !more
		return more
	}
	if w, ok := s.indexedWhere(); ok {
		*place = func(f found) []byte { return be64(f.Index + 1) }
		v.indexed(code, w.Field, s.desk.valueMAC(code, w.Field, w.Value), number(after), each)
		return !stopped
	}
	*place = func(f found) []byte { return f.key[:] }
	var from *MAC
	if len(after) == len(MAC{}) {
		mac := MAC(after)
		from = &mac
	}
	v.all(code, from, each)
	return !stopped
}

// indexedWhere returns a condition that an index answers completely.
func (s *search) indexedWhere() (rows.IndexedValue, bool) {
	for _, w := range s.p.where {
		if slices.Contains(s.p.set.Found, w.Field) && string(w.Value) != "null" {
			return w, true
		}
	}
	return rows.IndexedValue{}, false
}

// full reports whether the answer ends here although there may be more.
func (s *search) full() bool {
	if s.p.q.Count {
		return false
	}
	return len(s.answer.Rows) >= s.p.q.Limit || s.opened >= maxOpened
}

// look looks at one candidate; false ends the search, with s.err or because the answer is full.
func (s *search) look(ctx context.Context, f found) (more bool) {
	s.answer.Scanned++
	if s.err = ctx.Err(); s.err != nil {
		return false
	}
	if s.p.q.Count && len(s.p.where) == 0 && s.p.filter == nil && s.p.q.By == "" {
		s.answer.Count++ // nothing of it is looked at
		return true
	}
	if s.opened++; s.p.q.Count && s.opened > maxOpenedToAt {
		s.err = text.Fail(text.FilterTooCostly, text.Args{"dataset": s.p.set.Code.String(), "limit": "2,000,000"}, nil)
		return false
	}
	record, err := s.desk.ledger.Payload(s.reader, f.Index)
	if errors.Is(err, book.ErrErased) {
		return true
	}
	var matches bool
	if err == nil {
		matches, err = s.matches(record)
	}
	if err == nil && matches {
		err = s.take(f, record)
	}
	s.err = err
	return err == nil && !s.over
}

// matches compares the record with every condition.
func (s *search) matches(record []byte) (bool, error) {
	for _, w := range s.p.where {
		if have, err := rows.Member(record, w.Field); err != nil || string(have) != string(w.Value) {
			return false, err
		}
	}
	if s.p.filter == nil {
		return true, nil
	}
	ok, err := s.p.filter.Match(record)
	return ok, tooCostly(s.p.set.Code, err)
}

// take puts the record into the answer, unless it fits no more: an answer has one record at least.
func (s *search) take(f found, record []byte) error {
	if s.p.q.Count {
		s.answer.Count++
		if s.p.q.By != "" {
			return s.group(record)
		}
		return nil
	}
	row, err := rows.Project(record, s.p.q.Fields)
	if err != nil {
		return err
	}
	if s.over = len(s.answer.Rows) > 0 && s.bytes+len(row)+rowOverhead > s.p.q.MaxBytes; s.over {
		s.answer.Scanned-- // it belongs to the next answer
		return nil
	}
	s.answer.Rows, s.keys = append(s.answer.Rows, row), append(s.keys, f.key)
	s.answer.Count++
	s.bytes += len(row) + rowOverhead
	return nil
}
