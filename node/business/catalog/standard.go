package catalog

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

const maxLevelLen = 40 // bytes

// Standard is a standard entry: the dataset that every jurisdiction of a level below is to offer,
// so that all of them can be asked at once. Agency is the agency that sets the standard. The ledger
// keeps it as the JSON of an entry with one more member, the level:
//
//	{"code":"villages",…,"counts":["statistics"],"level":"county"}
type Standard struct {
	Entry
	Level string `json:"level"`
}

// Validate checks everything about a standard entry that needs neither its compiled schema nor the
// ledger. Errors wrap ErrInvalid.
func (s Standard) Validate() error {
	switch {
	case s.Level == "" || len(s.Level) > maxLevelLen:
		return fmt.Errorf("%w: a standard names the level that is to offer it", ErrInvalid)
	case s.Standard != "":
		return fmt.Errorf("%w: a standard adopts none", ErrInvalid)
	case !text.Readable(s.Level):
		return fmt.Errorf("%w: the level has control characters, or is no UTF-8", ErrInvalid)
	}
	return s.Entry.Validate()
}

// Encode returns the standard's JSON: the payload that the ledger commits to. It fails with
// ErrInvalid above MaxEntryLen bytes.
func (s Standard) Encode() ([]byte, error) {
	s.Entry = s.Entry.normal()
	return encode(s)
}

// ReadStandard decodes a standard that a person wrote. It checks the form only; the agency may be
// missing.
func ReadStandard(data []byte) (s Standard, err error) { return s, decode(data, &s) }

// DecodeStandard decodes a standard as another jurisdiction signed it, and validates it. Errors
// wrap ErrInvalid.
func DecodeStandard(data []byte) (s Standard, err error) {
	if err := decodeSigned(data, &s); err != nil {
		return s, err
	}
	return s, s.Validate()
}

// SetStandard is a standard entry as it stands.
type SetStandard struct {
	Standard
	Version   uint64         // counted from 1; a withdrawal counts as one, too
	At        identity.Entry // the entry of the ledger that set this version
	Said      identity.Entry // the one by which an agency set it last: when it moved, none did
	Document  []byte         // its JSON
	Withdrawn *Ending        // nil: it holds, and is not held
}

// standardPublish is the body of commandStandardPublish. The proposer has checked the document
// against the previous version.
type standardPublish struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Agency    identity.Label
	Version   uint64
	Document  []byte
	Statement book.Statement
}

// keptStandard is the value that the standards bucket has under the code of a standard.
type keptStandard struct {
	_        struct{} `cbor:",toarray"`
	Version  uint64
	Entry    ledger.Ref
	Agency   identity.Label
	Document []byte
	Said     ledger.Ref // see SetStandard
}

var setStandards = book.Bucket[keptStandard]{Name: "standards", Max: 2 * MaxEntryLen}

// PublishStandard sets the standard entry, or its next version, as an act of its agency, and
// returns it as it then stands. A later version may ask for more. It keeps the key, the level, the
// fields and the measures of the version before, so that an adopter of that version keeps its
// fields and measures. A standard that holds already as it is is not set again. One that was
// withdrawn comes back. Refusals: text.EntryInvalid, text.NameDisguised, text.NotProvider,
// text.AgencyOfEntry, text.DatasetMoved where another version came first, and those of
// Actor.Resolve.
func PublishStandard(ctx context.Context, l book.Ledger, id identity.Message, by Actor, s Standard) (set SetStandard, err error) {
	var before *SetStandard
	var request book.Request
	var done PublicationResult
	var came bool
	err = l.View(ctx, func(r *state.Reader) (err error) {
		if before, err = StandardOf(r, s.Code); err != nil {
			return err
		}
		var provider identity.Label
		if before != nil {
			provider = before.Agency
		}
		if s.Agency, err = publisher(r, by, s.Entry, provider); err != nil {
			return err
		}
		set.Standard = s
		if set.Document, err = s.Encode(); err != nil {
			return invalid(s.Code, err)
		}
		request = book.By(identity.NewAgency(l.Name(), s.Agency), id, set.Document)
		done, came, err = commandStandardPublish.Before(r, l, request)
		return err
	})
	if err != nil || came {
		return set.as(l, done), err
	}
	if before != nil && before.Withdrawn == nil && bytes.Equal(before.Document, set.Document) {
		set.Version = before.Version
	} else if set, err = s.after(before); err != nil {
		return SetStandard{}, invalid(s.Code, err)
	} else if err := errors.Join(text.CheckName("level", s.Level), s.checkNames()); err != nil {
		return SetStandard{}, err
	}
	act, err := l.Act(standardHead(s.Agency, s.Code), EntryType, set.Document)
	if err != nil {
		return SetStandard{}, fmt.Errorf("publish standard: %w", err)
	}
	done, err = commandStandardPublish.Do(ctx, l, request, standardPublish{
		Code: s.Code, Agency: s.Agency, Version: set.Version, Document: set.Document, Statement: act,
	})
	return set.as(l, done), err
}

