package rosters

import (
	"bytes"
	"crypto/sha256"
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
	commandPublish book.Command[publishBody, ledger.Ref]      = 19
	commandKeep    book.Command[keepBody, book.Nothing]       = 20
	commandAwait   book.Command[[]roster.Piece, book.Nothing] = 48
	commandPiece   book.Command[[]byte, book.Nothing]         = 49
)

// maxNamed is the longest encoding of the names of the pieces of a list, in bytes.
const maxNamed = roster.MaxManifest

// maxHeld bounds the pieces of the kept lists together, each counted once, in bytes.
const maxHeld = 2 * roster.MaxLen

var (
	rosters    = book.Bucket[kept]{Name: "roster", Max: ledger.MaxRosterProof + maxNamed + 64}
	pieces     = book.Bucket[[]byte]{Name: "roster piece", Max: roster.MaxPiece + 8, MaxKey: sha256.Size}
	keyCurrent = []byte("current")
	keyBefore  = []byte("before")
	keyAwaited = []byte("awaited")
)

// kept is the value of the bucket.
type kept struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Entry  ledger.Ref // of the own ledger; None: it is of another
	Proof  []byte
	Pieces []roster.Piece
}

// publishBody is the body of commandPublish. The proposer has read the list, and has checked that
// it follows the published list before it, if there is one.
type publishBody struct {
	_         struct{} `cbor:",toarray"`
	Number    uint64
	Agency    *identity.Label // nil: the node itself, number 1
	Pieces    []roster.Piece
	Statement book.Statement
}

// keepBody is the body of commandKeep. The proposer has verified the proof, and has read the list.
type keepBody struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Pieces []roster.Piece
	Proof  []byte
}

// Acts refuses the code of an agency in whose name nothing is written any more. The room that keeps
// the agencies gives it.
type Acts func(tx *state.Tx, agency identity.Label) error

// Register adds this room's commands and buckets.
func Register(r *state.Registry, acts Acts) {
	rosters.Keep(r)
	pieces.Keep(r)
	commandPublish.Handle(r, func(tx *state.Tx, b publishBody) (ledger.Ref, error) {
		if b.Agency != nil {
			if err := acts(tx, *b.Agency); err != nil {
				return ledger.None, err
			}
		}
		return applyPublish(tx, b)
	})
	commandKeep.Handle(r, applyKeep)
	commandAwait.Handle(r, applyAwait)
	commandPiece.Handle(r, applyPiece)
}

// applyAwait has the pieces of a list come, and no others.
func applyAwait(tx *state.Tx, awaited []roster.Piece) (done book.Nothing, err error) {
	if err := roster.CheckPieces(awaited); err != nil {
		return done, book.Refuse(text.RosterInvalid, err.Error())
	}
	if err := rosters.Save(tx, keyAwaited, kept{Proof: []byte{}, Pieces: awaited}); err != nil {
		return done, err
	}
	return done, dropUnnamed(tx)
}

// applyPiece keeps a piece of the awaited list.
func applyPiece(tx *state.Tx, data []byte) (done book.Nothing, err error) {
	awaited, _ := rosters.Load(tx, keyAwaited)
	hash := sha256.Sum256(data)
	if !slices.ContainsFunc(awaited.Pieces, func(p roster.Piece) bool { return bytes.Equal(p.Hash, hash[:]) }) {
		return done, book.Refuse(text.RosterOvertaken)
	}
	return done, pieces.Save(tx, hash[:], data)
}

func applyPublish(tx *state.Tx, b publishBody) (ledger.Ref, error) {
	if have, _ := rosters.Load(tx, keyCurrent); b.Number != have.Number+1 {
		return ledger.None, book.Refuse(text.RosterMoved, fmt.Sprint(have.Number))
	}
	next := kept{Number: b.Number, Entry: book.Next(tx), Proof: []byte{}, Pieces: b.Pieces}
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
	return done, replace(tx, kept{Number: b.Number, Proof: b.Proof, Pieces: b.Pieces})
}

// replace makes a roster whose pieces are all here the current one, and keeps the one before it, if
// it can be read.
func replace(tx *state.Tx, next kept) error {
	if !complete(tx, next.Pieces) {
		return book.Refuse(text.RosterOvertaken)
	}
	have, some, damaged := rosters.Read(tx, keyCurrent)
	if err := rosters.Save(tx, keyCurrent, next); err != nil {
		return err
	}
	if some && damaged == nil && have.Number != next.Number {
		if err := rosters.Save(tx, beforeKey(have.Number), have); err != nil {
			return err
		}
	}
	if err := tx.Delete(rosters.Name, keyAwaited); err != nil {
		return err
	}
	if err := dropOldest(tx, next.Pieces); err != nil {
		return err
	}
	return dropUnnamed(tx)
}

// dropOldest drops the oldest rosters: those beyond the last Kept, the current one included, and
// those for whose pieces there is no room beside those of the later ones.
func dropOldest(tx *state.Tx, current []roster.Piece) error {
	var keys [][]byte
	tx.Scan(rosters.Name, keyBefore, nil, func(key, _ []byte) bool {
		keys = append(keys, bytes.Clone(key))
		return true
	})
	named, held := map[string]bool{}, uint64(0)
	hold := func(all []roster.Piece) {
		for _, p := range all {
			if !named[string(p.Hash)] {
				named[string(p.Hash)], held = true, held+p.Len
			}
		}
	}
	hold(current)
	for i, key := range slices.Backward(keys) {
		k, _, _ := rosters.Read(tx, key) // one that cannot be read has no pieces
		if hold(k.Pieces); held <= maxHeld && len(keys)-i < Kept {
			continue
		}
		for _, key := range keys[:i+1] {
			if err := tx.Delete(rosters.Name, key); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

// dropUnnamed drops the pieces that no list names any more.
func dropUnnamed(tx *state.Tx) error {
	named := map[string]bool{}
	for _, k := range rosters.All(tx, nil) {
		for _, p := range k.Pieces {
			named[string(p.Hash)] = true
		}
	}
	var drop [][]byte
	tx.Scan(pieces.Name, nil, nil, func(hash, _ []byte) bool {
		if !named[string(hash)] {
			drop = append(drop, bytes.Clone(hash))
		}
		return true
	})
	for _, hash := range drop {
		if err := tx.Delete(pieces.Name, hash); err != nil {
			return err
		}
	}
	return nil
}

// complete reports whether the pieces are all here.
func complete(tx *state.Tx, of []roster.Piece) bool {
	return !slices.ContainsFunc(of, func(p roster.Piece) bool { return !pieces.Has(tx, p.Hash) })
}

func beforeKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64(bytes.Clone(keyBefore), number)
}
