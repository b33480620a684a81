package records

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/filter"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// plan is a question that has been checked with the schema of its dataset.
type plan struct {
	set    dataset
	q      Question
	key    []byte
	where  []rows.IndexedValue // sorted by field
	filter *filter.Filter      // or nil
	cell   uint64              // records that a group must have before the asker is told of it
	apart  bool                // the rows must not be found in another answer by their order
	digest [32]byte            // see digestOf
	onward [32]byte            // see onwardOf
}

// Query answers a question of the actor. The package comment has the order of the steps. A
// malformed question is refused as text.BadRequest before anything is read. Of a refusal that was
// recorded, the answer says how: see use.
func (d *Desk) Query(ctx context.Context, id identity.Message, by catalog.Actor, q Question) (Answer, error) {
	if err := q.Check(); err != nil {
		if _, told := errors.AsType[*text.Failure](err); told {
			return Answer{}, err
		}
		return Answer{}, text.Fail(text.BadRequest, text.Args{"where": "question", "reason": err.Error()}, err)
	}
	fingerprint, err := q.fingerprint()
	if err != nil {
		return Answer{}, err
	}
	keep, err := budget.Hold(ctx, q.longest())
	if err != nil {
		return Answer{}, err
	}
	var s *search
	use, err := d.use(ctx, id, func() looking {
		s = &search{desk: d, by: by, asked: q, fingerprint: fingerprint}
		return s
	})
	if err != nil {
		return Answer{Use: use}, err
	}
	s.answer.Use = use
	keep(toldIn * s.bytes)
	return s.answer, nil
}

// forNow are the refusals that a grant or an application takes away later.
var forNow = []text.Code{
	text.GrantNeeded, text.GrantRevoked, text.GrantExpired, text.GrantEnded, text.FieldNotGranted, text.MeasureNotGranted,
	text.EndlessRevoked, text.NoGrantByRule, text.NotRenewable, text.BasisNeeded, text.MeasureNeedsGrant,
}

// Askable refuses a question that nobody can be answered: of a purpose, fields, values or a measure
// that the dataset does not have. It asks nothing, and records nothing.
func (d *Desk) Askable(ctx context.Context, by catalog.Actor, q Question) error {
	fingerprint, err := q.fingerprint()
	if err == nil {
		err = d.ledger.View(ctx, func(r *state.Reader) error {
			_, _, err := (&search{desk: d, by: by, asked: q, fingerprint: fingerprint}).decide(r)
			return err
		})
	}
	if failure.Is(err, forNow...) {
		return nil
	}
	return err
}

// toldIn is about how many bytes a byte of an answer takes until it is written: the record, the
// answer in JSON, and what is kept of it for whoever lost it.
const toldIn = 4

// longest returns how many bytes the answer may take, where that is worth counting: a record by its
// key, and one number, are short.
func (q Question) longest() int {
	if q.Key != "" || q.Measure.Function != gather.None && !q.Measure.Grouped() {
		return 0
	}
	if q.MaxBytes <= 0 || q.MaxBytes > maxAnswerLen {
		return toldIn * maxAnswerLen
	}
	return toldIn * q.MaxBytes
}

// decide decides whether the actor may ask the question, and turns it into a plan. apply is true
// where an application must be filed first. What costs work comes after the permission: what can be
// decided without the filter is decided before the filter is parsed, and the rest by the names in
// it, before it is planned.
func (s *search) decide(r *state.Reader) (permit sharing.Permit, apply bool, err error) {
	q := s.asked.composed()
	consumer, err := s.by.Resolve(r)
	if err != nil {
		return permit, false, err
	}
	set, err := s.desk.asked(r, q, consumer)
	if err != nil {
		return permit, false, err
	}
	request := set.request(r, sharing.Request{
		Consumer: consumer, Purpose: q.Purpose, Fields: set.revealed(q), Evidence: q.Evidence, Application: q.Application,
		Measure: q.Measure, Whole: q.whole(), Asked: s.fingerprint,
	})
	permit, apply, err = sharing.Decide(r, request)
	var parsed *filter.Expression
	if err == nil && q.Filter != "" {
		if parsed, err = filter.Parse(q.Filter); err != nil {
			return permit, false, set.malformed(q.Filter, err)
		}
		request.Fields = slices.Concat(request.Fields, set.named(parsed))
		permit, apply, err = sharing.Decide(r, request)
	}
	if err == nil {
		set = set.asking(consumer, s.desk.ledger.Name(), request.Fields)
		s.p, err = s.desk.understand(set, consumer, q, parsed)
	}
	if err == nil && q.Measure.Function != gather.None {
		s.resumed, err = s.desk.openMeasuring(r, s.p, permit)
	} else if err == nil {
		s.from, err = s.desk.openCursor(s.p)
	}
	return permit, apply, err
}

