package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/text"
)

// KindDatasetPublish is the command that publishes a catalogue entry. Its number is that of docs/protocol.md.
const KindDatasetPublish state.Kind = 4

// EntryType is the content type of a catalogue entry's payload.
const EntryType = "application/json"

const bucketCatalogue = "catalogue"

// datasetPublish is the body of KindDatasetPublish.
type datasetPublish struct {
	_        struct{} `cbor:",toarray"`
	Code     identity.Label
	Agency   identity.Label
	Key      string
	Indexed  []string
	Entry    []byte // JSON of the whole entry
	Evidence []byte
	Sealed   []byte
}

// keptEntry is the value of the catalogue bucket.
type keptEntry struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Index   uint64
	Agency  identity.Label
	Key     string
	Indexed []string // the fields that every version so far has indexed: only these are found by their index
	Entry   []byte
}

// Published is a catalogue entry as it stands.
type Published struct {
	Entry
	Version uint64 // counted from 1
	Index   uint64 // of the entry that published this version
	// Found are the fields that every version so far has indexed. A field that was added to the index later is not
	// among them: the records from before are not in its index, and an answer from it would leave them out.
	Found []string
}

// Ledger is what publishing needs of the jurisdiction.
type Ledger interface {
	Act(stated ledger.Head, contentType string, payload []byte) (ledger.Evidence, []byte, error)
	Propose(ctx context.Context, kind state.Kind, id identity.Message, asked, body []byte) ([]byte, error)
}

func refuse(code text.Code, values ...string) error {
	return &state.Refusal{Code: state.Code(text.Number(code)), Args: values}
}

// Publish publishes the entry as an act of its agency, and returns the index of the entry in the ledger. A key names
// records for ever, so it cannot change from one version to the next; neither can the agency.
func Publish(ctx context.Context, l Ledger, id identity.Message, e Entry) (index uint64, err error) {
	payload, err := e.Encode()
	if err != nil {
		return 0, err
	}
	evidence, sealed, err := l.Act(e.head(), EntryType, payload)
	if err != nil {
		return 0, fmt.Errorf("publish dataset: %w", err)
	}
	body, err := canon.Marshal(datasetPublish{
		Code: e.Code, Agency: e.Agency, Key: e.Key, Indexed: append([]string{}, e.Indexed...), Entry: payload,
		Evidence: evidence.Encode(), Sealed: sealed,
	})
	if err != nil {
		return 0, fmt.Errorf("publish dataset: %w", err)
	}
	result, err := l.Propose(ctx, KindDatasetPublish, id, payload, body)
	if err != nil {
		return 0, err
	}
	return DecodeIndex(result)
}

func (e Entry) head() ledger.Head {
	return ledger.Head{Kind: ledger.KindCatalogueEntry, Agency: e.Agency, Code: e.Code}
}

// applyDatasetPublish publishes an entry, or a next version of it.
func applyDatasetPublish(tx *state.Tx, body []byte) ([]byte, error) {
	var p datasetPublish
	if err := canon.Unmarshal(body, state.MaxCommandLen, &p); err != nil {
		return nil, err
	}
	evidence, err := ledger.DecodeEvidence(p.Evidence)
	if err != nil {
		return nil, err
	}
	kept := keptEntry{Version: 1, Agency: p.Agency, Key: p.Key, Indexed: p.Indexed, Entry: p.Entry}
	before, exists := keptAt(tx, p.Code)
	switch {
	case tx.Get(bucketAgencies, []byte(p.Agency.String())) == nil:
		return nil, refuse(text.UnknownAgency, p.Agency.String(), tx.Log().Jurisdiction().String(), "-")
	case exists && before.Agency != p.Agency:
		return nil, refuse(text.NotProvider, p.Agency.String(), p.Code.String(), before.Agency.String())
	case exists && before.Key != p.Key:
		return nil, refuse(text.EntryInvalid, p.Code.String(), fmt.Sprintf("key %s -> %s", before.Key, p.Key))
	case exists:
		kept.Version = before.Version + 1
		kept.Indexed = both(before.Indexed, p.Indexed)
	}
	stated := ledger.Head{Kind: ledger.KindCatalogueEntry, Agency: p.Agency, Code: p.Code}
	if kept.Index, err = tx.Append(stated, evidence, p.Sealed); err != nil {
		return nil, err
	}
	value, err := canon.Marshal(kept)
	if err != nil {
		return nil, err
	}
	if err := tx.Put(bucketCatalogue, []byte(p.Code.String()), value); err != nil {
		return nil, err
	}
	return canon.Marshal(kept.Index)
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

// keptAt reads what this room wrote itself: anything else is a damaged file, which must stop the node.
func keptAt(r Reads, code identity.Label) (kept keptEntry, ok bool) {
	data := r.Get(bucketCatalogue, []byte(code.String()))
	if data == nil {
		return keptEntry{}, false
	}
	if err := canon.Unmarshal(data, 2*MaxEntryLen, &kept); err != nil {
		panic(fmt.Sprintf("catalog: damaged state: %v", err))
	}
	return kept, true
}

func (k keptEntry) published() (Published, error) {
	p := Published{Version: k.Version, Index: k.Index, Found: k.Indexed}
	if err := json.Unmarshal(k.Entry, &p.Entry); err != nil {
		return Published{}, fmt.Errorf("decode catalogue entry: %w", err)
	}
	return p, nil
}

// Version returns the dataset's current version and provider, without decoding the entry; ok is false when there is no
// such dataset. Handlers use it.
func Version(r Reads, code identity.Label) (version uint64, provider identity.Label, ok bool) {
	kept, ok := keptAt(r, code)
	return kept.Version, kept.Agency, ok
}

// Dataset returns the dataset with the code. A code that the catalogue has not is refused as text.UnknownDataset.
func Dataset(r Reads, in identity.Jurisdiction, code identity.Label) (Published, error) {
	kept, ok := keptAt(r, code)
	if !ok {
		return Published{}, text.Fail(text.UnknownDataset, text.Args{"dataset": code.String(), "jurisdiction": in.String()}, nil)
	}
	return kept.published()
}

// Datasets returns the catalogue in the order of the codes.
func Datasets(r Reads) (all []Published, err error) {
	r.Scan(bucketCatalogue, nil, nil, func(k, _ []byte) bool {
		var code identity.Label
		if code, err = identity.ParseLabel(string(k)); err != nil {
			return false
		}
		kept, _ := keptAt(r, code)
		var p Published
		p, err = kept.published()
		all = append(all, p)
		return err == nil
	})
	return all, err
}
