package records

import (
	"errors"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// The commands of this room. The numbers are those of docs/protocol.md.
const (
	commandPut           book.Command[putBody, putResult]               = 5
	commandRetract       book.Command[retractBody, ledger.Ref]          = 6
	commandImportOpen    book.Command[openBody, openResult]             = 7
	commandImportChunk   book.Command[chunkBody, uint64]                = 8 // result: the number of rows staged so far
	commandImportPublish book.Command[publishBody, ledger.Ref]          = 9
	commandImportAbandon book.Command[abandonBody, ledger.Ref]          = 10
	commandAlong         book.Command[Along, catalog.PublicationResult] = 46
	commandImportIndex   book.Command[indexBody, uint64]                = 33 // result: the number of rows of the order that are findable so far
	commandImportClear   book.Command[clearBody, bool]                  = 34 // result: there is more to clear
)

// Register adds this room's commands and buckets.
func Register(r *state.Registry) {
	versions.Keep(r)
	imports.Keep(r)
	changes.Keep(r)
	stagedRows.Keep(r)
	r.Keep(
		state.Bucket{Name: bucketIndexed, MaxKey: 512, MaxValue: len(MAC{}), Large: true},
		state.Bucket{Name: bucketPlaces, MaxKey: 24, MaxValue: maxChunkRows * placeLen, Grows: true, Large: true},
		state.Bucket{Name: bucketRanges, MaxKey: 16, MaxValue: 8, Large: true},
		state.Bucket{Name: bucketEnded, MaxKey: 8, Large: true},
		state.Bucket{Name: bucketImportIDs, MaxKey: len(MAC{}), MaxValue: 8, Large: true},
		state.Bucket{Name: bucketImporting, MaxKey: 64, MaxValue: 8, Large: true},
		state.Bucket{Name: bucketReplaced, MaxKey: 128, MaxValue: 8, Large: true},
	)
	registerCounts(r)
	commandPut.Handle(r, applyPut)
	commandRetract.Handle(r, applyRetract)
	commandImportOpen.Handle(r, applyImportOpen)
	commandImportChunk.Handle(r, applyImportChunk)
	commandImportPublish.Handle(r, applyImportPublish)
	commandImportAbandon.Handle(r, applyImportAbandon)
	commandImportIndex.Handle(r, applyImportIndex)
	commandImportClear.Handle(r, applyImportClear)
	commandAlong.Handle(r, ApplyAlong)
}

// DatasetState returns the state of a dataset that a use is decided on, and false when there is no
// such dataset. It is the sharing.DatasetStateOf of this room.
func DatasetState(r book.Reads, code identity.Label) (sharing.DatasetState, bool) {
	version, provider, ok := catalog.Version(r, code)
	held, _ := catalog.RulesHeld(r, code)
	return sharing.DatasetState{Provider: provider, Version: version, Held: held, Removed: func(key []byte, after uint64) bool {
		return len(key) != len(MAC{}) || removed(r, code, MAC(key), after)
	}}, ok
}

// indexedMAC is one indexed value of a record.
type indexedMAC struct {
	_     struct{} `cbor:",toarray"`
	Field string
	Value MAC
}

// putBody is the body of commandPut.
type putBody struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Version   uint64 // of the catalogue entry whose schema the record was checked with
	Key       MAC
	Indexed   []indexedMAC
	Groups    []groupValue
	Same      ledger.Ref // the version that counted, and is the same as a whole; None: there was none
	Statement book.Statement
}

// putResult is the result of commandPut.
type putResult struct {
	_         struct{} `cbor:",toarray"`
	Entry     ledger.Ref
	Replaced  bool
	Unchanged bool // nothing was written
}

// retractBody is the body of commandRetract.
type retractBody struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Version   uint64 // of the catalogue entry whose provider acts
	Key       MAC
	Retracts  uint64 // index of the version that the act is about
	Statement book.Statement
}

func recordHead(agency, code identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindRecord, Agency: agency, Code: code}
}

