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

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/filter"
	"xietong/node/rows"
	"xietong/node/sharing"
	"xietong/node/text"
)

// Limits of a query.
const (
	DefaultLimit  = 100       // rows of an answer
	MaxLimit      = 1000      // rows of an answer
	maxAnswerLen  = 4 << 20   // bytes of an answer, unless the question says how many
	rowOverhead   = 8         // bytes of an answer that a row costs beside its own
	maxCursorLen  = 256       // bytes of what a cursor holds
	maxOpened     = 100_000   // records opened for one answer with rows; it ends there, with a cursor
	maxOpenedToAt = 2_000_000 // records opened for one count
)

// Question is what is asked of a dataset.
type Question struct {
	Dataset identity.Label
	Key     string                     // typed by a person; empty: every record that matches
	Where   map[string]json.RawMessage // fields and the values they must equal
	Filter  string                     // CEL
	Fields  []string                   // that are wanted; none: all
	Limit   int                        // 0: DefaultLimit
	Cursor  string
	Count   bool   // only the number is wanted
	By      string // the field by whose values the number is told
	Purpose string
	sharing.Application

	MaxBytes int    // of the rows of an answer, with rowOverhead for each; it ends there, with a cursor. 0: 4 MiB
	Evidence []byte // see sharing.Request
}

// Answer is what a question gave.
type Answer struct {
	Rows    [][]byte // canonical JSON
	Count   uint64
	Groups  []Group // by value, where that was asked
	Scanned uint64  // records looked at
	Cursor  string  // empty at the end
	AsOf    uint64  // index of the last entry that the answer saw
	Use
}

// Use says how a use was permitted and recorded.
type Use struct {
	Access     identity.Entry // the access record
	Grant      identity.Entry // zero: the provider's own use
	GrantedNow bool
}

// plan is a question that was understood.
type plan struct {
	set    dataset
	q      Question
	key    []byte
	where  []rows.IndexedValue // sorted by field
	filter *filter.Filter      // or nil
	digest [32]byte            // of everything that a cursor belongs to
}

// Query answers a question. See the package comment for the order.
func (d *Desk) Query(ctx context.Context, id identity.Message, consumer identity.Agency, q Question) (Answer, error) {
	return retried(func() (Answer, error) { return d.query(ctx, id, consumer, q) })
}

// retried tries once more when something moved between the decision and its record.
func retried[T any](use func() (T, error)) (T, error) {
	out, err := use()
	var refusal *state.Refusal
	if errors.As(err, &refusal) {
		switch text.ByNumber(uint16(refusal.Code)) {
		case text.DatasetMoved, text.PolicyMoved:
			return use()
		}
	}
	return out, err
}

func (d *Desk) query(ctx context.Context, id identity.Message, consumer identity.Agency, q Question) (Answer, error) {
	set, err := d.dataset(ctx, q.Dataset)
	if err != nil {
		return Answer{}, err
	}
	fields, err := set.revealed(q)
	if err != nil {
		return Answer{}, err
	}
	permit, err := d.permit(ctx, set, sharing.Request{
		Consumer: consumer, Purpose: q.Purpose, Fields: fields, Evidence: q.Evidence, Application: q.Application,
		Counting: q.Count && q.Key == "" && len(q.Where) == 0 && q.Filter == "", GroupBy: q.By,
	})
	if err != nil {
		return Answer{}, err
	}
	p, err := d.understand(set, consumer, q)
	if err != nil {
		return Answer{}, err
	}
	s, err := d.read(ctx, p)
	if err != nil {
		return Answer{}, err
	}
	if q.By != "" {
		s.answer.Groups = grouped(s.groups, set.cell(consumer, d.ledger.Name()))
	}
	access, err := sharing.RecordUse(ctx, d.ledger, id, permit, s.access(p))
	if err != nil {
		return Answer{}, err
	}
	s.answer.Use = Use{Access: access, Grant: permit.Grant.In(d.ledger.Log()), GrantedNow: permit.Now}
	return s.answer, nil
}

// cell returns how many records a group must have to be told to the consumer: its provider is told all.
func (set dataset) cell(consumer identity.Agency, in identity.Jurisdiction) uint64 {
	if consumer == identity.NewAgency(in, set.Agency) {
		return 0
	}
	return uint64(set.SmallestCell)
}

// permit asks whether the use is allowed, and files the application where that is needed.
func (d *Desk) permit(ctx context.Context, set dataset, q sharing.Request) (sharing.Permit, error) {
	q.Dataset, q.Offer, q.Version = set.Code, set.offer(d.ledger.Name()), set.Version
	return sharing.PermitUse(ctx, d.ledger, q)
}

// revealed returns every field about which the answer tells something: those that are shown, compared or filtered by.
func (set dataset) revealed(q Question) ([]string, error) {
	fields := slices.Clone(q.Fields)
	if len(fields) == 0 && !q.Count {
		fields = set.fields()
	}
	if q.Key != "" {
		fields = append(fields, set.Key)
	}
	if q.By != "" {
		fields = append(fields, q.By)
	}
	for field := range q.Where {
		fields = append(fields, field)
	}
	if q.Filter != "" {
		f, err := set.filter(q.Filter)
		if err != nil {
			return nil, err
		}
		fields = append(fields, f.Fields()...)
	}
	slices.Sort(fields)
	return slices.Compact(fields), nil
}

