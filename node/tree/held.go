package tree

import (
	"bytes"
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Held is a child whose newest endorsement is among entries that this ledger lost. Of what was
// endorsed in it there is the head alone: which key set it was. Until the child shows its key sets
// up to that one, none of those from before is believed: the child may have revoked them.
type Held struct {
	_      struct{}       `cbor:",toarray"`
	Number uint64         // of the key set that was endorsed last
	Hash   []byte         // of that key set
	Lost   identity.Entry // the endorsement
	Since  uint64         // the entry with which this ledger went on without it
}

var helds = book.Bucket[Held]{Name: "child-held", Max: 512} // by label

// holdBody is the body of commandHold.
type holdBody struct {
	_         struct{} `cbor:",toarray"`
	Child     identity.Label
	Held      Held
	Statement book.Statement
}

// HeldType is the content type of the payload of an entry that says that a child is held.
const HeldType = "text/plain"

// HeldOf returns what a child is held for; false: it is not. What cannot be read holds the child,
// too, and is met by no key set.
func HeldOf(r book.Reads, child identity.Label) (Held, bool) {
	h, held, err := helds.Read(r, []byte(child.String()))
	return h, held || err != nil
}

// HeldChild is a child that is held. Of one that joined in the entries that are lost there is no
// other record.
type HeldChild struct {
	Name identity.Jurisdiction
	Held
}

// AllHeld returns all that are held, in the order of their labels.
func AllHeld(r *state.Reader) (all []HeldChild) {
	r.Scan(helds.Name, nil, nil, func(key, _ []byte) bool {
		label, err := identity.ParseLabel(string(key))
		if err != nil {
			return true
		}
		h, _ := HeldOf(r, label)
		if name, err := r.Log().Jurisdiction().Child(label); err == nil {
			all = append(all, HeldChild{name, h})
		}
		return true
	})
	return all
}

// Why tells a person why a child is held.
func (h Held) Why(child identity.Jurisdiction) error {
	in, _ := child.Parent()
	return text.Fail(text.ChildHeld, text.Args{"name": child.String(), "jurisdiction": in.String(), "entry": h.Lost.String()}, nil)
}

// Hold holds a child, because the endorsement of which the head is given is a lost entry, and says
// so in the ledger, which went on with the entry since. held is false where nothing is to be held:
// that key set is known here, or the child redeemed an invitation that was made since.
func Hold(ctx context.Context, l book.Ledger, id identity.Message, lost identity.Entry, head ledger.Head, since uint64, reason string) (held bool, err error) {
	note, err := l.Note(HeldType, []byte(reason))
	if err != nil {
		return false, err
	}
	b := holdBody{Child: head.Code, Held: Held{Number: head.To, Hash: head.Root[:], Lost: lost, Since: since}, Statement: note}
	asked, err := canon.Marshal(b.Held)
	if err != nil {
		return false, err
	}
	entry, err := commandHold.Do(ctx, l, book.ByNode(l, id, append([]byte(head.Code.String()), asked...)), b)
	if err != nil {
		return false, fmt.Errorf("hold %s: %w", head.Code, err)
	}
	return entry != ledger.None, nil
}

func applyHold(tx *state.Tx, b holdBody) (ledger.Ref, error) {
	key := []byte(b.Child.String())
	child, _ := ChildOf(tx, b.Child)
	before, held := HeldOf(tx, b.Child)
	came := child.has(tx, b.Held) || made(child.By, b.Held.Since)
	if len(b.Held.Hash) != tlog.HashSize || b.Held.Number == 0 || came || held && !b.Held.replaces(before) {
		return ledger.None, nil
	}
	if err := helds.Save(tx, key, b.Held); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{
		Kind: ledger.KindChildHeld, Code: b.Child, From: b.Held.Lost.Index(), To: b.Held.Number, Root: tlog.Hash(b.Held.Hash),
	})
}

// InvitedSince reports whether an invitation waits for a child that was made since it is held.
func (c Child) InvitedSince(h Held) bool { return c.Open() && made(c.Invitation, h.Since) }