// as returns the standard as the version that a publication gave.
func (s SetStandard) as(l book.Ledger, done PublicationResult) SetStandard {
	s.Version, s.At = done.Version, done.Entry.In(l.Names())
	return s
}

// after returns s as the version that follows before; nil: as the first version.
func (s Standard) after(before *SetStandard) (set SetStandard, err error) {
	set = SetStandard{Standard: s, Version: 1}
	if err := s.Validate(); err != nil {
		return set, err
	}
	if _, err := s.schema(); err != nil {
		return set, err
	}
	if before != nil {
		set.Version = before.Version + 1
		err = follows(before.Standard, s)
	}
	if err == nil {
		set.Document, err = s.Encode()
	}
	return set, err
}

func standardHead(agency, code identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindStandard, Agency: agency, Code: code}
}

// applyStandardPublish sets a standard, or its next version. One with the version and the document
// that hold changes nothing, and the request is answered for ever.
func applyStandardPublish(tx *state.Tx, b standardPublish) (done PublicationResult, err error) {
	key := []byte(b.Code.String())
	before, exists := setStandards.Load(tx, key)
	acts := Acts(tx, b.Agency)
	switch {
	case acts != nil:
		return done, acts
	case exists && before.Agency != b.Agency:
		return done, book.Refuse(text.NotProvider, b.Agency.String(), b.Code.String(), before.Agency.String())
	case exists && b.Version == before.Version && bytes.Equal(b.Document, before.Document) && endedOf(tx, endedStandard, b.Code) == nil:
		return PublicationResult{Entry: before.Entry, Version: before.Version}, nil
	case b.Version != before.Version+1:
		return done, book.Refuse(text.DatasetMoved, b.Code.String())
	}
	kept := keptStandard{Version: b.Version, Entry: book.Next(tx), Said: book.Next(tx), Agency: b.Agency, Document: b.Document}
	if err := errors.Join(setStandards.Save(tx, key, kept), tx.Delete(endings.Name, endingKey(endedStandard, b.Code)), release(tx, HeldStandard, b.Code)); err != nil {
		return done, err
	}
	done.Version = b.Version
	done.Entry, err = b.Statement.Append(tx, standardHead(b.Agency, b.Code))
	return done, err
}

func (k keptStandard) set(r position) (SetStandard, error) {
	s := SetStandard{Version: k.Version, At: k.Entry.In(r.Names()), Said: k.Said.In(r.Names()), Document: k.Document}
	if err := json.Unmarshal(k.Document, &s.Standard); err != nil {
		return s, fmt.Errorf("decode standard entry: %w", err)
	}
	s.Withdrawn = endedOf(r, endedStandard, s.Code)
	return s, nil
}

// StandardOf returns the standard entry with the code that this jurisdiction has set, also one that
// was withdrawn; nil where there is none.
func StandardOf(r *state.Reader, code identity.Label) (*SetStandard, error) {
	kept, ok := setStandards.Load(r, []byte(code.String()))
	if !ok {
		return nil, nil
	}
	s, err := kept.set(r)
	return &s, err
}

