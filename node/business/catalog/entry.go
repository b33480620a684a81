// Package catalog holds the catalogue of a jurisdiction: its agencies, the datasets that they
// offer, and the standard entries that they set for the jurisdictions below.
//
// An Entry is one catalogue entry in the form that is kept in the ledger: canonical JSON as the
// payload of a signed statement, and in the replicated state for everybody to search. An entry
// describes data and holds none, so it is no secret and is kept in clear. Publishing again replaces
// the entry and raises its version, and so does moving it to another agency or withdrawing it; a
// use that was decided on an older version is refused when it commits. What was withdrawn is told
// with its day and reason, and comes back when its code is published again. Nothing is removed.
//
// A code names one agency for ever. What becomes of agencies (added, renamed, ended, brought back)
// is a numbered list of changes that only grows; of one agency the last change counts. The hash of
// each list commits to all lists before it:
//
//	hash 0 = SHA-256("xietong/1 agencies" LF name of the jurisdiction)
//	hash n = SHA-256("xietong/1 agencies" LF hash n-1, CBOR [code, title, whether it ended] of change n)
//
// A request to another jurisdiction names the list of its origin; Lists has the other end check it.
//
// The package decides nothing about uses (see policy) and keeps no records (see records). Its
// commands check everything before their first write. An entry as kept:
//
//	{"code":"villages","title":"村(居)委会名录","agency":"civil-affairs","category":"unconditional","citation":"",
//	 "purposes":[{"code":"residence-check","title":"居住地核验"}],"schema":{"type":"object",…},"key":"code",
//	 "indexed":["name"],"update_cycle":"yearly","not_secret":true}
package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/ground/policy"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// Limits of a catalogue entry.
const (
	MaxEntryLen = 200 << 10 // bytes of its JSON, schema included; a command holds it twice, once sealed
	MaxTitleLen = 200       // bytes; about 66 Chinese characters
	MaxPurposes = 64
	MaxIndexed  = 16
	MaxCell     = 1000 // records
	MaxMeasured = 16   // fields that are measured
)

// Agency is a department of the jurisdiction.
type Agency struct {
	Code  identity.Label `json:"code"`
	Title string         `json:"title"`
}

// Purpose is one use that a dataset is offered for (国令809 art 15).
type Purpose struct {
	Code  identity.Label `json:"code"`
	Title string         `json:"title"`
}

// Entry is a catalogue entry.
type Entry struct {
	Code        identity.Label  `json:"code"`
	Title       string          `json:"title"`
	Agency      identity.Label  `json:"agency"`
	Category    string          `json:"category"`
	Citation    string          `json:"citation"` // the law that forbids sharing; required when not shared (art 15)
	Purposes    []Purpose       `json:"purposes"`
	Schema      json.RawMessage `json:"schema"`
	Key         string          `json:"key"`
	Indexed     []string        `json:"indexed"`
	UpdateCycle string          `json:"update_cycle"`
	NotSecret   bool            `json:"not_secret"` // declared free of state and work secrets (art 3); must be true
	// Standard names the ledger entry that set the standard which this entry adopts. Counts are the
	// purposes for which agencies of the jurisdictions above may measure all records without an
	// application.
	Standard string           `json:"standard,omitempty"`
	Counts   []identity.Label `json:"counts,omitempty"`
	// GroupBy are the fields by whose values a measure may be split into groups. SmallestCell is
	// the number of records that a group must have before anybody but the provider is told of it;
	// 0: any number.
	GroupBy      []string `json:"group_by,omitempty"`
	SmallestCell int      `json:"smallest_cell,omitempty"`
	// Measures are the functions of a field that others may ask for, beside the number of records.
	Measures policy.Measures `json:"measures,omitempty"`
}

// ErrInvalid is wrapped by every error of Validate: the entry cannot be published as it is.
var ErrInvalid = errors.New("invalid catalogue entry")

