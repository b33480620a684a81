package records

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// RecordType is the content type of a record's payload.
const RecordType = "application/json"

// MaxReasonLen bounds the reason of a retraction, in bytes.
const MaxReasonLen = 2000

// Desk takes in the records of a jurisdiction and answers questions about them. Each hosted
// jurisdiction has one. It is safe for use by several goroutines.
type Desk struct {
	ledger book.Ledger
	// Barred, if set, is told of an agency that asks for a dataset by rule after a grant of its
	// jurisdiction was revoked.
	Barred func(consumer identity.Agency, dataset identity.Label)
	// Giving, if set, is told of an agency before it is given a grant by rule.
	Giving func(ctx context.Context, consumer identity.Agency) error
	// Unreadable, if set, is told once of each entry whose record cannot be read.
	Unreadable func(entry identity.Entry, dataset identity.Label, err error)
	// Uncounted, if set, is told once of each field by which a dataset is not counted although its
	// entry declares it, because the field has too many values; and of every error of Run, with no
	// dataset.
	Uncounted func(dataset identity.Label, fields []string, err error)
	// Slots, if set, are those in which questions are decided and records are scanned.
	Slots *budget.Slots
	// Files, if set, has room for the files that all desks of a node take in.
	Files *Files

	sortedAtOnce int // rows of an import that are sorted in memory, in 32 bytes for each

	moved     chan struct{}   // tells Run that there may be something to do
	uncounted map[string]bool // what Uncounted was told of; Run's alone

	mu        sync.Mutex
	schemas   map[identity.Label]compiled
	planned   map[identity.Label]planned
	checked   map[identity.Label]keptFile
	importing map[identity.Label]bool // datasets into which an import is running
	damaged   map[uint64]bool         // entries that Unreadable was told of, at most mostDamaged
}

// mostDamaged is how many entries Unreadable is told of. Whoever reads of so many reads no list.
const mostDamaged = 1000

// payload opens the record of an entry, for a use that the caller has decided and records. It is
// the one way from a stored record to an answer, and returns what the catalogue entry in force
// lists, whatever the record holds: nothing else can be shown, compared, filtered by or measured.
// The error is book.ErrErased, text.RecordUnreadable, or text.RecordUnfit for a record that the
// schema in force does not take: what it holds is neither shown nor compared.
func (d *Desk) payload(r *state.Reader, index uint64, set dataset) ([]byte, error) {
	record, err := d.ledger.Payload(r, index)
	if err == nil {
		record, err = set.schema.Shown(record)
		if err == nil && set.unsure(index) && !set.takes(record) {
			return nil, text.Fail(text.RecordUnfit, text.Args{"dataset": set.Code.String()}, nil)
		}
	}
	if err == nil || errors.Is(err, book.ErrErased) {
		return record, err
	}
	dataset := set.Code
	entry := d.ledger.Names().Entry(index)
	d.mu.Lock()
	told := d.damaged[index] || len(d.damaged) >= mostDamaged
	if !told {
		d.damaged[index] = true
	}
	d.mu.Unlock()
	if !told && d.Unreadable != nil {
		d.Unreadable(entry, dataset, err)
	}
	return nil, text.Fail(text.RecordUnreadable, text.Args{"dataset": dataset.String(), "entry": entry.String()}, err)
}

// holds reports whether the record of an entry is this one, as a whole: what the entry in force
// does not list counts too. What is erased or damaged is none. Nothing else is told of it.
func (d *Desk) holds(r *state.Reader, index uint64, record []byte) bool {
	have, err := d.ledger.Payload(r, index)
	return err == nil && bytes.Equal(have, record)
}

// compiled is one version of a dataset with its schema. The first who calls schema compiles it, and
// whoever comes meanwhile waits for that.
type compiled struct {
	of     catalog.Published
	schema func() (*rows.Schema, error)
}

// NewDesk returns the desk of the jurisdiction.
func NewDesk(l book.Ledger) *Desk {
	return &Desk{
		ledger: l, sortedAtOnce: sortedAtOnce, schemas: map[identity.Label]compiled{}, importing: map[identity.Label]bool{},
		damaged: map[uint64]bool{}, planned: map[identity.Label]planned{}, checked: map[identity.Label]keptFile{},
		moved: make(chan struct{}, 1), uncounted: map[string]bool{},
	}
}

// dataset is a dataset with its compiled schema.
type dataset struct {
	catalog.Published
	schema *rows.Schema
	counts counts   // as own read them; the zero value otherwise
	asked  []string // fields that somebody is told of; nil: all, and the record as a whole
}

