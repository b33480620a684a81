package catalog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// EntryType is the content type of a catalogue entry's payload.
const EntryType = "application/json"

// Publication is the body of commandDatasetPublish, and a part of the body of an adoption.
type Publication struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Agency    identity.Label
	Key       string
	Indexed   []string
	Document  []byte   // JSON of the whole entry
	Checked   *Checked // nil: no record was looked at
	Same      uint64   // the version in force that it is already; 0: it is none
	Statement book.Statement
}

// Checked says as of what the proposer checked a publication against the records.
type Checked struct {
	_       struct{}   `cbor:",toarray"`
	Version uint64     // of the entry that was in force
	Records ledger.Ref // the newest entry that had changed the records
	Fit     bool       // the schema takes every record; otherwise each is checked again when it is read
	// Narrower is that no record can become unfit by the version, whatever was put since the check:
	// it is good for any records, and leaves what Published.Unsure says.
	Narrower bool
}

// holds reports whether a check is still one of the version and the records as they are.
func (c *Checked) holds(version uint64, records ledger.Ref) bool {
	return c.Version == version && (c.Narrower || c.Records == records)
}

// ChangedOf returns the newest entry that changed the records of a dataset; None: there never were
// any. The room that keeps the records gives it.
type ChangedOf func(r book.Reads, code identity.Label) ledger.Ref

// PublicationResult is the result of publishing an entry: the ledger entry of the act, and the
// version that the catalogue entry became.
type PublicationResult struct {
	_       struct{} `cbor:",toarray"`
	Entry   ledger.Ref
	Version uint64
}

// keptEntry is the value that the catalogue bucket has under the code of a dataset.
type keptEntry struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Entry   ledger.Ref
	Agency  identity.Label
	Key     string
	// Indexed are the fields that every version so far has indexed, from the last one on with which
	// all records came anew: only these are found by their index.
	Indexed  []string
	Document []byte
	Unsure   ledger.Ref // see Published
	Said     ledger.Ref // see Published
}

var catalogue = book.Bucket[keptEntry]{Name: "catalogue", Max: 2 * MaxEntryLen}

// Published is a catalogue entry as it stands.
type Published struct {
	Entry
	Version uint64         // counted from 1; a withdrawal counts as one, too
	At      identity.Entry // the entry of the ledger that published it last
	Said    identity.Entry // the one by which an agency said so: when it moved, none did
	// Found are the fields that every version so far has indexed. A field that was added to the
	// index later is not among them: the records from before are not in its index, and an answer
	// from it would leave them out.
	Found []string
	// Unsure is the entry before which there may be records that the schema does not take: each of
	// them is checked when it is read. None: there are none.
	Unsure ledger.Ref
	// Document is the entry's JSON as its agency signed it. Other jurisdictions are sent these
	// bytes.
	Document  []byte
	Withdrawn *Ending // nil: it is offered, and not held
	RulesHeld bool    // nobody gets a grant by rule, until it is published again
}

// Publish publishes the entry as an act of its agency, and returns the entry as it stands
// afterwards, without Found. It looks at no record: those that are there are checked when they are
// read. Who publishes for people goes by package adoption, which first shows what a later version
// would do. An entry that is in force already is not published again. A key names records for ever,
// so the key cannot change from one version to the next; neither can the agency. Refusals:
// text.EntryInvalid for an invalid entry or another key, text.NotProvider for an actor that is not
// the agency, text.AgencyOfEntry for one that names another agency than the provider, and those of
// Actor.Resolve.
func Publish(ctx context.Context, l book.Ledger, id identity.Message, by Actor, e Entry) (Published, error) {
	if len(e.Counts) > 0 {
		return Published{}, invalid(e.Code, errors.New("only who adopts a standard lets others count"))
	}
	e, p, before, err := Prepare(ctx, l, by, e)
	if err != nil || before.Is(p) && id.IsZero() {
		return before, err
	}
	if before.Is(p) {
		p.Same = before.Version
	}
	result, err := Propose(ctx, l, book.By(identity.NewAgency(l.Name(), e.Agency), id, p.Document), p)
	return Published{Entry: e, Version: result.Version, At: result.Entry.In(l.Names()), Document: p.Document}, err
}