// applyPut puts one record. It refuses a record that was checked with another than the current
// version of the catalogue entry. One that is there still changes nothing, and the request is
// answered for ever: repeated after somebody else's put, it does not undo that.
func applyPut(tx *state.Tx, b putBody) (putResult, error) {
	current, provider, ok := catalog.Version(tx, b.Code)
	if !ok || current != b.Version {
		return putResult{}, book.Refuse(text.DatasetMoved, b.Code.String())
	}
	v, c := newView(tx), newCounting(tx, b.Code)
	if now, ok := v.current(b.Code, b.Key); ok && ledger.RefTo(now.Index) == b.Same {
		return putResult{Entry: b.Same, Unchanged: true}, nil
	}
	before := c.current(v, b.Key)
	groups, err := c.groups(b.Groups)
	if err != nil {
		return putResult{}, err
	}
	c.replace(b.Key, before, &row{groups})
	entry, err := b.Statement.Append(tx, recordHead(provider, b.Code))
	if err != nil {
		return putResult{}, err
	}
	return putResult{Entry: entry, Replaced: before != nil}, errors.Join(
		clearGivenUp(tx, v, b.Code, b.Key),
		keep(tx, b.Code, b.Key, b.Indexed, entry, version{State: statePut, Groups: groups}),
		c.save(),
		changed(tx, b.Code, entry, 0),
	)
}

// keep makes a put version findable, which is that of the entry.
func keep(tx *state.Tx, code identity.Label, key MAC, indexed []indexedMAC, entry ledger.Ref, put version) error {
	index, _ := entry.Index()
	err := versions.Save(tx, versionKey(code, key, put.Import, index), put)
	for _, m := range indexed {
		err = errors.Join(err, keepIndexed(tx, code, m.Field, m.Value, index, key))
	}
	return err
}

// keepIndexed makes the version with the entry findable by the value of an indexed field.
func keepIndexed(tx *state.Tx, code identity.Label, field string, value MAC, entry uint64, key MAC) error {
	return tx.Put(bucketIndexed, append(indexedPrefix(code, field, value), book.Be64(entry)...), key[:])
}

// maxCleared is how many versions clearGivenUp deletes at most.
const maxCleared = 16

// clearGivenUp deletes the newest rows of the key where they came with imports that were given up,
// so that nobody who looks for the version that counts passes them by again.
func clearGivenUp(tx *state.Tx, v view, code identity.Label, key MAC) (err error) {
	var gone [][]byte
	prefix := recordPrefix(code, key)
	tx.Scan(versions.Name, prefix, prefix, func(k, value []byte) bool {
		kept := versions.Decode(k, value)
		if kept.Import == ledger.None || !v.imported(kept.Import).Abandoned {
			return false
		}
		gone = append(gone, k)
		return len(gone) < maxCleared
	})
	for _, k := range gone {
		err = errors.Join(err, tx.Delete(versions.Name, k))
	}
	return err
}

func retractionHead(retracts uint64, agency, code identity.Label) ledger.Head {
	return ledger.Head{Kind: ledger.KindRetraction, Agency: agency, Code: code, About: ledger.RefTo(retracts)}
}

// applyRetract takes a record out of use, if its current version is still the one that the act is
// about, and the dataset is still offered by the agency whose act it is.
func applyRetract(tx *state.Tx, b retractBody) (ledger.Ref, error) {
	current, provider, ok := catalog.Version(tx, b.Code)
	if !ok || current != b.Version {
		return ledger.None, book.Refuse(text.DatasetMoved, b.Code.String())
	}
	switch now, ok := newView(tx).current(b.Code, b.Key); {
	case !ok:
		return ledger.None, book.Refuse(text.UnknownRecord, b.Code.String())
	case now.Index != b.Retracts:
		return ledger.None, book.Refuse(text.DatasetMoved, b.Code.String())
	}
	entry, err := b.Statement.Append(tx, retractionHead(b.Retracts, provider, b.Code))
	if err != nil {
		return ledger.None, err
	}
	c := newCounting(tx, b.Code)
	c.replace(b.Key, c.current(newView(tx), b.Key), nil)
	index, _ := entry.Index()
	return entry, errors.Join(
		versions.Save(tx, versionKey(b.Code, b.Key, ledger.None, index), version{State: stateRetracted, Groups: grouped{}}),
		c.save(),
		changed(tx, b.Code, entry, 1),
	)
}