func (set dataset) filter(expression string) (*filter.Filter, error) {
	known := set.schema.Fields()
	fields := make([]filter.Field, len(known))
	for i, f := range known {
		fields[i] = filter.Field{Name: f.Name, Type: filterTypes[f.Type], Nullable: f.Nullable}
	}
	f, err := filter.Compile(expression, fields)
	if bad, ok := errors.AsType[*filter.Malformed](err); ok {
		return nil, text.Fail(text.FilterMalformed, text.Args{"position": strconv.Itoa(bad.Position), "reason": bad.Reason}, nil)
	}
	return f, tooCostly(set.Code, err)
}

var filterTypes = map[rows.FieldType]filter.Type{
	rows.String: filter.String, rows.Integer: filter.Integer, rows.Number: filter.Number, rows.Boolean: filter.Boolean,
	rows.Other: filter.Other,
}

func tooCostly(code identity.Label, err error) error {
	if errors.Is(err, filter.ErrTooCostly) {
		return text.Fail(text.FilterTooCostly, text.Args{"dataset": code.String(), "limit": strconv.Itoa(filter.CostLimit)}, nil)
	}
	return err
}

// understand turns the question into what is looked up and compared.
func (d *Desk) understand(set dataset, consumer identity.Agency, q Question) (p plan, err error) {
	p = plan{set: set, q: q}
	if q.Limit < 0 || q.Limit > MaxLimit {
		return p, text.Fail(text.BadRequest, text.Args{"where": "limit", "reason": fmt.Sprintf("1..%d", MaxLimit)}, nil)
	}
	if q.By != "" && (!q.Count || q.Key != "") {
		return p, text.Fail(text.BadRequest, text.Args{"where": "by", "reason": "count"}, nil)
	}
	if q.Limit == 0 {
		p.q.Limit = DefaultLimit
	}
	if q.MaxBytes <= 0 || q.MaxBytes > maxAnswerLen {
		p.q.MaxBytes = maxAnswerLen
	}
	if q.Key != "" {
		if p.key, err = set.key(q.Key); err != nil {
			return p, err
		}
	}
	for field, raw := range q.Where {
		value, err := set.schema.JSONValue(field, raw)
		if err != nil {
			return p, asRejected(set.Code, err)
		}
		p.where = append(p.where, rows.IndexedValue{Field: field, Value: value})
	}
	slices.SortFunc(p.where, func(a, b rows.IndexedValue) int { return bytes.Compare([]byte(a.Field), []byte(b.Field)) })
	if q.Filter != "" {
		if p.filter, err = set.filter(q.Filter); err != nil {
			return p, err
		}
	}
	parts := [][]byte{
		[]byte(consumer.String()), []byte(set.Code.String()), be64(set.Version), p.key, []byte(q.Filter),
		[]byte(strconv.FormatBool(q.Count)), []byte(q.By),
	}
	for _, w := range p.where {
		parts = append(parts, []byte(w.Field), w.Value)
	}
	p.digest = d.ledger.MAC("query", parts...)
	return p, nil
}

// access is what is recorded of the answer.
func (s *search) access(p plan) sharing.Access {
	a := sharing.Access{
		Operation: "search", Parameters: hex.EncodeToString(p.digest[:]), Rows: s.answer.Count, AsOf: s.answer.AsOf, Removed: s.removed,
	}
	switch {
	case p.q.Count:
		a.Operation = "count"
	case p.key != nil:
		a.Operation = "lookup"
	}
	for _, key := range s.keys {
		a.Keys = append(a.Keys, hex.EncodeToString(key[:16]))
	}
	return a
}

// cursor is what a cursor holds, sealed.
type cursor struct {
	_      struct{} `cbor:",toarray"`
	Digest []byte
	After  []byte // where the next answer begins: a key's MAC, or the index of an entry
}

func (d *Desk) openCursor(p plan) ([]byte, error) {
	if p.q.Cursor == "" {
		return nil, nil
	}
	bad := func(err error) error {
		return text.Fail(text.BadCursor, text.Args{"dataset": p.set.Code.String()}, err)
	}
	data, err := d.ledger.OpenToken(p.q.Cursor)
	if errors.Is(err, book.ErrToken) {
		return nil, bad(err)
	}
	if err != nil {
		return nil, err
	}
	var c cursor
	if err := canon.Unmarshal(data, maxCursorLen, &c); err != nil {
		return nil, bad(err)
	}
	if !bytes.Equal(c.Digest, p.digest[:]) {
		return nil, bad(errors.New("of another query"))
	}
	return c.After, nil
}

func (d *Desk) sealCursor(p plan, after []byte) (string, error) {
	data, err := canon.Marshal(cursor{Digest: p.digest[:], After: after})
	if err != nil {
		return "", fmt.Errorf("seal cursor: %w", err)
	}
	return d.ledger.SealToken(data), nil
}
