package catalog

import (
	"errors"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Move is the part of the body of a command that moves one dataset or one standard from its agency
// to another one of the jurisdiction. It is the act of the agency that takes over: the same entry,
// with itself as the provider, is the next version.
type Move struct {
	_         struct{} `cbor:",toarray"`
	Standard  bool     // it is a standard, and otherwise a dataset
	Code      identity.Label
	From, To  identity.Label
	Version   uint64 // that is moved
	Document  []byte // with the new agency
	Statement book.Statement
}

// MoveOf makes the act by which an agency takes a dataset over.
func MoveOf(l book.Ledger, p Published, to identity.Label) (Move, error) {
	m := Move{Code: p.Code, From: p.Agency, To: to, Version: p.Version}
	e := p.Entry
	e.Agency = to
	return m.stated(l, entryHead(to, p.Code), e)
}

// MoveOfStandard makes the act by which an agency takes a standard over.
func MoveOfStandard(l book.Ledger, s SetStandard, to identity.Label) (Move, error) {
	m := Move{Standard: true, Code: s.Code, From: s.Agency, To: to, Version: s.Version}
	next := s.Standard
	next.Agency = to
	return m.stated(l, standardHead(to, s.Code), next)
}

func (m Move) stated(l book.Ledger, head ledger.Head, e interface{ Encode() ([]byte, error) }) (_ Move, err error) {
	if m.Document, err = e.Encode(); err != nil {
		return m, invalid(m.Code, err)
	}
	if m.Statement, err = l.Act(head, EntryType, m.Document); err != nil {
		return m, fmt.Errorf("move %s: %w", m.Code, err)
	}
	return m, nil
}

// Size returns how many bytes of a command the move takes.
func (m Move) Size() int { return len(m.Document) + len(m.Statement.Sealed) + 1<<10 }

// ApplyMove moves a dataset or a standard. What was withdrawn moves too, and stays withdrawn: the
// agency that takes over may bring it back. All else about it stays as it is.
func ApplyMove(tx *state.Tx, m Move) (ledger.Ref, error) {
	if err := Successor(tx, m.From, m.To.String()); err != nil {
		return ledger.None, err
	}
	if m.Standard {
		return applyMoveOfStandard(tx, m)
	}
	kept, ok := keptAt(tx, m.Code)
	if !ok || kept.Version != m.Version || kept.Agency != m.From {
		return ledger.None, book.Refuse(text.DatasetMoved, m.Code.String())
	}
	kept.Version, kept.Entry, kept.Agency, kept.Document = m.Version+1, book.Next(tx), m.To, m.Document
	if err := kept.save(tx, m.Code); err != nil {
		return ledger.None, err
	}
	return m.Statement.Append(tx, entryHead(m.To, m.Code))
}

func applyMoveOfStandard(tx *state.Tx, m Move) (ledger.Ref, error) {
	key := []byte(m.Code.String())
	kept, ok := setStandards.Load(tx, key)
	if !ok || kept.Version != m.Version || kept.Agency != m.From {
		return ledger.None, book.Refuse(text.DatasetMoved, m.Code.String())
	}
	kept = keptStandard{Version: m.Version + 1, Entry: book.Next(tx), Said: kept.Said, Agency: m.To, Document: m.Document}
	if err := setStandards.Save(tx, key, kept); err != nil {
		return ledger.None, err
	}
	return m.Statement.Append(tx, standardHead(m.To, m.Code))
}

// Of returns everything of an agency that is in the catalogue: its datasets and its standards,
// withdrawn or not, in the order of their codes.
func Of(r *state.Reader, agency identity.Label) (datasets []Published, standards []SetStandard, err error) {
	for _, kept := range catalogue.All(r, nil) {
		if kept.Agency == agency {
			p, failed := kept.published(r, Published{})
			datasets, err = append(datasets, p), errors.Join(err, failed)
		}
	}
	for _, kept := range setStandards.All(r, nil) {
		if kept.Agency == agency {
			s, failed := kept.set(r)
			standards, err = append(standards, s), errors.Join(err, failed)
		}
	}
	return datasets, standards, err
}
