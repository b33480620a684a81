package records

import (
	"crypto/sha256"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// The rows of an import may be for an entry that is not in force yet. They are checked by its
// schema and staged while the version before it is in force: importState.For names the document,
// and Version is the number that it will have. One command then publishes the entry and the rows.
// Every answer before it is by the old entry and the old records, and every answer after it by the
// new ones; a state in which one of both is new is never seen.
//
// The rows are bound to the records that the check of their file saw: if anything was put,
// retracted or imported since, the command is refused, so that no row takes the place of a record
// that nobody compared it with. The same file goes on after another check, with what is staged.
//
// While it waits, such an import is one like any other: its rows are counted by the fields that
// both versions count, and it is given up when another entry comes, another import begins, or
// nobody goes on with it. If its entry comes into force without it, it is an import into that.

// Along is the body of commandAlong: an entry that is published together with the rows of an
// import.
type Along struct {
	_           struct{} `cbor:",toarray"`
	Publication catalog.Publication
	Rows        publishBody
}

// timely reports whether the import may go on: the entry that its rows were checked by is in force,
// or may be the next one.
func (s importState) timely(r book.Reads) bool {
	current, _, ok := catalog.Version(r, s.Code)
	if ok && current == s.Version {
		return s.For == MAC{} || catalog.InForce(r, s.Code, s.Version, s.For)
	}
	return ok && s.For != MAC{} && current+1 == s.Version
}

// comes reports whether the import is for the entry that would be the next one.
func (s importState) comes(r book.Reads) bool {
	current, _, ok := catalog.Version(r, s.Code)
	return ok && s.For != MAC{} && current+1 == s.Version
}

// checkedAgain keeps that the file of an import which is to come along was checked against the
// records once more.
func (s importState) checkedAgain(tx *state.Tx, opened uint64, since ledger.Ref) error {
	if s.For == (MAC{}) || s.Published != ledger.None || s.Since == since {
		return nil
	}
	s.Since = since
	return s.save(tx, opened)
}

// ready refuses an import that cannot come along with the document: as text.NotAlong one that is
// for another, was published or given up, or lacks rows; as text.RecordsMoved one whose file was
// checked against other records.
func (s importState) ready(r book.Reads, opened identity.Entry, document []byte) error {
	switch {
	case s.For != sha256.Sum256(document) || !s.comes(r) || s.Abandoned || s.Published != ledger.None || !s.indexed():
		return book.Refuse(text.NotAlong, opened.String(), s.Code.String())
	case s.Since != ChangesOf(r, s.Code).Last:
		return book.Refuse(text.RecordsMoved, s.Code.String())
	}
	return nil
}

// ApplyAlong publishes an entry and the rows of an import that are for it. It is the handler of
// commandAlong, and a part of the handler of an adoption. It refuses before it writes, also a
// publication that was not checked against the records together with the rows.
func ApplyAlong(tx *state.Tx, b Along) (result catalog.PublicationResult, err error) {
	opened, p := tx.Names().Entry(b.Rows.Import), b.Publication
	s, ok := importAt(tx, b.Rows.Import)
	if !ok || s.Code != p.Code || !s.complete(b.Rows.Root) || p.Checked == nil {
		return result, book.Refuse(text.NotAlong, opened.String(), p.Code.String())
	}
	if err := s.ready(tx, opened, p.Document); err != nil {
		return result, err
	}
	apply := catalog.ApplyPublication
	if s.Replace {
		apply = catalog.ApplyAnew
	}
	if result, err = apply(tx, p, LastChange); err == nil {
		_, err = s.publish(tx, b.Rows)
	}
	return result, err
}