// Propose publishes what was prepared.
func Propose(ctx context.Context, l book.Ledger, request book.Request, p Publication) (PublicationResult, error) {
	return commandDatasetPublish.Do(ctx, l, request, p)
}

// Came returns the result of Propose for a request that came before; see book.Command.Came.
func Came(ctx context.Context, l book.Ledger, request book.Request) (PublicationResult, bool, error) {
	return commandDatasetPublish.Came(ctx, l, request)
}

// Prepare checks an entry, sets its agency, and makes the act by which that agency publishes it. It
// proposes nothing. It returns the version that is in force, too; Version 0: there is none. It
// refuses an invalid entry, and one with a key of another name or type, as text.EntryInvalid and
// text.KeyChanged, a name as text.NameDisguised, and an actor as Publish does.
func Prepare(ctx context.Context, l book.Ledger, by Actor, e Entry) (_ Entry, p Publication, before Published, err error) {
	err = l.View(ctx, func(r *state.Reader) (err error) {
		kept, exists := keptAt(r, e.Code)
		if e.Agency, err = publisher(r, by, e, kept.Agency); err == nil && exists {
			before, err = kept.published(r, Published{})
		}
		return err
	})
	if err != nil {
		return e, p, before, err
	}
	if p, err = e.publication(); err != nil {
		return e, p, before, invalid(e.Code, err)
	}
	if err := e.comesAfter(before, p); err != nil {
		return e, p, before, err
	}
	if p.Statement, err = l.Act(entryHead(e.Agency, e.Code), EntryType, p.Document); err != nil {
		return e, p, before, fmt.Errorf("publish dataset: %w", err)
	}
	return e, p, before, nil
}

// follows refuses an entry of another agency than that of the version before, and one whose key has
// another name or another type: no record could be found by its key any more.
func (e Entry) follows(before Published) error {
	switch {
	case before.Version == 0:
		return nil
	case before.Agency != e.Agency:
		return text.Fail(text.NotProvider, text.Args{
			"agency": e.Agency.String(), "dataset": e.Code.String(), "provider": before.Agency.String(),
		}, nil)
	}
	was, err := before.KeyType()
	if err != nil { // it was published when more was taken
		return nil
	}
	is, err := e.KeyType()
	if err != nil || e.Key == before.Key && was == is {
		return err
	}
	return text.Fail(text.KeyChanged, text.Args{
		"dataset": e.Code.String(), "before": before.Key + " (" + was.String() + ")", "after": e.Key + " (" + is.String() + ")",
	}, nil)
}

// KeyType returns the type of the field that is the key.
func (e Entry) KeyType() (rows.FieldType, error) {
	schema, err := e.schema()
	if err != nil {
		return 0, err
	}
	field, _ := schema.Field(e.Key)
	return field.Type, nil
}

func (e Entry) publication() (p Publication, err error) {
	p = Publication{Code: e.Code, Agency: e.Agency, Key: e.Key, Indexed: append([]string{}, e.Indexed...)}
	_, p.Document, err = e.checked()
	return p, err
}

// checked checks all about an entry that can be checked without the ledger.
func (e Entry) checked() (schema *rows.Schema, document []byte, err error) {
	if err = e.Validate(); err != nil {
		return nil, nil, err
	}
	if schema, err = e.schema(); err != nil {
		return nil, nil, err
	}
	document, err = e.Encode()
	return schema, document, err
}

