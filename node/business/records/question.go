package records

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/exchange/gather"
	"xietong/node/business/sharing"
	"xietong/node/ground/rows"
	"xietong/node/ground/scalar"
	"xietong/node/ground/text"
)

// Limits of a question, and of its answer.
const (
	DefaultLimit  = 100                    // rows of an answer
	MaxLimit      = 1000                   // rows of an answer
	MaxGroups     = 1000                   // groups of an answer
	maxConditions = rows.MaxFields         // of a question
	maxAnswerLen  = 4 << 20                // bytes of an answer, unless the question says how many
	rowOverhead   = 8                      // bytes of an answer that a row costs beside its own
	maxCursorLen  = 256                    // bytes of the content of a cursor
	maxSealedLen  = 2 * maxCursorLen       // bytes of a cursor
	maxOpened     = 100_000                // records opened for one answer with rows; it ends there, with a cursor
	recordMargin  = 500 * time.Millisecond // of the asker's time, kept to record a measure that does not end
)

// Question is a question about a dataset. Another jurisdiction is sent it as deterministic CBOR, in
// which an empty field is absent. The question for one village:
//
//	a2 01 68 76696c6c61676573 02 6c 353230313032303136303031        {1: "villages", 2: "520102016001"}
type Question struct {
	Dataset     identity.Label             `cbor:"1,keyasint"`
	Key         string                     `cbor:"2,keyasint,omitempty"` // typed by a person; "": every record that matches
	Where       map[string]json.RawMessage `cbor:"3,keyasint,omitempty"` // fields and the values they must equal
	Filter      string                     `cbor:"4,keyasint,omitempty"` // CEL
	Fields      []string                   `cbor:"5,keyasint,omitempty"` // fields that are wanted; none: all
	Limit       int                        `cbor:"6,keyasint,omitempty"` // 0: DefaultLimit
	Cursor      string                     `cbor:"7,keyasint,omitempty"`
	Measure     gather.Measure             `cbor:"8,keyasint,omitzero"` // the zero value: the records themselves
	Application sharing.Application        `cbor:"9,keyasint,omitzero"`
	// Wait is the time of a page of a measure, in ms: see measuring. 0, without a cursor: the
	// measure has no pages.
	Wait uint32 `cbor:"10,keyasint,omitempty"`

	// The question of another jurisdiction does not carry these fields: they come beside it.
	Purpose string `cbor:"-"`
	// MaxBytes bounds the rows of an answer, in bytes, with rowOverhead for each row. A longer
	// answer ends before the bound, with a cursor; it has one row at least. 0, or more than 4 MiB:
	// 4 MiB.
	MaxBytes int    `cbor:"-"`
	Evidence []byte `cbor:"-"` // see sharing.Request
}

// errEmpty is returned for a field that must have a value and has none.
var errEmpty = errors.New("empty")

// Check checks everything about a question that can be checked without its dataset.
func (q Question) Check() error {
	switch {
	case q.Dataset.IsZero():
		return fmt.Errorf("dataset: %w", errEmpty)
	case q.Limit < 0 || q.Limit > MaxLimit:
		return text.Fail(text.BadRequest, text.Args{"where": "limit", "reason": fmt.Sprintf("it may be: 0..%d", MaxLimit)}, nil)
	case len(q.Where) > maxConditions:
		return fmt.Errorf("%d conditions", len(q.Where))
	case q.Wait > MaxPageWait || q.Wait > 0 && q.Measure.Function == gather.None:
		return fmt.Errorf("a page of %d ms, or of no measure", q.Wait)
	case len(q.Cursor) > maxMeasuringLen:
		return fmt.Errorf("a cursor of %d bytes", len(q.Cursor))
	case q.Measure.Function != gather.None && q.Key != "":
		return errors.New("the measure of one record")
	case slices.Contains(q.Fields, ""):
		return fmt.Errorf("fields: %w", errEmpty)
	}
	for field, value := range q.Where {
		if len(value) == 0 || field == "" {
			return fmt.Errorf("condition of %s: %w", field, errEmpty)
		}
	}
	return q.Measure.Check()
}

// composed returns the question with the names of fields as a catalogue entry has them: a person
// may have typed a letter and its accent apart.
func (q Question) composed() Question {
	q.Fields = slices.Clone(q.Fields)
	for i, field := range q.Fields {
		q.Fields[i] = scalar.Compose(field)
	}
	where := make(map[string]json.RawMessage, len(q.Where))
	for field, value := range q.Where {
		if name := scalar.Compose(field); q.Where[name] == nil && where[name] == nil { // two for one field stay two
			field = name
		}
		where[field] = value
	}
	q.Where = where
	q.Measure.Field = scalar.Compose(q.Measure.Field)
	q.Measure.By = slices.Clone(q.Measure.By)
	for i := range q.Measure.By {
		q.Measure.By[i].Field = scalar.Compose(q.Measure.By[i].Field)
	}
	return q
}

