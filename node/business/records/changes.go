package records

import (
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
}

// changes has the Changes of a dataset by its code.
var changes = book.Bucket[Changes]{Name: "changes", Max: 64, MaxKey: 64}

// ChangesOf returns what has changed in the records of the dataset; the zero value: nothing ever
// was put there.
func ChangesOf(r book.Reads, code identity.Label) Changes {
	c, _ := changes.Load(r, []byte(code.String()))
	return c
}

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