// publisher returns the agency whose act the publication is: the agency that the entry names or,
// where the entry names none, the agency that acts. An actor that names no agency acts for the one
// that the entry names. An entry that names another agency than the provider of the version before,
// which is zero where there is none, is refused as text.AgencyOfEntry, whoever acts: the dataset
// was moved since it was written. See also orphan. Other refusals are those of Actor.Provider.
func publisher(r *state.Reader, by Actor, e Entry, before identity.Label) (identity.Label, error) {
	if (by != Actor{}) {
		if _, err := by.Resolve(r); err != nil {
			return e.Agency, err
		}
	}
	if err := orphan(r, by, e, before); err != nil {
		return e.Agency, err
	}
	if !e.Agency.IsZero() && !before.IsZero() && e.Agency != before {
		return e.Agency, text.Fail(text.AgencyOfEntry, text.Args{
			"dataset": e.Code.String(), "named": e.Agency.String(), "provider": before.String(),
		}, nil)
	}
	return by.For(e.Agency).Provider(r, e.Code, e.Agency)
}

func entryHead(agency, code identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindCatalogueEntry, Agency: agency, Code: code}
}

// ApplyPublication publishes an entry, or the next version of one. It is the handler of
// commandDatasetPublish, and a part of the handlers of other commands that publish. It refuses
// before it writes. A publication that was checked is refused if the dataset is another than it was
// then.
func ApplyPublication(tx *state.Tx, b Publication, changed ChangedOf) (PublicationResult, error) {
	return applyPublication(tx, b, changed, both)
}

// ApplyAnew is ApplyPublication for a version with which all records come anew: whatever it
// indexes, every record that counts from then on is found by.
func ApplyAnew(tx *state.Tx, b Publication, changed ChangedOf) (PublicationResult, error) {
	return applyPublication(tx, b, changed, func(_, indexed []string) []string { return indexed })
}

func applyPublication(tx *state.Tx, b Publication, changed ChangedOf, found func(before, after []string) []string) (result PublicationResult, err error) {
	result = PublicationResult{Entry: book.Next(tx), Version: 1}
	kept := keptEntry{Entry: result.Entry, Said: result.Entry, Agency: b.Agency, Key: b.Key, Indexed: b.Indexed, Document: b.Document}
	before, exists := keptAt(tx, b.Code)
	acts := Acts(tx, b.Agency)
	switch {
	case acts != nil:
		return result, acts
	case exists && before.Agency != b.Agency:
		return result, book.Refuse(text.NotProvider, b.Agency.String(), b.Code.String(), before.Agency.String())
	case exists && before.Key != b.Key:
		return result, book.Refuse(text.KeyChanged, b.Code.String(), before.Key, b.Key)
	case b.Same > 0:
		return before.same(tx, b)
	case b.Checked != nil && !b.Checked.holds(before.Version, changed(tx, b.Code)):
		return result, book.Refuse(text.DatasetMoved, b.Code.String())
	case exists:
		result.Version = before.Version + 1
		kept.Indexed = found(before.Indexed, b.Indexed)
		switch c := b.Checked; {
		case c != nil && c.Narrower:
			kept.Unsure = before.Unsure
		case c == nil || !c.Fit:
			kept.Unsure = result.Entry
		}
	}
	kept.Version = result.Version
	if err := errors.Join(kept.save(tx, b.Code), tx.Delete(endings.Name, endingKey(endedDataset, b.Code)), release(tx, HeldDataset, b.Code)); err != nil {
		return result, err
	}
	_, err = b.Statement.Append(tx, entryHead(b.Agency, b.Code))
	return result, err
}

func (k keptEntry) save(tx *state.Tx, code identity.Label) error {
	return catalogue.Save(tx, []byte(code.String()), k)
}