// whole reports whether all records are asked for, without a condition.
func (q Question) whole() bool { return q.Key == "" && len(q.Where) == 0 && q.Filter == "" }

// inPages reports whether a measure that does not end in its time is told as unfinished, with a
// cursor.
func (q Question) inPages() bool { return q.Wait > 0 || q.Cursor != "" }

// fingerprint returns all that is asked, and for what purpose: the same question has the same.
func (q Question) fingerprint() ([]byte, error) { return canon.Marshal([]any{"query", q.Purpose, q}) }

// Answer is the answer to a question. Another jurisdiction sends it as deterministic CBOR.
type Answer struct {
	Rows    [][]byte `cbor:"1,keyasint,omitempty"` // canonical JSON
	Count   uint64   `cbor:"2,keyasint,omitempty"` // records answered, or measured
	Scanned uint64   `cbor:"3,keyasint,omitempty"` // records looked at; 0: it was counted before
	Cursor  string   `cbor:"4,keyasint,omitempty"` // "" at the end
	AsOf    uint64   `cbor:"5,keyasint"`           // index of the last entry of the provider's ledger that the answer saw

	// Groups are the results of a measure: one, or one for each group. At most one of them is
	// suppressed, and it comes first: it is the sum of all groups that are too small to be told by
	// themselves.
	Groups []gather.Group `cbor:"8,keyasint,omitempty"`
	// Incomparable is the number of records that the filter could not compare: of no value, of
	// another type, or too costly. They are not in the answer.
	Incomparable uint64 `cbor:"9,keyasint,omitempty"`
	// Unreadable is the number of records that are damaged, and could not be read. They are not in
	// the answer.
	Unreadable uint64 `cbor:"10,keyasint,omitempty"`
	// Unfit is the number of records that are not as the catalogue entry in force says: they were
	// put under an earlier version. They are not in the answer.
	Unfit uint64 `cbor:"17,keyasint,omitempty"`
	// Total is the number of records that the dataset has.
	Total uint64 `cbor:"16,keyasint,omitempty"`
	// Unfinished is set where a measure did not end in the time of a page: Cursor goes on with it,
	// Scanned counts from its first page, and nothing of the records is told.
	Unfinished bool `cbor:"18,keyasint,omitempty"`
	// Columns are the fields that a row may have, as people list them: the key first, then in the
	// order of the schema. The members of a row stand in the order of their names.
	Columns []string `cbor:"11,keyasint,omitempty"`
	Use
}

// Use says how a use was permitted and recorded, at both ends.
type Use struct {
	Grant      identity.Entry `cbor:"6,keyasint,omitzero"`  // zero: the provider's own use
	GrantedNow bool           `cbor:"7,keyasint,omitempty"` // the request filed the application for the grant
	// GrantUntil is the end of the grant, in ms since 1970 UTC; 0: it has none.
	GrantUntil uint64         `cbor:"14,keyasint,omitempty"`
	Access     identity.Entry `cbor:"-"` // the provider's access record
	Asked      identity.Entry `cbor:"-"` // the asker's own record; zero: the provider is the asker
	// Stands tells, at the provider, whether everything still stands that the use was decided on,
	// and the answer holds nothing that was taken away since; nil: nothing was recorded.
	Stands func(context.Context) error `cbor:"-"`
	// Basis is what Stands looks at, for StandsOn after a restart.
	Basis []byte `cbor:"-"`
}

var errEnd = errors.New("a grant that ends after the year 9999")

// Check checks the rules for every answer, whether this jurisdiction or another one gives it.
func (a Answer) Check() error {
	total := uint64(0)
	for _, g := range a.Groups {
		total += min(g.Count, gather.MaxCount)
	}
	switch {
	case a.GrantUntil > ledger.MaxTime:
		return errEnd
	case a.Unfinished:
		return a.checkUnfinished()
	case len(a.Rows) > MaxLimit || len(a.Groups) > MaxGroups+1:
		return fmt.Errorf("%d rows, %d groups", len(a.Rows), len(a.Groups))
	case len(a.Groups) > 0 && (len(a.Rows) > 0 || total != a.Count):
		return fmt.Errorf("%d groups of %d records, and a count of %d", len(a.Groups), total, a.Count)
	case a.Scanned > 0 && (a.Incomparable > a.Scanned || a.Unreadable > a.Scanned-a.Incomparable || a.Unfit > a.Scanned-a.Incomparable-a.Unreadable):
		return fmt.Errorf("%d records not compared, %d not read and %d not fit, of %d looked at", a.Incomparable, a.Unreadable, a.Unfit, a.Scanned)
	case len(a.Groups) == 0 && a.Count != uint64(len(a.Rows)):
		return fmt.Errorf("%d rows and a count of %d", len(a.Rows), a.Count)
	}
	return a.checkRows()
}

