package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/policy"
	"xietong/node/text"
)

const maxLevelLen = 40 // bytes

// Standard is a standard entry: what the jurisdictions of a level below are to offer, so that all of them can be asked at once.
// Its agency is the one that sets it. As kept, it is the JSON of an entry with two more members:
//
//	{"code":"villages",…,"counts":["statistics"],"level":"county"}
type Standard struct {
	Entry
	Level string `json:"level"`
}

// Validate checks what can be checked of a standard entry by itself.
func (s Standard) Validate() error {
	switch {
	case s.Level == "" || len(s.Level) > maxLevelLen:
		return fmt.Errorf("%w: a standard names the level that is to offer it", ErrInvalid)
	case s.Standard != "":
		return fmt.Errorf("%w: a standard adopts none", ErrInvalid)
	}
	return s.Entry.Validate()
}

// Encode returns the standard's JSON: the payload that is committed to.
func (s Standard) Encode() ([]byte, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if len(data) > MaxEntryLen {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrInvalid, len(data), MaxEntryLen)
	}
	return data, nil
}

// DecodeStandard decodes a standard that another jurisdiction gave.
func DecodeStandard(data []byte) (s Standard, err error) {
	if len(data) > MaxEntryLen {
		return s, fmt.Errorf("%w: %d bytes, more than %d", ErrInvalid, len(data), MaxEntryLen)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return s, fmt.Errorf("%w: something follows the entry", ErrInvalid)
	}
	return s, s.Validate()
}

// SetStandard is a standard entry as it stands.
type SetStandard struct {
	Standard
	Version  uint64         // counted from 1
	At       identity.Entry // the entry of the ledger that set this version
	Document []byte         // its JSON
}

// standardPublish is the body of commandStandardPublish. The proposer has checked the document against
// the version before.
type standardPublish struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Agency    identity.Label
	Version   uint64
	Document  []byte
	Statement book.Statement
}

// keptStandard is what is kept under a standard's code.
type keptStandard struct {
	_        struct{} `cbor:",toarray"`
	Version  uint64
	Entry    ledger.Ref
	Agency   identity.Label
	Document []byte
}

var setStandards = book.Bucket[keptStandard]{Name: "standards", Max: 2 * MaxEntryLen}

// PublishStandard sets the standard entry, or its next version, as an act of its agency, and returns it
// as it then stands. A later version may ask for more, and takes nothing back: who adopted the one
// before keeps what it has.
func PublishStandard(ctx context.Context, l book.Ledger, id identity.Message, s Standard) (SetStandard, error) {
	before, err := setBefore(ctx, l, s.Code)
	if err == nil && before != nil {
		err = follows(before.Standard, s)
	}
	if err != nil {
		return SetStandard{}, err
	}
	set := SetStandard{Standard: s, Version: 1}
	if before != nil {
		set.Version = before.Version + 1
	}
	if set.Document, err = s.Encode(); err != nil {
		return SetStandard{}, err
	}
	act, err := l.Act(standardHead(s.Agency, s.Code), EntryType, set.Document)
	if err != nil {
		return SetStandard{}, fmt.Errorf("publish standard: %w", err)
	}
	set.At, err = book.Enter(ctx, l, commandStandardPublish, id, set.Document, standardPublish{
		Code: s.Code, Agency: s.Agency, Version: set.Version, Document: set.Document, Statement: act,
	})
	return set, err
}

// setBefore returns the version that stands; nil: none.
func setBefore(ctx context.Context, l book.Ledger, code identity.Label) (before *SetStandard, err error) {
	err = l.View(ctx, func(r *state.Reader) (err error) {
		before, err = StandardOf(r, code)
		return err
	})
	return before, err
}

func standardHead(agency, code identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindStandard, Agency: agency, Code: code}
}

func applyStandardPublish(tx *state.Tx, b standardPublish) (ledger.Ref, error) {
	key := []byte(b.Code.String())
	before, exists := setStandards.Load(tx, key)
	switch {
	case !hasAgency(tx, b.Agency):
		return ledger.None, book.Refuse(text.UnknownAgency, b.Agency.String(), tx.Log().Jurisdiction().String(), "-")
	case exists && before.Agency != b.Agency:
		return ledger.None, book.Refuse(text.NotProvider, b.Agency.String(), b.Code.String(), before.Agency.String())
	case b.Version != before.Version+1:
		return ledger.None, book.Refuse(text.DatasetMoved, b.Code.String())
	}
	kept := keptStandard{Version: b.Version, Entry: book.Next(tx), Agency: b.Agency, Document: b.Document}
	if err := setStandards.Save(tx, key, kept); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, standardHead(b.Agency, b.Code))
}