// Validate checks everything about an entry that needs neither its compiled schema nor the ledger.
// The caller compiles the schema.
func (e Entry) Validate() error {
	category, known := policy.ParseCategory(e.Category)
	switch {
	case e.Code.IsZero():
		return fmt.Errorf("%w: the code is missing (code)", ErrInvalid)
	case e.Agency.IsZero():
		return fmt.Errorf("%w: the provider is missing (agency)", ErrInvalid)
	case e.Title == "" || len(e.Title) > MaxTitleLen || !text.Readable(e.Title):
		return fmt.Errorf("%w: the title must have 1 to %d bytes of UTF-8", ErrInvalid, MaxTitleLen)
	case !known:
		return fmt.Errorf("%w: category %q is none of unconditional, conditional, not-shared", ErrInvalid, e.Category)
	case category == policy.NotShared && e.Citation == "":
		return fmt.Errorf("%w: what is not shared needs the citation of the law that forbids it", ErrInvalid)
	case len(e.Purposes) == 0 || len(e.Purposes) > MaxPurposes:
		return fmt.Errorf("%w: 1 to %d purposes are needed", ErrInvalid, MaxPurposes)
	case e.Key == "":
		return fmt.Errorf("%w: the key is missing (key): the field that tells one record from another", ErrInvalid)
	case len(e.Indexed) > MaxIndexed:
		return fmt.Errorf("%w: at most %d fields are indexed", ErrInvalid, MaxIndexed)
	case !e.NotSecret:
		return fmt.Errorf("%w: it must be declared free of secrets (not_secret)", ErrInvalid)
	}
	for _, l := range []struct {
		list   string
		fields []string
	}{{"indexed", e.Indexed}, {"group_by", e.GroupBy}} {
		for i, field := range l.fields {
			if slices.Contains(l.fields[:i], field) {
				return fmt.Errorf("%w: %s names %.100q twice", ErrInvalid, l.list, field)
			}
		}
	}
	if err := e.validatePurposes(); err != nil {
		return err
	}
	if err := e.validateNames(); err != nil {
		return err
	}
	return recordable(e)
}

// recordable refuses a document with a text, or a name, that may not be recorded, wherever it
// stands.
func recordable(document any) error {
	data, err := json.Marshal(document)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if where, found := text.Unreadable(decoded(data), ""); found {
		return fmt.Errorf("%w: %.200q has control characters, or is no UTF-8", ErrInvalid, where)
	}
	return nil
}

// validateNames checks every name of a field outside the schema: it becomes a part of keys of the
// state, and of sentences.
func (e Entry) validateNames() error {
	for _, given := range []struct {
		where string
		names []string
	}{{"key", []string{e.Key}}, {"indexed", e.Indexed}, {"group_by", e.GroupBy}, {"measures", slices.Sorted(maps.Keys(e.Measures))}} {
		for _, name := range given.names {
			if !rows.GoodName(name) {
				return fmt.Errorf("%w: %w", ErrInvalid, &rows.Unfit{Rule: rows.Names, Where: given.where, What: fmt.Sprintf("%.100q", name)})
			}
		}
	}
	return nil
}

// comesAfter refuses an entry that cannot follow the version before, or has a name that may be
// taken for another. One that is in force is published already, whatever its names are.
func (e Entry) comesAfter(before Published, as Publication) error {
	if err := e.follows(before); err != nil || before.Is(as) {
		return err
	}
	return e.checkNames()
}

// checkNames refuses a name that may be taken for another one, by its path in the document. A title
// of a field may have several lines, as the header of a sheet has.
func (e Entry) checkNames() error {
	schema, err := e.schema()
	if err != nil {
		return err
	}
	names := [][2]string{{"title", e.Title}}
	for i, p := range e.Purposes {
		names = append(names, [2]string{"purposes/" + strconv.Itoa(i) + "/title", p.Title})
	}
	for _, f := range schema.Fields() {
		at := "schema/properties/" + f.Name
		names = append(names, [2]string{text.Visible(at), f.Name}, [2]string{text.Visible(at) + "/title", lines.Replace(schema.Title(f.Name))})
	}
	for _, name := range names {
		if err := text.CheckName(name[0], name[1]); err != nil {
			return err
		}
	}
	return nil
}

var lines = strings.NewReplacer("\r", " ", "\n", " ", "\t", " ")

// validateMeasures checks the limits of the measures that others may ask for, and that every
// purpose in Counts is a purpose of the dataset.
func (e Entry) validateMeasures() error {
	switch {
	case !within(labels(e.Counts), e.PurposeCodes()):
		return fmt.Errorf("%w: it may be counted for the purposes that it lists alone: %s", ErrInvalid, inWords(e.PurposeCodes()))
	case len(e.GroupBy) > MaxIndexed:
		return fmt.Errorf("%w: at most %d fields to group by", ErrInvalid, MaxIndexed)
	case len(e.Measures) > MaxMeasured:
		return fmt.Errorf("%w: at most %d fields are measured", ErrInvalid, MaxMeasured)
	case e.SmallestCell < 0 || e.SmallestCell > MaxCell:
		return fmt.Errorf("%w: the smallest cell is 0 to %d", ErrInvalid, MaxCell)
	}
	return nil
}

