package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/text"
)

// EntryType is the content type of a catalogue entry's payload.
const EntryType = "application/json"

// datasetPublish is the body of commandDatasetPublish.
type datasetPublish struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Agency    identity.Label
	Key       string
	Indexed   []string
	Entry     []byte // JSON of the whole entry
	Statement book.Statement
}

// keptEntry is what is kept under a dataset's code.
type keptEntry struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Entry   ledger.Ref
	Agency  identity.Label
	Key     string
	// Indexed are the fields that every version so far has indexed: only these are found by their index.
	Indexed  []string
	Document []byte
}

var catalogue = book.Bucket[keptEntry]{Name: "catalogue", Max: 2 * MaxEntryLen}

// Published is a catalogue entry as it stands.
type Published struct {
	Entry
	Version uint64         // counted from 1
	At      identity.Entry // the entry of the ledger that published this version
	// Found are the fields that every version so far has indexed. A field that was added to the index
	// later is not among them: the records from before are not in its index, and an answer from it would
	// leave them out.
	Found []string
}

// Publish publishes the entry as an act of its agency, and returns the entry of the ledger. A key names
// records for ever, so it cannot change from one version to the next; neither can the agency.
func Publish(ctx context.Context, l book.Ledger, id identity.Message, e Entry) (identity.Entry, error) {
	payload, err := e.Encode()
	if err != nil {
		return identity.Entry{}, err
	}
	act, err := l.Act(entryHead(e.Agency, e.Code), EntryType, payload)
	if err != nil {
		return identity.Entry{}, fmt.Errorf("publish dataset: %w", err)
	}
	return book.Enter(ctx, l, commandDatasetPublish, id, payload, datasetPublish{
		Code: e.Code, Agency: e.Agency, Key: e.Key, Indexed: append([]string{}, e.Indexed...), Entry: payload, Statement: act,
	})
}

func entryHead(agency, code identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindCatalogueEntry, Agency: agency, Code: code}
}

// applyDatasetPublish publishes an entry, or a next version of it.
func applyDatasetPublish(tx *state.Tx, b datasetPublish) (ledger.Ref, error) {
	kept := keptEntry{Version: 1, Entry: book.Next(tx), Agency: b.Agency, Key: b.Key, Indexed: b.Indexed, Document: b.Entry}
	before, exists := keptAt(tx, b.Code)
	switch {
	case !hasAgency(tx, b.Agency):
		return ledger.None, book.Refuse(text.UnknownAgency, b.Agency.String(), tx.Log().Jurisdiction().String(), "-")
	case exists && before.Agency != b.Agency:
		return ledger.None, book.Refuse(text.NotProvider, b.Agency.String(), b.Code.String(), before.Agency.String())
	case exists && before.Key != b.Key:
		return ledger.None, book.Refuse(text.EntryInvalid, b.Code.String(), fmt.Sprintf("key %s -> %s", before.Key, b.Key))
	case exists:
		kept.Version = before.Version + 1
		kept.Indexed = both(before.Indexed, b.Indexed)
	}
	if err := catalogue.Save(tx, []byte(b.Code.String()), kept); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, entryHead(b.Agency, b.Code))
}

// both returns what is in both lists, in the order of the first.
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

func (k keptEntry) published(log identity.Log) (Published, error) {
	p := Published{Version: k.Version, At: k.Entry.In(log), Found: k.Indexed}
	if err := json.Unmarshal(k.Document, &p.Entry); err != nil {
		return Published{}, fmt.Errorf("decode catalogue entry: %w", err)
	}
	return p, nil
}

// Version returns the dataset's current version and provider, without decoding the entry; ok is false
// when there is no such dataset. Handlers use it.
func Version(r book.Reads, code identity.Label) (version uint64, provider identity.Label, ok bool) {
	kept, ok := keptAt(r, code)
	return kept.Version, kept.Agency, ok
}

// Dataset returns the dataset with the code. A code that the catalogue has not is refused as
// text.UnknownDataset.
func Dataset(r *state.Reader, code identity.Label) (Published, error) {
	kept, ok := keptAt(r, code)
	if !ok {
		in := r.Log().Jurisdiction().String()
		return Published{}, text.Fail(text.UnknownDataset, text.Args{"dataset": code.String(), "jurisdiction": in}, nil)
	}
	return kept.published(r.Log())
}

// Datasets returns the catalogue in the order of the codes.
func Datasets(r *state.Reader) (all []Published, err error) {
	for _, kept := range catalogue.All(r, nil) {
		p, err := kept.published(r.Log())
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}