// both returns the texts that are in both lists, in the order of the first.
func both(a, b []string) []string {
	out := []string{}
	for _, s := range a {
		if slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

func keptAt(r book.Reads, code identity.Label) (keptEntry, bool) {
	return catalogue.Load(r, []byte(code.String()))
}

// published returns the dataset. A document of the same bytes as before's is not decoded again.
func (k keptEntry) published(r position, before Published) (Published, error) {
	p := Published{Version: k.Version, At: k.Entry.In(r.Names()), Said: k.Said.In(r.Names()), Found: k.Indexed, Unsure: k.Unsure, Document: k.Document}
	if len(before.Document) > 0 && bytes.Equal(k.Document, before.Document) {
		p.Entry = before.Entry
	} else if err := json.Unmarshal(k.Document, &p.Entry); err != nil {
		return Published{}, fmt.Errorf("decode catalogue entry: %w", err)
	}
	p.Withdrawn, p.RulesHeld = endedOf(r, endedDataset, p.Code), holds.Has(r, endingKey(HeldRules, p.Code))
	return p, nil
}

// Version returns the current version and the provider of a dataset without decoding its document,
// for use in handlers; ok is false when there is no such dataset. A withdrawal raises the version,
// so whatever was decided on a version before it is refused.
func Version(r book.Reads, code identity.Label) (version uint64, provider identity.Label, ok bool) {
	kept, ok := keptAt(r, code)
	return kept.Version, kept.Agency, ok
}

// InForce reports whether the document with the hash is in force as that version of the dataset.
func InForce(r book.Reads, code identity.Label, version uint64, document [sha256.Size]byte) bool {
	kept, ok := keptAt(r, code)
	_, ended := endingOf(r, endedDataset, code)
	return ok && !ended && kept.Version == version && sha256.Sum256(kept.Document) == document
}

// Dataset returns the dataset with the code. A code that the catalogue does not have is refused as
// text.UnknownDataset, a dataset that was withdrawn as text.DatasetWithdrawn, and one that is held
// as text.DatasetHeld.
func Dataset(r *state.Reader, code identity.Label) (Published, error) {
	return DatasetAfter(r, code, Published{})
}

// DatasetAfter returns what Dataset returns, for somebody who knows the dataset as it was before
// and does not change what is returned: while its document is the same, it is not decoded again.
func DatasetAfter(r *state.Reader, code identity.Label, before Published) (Published, error) {
	p, err := Known(r, code, before)
	if err == nil && p.Withdrawn != nil {
		return Published{}, p.Withdrawn.withdrawn(text.DatasetWithdrawn, code, r.Log().Jurisdiction())
	}
	return p, err
}

// Known is DatasetAfter for whoever may see a dataset that was withdrawn, too.
func Known(r *state.Reader, code identity.Label, before Published) (Published, error) {
	kept, ok := keptAt(r, code)
	if !ok {
		in := r.Log().Jurisdiction().String()
		near := text.Nearest(code.String(), codes(r))
		return Published{}, text.Fail(text.UnknownDataset, text.Args{"dataset": code.String(), "jurisdiction": in, "near": near}, nil)
	}
	return kept.published(r, before)
}

// Datasets returns the catalogue in the order of the codes, with what was withdrawn.
func Datasets(r *state.Reader) (all []Published, err error) {
	for _, kept := range catalogue.All(r, nil) {
		p, err := kept.published(r, Published{})
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// Providers calls each with the code of every dataset, withdrawn or not, and of the agency that
// provides it, in the order of the former. It decodes no document, and leaves out what cannot be
// read.
func Providers(r book.Reads, each func(dataset, provider identity.Label)) {
	for key, kept := range catalogue.All(r, nil) {
		if code, err := identity.ParseLabel(string(key)); err == nil {
			each(code, kept.Agency)
		}
	}
}

// Counts returns how many agencies and datasets there are that did not end. It decodes none of
// them.
func Counts(r book.Reads) (ofAgencies, ofDatasets int) {
	count := func(bucket string, prefix []byte) (n int) {
		r.Scan(bucket, prefix, prefix, func([]byte, []byte) bool {
			n++
			return true
		})
		return n
	}
	living := func(bucket, what string) int { return count(bucket, nil) - count(endings.Name, book.Joined(what)) }
	return living(agencies.Name, endedAgency), living(catalogue.Name, endedDataset)
}
