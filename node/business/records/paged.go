package records

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/decimal"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Limits of a measure in pages.
const (
	MaxPageWait     = 100_000        // ms that a page may take
	measuringAge    = 24 * time.Hour // from the first page to the last
	measuringOne    = 1 << 10        // bytes of the content of a cursor, where there is one group
	measuringMany   = 32 << 10       // likewise, where there are groups: of about 400, with short names
	maxMeasuringLen = 48 << 10       // bytes of a cursor
)

// measuring is how far a measure came that did not end in the time of a page. It travels as the
// cursor of the next page, sealed: the provider keeps nothing, so any replica goes on with it, also
// after a restart, and whoever never comes back costs nothing.
//
// What is told of a page is how many records were looked at, of how many the dataset has, and
// nothing of what was found, because small groups are hidden when all are known. So a cursor has
// one length, whatever is in it: that would tell how many groups there are.
//
// Every page reads the records of the one position of the first, so the last tells what one scan
// would have told. The same cursor may come again, when the answer to it was lost: it goes on from
// the same place to the same end.
type measuring struct {
	_       struct{}   `cbor:",toarray"`
	Onward  []byte     // plan.onward of the question
	Version uint64     // of the catalogue entry
	Grant   ledger.Ref // None: the provider's own use
	Began   uint64     // the clock at the first page, ms since 1970 UTC
	After   []byte     // where the next page begins; see search.place

	// As in Answer.
	AsOf, Total, Scanned, Incomparable, Unreadable, Unfit uint64

	Groups []keptTally
}

// keptTally is a tally, in a cursor.
type keptTally struct {
	_           struct{} `cbor:",toarray"`
	Values      []string
	Count, With uint64
	Amounts     *amounts // nil: no record has a value
}

// amounts are those of a tally. A sum is the bytes of a whole number of 10^-18, which may be too
// long for a decimal on the way.
type amounts struct {
	_                    struct{} `cbor:",toarray"`
	Negative             bool     // the sum is below 0
	Sum, Size            []byte
	Largest, Least, Most decimal.Decimal
}

// onwardOf returns the MAC of the ledger, of all that is asked, and by which index the records are
// found. A measure goes on for a question with the same MAC only.
func (p plan) onwardOf(l book.Ledger, consumer identity.Agency) [32]byte {
	way, _ := p.indexedWhere()
	return l.MAC("measure in pages", append(p.parts(consumer), []byte(l.Log().String()), []byte(way.Field))...)
}

// pageOver reports whether the time of a page is over.
func (s *search) pageOver() bool { return !s.until.IsZero() && !time.Now().Before(s.until) }

// late reports whether the time in which the asker waits for a measure is over but for what it
// takes to record how far it came. There is no other limit to what a measure looks at: it takes no
// more memory for more records, and computes in turns with others.
func (s *search) late(ctx context.Context) bool {
	end, ends := ctx.Deadline()
	return ends && time.Until(end) < recordMargin
}

// suspend ends a measure that does not end in its time: with a cursor, or refused where the asker
// wants no pages or it came no further.
func (s *search) suspend() (err error) {
	s.ended = true
	came := text.Args{
		"dataset": s.p.set.Code.String(), "scanned": strconv.FormatUint(s.answer.Scanned, 10), "total": strconv.FormatUint(s.answer.Total, 10),
	}
	if !s.p.q.inPages() || bytes.Equal(s.place, s.from.After) {
		return text.Fail(text.FilterTooCostly, came, nil)
	}
	content, err := s.measuring().encode(s.p.q.Measure.Grouped())
	if err != nil {
		return text.Fail(text.MeasureTooWide, came, err)
	}
	a := s.answer
	s.answer = Answer{Unfinished: true, Cursor: s.desk.ledger.SealToken(content), AsOf: a.AsOf, Total: a.Total, Scanned: a.Scanned}
	return nil
}

// measuring returns how far the measure came.
func (s *search) measuring() measuring {
	a := s.answer
	m := measuring{
		Onward: s.p.onward[:], Version: s.p.set.Version, Grant: s.permit.Grant, Began: s.reader.Clock(), After: s.place,
		AsOf: a.AsOf, Total: a.Total, Scanned: a.Scanned, Incomparable: a.Incomparable, Unreadable: a.Unreadable, Unfit: a.Unfit,
		Groups: []keptTally{},
	}
	if s.resumed != nil {
		m.Began = s.resumed.Began
	}
	for _, key := range slices.Sorted(maps.Keys(s.tallies.of)) {
		m.Groups = append(m.Groups, keptOf(s.tallies.of[key]))
	}
	return m
}

