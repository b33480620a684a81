// Package catalog holds the catalogue: which agencies a jurisdiction has and which datasets they offer.
//
// An Entry is one catalogue entry in the form that is kept in the ledger: canonical JSON as the payload of a signed
// statement, and in the replicated state for everybody to search. It describes data and holds none, so it is no secret
// and is kept in clear. Publishing again replaces the entry and raises its version; a use that was decided on an older
// version is refused when it commits. Entries are never removed.
//
// The package decides nothing about uses (see policy) and keeps no records (see records). Its commands check everything
// before their first write. An entry as kept:
//
//	{"code":"villages","title":"村(居)委会名录","agency":"civil-affairs","category":"unconditional","citation":"",
//	 "purposes":[{"code":"residence-check","title":"居住地核验"}],"schema":{"type":"object",…},"key":"code",
//	 "indexed":["name"],"update_cycle":"yearly","not_secret":true}
package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"xietong/certs/identity"
	"xietong/node/policy"
)

// Limits of a catalogue entry.
const (
	MaxEntryLen = 300 << 10 // bytes of its JSON, schema included
	MaxTitleLen = 200       // bytes; about 66 Chinese characters
	MaxPurposes = 64
	MaxIndexed  = 16
	MaxCell     = 1000 // records
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
	// Standard names the entry that set the standard which this one adopts; Counts are the purposes for which those above may
	// count all records without applying.
	Standard string           `json:"standard,omitempty"`
	Counts   []identity.Label `json:"counts,omitempty"`
	// GroupBy are the fields by whose values they may have that told. SmallestCell is how many records a group must have to be told
	// to anybody but the provider; 0: any.
	GroupBy      []string `json:"group_by,omitempty"`
	SmallestCell int      `json:"smallest_cell,omitempty"`
}

// ErrInvalid is wrapped by every error of Validate: the entry cannot be published as it is.
var ErrInvalid = errors.New("invalid catalogue entry")

// Validate checks what can be checked of an entry by itself. The schema is compiled by the caller.
func (e Entry) Validate() error {
	category, known := policy.ParseCategory(e.Category)
	switch {
	case e.Code.IsZero() || e.Agency.IsZero():
		return fmt.Errorf("%w: code and agency are needed", ErrInvalid)
	case e.Title == "" || len(e.Title) > MaxTitleLen || !utf8.ValidString(e.Title):
		return fmt.Errorf("%w: the title must have 1 to %d bytes of UTF-8", ErrInvalid, MaxTitleLen)
	case !known:
		return fmt.Errorf("%w: category %q is none of unconditional, conditional, not-shared", ErrInvalid, e.Category)
	case category == policy.NotShared && e.Citation == "":
		return fmt.Errorf("%w: what is not shared needs the citation of the law that forbids it", ErrInvalid)
	case len(e.Purposes) == 0 || len(e.Purposes) > MaxPurposes:
		return fmt.Errorf("%w: 1 to %d purposes are needed", ErrInvalid, MaxPurposes)
	case e.Key == "" || len(e.Indexed) > MaxIndexed:
		return fmt.Errorf("%w: a key and at most %d indexed fields are needed", ErrInvalid, MaxIndexed)
	case !e.NotSecret:
		return fmt.Errorf("%w: it must be declared free of secrets", ErrInvalid)
	}
	return e.validatePurposes()
}

// validateCounts holds that nobody counts for what the dataset may not be used for.
func (e Entry) validateCounts() error {
	switch {
	case !within(labels(e.Counts), e.PurposeCodes()):
		return fmt.Errorf("%w: it is counted for purposes that it lists, %q", ErrInvalid, e.PurposeCodes())
	case len(e.GroupBy) > MaxIndexed || len(e.GroupBy) > 0 && len(e.Counts) == 0:
		return fmt.Errorf("%w: at most %d fields to group by, where it is counted", ErrInvalid, MaxIndexed)
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
	return e.validateCounts()
}

// PurposeCodes returns the codes of the purposes, in the entry's order.
func (e Entry) PurposeCodes() []string {
	codes := make([]string, len(e.Purposes))
	for i, p := range e.Purposes {
		codes[i] = p.Code.String()
	}
	return codes
}

// CountCodes returns the purposes for which those above may count.
func (e Entry) CountCodes() []string { return labels(e.Counts) }

// Encode returns the entry's JSON, with the schema compacted: the payload that is committed to.
func (e Entry) Encode() ([]byte, error) {
	data, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if len(data) > MaxEntryLen {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrInvalid, len(data), MaxEntryLen)
	}
	return data, nil
}
