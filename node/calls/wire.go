package calls

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/records"
	"xietong/node/rows"
	"xietong/node/sharing"
)

// Limits of a call.
const (
	maxParameters = 64 << 10           // bytes
	maxResult     = relay.MaxData      // bytes
	maxRows       = maxResult - 16<<10 // bytes of the rows of an answer, so that the rest of it fits
	maxCatalogue  = maxResult - 16<<10 // bytes of the datasets of an answer
	maxPages      = 64                 // of a catalogue that is read whole
	maxConditions = rows.MaxFields     // of a query
)

var (
	// errOrder is returned for conditions that are not in the order of their fields, or of which two are of one field.
	errOrder = errors.New("conditions out of order")
	// errEmpty is returned for what is there and is empty, where it must be absent or have a value.
	errEmpty = errors.New("empty")
)

type application struct {
	_        struct{} `cbor:",toarray"`
	Basis    string
	Scenario string
	Scope    string
	Method   string
	Until    string
}

func applicationOf(a sharing.Application) *application {
	if a == (sharing.Application{}) {
		return nil
	}
	return &application{Basis: a.Basis, Scenario: a.Scenario, Scope: a.Scope, Method: a.Method, Until: a.Until}
}

func (a *application) words() (sharing.Application, error) {
	if a == nil {
		return sharing.Application{}, nil
	}
	words := sharing.Application{Basis: a.Basis, Scenario: a.Scenario, Scope: a.Scope, Method: a.Method, Until: a.Until}
	if words == (sharing.Application{}) {
		return words, errEmpty
	}
	return words, nil
}

type condition struct {
	_     struct{} `cbor:",toarray"`
	Field string
	Value []byte // JSON
}

type queryParameters struct {
	Dataset     identity.Label `cbor:"1,keyasint"`
	Key         string         `cbor:"2,keyasint,omitempty"`
	Where       []condition    `cbor:"3,keyasint,omitempty"`
	Filter      string         `cbor:"4,keyasint,omitempty"`
	Fields      []string       `cbor:"5,keyasint,omitempty"`
	Limit       uint64         `cbor:"6,keyasint,omitempty"`
	Cursor      string         `cbor:"7,keyasint,omitempty"`
	Count       bool           `cbor:"8,keyasint,omitempty"`
	Application *application   `cbor:"9,keyasint,omitempty"`
	By          string         `cbor:"10,keyasint,omitempty"`
}

type queryResult struct {
	Rows       [][]byte       `cbor:"1,keyasint,omitempty"` // JSON
	Count      uint64         `cbor:"2,keyasint,omitempty"`
	Scanned    uint64         `cbor:"3,keyasint,omitempty"`
	Cursor     string         `cbor:"4,keyasint,omitempty"`
	AsOf       uint64         `cbor:"5,keyasint"`
	Grant      identity.Entry `cbor:"6,keyasint,omitzero"`
	GrantedNow bool           `cbor:"7,keyasint,omitempty"`
	Groups     []groupWire    `cbor:"8,keyasint,omitempty"`
}

type groupWire struct {
	_          struct{} `cbor:",toarray"`
	Value      string
	Count      uint64
	Suppressed bool
}

type verifyParameters struct {
	Dataset     identity.Label `cbor:"1,keyasint"`
	Key         string         `cbor:"2,keyasint"`
	Field       string         `cbor:"3,keyasint"`
	Value       []byte         `cbor:"4,keyasint"` // JSON
	Application *application   `cbor:"5,keyasint,omitempty"`
}

type verifyResult struct {
	Outcome    string         `cbor:"1,keyasint"`
	Grant      identity.Entry `cbor:"2,keyasint,omitzero"`
	GrantedNow bool           `cbor:"3,keyasint,omitempty"`
}

type receiptParameters struct {
	Entry identity.Entry `cbor:"1,keyasint"`
}

type receiptResult struct {
	Receipt  []byte `cbor:"1,keyasint"`
	Preimage []byte `cbor:"2,keyasint,omitempty"`
}

type datasetsParameters struct {
	After identity.Label `cbor:"1,keyasint,omitzero"`
}

type datasetsResult struct {
	Datasets []datasetWire  `cbor:"1,keyasint,omitempty"`
	After    identity.Label `cbor:"2,keyasint,omitzero"`
}

type datasetWire struct {
	Code        identity.Label `cbor:"1,keyasint"`
	Title       string         `cbor:"2,keyasint"`
	Agency      identity.Label `cbor:"3,keyasint"`
	Category    string         `cbor:"4,keyasint"`
	Citation    string         `cbor:"5,keyasint,omitempty"`
	Purposes    []purposeWire  `cbor:"6,keyasint,omitempty"`
	Fields      []fieldWire    `cbor:"7,keyasint,omitempty"`
	Key         string         `cbor:"8,keyasint"`
	Indexed     []string       `cbor:"9,keyasint,omitempty"`
	UpdateCycle string         `cbor:"10,keyasint,omitempty"`
	Version     uint64         `cbor:"11,keyasint"`
	Entry       identity.Entry `cbor:"12,keyasint"`
}

type purposeWire struct {
	_     struct{} `cbor:",toarray"`
	Code  identity.Label
	Title string
}

type fieldWire struct {
	_        struct{} `cbor:",toarray"`
	Name     string
	Type     string
	Nullable bool
}

var typeNames = map[rows.FieldType]string{
	rows.String: "string", rows.Integer: "integer", rows.Number: "number", rows.Boolean: "boolean", rows.Other: "other",
}

// queryOf writes a question.
func queryOf(q records.Question) queryParameters {
	p := queryParameters{
		Dataset: q.Dataset, Key: q.Key, Filter: q.Filter, Fields: q.Fields, Limit: uint64(max(q.Limit, 0)), Cursor: q.Cursor,
		Count: q.Count, By: q.By, Application: applicationOf(q.Application),
	}
	for _, field := range slices.Sorted(maps.Keys(q.Where)) {
		p.Where = append(p.Where, condition{Field: field, Value: append([]byte{}, q.Where[field]...)})
	}
	return p
}

// question reads the parameters of a query.
func (p queryParameters) question() (records.Question, error) {
	q := records.Question{
		Dataset: p.Dataset, Key: p.Key, Filter: p.Filter, Fields: p.Fields, Limit: int(min(p.Limit, records.MaxLimit+1)),
		Cursor: p.Cursor, Count: p.Count, By: p.By,
	}
	var err error
	if q.Application, err = p.Application.words(); err != nil {
		return q, fmt.Errorf("application: %w", err)
	}
	if len(p.Where) > maxConditions {
		return q, fmt.Errorf("%d conditions", len(p.Where))
	}
	for i, c := range p.Where {
		if i > 0 && p.Where[i-1].Field >= c.Field {
			return q, errOrder
		}
		if c.Value == nil {
			return q, fmt.Errorf("condition %d: %w", i, errEmpty)
		}
		if q.Where == nil {
			q.Where = map[string]json.RawMessage{}
		}
		q.Where[c.Field] = c.Value
	}
	return q, nil
}

// claim reads the parameters of a verification.
func (p verifyParameters) claim() (records.Claim, error) {
	words, err := p.Application.words()
	if err == nil && p.Value == nil {
		err = errEmpty
	}
	return records.Claim{Dataset: p.Dataset, Key: p.Key, Field: p.Field, Value: p.Value, Application: words}, err
}

// encode writes parameters or a result of this room, which always have an encoding.
func encode(v any) []byte {
	data, err := canon.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
