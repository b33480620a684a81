package state

import (
	"encoding/binary"
	"errors"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// ErrDiverged is the fatal error of a replica whose root differs from the majority's: it must not
// go on.
var ErrDiverged = errors.New("this replica's ledger differs from the one that the majority signed")

// DivergedError is an ErrDiverged with the checkpoint at which it was found.
type DivergedError struct {
	Log  identity.Log
	Size uint64
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("%v: %s, %d entries", ErrDiverged, e.Log, e.Size)
}

// Is makes errors.Is(e, ErrDiverged) true.
func (e *DivergedError) Is(target error) bool { return target == ErrDiverged }

// CheckpointLine is the body of KindCheckpointLine: one replica's signature under the ledger at a
// size. The proposer has verified the signature.
type CheckpointLine struct {
	_       struct{} `cbor:",toarray"`
	Replica identity.Replica
	Size    uint64
	Root    []byte
	Note    []byte // the signed note with this replica's line
}

// KeySetChange is the body of KindKeySet. The proposer has verified the signatures of the key set.
type KeySetChange struct {
	_        struct{} `cbor:",toarray"`
	Number   uint64
	Voters   uint64 // replicas that the key set lists
	Signed   []byte
	Evidence ledger.Evidence
	Sealed   []byte
}

// keySet is the value of the keysets bucket.
type keySet struct {
	_      struct{} `cbor:",toarray"`
	Index  uint64   // of its entry
	Voters uint64
	Signed []byte
}

const maxKeySetValue, maxLinesLen = 128 << 10, 256 << 10

// decodeOwn decodes a value that this room wrote itself, and by which it knows whose signatures
// make a majority. It panics, which stops the node, when the value does not decode: the file is
// damaged.
func decodeOwn(data []byte, limit int, v any) {
	if err := canon.Unmarshal(data, limit, v); err != nil {
		panic(&DamageError{Err: err})
	}
}

// KeySets returns the signed key sets from number 1 on, and the number of replicas of the newest.
func (r reads) KeySets() (signed [][]byte, voters uint64) {
	r.Scan(bucketKeySets, nil, nil, func(_, v []byte) bool {
		var k keySet
		decodeOwn(v, maxKeySetValue, &k)
		signed, voters = append(signed, k.Signed), k.Voters
		return true
	})
	return signed, voters
}

// KeySetIndex returns the index of the entry of a key set; ok is false when there is no key set
// with that number.
func (r reads) KeySetIndex(number uint64) (index uint64, ok bool) {
	data := r.Get(bucketKeySets, be64(number))
	if data == nil {
		return 0, false
	}
	var k keySet
	decodeOwn(data, maxKeySetValue, &k)
	return k.Index, true
}

// Checkpoint returns the newest published checkpoint, or size 0 and nil.
func (r reads) Checkpoint() (size uint64, note []byte) {
	k, v := r.last(bucketCheckpoints)
	if k == nil {
		return 0, nil
	}
	return binary.BigEndian.Uint64(k), v
}

func applyKeySet(tx *Tx, body []byte) ([]byte, error) {
	var change KeySetChange
	if err := canon.Unmarshal(body, MaxCommandLen, &change); err != nil {
		return nil, err
	}
	if have, _ := tx.KeySets(); change.Number != uint64(len(have))+1 {
		return nil, &Refusal{Code: CodeIDReused}
	}
	index, err := tx.Append(ledger.Head{Kind: ledger.KindKeySet}, change.Evidence, change.Sealed)
	if err != nil {
		return nil, err
	}
	value, err := canon.Marshal(keySet{Index: index, Voters: change.Voters, Signed: change.Signed})
	if err != nil {
		return nil, err
	}
	return be64(index), tx.Put(bucketKeySets, be64(change.Number), value)
}

// applyCheckpointLine keeps one replica's line, whatever root it signs: the write must not depend
// on the ledger of the replica that applies it. When a majority has signed one root, the checkpoint
// is published; later lines for that root are added to it. A replica whose own root differs from
// that of the majority stops there. A single replica that is wrong, even the leader, stops only
// itself.
func applyCheckpointLine(tx *Tx, body []byte) ([]byte, error) {
	var line CheckpointLine
	if err := canon.Unmarshal(body, MaxCommandLen, &line); err != nil {
		return nil, err
	}
	return nil, tx.addLine(line)
}

// checkOwn compares this replica's root with the one that the majority signed.
func (tx *Tx) checkOwn(signed CheckpointLine) error {
	if signed.Size > tx.Size() {
		return &DivergedError{tx.Log(), signed.Size}
	}
	root, err := tx.root(signed.Size)
	if err != nil {
		return &DamageError{Err: err}
	}
	if string(root[:]) != string(signed.Root) {
		return &DivergedError{tx.Log(), signed.Size}
	}
	return nil
}

func (tx *Tx) addLine(line CheckpointLine) error {
	key := be64(line.Size)
	var lines []CheckpointLine
	if data := tx.Get(bucketLines, key); data != nil {
		decodeOwn(data, maxLinesLen, &lines)
	}
	for _, have := range lines {
		if have.Replica == line.Replica {
			return nil
		}
	}
	lines = append(lines, line)
	data, err := canon.Marshal(lines)
	if err != nil {
		return err
	}
	if err := tx.Put(bucketLines, key, data); err != nil {
		return err
	}
	var notes [][]byte
	for _, l := range lines {
		if string(l.Root) == string(line.Root) {
			notes = append(notes, l.Note)
		}
	}
	if _, voters := tx.KeySets(); uint64(len(notes)) <= voters/2 {
		return nil
	}
	if err := tx.checkOwn(line); err != nil {
		return err
	}
	merged, err := ledger.MergeNotes(notes...)
	if err != nil {
		return err
	}
	return tx.publish(line.Size, merged)
}

// publish keeps the checkpoint and removes all lines for smaller sizes.
func (tx *Tx) publish(size uint64, note []byte) error {
	var older [][]byte
	tx.Scan(bucketLines, nil, nil, func(k, _ []byte) bool {
		if binary.BigEndian.Uint64(k) >= size {
			return false
		}
		older = append(older, k)
		return true
	})
	for _, k := range older {
		if err := tx.Delete(bucketLines, k); err != nil {
			return err
		}
	}
	return tx.Put(bucketCheckpoints, be64(size), note)
}
