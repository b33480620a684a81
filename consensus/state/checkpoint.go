package state

import (
	"encoding/binary"
	"errors"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// ErrDiverged is the fatal error of a replica whose root differs from a signed one: it must not go on.
var ErrDiverged = errors.New("this replica's ledger differs from the one that was signed")

// CheckpointLine is the body of KindCheckpointLine: one replica's signature under the ledger at a size. Its signature
// was verified before it was proposed.
type CheckpointLine struct {
	_       struct{} `cbor:",toarray"`
	Replica identity.Replica
	Size    uint64
	Root    []byte
	Note    []byte // the signed note with this replica's line
}

// KeySetChange is the body of KindKeySet. Its signatures were verified before it was proposed.
type KeySetChange struct {
	_        struct{} `cbor:",toarray"`
	Number   uint64
	Voters   uint64 // replicas that it lists
	Signed   []byte
	Evidence []byte
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

// decodeOwn decodes what this room wrote itself: anything else is a damaged file, which must stop the node.
func decodeOwn(data []byte, limit int, v any) {
	if err := canon.Unmarshal(data, limit, v); err != nil {
		panic(fmt.Sprintf("state: damaged file: %v", err))
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

// Checkpoint returns the newest published checkpoint, or size 0 and nil.
func (r reads) Checkpoint() (size uint64, note []byte) {
	b := r.tx.Bucket([]byte(bucketCheckpoints))
	if b == nil {
		return 0, nil
	}
	k, v := b.Cursor().Last()
	if k == nil {
		return 0, nil
	}
	return binary.BigEndian.Uint64(k), append([]byte(nil), v...)
}

func applyKeySet(tx *Tx, body []byte) ([]byte, error) {
	var change KeySetChange
	if err := canon.Unmarshal(body, MaxCommandLen, &change); err != nil {
		return nil, err
	}
	evidence, err := ledger.DecodeEvidence(change.Evidence)
	if err != nil {
		return nil, err
	}
	if have, _ := tx.KeySets(); change.Number != uint64(len(have))+1 {
		return nil, &Refusal{Code: CodeIDReused}
	}
	index, err := tx.Append(ledger.Head{Kind: ledger.KindKeySet}, evidence, change.Sealed)
	if err != nil {
		return nil, err
	}
	value, err := canon.Marshal(keySet{Index: index, Voters: change.Voters, Signed: change.Signed})
	if err != nil {
		return nil, err
	}
	return be64(index), tx.Put(bucketKeySets, be64(change.Number), value)
}

// applyCheckpointLine takes one replica's line. When a majority has signed the same root the checkpoint is published;
// lines that come later are added. A line over another root than this replica's own ends this replica.
func applyCheckpointLine(tx *Tx, body []byte) ([]byte, error) {
	var line CheckpointLine
	if err := canon.Unmarshal(body, MaxCommandLen, &line); err != nil {
		return nil, err
	}
	if line.Size > tx.Size() {
		return nil, fmt.Errorf("%w: %s signed %d entries, there are %d", ErrDiverged, line.Replica, line.Size, tx.Size())
	}
	root, err := tx.root(line.Size)
	if err != nil {
		return nil, err
	}
	if string(root[:]) != string(line.Root) {
		return nil, fmt.Errorf("%w: at %d entries, %s signed another root", ErrDiverged, line.Size, line.Replica)
	}
	return nil, tx.addLine(line)
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
	if _, voters := tx.KeySets(); uint64(len(lines)) <= voters/2 {
		return nil
	}
	notes := make([][]byte, len(lines))
	for i, l := range lines {
		notes[i] = l.Note
	}
	merged, err := ledger.MergeNotes(notes...)
	if err != nil {
		return err
	}
	return tx.publish(line.Size, merged)
}

// publish keeps the checkpoint and forgets lines of smaller ones that never found a majority.
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
