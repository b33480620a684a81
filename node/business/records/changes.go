package records

import (
	"bytes"
	"errors"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// Changes is what has changed in the records of a dataset: one value a dataset, which every command
// keeps that changes which version of a record counts. What is staged changes nothing until it is
// published.
type Changes struct {
	_       struct{}   `cbor:",toarray"`
	Last    ledger.Ref // the newest entry that changed them: a put, a retraction, the publication of an import, an erasure
	Removed uint64     // records that were taken out so far
	// Floor is the newest entry that published an import in place of all records: a version whose
	// position is below it does not count. None: there is none.
	Floor ledger.Ref
}

// changes has the Changes of a dataset by its code.
var changes = book.Bucket[Changes]{Name: "changes", Max: 64, MaxKey: 64, Large: true}

// ChangesOf returns what has changed in the records of the dataset; the zero value: nothing ever
// was put there.
func ChangesOf(r book.Reads, code identity.Label) Changes {
	c, _ := changes.Load(r, []byte(code.String()))
	return c
}

// LastChange returns the newest entry that changed the records of the dataset; None: there is none.
// It is the catalog.ChangedOf of this room.
func LastChange(r book.Reads, code identity.Label) ledger.Ref { return ChangesOf(r, code).Last }

// Since reports whether anything changed after the entry at a position.
func (c Changes) Since(position uint64) bool {
	last, ever := c.Last.Index()
	return ever && last > position
}

// changed keeps that the entry has changed the records of the dataset, and took out as many as
// removed.
func changed(tx *state.Tx, code identity.Label, entry ledger.Ref, removed uint64) error {
	c := ChangesOf(tx, code)
	c.Last, c.Removed = entry, c.Removed+removed
	return changes.Save(tx, []byte(code.String()), c)
}

// replaced keeps that the entry published an import in place of all records of the dataset, of
// which as many as left are not in the import. It costs the same however many they are.
func replaced(tx *state.Tx, code identity.Label, entry ledger.Ref, opened, left uint64) error {
	c := ChangesOf(tx, code)
	c.Last, c.Removed, c.Floor = entry, c.Removed+left, entry
	index, _ := entry.Index()
	return errors.Join(
		changes.Save(tx, []byte(code.String()), c),
		tx.Put(bucketReplaced, append(datasetPrefix(code), book.Be64(index)...), book.Be64(opened)),
	)
}

// floor is an entry that published an import in place of all records of a dataset.
type floor struct{ position, opened uint64 }

// floors returns the floors of the dataset above a position, in their order.
func floors(r book.Reads, code identity.Label, above uint64) (all []floor) {
	prefix := datasetPrefix(code)
	r.Scan(bucketReplaced, prefix, append(bytes.Clone(prefix), book.Be64(above+1)...), func(k, v []byte) bool {
		all = append(all, floor{number(k[len(prefix):]), number(v)})
		return true
	})
	return all
}

// floor returns the position below which no version of a record of the dataset counts.
func (v view) floor(code identity.Label) uint64 {
	at, known := v.floors[code]
	if !known {
		if index, is := ChangesOf(v, code).Floor.Index(); is {
			at = index
		}
		v.floors[code] = at
	}
	return at
}

// leaving returns the versions of a record, in their order, with those at which it left the dataset
// because an import took the place of all records and had it not.
func (v view) leaving(code identity.Label, all []Version) (told []Version) {
	later := floors(v, code, 0)
	for i, one := range all {
		told = append(told, one)
		later = slices.DeleteFunc(later, func(f floor) bool { return f.position <= one.Position })
		if len(later) == 0 || one.Retracted || i+1 < len(all) && later[0].position >= all[i+1].Position {
			continue
		}
		told = append(told, Version{
			Index: later[0].position, Position: later[0].position, Retracted: true, Import: ledger.RefTo(later[0].opened),
		})
	}
	return told
}