func (k keptStandard) set(log identity.Log) (SetStandard, error) {
	s := SetStandard{Version: k.Version, At: k.Entry.In(log), Document: k.Document}
	if err := json.Unmarshal(k.Document, &s.Standard); err != nil {
		return s, fmt.Errorf("decode standard entry: %w", err)
	}
	return s, nil
}

// StandardOf returns the standard entry with the code that this jurisdiction has set; nil where there
// is none.
func StandardOf(r *state.Reader, code identity.Label) (*SetStandard, error) {
	kept, ok := setStandards.Load(r, []byte(code.String()))
	if !ok {
		return nil, nil
	}
	s, err := kept.set(r.Log())
	return &s, err
}

// Standards returns the standard entries that this jurisdiction has set, in the order of the codes.
func Standards(r *state.Reader) (all []SetStandard, err error) {
	for _, kept := range setStandards.All(r, nil) {
		s, err := kept.set(r.Log())
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// follows holds that a version of a standard takes nothing back.
func follows(before, next Standard) error {
	switch {
	case next.Key != before.Key:
		return fmt.Errorf("%w: the key was %s", ErrInvalid, before.Key)
	case next.Level != before.Level:
		return fmt.Errorf("%w: the level was %s", ErrInvalid, before.Level)
	}
	return sameFields(before.Schema, next.Schema)
}

// Adopts holds that an entry is the standard, or tighter: the same code and key; every field of the standard with its type, and
// required where it is; a category that is the same or stricter; purposes, and purposes for counting, that the standard has; an
// update cycle that is not longer.
func (s Standard) Adopts(e Entry) error {
	mine, _ := policy.ParseCategory(e.Category)
	theirs, _ := policy.ParseCategory(s.Category)
	switch {
	case e.Code != s.Code || e.Key != s.Key:
		return fmt.Errorf("%w: the standard is of %s with the key %s", ErrInvalid, s.Code, s.Key)
	case mine < theirs:
		return fmt.Errorf("%w: the category is %s in the standard, and may be stricter, not looser", ErrInvalid, s.Category)
	case !within(e.PurposeCodes(), s.PurposeCodes()):
		return fmt.Errorf("%w: the standard has the purposes %q, and no others may be added", ErrInvalid, s.PurposeCodes())
	case !within(labels(e.Counts), labels(s.Counts)):
		return fmt.Errorf("%w: the standard lets count for %q, and no more", ErrInvalid, labels(s.Counts))
	case !within(e.GroupBy, s.GroupBy) || e.SmallestCell < s.SmallestCell:
		return fmt.Errorf("%w: the standard lets group by %q, and not into fewer than %d", ErrInvalid, s.GroupBy, s.SmallestCell)
	case longer(e.UpdateCycle, s.UpdateCycle):
		return fmt.Errorf("%w: the update cycle is %s in the standard, and may be shorter, not longer", ErrInvalid, s.UpdateCycle)
	}
	return sameFields(s.Schema, e.Schema)
}

func labels(all []identity.Label) []string {
	out := make([]string, len(all))
	for i, l := range all {
		out[i] = l.String()
	}
	return out
}

func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// cycles are the update cycles that can be compared, the shortest first.
var cycles = []string{"realtime", "hourly", "daily", "weekly", "monthly", "quarterly", "half-yearly", "yearly"}

// longer reports whether an update cycle is longer than another; what cannot be compared must be the same.
func longer(a, b string) bool {
	i, j := slices.Index(cycles, a), slices.Index(cycles, b)
	if i < 0 || j < 0 {
		return a != b
	}
	return i > j
}

// shape is what must be the same of two schemas.
type shape struct {
	Required   []string `json:"required"`
	Properties map[string]struct {
		Type json.RawMessage `json:"type"`
	} `json:"properties"`
}

// sameFields holds that a schema has every field of another with its type, and requires those that it does.
func sameFields(have, want json.RawMessage) error {
	var old, next shape
	if err := errors.Join(json.Unmarshal(have, &old), json.Unmarshal(want, &next)); err != nil {
		return fmt.Errorf("%w: schema: %w", ErrInvalid, err)
	}
	for name, p := range old.Properties {
		if q, ok := next.Properties[name]; !ok || !sameJSON(p.Type, q.Type) {
			return fmt.Errorf("%w: the field %s has the type %s", ErrInvalid, name, p.Type)
		}
	}
	if !within(old.Required, next.Required) {
		return fmt.Errorf("%w: the fields %q are required", ErrInvalid, old.Required)
	}
	return nil
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}