func (e Entry) validatePurposes() error {
	codes := e.PurposeCodes()
	slices.Sort(codes)
	if len(slices.Compact(codes)) != len(e.Purposes) || codes[0] == "" {
		return fmt.Errorf("%w: each purpose needs a code of its own", ErrInvalid)
	}
	return e.validateMeasures()
}

// PurposeCodes returns the codes of the purposes, in the entry's order.
func (e Entry) PurposeCodes() []string {
	codes := make([]string, len(e.Purposes))
	for i, p := range e.Purposes {
		codes[i] = p.Code.String()
	}
	return codes
}

// schema compiles the schema of the entry's records. It checks that every field to group by is in
// the schema, and that every field to measure is a number there.
func (e Entry) schema() (*rows.Schema, error) {
	schema, err := rows.Compile(e.Schema, e.Key, e.Indexed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	for _, name := range e.GroupBy {
		if _, ok := schema.Field(name); !ok {
			return nil, fmt.Errorf("%w: the schema has no field %s to group by", ErrInvalid, name)
		}
		if err := (gather.Measure{Function: gather.Count, By: []gather.By{{Field: name}}}).Check(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Measures)) {
		if err := measured(schema, name, e.Measures[name]); err != nil {
			return nil, err
		}
	}
	return schema, nil
}

// measured checks that the field is a number, and that each function of it is known and named once.
func measured(schema *rows.Schema, name string, functions []string) error {
	field, ok := schema.Field(name)
	if !ok || field.Type != rows.Integer && field.Type != rows.Number {
		return fmt.Errorf("%w: the schema has no field %s of type integer or number to measure", ErrInvalid, name)
	}
	if len(functions) == 0 {
		return fmt.Errorf("%w: no function of %s is named", ErrInvalid, name)
	}
	for i, function := range functions {
		f, err := gather.ParseFunction(function)
		if err != nil || f == gather.Count || slices.Contains(functions[:i], function) {
			return fmt.Errorf("%w: %s of %s: it may be sum, average, minimum or maximum, each once", ErrInvalid, function, name)
		}
		if err := (gather.Measure{Function: f, Field: name}).Check(); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return nil
}

// CountCodes returns the codes of the purposes for which agencies of the jurisdictions above may
// measure all records without an application.
func (e Entry) CountCodes() []string { return labels(e.Counts) }

// Encode returns the entry's JSON, with the schema compacted: the payload that the ledger commits
// to. It fails with ErrInvalid above MaxEntryLen bytes.
func (e Entry) Encode() ([]byte, error) { return encode(e.normal()) }

// normal returns the entry in the form in which it is written: an empty Indexed is written as [].
func (e Entry) normal() Entry {
	e.Indexed = append([]string{}, e.Indexed...)
	return e
}

func encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if len(data) > MaxEntryLen {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrInvalid, len(data), MaxEntryLen)
	}
	return data, nil
}

// ReadEntry decodes an entry that a person wrote. It checks the form only; the agency may be
// missing.
func ReadEntry(data []byte) (e Entry, err error) { return e, decode(data, &e) }

// DecodeEntry decodes an entry as another jurisdiction signed it, and validates it. Errors wrap
// ErrInvalid.
func DecodeEntry(data []byte) (e Entry, err error) {
	if err := decodeSigned(data, &e); err != nil {
		return e, err
	}
	return e, e.Validate()
}

// decode reads one JSON value strictly: at most MaxEntryLen bytes, with no unknown member, none
// twice, and nothing after the value.
func decode(data []byte, v any) error {
	if len(data) > MaxEntryLen {
		return fmt.Errorf("%w: %d bytes, more than %d", ErrInvalid, len(data), MaxEntryLen)
	}
	if err := text.Decode(data, v); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}

// decodeSigned reads a document that was signed. It is one spelling only, that of Encode, so that
// nobody who reads it otherwise finds something else in it.
func decodeSigned(data []byte, v any) error {
	if err := decode(data, v); err != nil {
		return err
	}
	again, err := encode(v)
	if err == nil && !bytes.Equal(again, data) {
		err = fmt.Errorf("%w: the document is not spelled as documents are", ErrInvalid)
	}
	return err
}
