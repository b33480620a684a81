package records

import (
	"context"
	"errors"
	"slices"
	"time"

	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/filter"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// search is one reading of the records at one position of the log, in as many looks at the state as
// it takes.
type search struct {
	desk  *Desk
	by    catalog.Actor
	asked Question

	fingerprint []byte // of asked

	p       plan
	permit  sharing.Permit
	from    cursor     // the zero value: the beginning
	resumed *measuring // the page of the measure before; nil: this is its first
	until   time.Time  // the end of a page of a measure; zero: it has none
	cut     bool       // the page ended before the candidates did
	begun   bool
	ended   bool          // nothing is left to read
	stopped bool          // the search ended before the candidates did
	place   []byte        // where the next piece begins; nil: the beginning
	reader  *state.Reader // of the look that is taken now
	answer  Answer
	keys    []MAC
	bytes   int
	over    bool // the last record would have made the answer too long, and is not in it
	opened  int
	tallies *tallies // nil: no measure
	last    []byte   // the place of the last record in the answer, for the next cursor; nil: no more
	err     error
}

// read reads a part of the answer, and all that is short. Every part is read at the position of the
// first. No part of the answer may be given before the use is recorded.
func (s *search) read(ctx context.Context, r *state.Reader, permit sharing.Permit) (err error) {
	s.reader, s.permit = r, permit
	if !s.begun {
		if err := s.begin(ctx); err != nil || s.ended {
			return err
		}
	}
	if s.scan(ctx, r); s.err != nil {
		return s.p.told(s.err)
	}
	switch {
	case s.cut, s.tallies != nil && !s.ended && (s.late(ctx) || s.pageOver()):
		return s.suspend()
	case !s.ended:
		return nil
	}
	return s.end()
}

// more reports whether the answer is not read to its end.
func (s *search) more() bool { return s.begun && !s.ended }

// begin begins the answer, and ends it too where no scan is needed.
func (s *search) begin(ctx context.Context) error {
	s.begun, s.place = true, s.from.After
	s.answer = Answer{AsOf: s.reader.Size() - 1, Total: countsOf(s.reader, s.p.set.Code).total(s.reader, s.p.set.Code)}
	if s.p.q.Wait > 0 {
		s.until = time.Now().Add(time.Duration(s.p.q.Wait) * time.Millisecond)
	}
	if s.resumed != nil {
		return s.resume()
	}
	if s.p.q.Measure.Function != gather.None {
		s.tallies = newTallies(s.p.q.Measure, s.p.q.MaxBytes)
		kept, err := s.kept(ctx)
		if err != nil {
			s.ended = true
			return s.p.told(err)
		}
		if s.ended = kept; kept {
			return s.end()
		}
		s.tallies, s.answer.Unreadable = newTallies(s.p.q.Measure, s.p.q.MaxBytes), 0
		return nil
	}
	s.answer.Columns = s.p.columns()
	for _, name := range s.answer.Columns {
		s.bytes += len(name) + rowOverhead
	}
	if s.p.key == nil {
		return nil
	}
	s.ended = true
	mac := s.desk.keyMAC(s.p.set.Code, s.p.key)
	if now, ok := newView(s.reader).current(s.p.set.Code, mac); ok && len(s.from.After) == 0 {
		s.look(ctx, found{mac, now})
	}
	return s.p.told(s.err)
}

// end makes the answer of what was read.
func (s *search) end() (err error) {
	if s.tallies != nil {
		return s.measure()
	}
	next := cursor{After: s.last}
	if s.p.apart {
		next = s.tellApart()
	}
	if len(next.After) > 0 || len(next.Told) > 0 {
		s.answer.Cursor, err = s.desk.sealCursor(s.p, next)
	}
	return err
}

// columns returns the fields that a row may have: those that were asked for, or all.
func (p plan) columns() []string {
	return slices.DeleteFunc(p.set.schema.Ordered(), func(name string) bool {
		return len(p.q.Fields) > 0 && !slices.Contains(p.q.Fields, name)
	})
}

// measure puts the groups of the measure into the answer, or refuses the measure.
func (s *search) measure() (err error) {
	if err := s.tallies.check(s.p.cell); err != nil {
		return s.p.told(err)
	}
	if s.answer.Groups, err = s.tallies.told(s.p.cell); err != nil {
		return s.p.told(err)
	}
	for _, g := range s.answer.Groups {
		s.answer.Count += g.Count
	}
	return nil
}

// full reports whether the answer ends here, although there may be more records.
func (s *search) full() bool {
	if s.tallies != nil {
		return false
	}
	most := s.p.q.Limit
	if s.p.apart {
		most = MaxLimit
	}
	return len(s.answer.Rows) >= most || s.opened >= maxOpened
}

// look looks at one candidate. It returns false to end the search: with s.err, or because the
// answer is full.
func (s *search) look(ctx context.Context, f found) (more bool) {
	s.answer.Scanned++
	if s.p.onlyCounts() && !s.p.set.unsure(f.Index) {
		s.tallies.of[""].add(nil) // the record is not opened
		return true
	}
	if s.opened++; s.tallies != nil && (s.late(ctx) || s.opened > 1 && s.pageOver()) {
		s.answer.Scanned--
		s.cut = true
		return false
	}
	record, err := s.desk.payload(s.reader, f.Index, s.p.set)
	switch {
	case errors.Is(err, book.ErrErased):
		return true
	case failure.Is(err, text.RecordUnfit):
		s.answer.Unfit++
		return true
	case err != nil && s.p.key == nil: // one record takes nothing but itself out of service
		s.answer.Unreadable++
		return true
	}
	var matches bool
	if err == nil {
		matches, err = s.matches(ctx, record)
	}
	if err == nil && matches {
		err = s.take(f, record)
	}
	s.err = err
	return err == nil && !s.over
}

// onlyCounts reports whether the question can be answered without opening a record.
func (p plan) onlyCounts() bool {
	return p.q.whole() && p.q.Measure.Function == gather.Count && !p.q.Measure.Grouped()
}

// matches reports whether the record meets every condition and the filter. A record that cannot be
// compared does not, and is counted: what comes of one record never ends the query, or the end
// would tell of the record.
func (s *search) matches(ctx context.Context, record []byte) (bool, error) {
	ok, err := s.meetsWhere(record)
	if err == nil && ok && s.p.filter != nil {
		ok, err = s.p.filter.Match(ctx, record)
	}
	if errors.Is(err, filter.ErrIncomparable) {
		s.answer.Incomparable++
		return false, nil
	}
	return ok, err
}

// meetsWhere reports whether the record meets every condition. An absent field equals null. A value
// of another type than the schema has now is comparable with no other, unless another condition
// decides.
func (s *search) meetsWhere(record []byte) (bool, error) {
	if len(s.p.where) == 0 {
		return true, nil
	}
	members, err := rows.Members(record)
	if err != nil {
		return false, err
	}
	for _, w := range s.p.where {
		have, ok := members[w.Field]
		switch {
		case !s.p.set.schema.Fits(w.Field, have):
			err = filter.ErrIncomparable
		case string(have) != string(w.Value) && (ok || string(w.Value) != "null"):
			return false, nil
		}
	}
	return err == nil, err
}

// take puts the record into the answer. If the record does not fit any more, take sets s.over
// instead; the first record always fits.
func (s *search) take(f found, record []byte) error {
	if s.tallies != nil {
		switch err := s.tallies.add(record); {
		case errors.Is(err, filter.ErrIncomparable):
			s.answer.Incomparable++
		case err != nil:
			return err
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
