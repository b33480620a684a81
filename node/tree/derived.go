package tree

import (
	"bytes"
	"maps"
	"slices"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// derivation derives what stands of each child from the entries.
type derivation struct {
	r        *state.Reader
	children map[string]*saidChild // by their labels
}

// saidChild is what the entries say of a child.
type saidChild struct {
	invitation, cancelled, withdrawn ledger.Ref
	endorsement                      ledger.Ref
	number                           uint64
	hash                             []byte
}

// Derive begins a derivation of the children of a state.
func Derive(r *state.Reader) book.Derivation {
	return &derivation{r: r, children: map[string]*saidChild{}}
}

// Entry implements book.Derivation.
func (d *derivation) Entry(e book.Said) {
	label := e.Head.Code.String()
	c := d.children[label]
	if c == nil {
		c = new(saidChild)
	}
	switch e.Head.Kind {
	case ledger.KindInvitation:
		c.invitation, c.cancelled = e.Ref(), ledger.None
	case ledger.KindCancellation:
		c.cancelled = e.Ref()
	case ledger.KindEndorsement:
		c.endorsement, c.withdrawn, c.number, c.hash = e.Ref(), ledger.None, e.Head.To, e.Head.Root[:]
	case ledger.KindWithdrawal:
		c.withdrawn = e.Ref()
	default:
		return
	}
	d.children[label] = c
}

// Compare implements book.Derivation.
func (d *derivation) Compare(tell func(book.Contradiction)) {
	kept := map[string]bool{}
	for key, c := range children.All(d.r, nil) {
		label := string(key)
		kept[label] = true
		said, ok := d.children[label]
		switch {
		case !ok:
			tell(book.Contradiction{Bucket: children.Name, Entry: c.Invitation, How: book.Unsaid})
		case !said.is(c):
			tell(book.Contradiction{Bucket: children.Name, Entry: said.newest(), How: book.Other})
		}
	}
	for _, label := range slices.Sorted(maps.Keys(d.children)) {
		if !kept[label] {
			tell(book.Contradiction{Bucket: children.Name, Entry: d.children[label].newest(), How: book.Missing})
		}
	}
}

func (s *saidChild) is(c Child) bool {
	return c.Invitation == s.invitation && c.Cancelled == s.cancelled && c.Withdrawn == s.withdrawn &&
		c.Endorsement == s.endorsement && c.Number == s.number && bytes.Equal(c.Hash, s.hash)
}

func (s *saidChild) newest() ledger.Ref {
	return max(s.invitation, s.cancelled, s.withdrawn, s.endorsement)
}