// cell returns the number of records that a group must have before the consumer is told of it: 0
// for the provider, to which every group is told.
func (set dataset) cell(consumer identity.Agency, in identity.Jurisdiction) uint64 {
	if consumer == identity.NewAgency(in, set.Agency) {
		return 0
	}
	return uint64(set.SmallestCell)
}

// request completes a request with the catalogue entry of the dataset.
func (set dataset) request(r *state.Reader, q sharing.Request) sharing.Request {
	q.Dataset, q.Offer, q.Version = set.Code, set.offer(r.Log().Jurisdiction()), set.Version
	q.Held, q.Lost = catalog.RulesHeld(r, set.Code)
	return q
}

// revealed returns every field that the answer tells something about, but for those of the filter:
// the fields that are shown, measured or compared.
func (set dataset) revealed(q Question) []string {
	fields := append(slices.Clone(q.Fields), q.Measure.Fields()...)
	if len(q.Fields) == 0 && q.Measure.Function == gather.None {
		fields = set.fields()
	}
	if q.Key != "" {
		fields = append(fields, set.Key)
	}
	for field := range q.Where {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	return slices.Compact(fields)
}

// named returns the fields of the dataset that the filter names. A name that is no field is refused
// when the filter is planned.
func (set dataset) named(parsed *filter.Expression) []string {
	return slices.DeleteFunc(parsed.Names(), func(name string) bool {
		_, ok := set.schema.Field(name)
		return !ok
	})
}

// variables are the fields of the dataset as a filter has them.
func (set dataset) variables() []filter.Field {
	known := set.schema.Fields()
	fields := make([]filter.Field, len(known))
	for i, f := range known {
		fields[i] = filter.Field{Name: f.Name, Type: filterTypes[f.Type], Nullable: f.Nullable}
	}
	return fields
}

// malformed turns the error of a filter into a refusal, which shows how the field that was probably
// meant is named. It returns any other error as it is.
func (set dataset) malformed(expression string, err error) error {
	if bad, ok := errors.AsType[*filter.Malformed](err); ok {
		return text.Fail(text.FilterMalformed, text.Args{
			"position": strconv.Itoa(bad.Position), "reason": bad.Reason, "example": filter.Example(expression, set.variables()),
		}, nil)
	}
	return err
}

// possible refuses a filter that compares a field of texts with one that no record can have in it.
// What is no field, or of another type, is left to the plan of the filter to refuse.
func (set dataset) possible(parsed *filter.Expression) error {
	err := parsed.Compared(func(field, typed string) error {
		if f, ok := set.schema.Field(field); !ok || f.Type != rows.String {
			return nil
		}
		value, err := json.Marshal(typed)
		if err == nil {
			_, err = set.schema.JSONValue(field, value)
		}
		return err
	})
	return asUnfit(set.Code, err)
}

var filterTypes = map[rows.FieldType]filter.Type{
	rows.String: filter.String, rows.Integer: filter.Integer, rows.Number: filter.Number, rows.Boolean: filter.Boolean,
	rows.Other: filter.Other,
}

// understand turns the question into a plan: the key, the conditions and the filter (nil: none),
// checked with the schema.
func (d *Desk) understand(set dataset, consumer identity.Agency, q Question, parsed *filter.Expression) (p plan, err error) {
	p = plan{set: set, q: q, cell: set.cell(consumer, d.ledger.Name())}
	p.q.Fields = slices.Compact(slices.Sorted(slices.Values(q.Fields)))
	if q.Limit == 0 {
		p.q.Limit = DefaultLimit
	}
	if q.MaxBytes <= 0 || q.MaxBytes > maxAnswerLen {
		p.q.MaxBytes = maxAnswerLen
	}
	if q.Key != "" {
		if p.key, err = set.askedKey(q.Key); err != nil {
			return p, err
		}
	}
	for field, raw := range q.Where {
		value, err := set.schema.Asked(field, raw)
		if err != nil {
			return p, asUnfit(set.Code, err)
		}
		p.where = append(p.where, rows.IndexedValue{Field: field, Value: value})
	}
	slices.SortFunc(p.where, func(a, b rows.IndexedValue) int { return strings.Compare(a.Field, b.Field) })
	if parsed != nil {
		if err := set.possible(parsed); err != nil {
			return p, err
		}
		if p.filter, err = parsed.Plan(set.variables()); err != nil {
			return p, set.malformed(q.Filter, err)
		}
	}
	p.apart = p.isApart(consumer, d.ledger.Name())
	p.digest, p.onward = p.digestOf(d.ledger, consumer), p.onwardOf(d.ledger, consumer)
	return p, set.measurable(q.Measure)
}

// digestOf returns the MAC of all that decides what is told: the consumer and the purpose, the
// dataset and its version, the fields, the key, the conditions, the filter and the measure. A
// cursor is good for a question with the same MAC only, so that none that stands at a record which
// one question shows begins another. The access record holds the MAC in place of the parameters.
func (p plan) digestOf(l book.Ledger, consumer identity.Agency) [32]byte {
	return l.MAC("query", append(p.parts(consumer), book.Be64(p.set.Version))...)
}

// parts returns who asks, for what purpose, of which dataset, and what, but for the version. Each
// list stands behind its length, so that no two questions have the same parts.
func (p plan) parts(consumer identity.Agency) [][]byte {
	parts := [][]byte{
		[]byte(consumer.String()), []byte(p.q.Purpose), []byte(p.set.Code.String()), p.key, []byte(p.q.Filter),
		[]byte(p.q.Measure.String()), book.Be64(uint64(len(p.where))),
	}
	for _, w := range p.where {
		parts = append(parts, []byte(w.Field), w.Value)
	}
	parts = append(parts, book.Be64(uint64(len(p.q.Fields))))
	for _, field := range p.q.Fields {
		parts = append(parts, []byte(field))
	}
	return parts
}

// measurable refuses a measure of a field that is no number, and one by the places of a level. It
// is for the provider, to which policy allows every measure.
func (set dataset) measurable(m gather.Measure) error {
	field, known := set.schema.Field(m.Field)
	number := known && (field.Type == rows.Integer || field.Type == rows.Number)
	level := slices.ContainsFunc(m.By, func(b gather.By) bool { return b.Level != "" })
	if level || m.Field != "" && !number {
		return text.Fail(text.MeasureNotOffered, text.Args{
			"dataset": set.Code.String(), "measure": m.String(), "offered": sharing.Offered(set.Measures, set.GroupBy),
		}, nil)
	}
	return nil
}

// access returns the access record of the answer.
func (s *search) access() sharing.Access {
	a := sharing.Access{
		Operation: "search", Parameters: hex.EncodeToString(s.p.digest[:]), Rows: s.answer.Count, AsOf: s.answer.AsOf,
		Incomparable: s.answer.Incomparable, Unreadable: s.answer.Unreadable, Unfit: s.answer.Unfit, Unfinished: s.answer.Unfinished,
	}
	switch {
	case s.p.q.Measure.Function != gather.None:
		a.Operation = s.p.q.Measure.Function.String()
	case s.p.key != nil:
		a.Operation = "lookup"
	}
	for _, key := range s.keys {
		a.Read = append(a.Read, key[:])
	}
	a.Answered = a.Read
	return a
}

// cursor is the content of a cursor, which is sealed.
type cursor struct {
	_      struct{} `cbor:",toarray"`
	Digest []byte
	After  []byte // where the next answer begins: a key's MAC, or the index of an entry
	// Of rows that are told apart, which come in batches: where the batch ends, and the last row of
	// it that was told. Empty: the batch ends with the records; none was told.
	End, Told []byte
}

func (d *Desk) openCursor(p plan) (c cursor, err error) {
	if p.q.Cursor == "" {
		return c, nil
	}
	bad := func(err error) error {
		return text.Fail(text.BadCursor, text.Args{"dataset": p.set.Code.String()}, err)
	}
	data, err := d.ledger.OpenToken(p.q.Cursor)
	if errors.Is(err, book.ErrToken) {
		return c, bad(err)
	}
	if err != nil {
		return c, err
	}
	if err := canon.Unmarshal(data, maxCursorLen, &c); err != nil {
		return c, bad(err)
	}
	if !bytes.Equal(c.Digest, p.digest[:]) {
		return c, bad(errors.New("of another query"))
	}
	return c, nil
}

func (d *Desk) sealCursor(p plan, c cursor) (string, error) {
	c.Digest, c.After, c.End, c.Told = p.digest[:], append([]byte{}, c.After...), append([]byte{}, c.End...), append([]byte{}, c.Told...)
	data, err := canon.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("seal cursor: %w", err)
	}
	return d.ledger.SealToken(data), nil
}