// Standards returns the standard entries that this jurisdiction has set, in the order of the codes,
// with what was withdrawn.
func Standards(r *state.Reader) (all []SetStandard, err error) {
	for _, kept := range setStandards.All(r, nil) {
		s, err := kept.set(r)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// follows checks that the next version of a standard has the key and the level of the version
// before, and every measure and every field of it. It does not compare the rest.
func follows(before, next Standard) error {
	switch {
	case next.Key != before.Key:
		return fmt.Errorf("%w: the key was %s", ErrInvalid, before.Key)
	case next.Level != before.Level:
		return fmt.Errorf("%w: the level was %s", ErrInvalid, before.Level)
	case !allIn(before.Measures, next.Measures):
		return fmt.Errorf("%w: it let measure %s", ErrInvalid, measuresTold(before.Measures))
	}
	return sameFields(before.Schema, next.Schema)
}

// Adopts checks that an entry is the standard, or tighter: the same code and key; every field of
// the standard with its type, and required where it is required there; a category that is the same
// or stricter; no purpose, purpose for counting, field to group by or measure that the standard
// lacks; a smallest cell that is not smaller; an update cycle that is not longer. Errors wrap
// ErrInvalid.
func (s Standard) Adopts(e Entry) error {
	mine, _ := policy.ParseCategory(e.Category)
	theirs, _ := policy.ParseCategory(s.Category)
	switch {
	case e.Code != s.Code || e.Key != s.Key:
		return fmt.Errorf("%w: the standard is of %s with the key %s", ErrInvalid, s.Code, s.Key)
	case mine < theirs:
		return fmt.Errorf("%w: the category is %s in the standard, and may be stricter, not looser", ErrInvalid, s.Category)
	case !within(e.PurposeCodes(), s.PurposeCodes()):
		return fmt.Errorf("%w: the standard has the purposes %s, and no others may be added", ErrInvalid, inWords(s.PurposeCodes()))
	case !within(labels(e.Counts), labels(s.Counts)):
		return fmt.Errorf("%w: the standard lets count for %s, and no more", ErrInvalid, inWords(labels(s.Counts)))
	case !within(e.GroupBy, s.GroupBy):
		return fmt.Errorf("%w: the standard lets group by %s, and by no more", ErrInvalid, inWords(s.GroupBy))
	case e.SmallestCell < s.SmallestCell:
		return fmt.Errorf("%w: the standard has groups of at least %d records, and not of fewer", ErrInvalid, s.SmallestCell)
	case !allIn(e.Measures, s.Measures):
		return fmt.Errorf("%w: the standard lets measure %s, and no more", ErrInvalid, measuresTold(s.Measures))
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

// inWords returns names as a part of a sentence.
func inWords(names []string) string { return cmp.Or(strings.Join(names, ", "), "–") }

// measuresTold returns measures as a part of a sentence, such as "age average/sum, income sum".
func measuresTold(m policy.Measures) string {
	var all []string
	for _, field := range slices.Sorted(maps.Keys(m)) {
		all = append(all, field+" "+strings.Join(m[field], "/"))
	}
	return inWords(all)
}

// within reports whether all has each of some.
func within(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// allIn reports whether all has each function of each field in some.
func allIn(some, all policy.Measures) bool {
	for _, field := range slices.Sorted(maps.Keys(some)) {
		if !within(some[field], all[field]) {
			return false
		}
	}
	return true
}

// cycles are the update cycles that can be compared, the shortest first.
var cycles = []string{"realtime", "hourly", "daily", "weekly", "monthly", "quarterly", "half-yearly", "yearly"}

// longer reports whether the update cycle a is longer than b. Where one of them is not in cycles,
// every other text counts as longer.
func longer(a, b string) bool {
	i, j := slices.Index(cycles, a), slices.Index(cycles, b)
	if i < 0 || j < 0 {
		return a != b
	}
	return i > j
}

// shape is the part of a schema that sameFields compares.
type shape struct {
	Required   []string `json:"required"`
	Properties map[string]struct {
		Type json.RawMessage `json:"type"`
	} `json:"properties"`
}

// bare writes the types of a field as a part of a sentence, such as number/null.
var bare = strings.NewReplacer("[", "", "]", "", `"`, "", " ", "", ",", "/")

// sameFields checks that the schema other has every field of base with the same type, and requires
// every field that base requires.
func sameFields(base, other json.RawMessage) error {
	var old, next shape
	if err := errors.Join(json.Unmarshal(base, &old), json.Unmarshal(other, &next)); err != nil {
		return fmt.Errorf("%w: schema: %w", ErrInvalid, err)
	}
	for _, name := range slices.Sorted(maps.Keys(old.Properties)) {
		p := old.Properties[name]
		switch q, ok := next.Properties[name]; {
		case !ok:
			return fmt.Errorf("%w: the field %s of the standard is missing", ErrInvalid, name)
		case !sameJSON(p.Type, q.Type):
			return fmt.Errorf("%w: the field %s has the type %s", ErrInvalid, name, bare.Replace(string(p.Type)))
		}
	}
	if !within(old.Required, next.Required) {
		return fmt.Errorf("%w: the fields %s are required", ErrInvalid, inWords(old.Required))
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
