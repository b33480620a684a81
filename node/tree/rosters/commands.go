package rosters

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// The commands of this room. Their numbers are those of docs/protocol.md.
const (
	commandPublish book.Command[publishBody, ledger.Ref] = 19
	commandKeep    book.Command[keepBody, book.Nothing]  = 20
)

var (
	rosters    = book.Bucket[kept]{Name: "roster", Max: ledger.MaxRosterProof + 64}
	keyCurrent = []byte("current")
	keyBefore  = []byte("before")
)

// kept is the value of the bucket.
type kept struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Entry  ledger.Ref // of the own ledger; None: it is of another
	Proof  []byte
}

// publishBody is the body of commandPublish. The proposer has decoded the list, and has checked
// that it follows the published list before it, if there is one.
type publishBody struct {
	_         struct{} `cbor:",toarray"`
	Number    uint64
	Agency    *identity.Label // nil: the node itself, number 1
	Statement book.Statement
}

// keepBody is the body of commandKeep. The proposer has verified the proof.
type keepBody struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Proof  []byte
}

// Register adds this room's commands and bucket.
func Register(r *state.Registry) {
	rosters.Keep(r)
	commandPublish.Handle(r, applyPublish)
	commandKeep.Handle(r, applyKeep)
}

func applyPublish(tx *state.Tx, b publishBody) (ledger.Ref, error) {
	if have, _ := rosters.Load(tx, keyCurrent); b.Number != have.Number+1 {
		return ledger.None, book.Refuse(text.RosterMoved, fmt.Sprint(have.Number))
	}
	next := kept{Number: b.Number, Entry: book.Next(tx), Proof: []byte{}}
	if err := replace(tx, next); err != nil {
		return ledger.None, err
	}
	head := ledger.Head{Kind: ledger.KindRoster}
	if b.Agency != nil {
		head.Agency = *b.Agency
	}
	return b.Statement.Append(tx, head)
}

// applyKeep keeps a list that is not earlier than the kept one. Any other changes nothing. One with
// the same number replaces it: it comes where the list of the kept one cannot be read any more.
func applyKeep(tx *state.Tx, b keepBody) (done book.Nothing, err error) {
	if have, _, err := rosters.Read(tx, keyCurrent); err == nil && b.Number < have.Number {
		return done, nil
	}
	return done, replace(tx, kept{Number: b.Number, Proof: b.Proof})
}

// replace makes a roster the current one, and keeps the one before it, if it can be read.
func replace(tx *state.Tx, next kept) error {
	have, some, damaged := rosters.Read(tx, keyCurrent)
	if err := rosters.Save(tx, keyCurrent, next); err != nil || !some || damaged != nil || have.Number == next.Number {
		return err
	}
	var before [][]byte
	for key := range rosters.All(tx, keyBefore) {
		before = append(before, bytes.Clone(key))
	}
	for len(before) > Kept-2 {
		if err := tx.Delete(rosters.Name, before[0]); err != nil {
			return err
		}
		before = before[1:]
	}
	return rosters.Save(tx, beforeKey(have.Number), have)
}

func beforeKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64(bytes.Clone(keyBefore), number)
}

// newest returns the newest roster that can be read, with what is kept of it, and why each that is
// newer cannot. Where there is none it is the list of the program for this tree.
func (s *Store) newest(ctx context.Context) (k kept, list *roster.Roster, damaged []error, err error) {
	err = s.own.View(ctx, func(r *state.Reader) error {
		keys := [][]byte{}
		r.Scan(rosters.Name, keyBefore, nil, func(key, _ []byte) bool {
			keys = append(keys, bytes.Clone(key))
			return true
		})
		for _, key := range slices.Backward(append(keys, keyCurrent)) {
			var found bool
			if k, list, found, err = s.at(r, key); err == nil && found {
				return nil
			}
			if err != nil {
				damaged = append(damaged, err)
			}
		}
		k, list = kept{}, s.shipped
		return nil
	})
	return k, list, damaged, err
}

// at returns what is kept under a key, and the list that it is about. The error is for what cannot
// be read.
func (s *Store) at(r *state.Reader, key []byte) (k kept, list *roster.Roster, found bool, err error) {
	k, found, err = rosters.Read(r, key)
	if err != nil || !found {
		return k, nil, found, err
	}
	var data []byte
	if index, own := k.Entry.Index(); own {
		data, err = s.own.Payload(r, index)
	} else {
		data, err = ledger.PayloadIn(k.Proof)
	}
	if err == nil {
		list, err = roster.Decode(data)
	}
	if err == nil && list.Number() != k.Number {
		err = fmt.Errorf("the list has number %d", list.Number())
	}
	if err != nil {
		return k, nil, true, fmt.Errorf("roster number %d: %w", k.Number, err)
	}
	return k, list, true, nil
}
