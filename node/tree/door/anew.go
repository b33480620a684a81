package door

import (
	"context"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// Bounds of the smaller checkpoints that are told: their number, and the bytes of all notes.
const (
	maxOlder    = 1024
	maxOlderLen = 512 << 10
	maxBefore   = 16
)

// Anew is what a parent tells a child that is to go on in the same ledger with new keys, before
// anything is changed there.
type Anew struct {
	_     struct{} `cbor:",toarray"`
	First []byte   // hash of the key set that the invitation is bound to; empty: of none yet
	Saw   []byte   // the note of the largest checkpoint that the parent saw of the child's newest log; empty: of none
	Older [][]byte // the notes of smaller ones that it saw of that log, the largest first
	By    tree.Signer
	// Before are the largest ones of the logs before that one, the newest log first.
	Before []Before
}

// Before is the largest checkpoint that a parent saw of a log before the newest, and who signed it.
type Before struct {
	_    struct{} `cbor:",toarray"`
	Note []byte
	By   tree.Signer
}

// Kept are the notes of the checkpoints that were seen of a child's logs: the largest one of the
// newest log, smaller ones of that, the largest first, and the largest of each log before, the
// newest first.
type Kept struct {
	Largest       []byte
	Older, Before [][]byte
}

// anew answers the holder of an invitation.
func (d Door) anew(ctx context.Context, body []byte) (a Anew, err error) {
	var b beginning
	if err := unmarshal(body, &b); err != nil {
		return a, err
	}
	first, err := tree.Bound(ctx, d.Parent, b.Child, b.Secret)
	if err != nil {
		return a, err
	}
	saw, err := d.Saw(ctx, b.Child)
	if err != nil {
		return a, err
	}
	a = Anew{First: append([]byte{}, first...), Saw: append([]byte{}, saw.Largest...), Older: thinned(saw.Older), Before: []Before{}}
	err = d.Parent.View(ctx, func(r *state.Reader) error {
		a.By = signerOf(r, b.Child, saw.Largest)
		for _, note := range saw.Before[:min(len(saw.Before), maxBefore)] {
			a.Before = append(a.Before, Before{Note: note, By: signerOf(r, b.Child, note)})
		}
		return nil
	})
	return a, err
}

// signerOf returns the newest key set of a child that signed a checkpoint of its epoch; no number:
// none is known.
func signerOf(r *state.Reader, child identity.Jurisdiction, note []byte) tree.Signer {
	none := tree.Signer{First: []byte{}}
	seen, err := ledger.Growth{Note: note}.Checkpoint()
	if err != nil { // it saw none
		return none
	}
	by := tree.SignerOf(r, child.Label(), func(k trust.KeySet) bool {
		_, err := ledger.OpenCheckpoint(note, seen.Log, k)
		return err == nil && k.Epoch == seen.Log.Epoch()
	})
	if by.Number == 0 {
		return none
	}
	return by
}

// thinned returns as many of the notes as may be told: where all are too many, every second one,
// so that those that are left are as far apart everywhere.
func thinned(older [][]byte) [][]byte {
	for {
		size := 0
		for _, note := range older {
			size += len(note)
		}
		if len(older) <= maxOlder && size <= maxOlderLen {
			return append([][]byte{}, older...)
		}
		var half [][]byte
		for i := 0; i < len(older); i += 2 {
			half = append(half, older[i])
		}
		older = half
	}
}

// Check refuses what no parent tells a child, before anything is changed there: what is noted must
// be read again. Nothing of it is proven.
func (a Anew) Check(child identity.Jurisdiction) error {
	if len(a.Older) > maxOlder || len(a.Before) > maxBefore {
		return fmt.Errorf("it tells %d and %d checkpoints, more than %d and %d", len(a.Older), len(a.Before), maxOlder, maxBefore)
	}
	if len(a.Saw) == 0 {
		return nil
	}
	notes := [][]byte{a.Saw}
	for _, b := range a.Before {
		notes = append(notes, b.Note)
	}
	for _, note := range notes {
		seen, err := ledger.Growth{Note: note}.Checkpoint()
		if err == nil && (seen.Log.Jurisdiction() != child || seen.Size > identity.MaxIndex) {
			err = fmt.Errorf("it saw %d entries of %s", seen.Size, seen.Log)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// AskAnew asks the parent. It verifies nothing; see Check.
func AskAnew(ctx context.Context, c Conn, child identity.Jurisdiction, secret []byte) (a Anew, err error) {
	body, err := canon.Marshal(beginning{Child: child, Secret: secret})
	if err == nil {
		err = ask(ctx, c, opAnew, body, &a)
	}
	if err != nil {
		return a, fmt.Errorf("ask what the parent saw: %w", err)
	}
	return a, nil
}

// chainWanted is the body of opChain.
type chainWanted struct {
	_      struct{} `cbor:",toarray"`
	Child  identity.Jurisdiction
	Secret []byte
	First  []byte // hash of number 1
	From   uint64
}

// Handed are key sets of a chain of a child, which its parent hands it.
type Handed struct {
	_       struct{} `cbor:",toarray"`
	KeySets [][]byte // signed, from the number on that was asked for; none: it has not so many
	// Endorsement is the proof of the parent's newest endorsement of the chain, with the first of
	// its key sets; empty: another chain is endorsed.
	Endorsement []byte
}

// chain answers the holder of an invitation. What it saw of the child may be signed by keys of the
// child that this has lost.
func (d Door) chain(ctx context.Context, body []byte) (h Handed, err error) {
	var w chainWanted
	if err := unmarshal(body, &w); err != nil {
		return h, err
	}
	if w.From == 0 {
		return h, text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": "number 0"}, nil)
	}
	sets, endorsement, err := tree.ChainFrom(ctx, d.Parent, w.Child, w.Secret, w.First, w.From)
	h = Handed{KeySets: append([][]byte{}, sets...), Endorsement: []byte{}}
	if index, endorsed := endorsement.Index(); err == nil && endorsed && w.From == 1 {
		h.Endorsement, err = d.Parent.ProveEndorsement(ctx, index)
	}
	return h, err
}

// AskChain asks the parent for the key sets of a chain of the child, from a number on. first is the
// hash of its number 1. It verifies nothing.
func AskChain(ctx context.Context, c Conn, child identity.Jurisdiction, secret, first []byte, from uint64) (h Handed, err error) {
	body, err := canon.Marshal(chainWanted{Child: child, Secret: secret, First: first, From: from})
	if err == nil {
		err = ask(ctx, c, opChain, body, &h)
	}
	if err != nil {
		return h, fmt.Errorf("ask for the key sets that signed what the parent saw: %w", err)
	}
	return h, nil
}