// checkRows checks that each row is a record with the columns alone. So whoever makes a table of
// the rows never makes more cells than the number of rows times that of the columns.
func (a Answer) checkRows() error {
	columns := make(map[string]bool, len(a.Columns))
	for _, name := range a.Columns {
		if len(columns) == rows.MaxFields || columns[name] || !rows.GoodName(name) {
			return fmt.Errorf("%d columns, or one of a bad name, or one twice", len(a.Columns))
		}
		columns[name] = true
	}
	for i, row := range a.Rows {
		if err := rows.CheckRow(row, columns); err != nil {
			return fmt.Errorf("row %d: %w", i, err)
		}
	}
	return nil
}

// base64url are the characters of a token (RFC 4648, 5).
const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// answers checks that the answer fits the question.
func (a Answer) answers(q Question) error {
	measured, groups := q.Measure.Function != gather.None, len(a.Groups)
	if a.Unfinished && (!measured || !q.inPages() || a.Cursor == q.Cursor) || measured && !a.Unfinished && a.Cursor != "" {
		return fmt.Errorf("unfinished: %t, with a cursor of %d bytes, asked for %s", a.Unfinished, len(a.Cursor), q.Measure)
	}
	if a.Unfinished {
		return nil
	}
	if !measured && groups > 0 || measured && !q.Measure.Grouped() && groups != 1 || measured && len(a.Rows) > 0 {
		return fmt.Errorf("%d rows and %d groups, asked for %s", len(a.Rows), groups, q.Measure)
	}
	if len(a.Rows) > cmp.Or(q.Limit, DefaultLimit) || q.Key != "" && (len(a.Rows) > 1 || a.Cursor != "") {
		return fmt.Errorf("%d rows, or a cursor, and not so many were asked for", len(a.Rows))
	}
	if a.Cursor != "" && (a.Scanned == 0 || len(a.Cursor) > maxSealedLen || a.Cursor == q.Cursor) { // there would be no end
		return fmt.Errorf("a cursor of %d bytes, after %d records were looked at", len(a.Cursor), a.Scanned)
	}
	if strings.ContainsFunc(a.Cursor, func(r rune) bool { return !strings.ContainsRune(base64url, r) }) { // a person copies it into a shell
		return errors.New("a cursor that is no token")
	}
	if wanted := q.composed().Fields; len(wanted) > 0 && slices.ContainsFunc(a.Columns, func(name string) bool { return !slices.Contains(wanted, name) }) {
		return fmt.Errorf("columns %.100q, asked for %.100q", a.Columns, wanted)
	}
	return gather.CheckGroups(q.Measure, a.Groups)
}

// Claim is a statement to be confirmed: that a field of a record has a value. Its answer discloses
// less than any other.
type Claim struct {
	Dataset     identity.Label      `cbor:"1,keyasint"`
	Key         string              `cbor:"2,keyasint"`
	Field       string              `cbor:"3,keyasint"`
	Value       json.RawMessage     `cbor:"4,keyasint"`
	Application sharing.Application `cbor:"5,keyasint,omitzero"`

	// The claim of another jurisdiction does not carry these fields: they come beside it.
	Purpose  string `cbor:"-"`
	Evidence []byte `cbor:"-"` // see sharing.Request
}

// Check checks that the claim has a dataset, a key, a field and a value.
func (c Claim) Check() error {
	if c.Dataset.IsZero() || c.Key == "" || c.Field == "" || len(c.Value) == 0 {
		return fmt.Errorf("dataset, key, field, value: %w", errEmpty)
	}
	return nil
}

func (c Claim) fingerprint() ([]byte, error) { return canon.Marshal([]any{"verify", c.Purpose, c}) }

// Outcome is the answer to a claim.
type Outcome string

// The outcomes.
const (
	Yes          Outcome = "yes"
	No           Outcome = "no"
	NoSuchRecord Outcome = "no-such-record"
)

// outcomes are the outcomes by their number. An answer to another jurisdiction holds the number,
// one byte for each, so that its length does not tell the outcome.
var outcomes = []Outcome{Yes, No, NoSuchRecord}

// MarshalCBOR writes the number of the outcome.
func (o Outcome) MarshalCBOR() ([]byte, error) { return canon.Marshal(slices.Index(outcomes, o) + 1) }

// UnmarshalCBOR reads the number of an outcome.
func (o *Outcome) UnmarshalCBOR(data []byte) error {
	var n uint64
	if err := canon.Unmarshal(data, 9, &n); err != nil {
		return err
	}
	if n < 1 || n > uint64(len(outcomes)) {
		return fmt.Errorf("outcome %d", n)
	}
	*o = outcomes[n-1]
	return nil
}

// Verdict is the outcome of a claim, and how its use was permitted and recorded.
type Verdict struct {
	Outcome Outcome `cbor:"1,keyasint"`
	Use
}

// Check checks that the verdict has an outcome, and its grant an end that can be.
func (v Verdict) Check() error {
	if v.GrantUntil > ledger.MaxTime {
		return errEnd
	}
	switch v.Outcome {
	case Yes, No, NoSuchRecord:
		return nil
	}
	return fmt.Errorf("outcome %q", v.Outcome)
}