// takes reports whether what is asked of a record is as the entry in force says. Whoever is told of
// some fields learns nothing from it of the others, of which whether they fit would tell.
func (d dataset) takes(record []byte) bool {
	if d.asked == nil {
		return d.schema.Takes(record)
	}
	return d.schema.TakesOf(record, d.asked)
}

// asking returns the dataset for a use by the consumer that tells of the fields. A count of all
// records tells of none. What no field by itself breaks, but several together, counts where all of
// them are told of.
func (d dataset) asking(consumer identity.Agency, in identity.Jurisdiction, fields []string) dataset {
	all := !slices.ContainsFunc(d.fields(), func(name string) bool { return !slices.Contains(fields, name) })
	if !all && consumer != identity.NewAgency(in, d.Agency) {
		d.asked = append([]string{}, fields...)
	}
	return d
}

// unsure reports whether the schema may not take the record of the entry at index.
func (d dataset) unsure(index uint64) bool {
	before, some := d.Unsure.Index()
	return some && index < before
}

func (d dataset) fields() []string {
	fields := d.schema.Fields()
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// at returns the dataset with the code as the state has it.
func (d *Desk) at(r *state.Reader, code identity.Label) (dataset, error) {
	return d.as(code, func(before catalog.Published) (catalog.Published, error) {
		return catalog.DatasetAfter(r, code, before)
	})
}

// as returns the dataset as read reads it.
func (d *Desk) as(code identity.Label, read func(before catalog.Published) (catalog.Published, error)) (dataset, error) {
	d.mu.Lock()
	before := d.schemas[code].of
	d.mu.Unlock()
	p, err := read(before)
	if err != nil {
		return dataset{}, err
	}
	return d.compiled(p)
}

// compiled returns the dataset with its schema. Each version of a schema is compiled once, outside
// the lock, so that nobody waits for the schema of another dataset.
func (d *Desk) compiled(p catalog.Published) (dataset, error) {
	d.mu.Lock()
	kept := d.schemas[p.Code]
	if kept.of.Version != p.Version {
		kept = compiled{p, sync.OnceValues(func() (*rows.Schema, error) { return rows.Compile(p.Schema, p.Key, p.Indexed) })}
		d.schemas[p.Code] = kept
	}
	d.mu.Unlock()
	schema, err := kept.schema()
	if err != nil {
		return dataset{}, fmt.Errorf("compile schema of %s: %w", p.Code, err)
	}
	return dataset{Published: p, schema: schema}, nil
}

// rejected returns the refusal of a record, or of a value that is asked for, as a code. It names
// the field and the rule, and never the value.
func rejected(as text.Code, code identity.Label, bad *rows.Bad) error {
	reason := bad.Reason
	if len(bad.Faults) > 0 {
		reason = text.BrokenRule(bad.Faults[0])
	}
	return text.Fail(as, text.Args{"dataset": code.String(), "field": text.Short(bad.Column), "reason": reason}, nil)
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

// key turns the key that a person typed into its canonical JSON, of which the MAC is made.
func (set dataset) key(typed string) ([]byte, error) {
	key, err := set.schema.Value(set.Key, typed)
	if err != nil {
		return nil, asUnfit(set.Code, err)
	}
	return key, nil
}

// askedKey is key for whoever asks for a record: a key that none can have is refused. One of a
// record that an earlier entry took, which is answered to nobody, is acted on by key.
func (set dataset) askedKey(typed string) ([]byte, error) {
	key, err := set.schema.Key(typed)
	if err != nil {
		return nil, asUnfit(set.Code, err)
	}
	return key, nil
}

// asRejected turns an error of the schema into the refusal of a record. It returns any other error
// as it is.
func asRejected(code identity.Label, err error) error {
	if bad, ok := asBad(err); ok {
		return rejected(text.SchemaRejected, code, bad)
	}
	return err
}

// asUnfit is asRejected for a value that somebody asks for: no record is at fault.
func asUnfit(code identity.Label, err error) error {
	if bad, ok := asBad(err); ok {
		return rejected(text.AskedUnfit, code, bad)
	}
	return err
}

// requested returns the provider's request to do something with a record.
func (set dataset) requested(l book.Ledger, id identity.Message, content []byte) book.Request {
	return book.By(identity.NewAgency(l.Name(), set.Agency), id, append(datasetPrefix(set.Code), content...))
}

// Retract takes a record out of use, as an act of the providing agency. The reason has 1 to
// MaxReasonLen bytes and is sealed with the act. Retract proposes the command even where there is
// no record: the retry of a retraction that was done then gets the first result by its id, and
// every other command is refused as text.UnknownRecord, or text.DatasetMoved where the catalogue
// entry has changed meanwhile.
func (d *Desk) Retract(ctx context.Context, id identity.Message, by catalog.Actor, code identity.Label, key, reason string) (entry identity.Entry, err error) {
	if strings.TrimSpace(reason) == "" || len(reason) > MaxReasonLen {
		return entry, text.Fail(text.BadRequest, text.Args{"where": "reason", "reason": fmt.Sprintf("1..%d bytes", MaxReasonLen)}, nil)
	}
	if err := text.Recordable("reason", reason); err != nil {
		return entry, err
	}
	var set dataset
	var last Version
	var value []byte
	err = d.ledger.View(ctx, func(r *state.Reader) (err error) {
		if set, err = d.own(r, by, code); err != nil {
			return err
		}
		if value, err = set.key(key); err == nil {
			last, _ = newView(r).latest(code, d.keyMAC(code, value))
		}
		return err
	})
	if err != nil {
		return entry, err
	}
	b := retractBody{Code: code, Version: set.Version, Key: d.keyMAC(code, value), Retracts: last.Index}
	payload, err := json.Marshal(map[string]any{"key": json.RawMessage(value), "reason": reason})
	if err != nil {
		return entry, fmt.Errorf("retract record: %w", err)
	}
	if b.Statement, err = d.ledger.Act(retractionHead(b.Retracts, set.Agency, code), RecordType, payload); err != nil {
		return entry, fmt.Errorf("retract record: %w", err)
	}
	return book.Enter(ctx, d.ledger, commandRetract, set.requested(d.ledger, id, payload), b)
}

// HistoryVersion is one version of a record, as its provider may see it.
type HistoryVersion struct {
	Version
	Time   time.Time // when the version's entry was made
	Reason string    // of a retraction; "": none was given, or it is erased
}

// timeOf returns when the entry at index was made.
func timeOf(r *state.Reader, index uint64) (time.Time, error) {
	leaf, err := ledger.DecodeLeaf(r.Leaf(index))
	if err != nil {
		return time.Time{}, fmt.Errorf("read entry %d: %w", index, err)
	}
	return time.UnixMilli(int64(leaf.Head.At())), nil
}

// MaxHistory is the most versions of one record that History returns.
const MaxHistory = 1000

// History returns the visible versions of a record, oldest first, to the providing agency: the
// newest MaxHistory, and whether there are older ones. A key without a visible version is refused
// as text.NoHistory.
func (d *Desk) History(ctx context.Context, by catalog.Actor, code identity.Label, key string) (all []HistoryVersion, older bool, err error) {
	err = d.ledger.View(ctx, func(r *state.Reader) error {
		set, err := d.own(r, by, code)
		if err != nil {
			return err
		}
		value, err := set.key(key)
		if err != nil {
			return err
		}
		versions := newView(r).history(code, d.keyMAC(code, value), MaxHistory+1)
		older = len(versions) > MaxHistory
		for _, v := range versions[max(0, len(versions)-MaxHistory):] {
			at, err := timeOf(r, v.Index)
			if err != nil {
				return err
			}
			var why string
			if v.Retracted {
				why = book.OpenReason(d.ledger, r, v.Index)
			}
			all = append(all, HistoryVersion{v, at, why})
		}
		return nil
	})
	if err == nil && len(all) == 0 {
		err = text.Fail(text.NoHistory, text.Args{"dataset": code.String()}, nil)
	}
	return all, older, err
}

// Offered returns what a dataset offers, and the version of its entry. The refusal is
// text.UnknownDataset.
func (d *Desk) Offered(r *state.Reader, code identity.Label) (policy.Offer, uint64, error) {
	set, err := d.at(r, code)
	if err != nil {
		return policy.Offer{}, 0, err
	}
	return set.offer(r.Log().Jurisdiction()), set.Version, nil
}

// Provider returns the agency that provides a dataset, also of one that was withdrawn; zero: there
// is no such dataset.
func (d *Desk) Provider(r *state.Reader, code identity.Label) identity.Agency {
	set, ok := DatasetState(r, code)
	if !ok {
		return identity.Agency{}
	}
	return identity.NewAgency(r.Log().Jurisdiction(), set.Provider)
}

// offer returns the dataset as package policy decides on it.
func (set dataset) offer(in identity.Jurisdiction) policy.Offer {
	category, _ := policy.ParseCategory(set.Category)
	return policy.Offer{
		Provider: identity.NewAgency(in, set.Agency), Category: category, Citation: set.Citation,
		Purposes: set.PurposeCodes(), Fields: set.fields(), Counts: set.CountCodes(), GroupBy: set.GroupBy,
		Measures: set.Measures,
	}
}