func keptOf(t *tally) keptTally {
	m := keptTally{Values: append([]string{}, t.values...), Count: t.count, With: t.with}
	if t.with > 0 {
		sum := t.sum.Scaled()
		m.Amounts = &amounts{
			Negative: sum.Sign() < 0, Sum: sum.Bytes(), Size: t.size.Scaled().Bytes(), Largest: t.largest, Least: t.least, Most: t.most,
		}
	}
	return m
}

// join adds the tally to one of the same group.
func (m keptTally) join(to *tally) {
	t := tally{count: m.Count, with: m.With}
	if a := m.Amounts; a != nil {
		sum := new(big.Int).SetBytes(a.Sum)
		if a.Negative {
			sum.Neg(sum)
		}
		t.sum.AddScaled(sum)
		t.size.AddScaled(new(big.Int).SetBytes(a.Size))
		t.largest, t.least, t.most = a.Largest, a.Least, a.Most
	}
	to.join(&t)
}

// resume begins a page where the one before ended.
func (s *search) resume() error {
	m := s.resumed
	s.from.After, s.place = m.After, m.After
	s.answer = Answer{
		AsOf: m.AsOf, Total: m.Total, Scanned: m.Scanned, Incomparable: m.Incomparable, Unreadable: m.Unreadable, Unfit: m.Unfit,
	}
	s.tallies = newTallies(s.p.q.Measure, s.p.q.MaxBytes)
	for _, each := range m.Groups {
		group, err := s.tallies.group(each.Values)
		if err != nil {
			return s.p.told(err)
		}
		each.join(group)
	}
	return nil
}

// encode returns the content of the cursor, of a length that tells nothing: be32(length of the
// CBOR), the CBOR, zeros.
func (m measuring) encode(grouped bool) ([]byte, error) {
	data, err := canon.Marshal(m)
	if err != nil {
		return nil, err
	}
	content := make([]byte, measuringLen(grouped))
	if len(data) > len(content)-4 {
		return nil, fmt.Errorf("%d groups take %d bytes", len(m.Groups), len(data))
	}
	binary.BigEndian.PutUint32(content, uint32(len(data)))
	copy(content[4:], data)
	return content, nil
}

func measuringLen(grouped bool) int {
	if grouped {
		return measuringMany
	}
	return measuringOne
}

// decodeMeasuring decodes the content of a cursor strictly.
func decodeMeasuring(content []byte, grouped bool) (m measuring, err error) {
	if len(content) != measuringLen(grouped) {
		return m, fmt.Errorf("a cursor of %d bytes", len(content))
	}
	n := binary.BigEndian.Uint32(content)
	if content = content[4:]; n > uint32(len(content)) || !bytes.Equal(content[n:], make([]byte, len(content)-int(n))) {
		return m, errors.New("a cursor of another form")
	}
	return m, canon.Unmarshal(content[:n], measuringMany, &m)
}

// openMeasuring returns how far the question came in its pages before; nil: it is its first. A
// cursor of another question or of somebody else is refused as text.BadCursor, and as
// text.CursorStale one whose first page is long ago, or of what another catalogue entry, another
// grant or another past of the ledger allowed.
func (d *Desk) openMeasuring(r *state.Reader, p plan, permit sharing.Permit) (*measuring, error) {
	if p.q.Cursor == "" {
		return nil, nil
	}
	args := text.Args{"dataset": p.set.Code.String()}
	content, err := d.ledger.OpenToken(p.q.Cursor)
	if err != nil && !errors.Is(err, book.ErrToken) {
		return nil, err
	}
	var m measuring
	if err == nil {
		m, err = decodeMeasuring(content, p.q.Measure.Grouped())
	}
	if err == nil && !bytes.Equal(m.Onward, p.onward[:]) {
		err = errors.New("of another question")
	}
	switch {
	case err != nil:
		return nil, text.Fail(text.BadCursor, args, err)
	case m.Version != p.set.Version, m.Grant != permit.Grant, m.AsOf >= r.Size(), r.Clock() > m.Began+uint64(measuringAge.Milliseconds()):
		return nil, text.Fail(text.CursorStale, args, nil)
	}
	return &m, nil
}

// checkUnfinished checks an answer that tells how far a measure came: it tells nothing else.
func (a Answer) checkUnfinished() error {
	if len(a.Rows)+len(a.Groups)+len(a.Columns) > 0 || a.Count+a.Incomparable+a.Unreadable+a.Unfit > 0 {
		return errors.New("an unfinished measure that tells of records")
	}
	if a.Cursor == "" || len(a.Cursor) > maxMeasuringLen {
		return fmt.Errorf("an unfinished measure with a cursor of %d bytes", len(a.Cursor))
	}
	return nil
}