// CameByOld reports whether a child redeemed after an entry an invitation that was made before it.
func (c Child) CameByOld(since uint64) bool { return made(c.Redeemed, since) && !made(c.By, since) }

// made reports whether an entry was made after another one.
func made(entry ledger.Ref, after uint64) bool {
	index, ok := entry.Index()
	return ok && index > after
}

// replaces reports whether a child that is held for one key set is to be held for h: it is another
// one, and was not lost in an epoch before.
func (h Held) replaces(before Held) bool {
	return !bytes.Equal(before.Hash, h.Hash) && h.Lost.Log().Epoch() >= before.Lost.Log().Epoch()
}

// has reports whether the child is endorsed with the key set that it would be held for, or with one
// that comes after it.
func (c Child) has(r book.Reads, h Held) bool {
	if c.Damaged || c.Endorsement == ledger.None || c.Number < h.Number {
		return false
	}
	s, err := c.set(r, h.Number)
	return err == nil && bytes.Equal(s.Hash, h.Hash)
}

// meets reports whether an endorsement brings the key set that its child is held for.
func (h Held) meets(b endorseBody) bool {
	at := h.Number - b.After - 1
	return h.Number > b.After && at < uint64(len(b.Sets)) && bytes.Equal(b.Sets[at].Hash, h.Hash)
}

// epochFits is endorseBody.epochFits of a child that may be held. Which epochs the key sets have up
// to the held one was decided in what is lost, where it was endorsed: none of a later epoch of the
// parent. What comes behind it must fit as any other.
func (h Held) epochFits(b endorseBody, e usedEpoch, parent uint64) bool {
	if !h.meets(b) {
		return b.epochFits(e, parent)
	}
	at := h.Number - b.After - 1
	set, err := trust.Reopen(b.Sets[at].Signed)
	s, ok := spanOf(h.Lost.Log().Epoch())
	if err != nil || !ok || set.Epoch > s.last {
		return false
	}
	b.After, b.Sets = h.Number, b.Sets[at+1:]
	return b.epochFits(usedEpoch{Used: set.Epoch, First: b.First}, parent)
}

// mayRelease refuses the endorsement of a child that is held and does not bring the key set that
// was endorsed last. A chain that a person invited in place of the one that is known here counts
// without that, if they did so since: an invitation from before may have been used in what is lost.
func (c Child) mayRelease(tx *state.Tx, b endorseBody) error {
	h, held := HeldOf(tx, b.Child)
	if !held || h.meets(b) || len(b.Secret) > 0 && b.After == 0 && made(c.Invitation, h.Since) {
		return nil
	}
	return book.Refuse(text.ChildHeld, b.Child.String(), tx.Log().Jurisdiction().String(), h.Lost.String())
}

// release ends the holding of a child.
func release(tx *state.Tx, child identity.Label) error {
	key := []byte(child.String())
	if !helds.Has(tx, key) {
		return nil
	}
	return tx.Delete(helds.Name, key)
}

// shows returns the key set that a held child is held for, out of those that it presents; ok is
// false where that is not among them.
func (h Held) shows(p Presentation) (signed []byte, ok bool) {
	at := h.Number - p.After - 1
	if h.Number <= p.After || at >= uint64(len(p.KeySets)) {
		return nil, false
	}
	return p.KeySets[at], true
}

// met refuses a child that is held and does not show the key set that was endorsed last.
func (k known) met(p Presentation) error {
	if !k.isHeld {
		return nil
	}
	signed, shown := k.held.shows(p)
	switch {
	case shown && k.held.is(signed):
		return nil
	case shown:
		return k.forked(k.held.Number, nil)
	case len(p.KeySets) == 0:
		return text.Fail(text.KeySetOld, text.Args{"name": p.Child.String()}, nil)
	}
	return k.held.Why(p.Child)
}

// is reports whether a signed key set is the one that a child is held for.
func (h Held) is(signed []byte) bool {
	pin, err := trust.PinOf(signed)
	if err != nil {
		return false
	}
	hash := pin.Hash()
	return bytes.Equal(hash[:], h.Hash)
}
