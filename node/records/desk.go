package records

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/catalog"
	"xietong/node/policy"
	"xietong/node/rows"
	"xietong/node/text"
)

// RecordType is the content type of a record's payload.
const RecordType = "application/json"

// MaxReasonLen bounds the reason of a retraction, in bytes.
const MaxReasonLen = 2000

// Desk is where records are brought and asked for: one for each hosted jurisdiction. It is safe for use by several
// goroutines.
type Desk struct {
	ledger book.Ledger

	mu        sync.Mutex
	schemas   map[identity.Label]compiled
	importing map[identity.Label]bool // datasets into which an import is running
}

type compiled struct {
	version uint64
	schema  *rows.Schema
}

// NewDesk returns the desk of the jurisdiction.
func NewDesk(l book.Ledger) *Desk {
	return &Desk{ledger: l, schemas: map[identity.Label]compiled{}, importing: map[identity.Label]bool{}}
}

// dataset is a dataset with its compiled schema.
type dataset struct {
	catalog.Published
	schema *rows.Schema
}

func (d dataset) fields() []string {
	fields := d.schema.Fields()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// dataset returns the dataset with the code as it is now.
func (d *Desk) dataset(ctx context.Context, code identity.Label) (dataset, error) {
	var p catalog.Published
	err := d.ledger.View(ctx, func(r *state.Reader) (err error) {
		p, err = catalog.Dataset(r, code)
		return err
	})
	if err != nil {
		return dataset{}, err
	}
	return d.compiled(p)
}

// compiled returns the dataset with its schema, which is compiled once a version.
func (d *Desk) compiled(p catalog.Published) (dataset, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	kept := d.schemas[p.Code]
	if kept.version != p.Version {
		schema, err := rows.Compile(p.Schema, p.Key, p.Indexed)
		if err != nil {
			return dataset{}, fmt.Errorf("compile schema of %s: %w", p.Code, err)
		}
		kept = compiled{p.Version, schema}
		d.schemas[p.Code] = kept
	}
	return dataset{p, kept.schema}, nil
}

// Offered is a dataset with the fields of its records.
type Offered struct {
	catalog.Published
	Fields []rows.Field // by name
}

// Catalogue returns the datasets in the order of their codes, those behind after alone.
func (d *Desk) Catalogue(ctx context.Context, after identity.Label) (all []Offered, err error) {
	var published []catalog.Published
	err = d.ledger.View(ctx, func(r *state.Reader) (err error) {
		published, err = catalog.Datasets(r)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range published {
		if p.Code.String() <= after.String() {
			continue
		}
		set, err := d.compiled(p)
		if err != nil {
			return nil, err
		}
		all = append(all, Offered{p, set.schema.Fields()})
	}
	return all, nil
}

// ownDataset returns the dataset if the agency provides it: nobody else writes its records.
func (d *Desk) ownDataset(ctx context.Context, agency, code identity.Label) (dataset, error) {
	set, err := d.dataset(ctx, code)
	if err == nil && set.Agency != agency {
		err = text.Fail(text.NotProvider, text.Args{
			"agency": agency.String(), "dataset": code.String(), "provider": set.Agency.String(),
		}, nil)
	}
	return set, err
}

// rejected tells what is wrong with a record. It names the field and the rule, and never the value.
func rejected(code identity.Label, bad *rows.Bad) error {
	return text.Fail(text.SchemaRejected, text.Args{"dataset": code.String(), "field": bad.Column, "reason": bad.Reason}, nil)
}

func (d *Desk) keyMAC(code identity.Label, key []byte) MAC {
	return d.ledger.MAC("record key", []byte(code.String()), key)
}

func (d *Desk) valueMAC(code identity.Label, field string, value []byte) MAC {
	return d.ledger.MAC("indexed value", []byte(code.String()), []byte(field), value)
}

func (d *Desk) indexedMACs(code identity.Label, values []rows.IndexedValue) []indexedMAC {
	macs := make([]indexedMAC, len(values))
	for i, v := range values {
		macs[i] = indexedMAC{Field: v.Field, Value: d.valueMAC(code, v.Field, v.Value)}
	}
	return macs
}

// key turns the key that a person typed into the bytes that stand for it.
func (set dataset) key(typed string) ([]byte, error) {
	key, err := set.schema.Value(set.Key, typed)
	if err != nil {
		return nil, asRejected(set.Code, err)
	}
	return key, nil
}

// asRejected tells a refusal by the schema; any other error is returned as it is.
func asRejected(code identity.Label, err error) error {
	if bad, ok := asBad(err); ok {
		return rejected(code, bad)
	}
	return err
}

// Put puts one record, as an act of the providing agency.
func (d *Desk) Put(ctx context.Context, id identity.Message, agency, code identity.Label, data []byte) (entry identity.Entry, replaced bool, err error) {
	set, err := d.ownDataset(ctx, agency, code)
	if err != nil {
		return entry, false, err
	}
	record, err := set.schema.Record(data)
	if err != nil {
		return entry, false, asRejected(code, err)
	}
	act, err := d.ledger.Act(recordHead(agency, code), RecordType, record.JSON)
	if err != nil {
		return entry, false, fmt.Errorf("put record: %w", err)
	}
	put, err := commandPut.Do(ctx, d.ledger, id, asked(code, record.JSON), putBody{
		Code: code, Version: set.Version, Key: d.keyMAC(code, record.Key), Indexed: d.indexedMACs(code, record.Indexed),
		Statement: act,
	})
	return put.Entry.In(d.ledger.Log()), put.Replaced, err
}

// asked stands for a request under an idempotency key; the ledger keeps it as a MAC only.
func asked(code identity.Label, content []byte) []byte {
	return append(datasetPrefix(code), content...)
}

// Retract takes a record out of use, as an act of the providing agency. The reason is sealed with it.
func (d *Desk) Retract(ctx context.Context, id identity.Message, agency, code identity.Label, key, reason string) (entry identity.Entry, err error) {
	if strings.TrimSpace(reason) == "" || len(reason) > MaxReasonLen {
		return entry, text.Fail(text.BadRequest, text.Args{"where": "reason", "reason": fmt.Sprintf("1..%d bytes", MaxReasonLen)}, nil)
	}
	set, err := d.ownDataset(ctx, agency, code)
	if err != nil {
		return entry, err
	}
	value, err := set.key(key)
	if err != nil {
		return entry, err
	}
	payload, err := json.Marshal(map[string]any{"key": json.RawMessage(value), "reason": reason})
	if err != nil {
		return entry, fmt.Errorf("retract record: %w", err)
	}
	mac := d.keyMAC(code, value)
	retracts, err := d.toRetract(ctx, code, mac)
	if err != nil {
		return entry, err
	}
	act, err := d.ledger.Act(retractionHead(retracts, agency, code), RecordType, payload)
	if err != nil {
		return entry, fmt.Errorf("retract record: %w", err)
	}
	return book.Enter(ctx, d.ledger, commandRetract, id, asked(code, payload), retractBody{
		Code: code, Key: mac, Retracts: retracts, Statement: act,
	})
}

// toRetract returns the version that a retraction is about. When there is none the command goes on all the same: a retry
// of a retraction that was done gets its result by its id, and anything else is refused there.
func (d *Desk) toRetract(ctx context.Context, code identity.Label, key MAC) (index uint64, err error) {
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		if all := newView(r).history(code, key); len(all) > 0 {
			index = all[len(all)-1].Index
		}
		return nil
	})
	return index, err
}

// HistoryVersion is one version of a record, as its provider may see it.
type HistoryVersion struct {
	Version
	Time time.Time // ledger time of the version's entry
}

// History returns every visible version of a record, oldest first, to the providing agency.
func (d *Desk) History(ctx context.Context, agency, code identity.Label, key string) (all []HistoryVersion, err error) {
	set, err := d.ownDataset(ctx, agency, code)
	if err != nil {
		return nil, err
	}
	value, err := set.key(key)
	if err != nil {
		return nil, err
	}
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		for _, v := range newView(r).history(code, d.keyMAC(code, value)) {
			leaf, err := ledger.DecodeLeaf(r.Leaf(v.Index))
			if err != nil {
				return err
			}
			all = append(all, HistoryVersion{v, time.UnixMilli(int64(leaf.Head.Time))})
		}
		return nil
	})
	if err == nil && len(all) == 0 {
		err = text.Fail(text.UnknownRecord, text.Args{"dataset": code.String()}, nil)
	}
	return all, err
}

// offer is what policy decides on.
func (set dataset) offer(in identity.Jurisdiction) policy.Offer {
	category, _ := policy.ParseCategory(set.Category)
	return policy.Offer{
		Provider: identity.NewAgency(in, set.Agency), Category: category, Citation: set.Citation,
		Purposes: set.PurposeCodes(), Fields: set.fields(), Counts: set.CountCodes(), GroupBy: set.GroupBy,
	}
}
