package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// ErrDiverged is the fatal error of a replica whose ledger or state differs from the majority's: it
// must not go on.
var ErrDiverged = errors.New("this replica's records differ from those that the majority signed")

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

// CheckpointLine is the body of KindCheckpointLine: what one replica found at a mark, with its
// signatures. The proposer has verified the signatures.
type CheckpointLine struct {
	_       struct{} `cbor:",toarray"`
	Replica identity.Replica
	Mark    Mark
	Note    []byte // the signed note with this replica's line
	State   []byte // the replica's signature of the mark's digest
}

// Published is a checkpoint that a majority signed, and what it signed beside it.
type Published struct {
	_     struct{} `cbor:",toarray"`
	Note  []byte
	Mark  Mark
	Lines []ledger.DigestLine // of the mark's digest, in the order in which they came
}

// KeySetChange is the body of KindKeySet. The proposer has verified the signatures of the key set.
type KeySetChange struct {
	_        struct{} `cbor:",toarray"`
	Number   uint64
	Replicas []identity.Replica // that the key set lists, each with a log key of its own
	Signed   []byte
	Evidence ledger.Evidence
	Sealed   []byte
}

// keySet is the value of the keysets bucket.
type keySet struct {
	_        struct{} `cbor:",toarray"`
	Index    uint64   // of its entry
	Replicas []identity.Replica
	Signed   []byte
}

// majority is the number of its replicas that must sign.
func (k keySet) majority() int { return len(k.Replicas)/2 + 1 }

const (
	maxKeySetValue  = 128 << 10
	maxLinesLen     = 256 << 10
	maxPublishedLen = ledger.MaxNoteLen + 16<<10
)

// decodeOwn decodes a value that this room wrote itself, and by which it knows whose signatures
// make a majority. It panics, which stops the node, when the value does not decode: the file is
// damaged.
func decodeOwn(data []byte, limit int, v any) {
	if err := canon.Unmarshal(data, limit, v); err != nil {
		panic(&DamageError{Err: err})
	}
}

// KeySets returns the signed key sets from number 1 on.
func (r reads) KeySets() (signed [][]byte) {
	r.Scan(bucketKeySets, nil, nil, func(_, v []byte) bool {
		var k keySet
		decodeOwn(v, maxKeySetValue, &k)
		signed = append(signed, k.Signed)
		return true
	})
	return signed
}

// InForce returns the number of the key set whose replicas sign a ledger of size entries: the
// newest whose own entry is among them. It is 0 where none is.
func (r reads) InForce(size uint64) (number uint64) {
	number, _ = r.inForce(size)
	return number
}

func (r reads) inForce(size uint64) (number uint64, in keySet) {
	r.Scan(bucketKeySets, nil, nil, func(_, v []byte) bool {
		var k keySet
		decodeOwn(v, maxKeySetValue, &k)
		if k.Index >= size {
			return false
		}
		number, in = number+1, k
		return true
	})
	return number, in
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

// Checkpoint returns the size and the note of the newest published checkpoint, or 0 and nil.
func (r reads) Checkpoint() (size uint64, note []byte) {
	p, ok := r.Published()
	if !ok {
		return 0, nil
	}
	return p.Mark.Size, p.Note
}

// Published returns the newest published checkpoint whole; ok is false where none was published in
// this epoch.
func (r reads) Published() (p Published, ok bool) {
	k, v := r.last(bucketCheckpoints)
	if k == nil {
		return p, false
	}
	decodeOwn(v, maxPublishedLen, &p)
	return p, p.Mark.Index >= r.sinceRaft()
}

// CheckpointOver returns the first checkpoint that was published, in any epoch, of so many entries
// or more; ok is false where none was.
func (r reads) CheckpointOver(size uint64) (p Published, ok bool) {
	r.Scan(bucketCheckpoints, nil, be64(size), func(_, v []byte) bool {
		decodeOwn(v, maxPublishedLen, &p)
		ok = true
		return false
	})
	return p, ok
}

func applyKeySet(tx *Tx, body []byte) ([]byte, error) {
	var change KeySetChange
	if err := canon.Unmarshal(body, MaxCommandLen, &change); err != nil {
		return nil, err
	}
	index, err := tx.addKeySet(change)
	return be64(index), err
}

// addKeySet appends the entry of a key set, and keeps it. It returns the index of the entry.
func (tx *Tx) addKeySet(change KeySetChange) (index uint64, err error) {
	if have := tx.KeySets(); change.Number != uint64(len(have))+1 {
		return 0, &Refusal{Code: CodeIDReused}
	}
	index, err = tx.Append(ledger.Head{Kind: ledger.KindKeySet}, change.Evidence, change.Sealed)
	if err != nil {
		return 0, err
	}
	value, err := canon.Marshal(keySet{Index: index, Replicas: change.Replicas, Signed: change.Signed})
	if err != nil {
		return 0, err
	}
	return index, tx.Put(bucketKeySets, be64(change.Number), value)
}

// applyCheckpointLine keeps one replica's line, whatever it signs: the write must not depend on
// what the replica that applies it has itself. When a majority has found and signed the same at one
// mark, the checkpoint is published; later lines that agree with it are added. A replica that found
// something else than the majority stops there. A single replica that is wrong, even the leader,
// stops only itself.
func applyCheckpointLine(tx *Tx, body []byte) ([]byte, error) {
	var line CheckpointLine
	if err := canon.Unmarshal(body, MaxCommandLen, &line); err != nil {
		return nil, err
	}
	return nil, tx.addLine(line)
}

// checkOwn compares what this replica found at a mark with what the majority signed.
func (tx *Tx) checkOwn(signed Mark) error {
	own, ok := tx.markAt(signed.Index)
	if !ok || !own.Same(signed) {
		return &DivergedError{tx.Log(), signed.Size}
	}
	return nil
}

// addLine adds a line to those of its mark. Dropped is a line of a mark before the newest published
// one, which comes too late, and one of a replica that the key set in force at the mark does not
// list: each listed replica has a log key of its own, so a majority is one of distinct keys.
func (tx *Tx) addLine(line CheckpointLine) error {
	_, set := tx.inForce(line.Mark.Size)
	newest, _ := tx.Published()
	if line.Mark.Index < max(newest.Mark.Index, tx.sinceRaft()) || !slices.Contains(set.Replicas, line.Replica) {
		return nil
	}
	lines, added := tx.withLine(line)
	if !added {
		return nil
	}
	data, err := canon.Marshal(lines)
	if err != nil {
		return err
	}
	if err := tx.Put(bucketLines, be64(line.Mark.Index), data); err != nil {
		return err
	}
	p := Published{Mark: line.Mark}
	var notes [][]byte
	for _, l := range lines {
		if l.Mark.Same(line.Mark) {
			notes = append(notes, l.Note)
			p.Lines = append(p.Lines, ledger.DigestLine{Replica: l.Replica, Signature: l.State})
		}
	}
	if len(notes) < set.majority() {
		return nil
	}
	if err := tx.checkOwn(line.Mark); err != nil {
		return err
	}
	if p.Note, err = ledger.MergeNotes(notes...); err != nil {
		return err
	}
	return tx.publish(p)
}

// Signed reports whether a replica's line of the mark is kept.
func (r reads) Signed(m Mark, by identity.Replica) bool {
	return slices.ContainsFunc(r.linesOf(m), func(l CheckpointLine) bool { return l.Replica == by })
}

func (r reads) linesOf(m Mark) (lines []CheckpointLine) {
	if data := r.Get(bucketLines, be64(m.Index)); data != nil {
		decodeOwn(data, maxLinesLen, &lines)
	}
	return lines
}

// withLine returns the lines of a mark with one more; added is false where the replica's line is
// there already.
func (tx *Tx) withLine(line CheckpointLine) (lines []CheckpointLine, added bool) {
	if tx.Signed(line.Mark, line.Replica) {
		return nil, false
	}
	return append(tx.linesOf(line.Mark), line), true
}

// publish keeps the checkpoint, and removes the marks before it with all their lines.
func (tx *Tx) publish(p Published) error {
	data, err := canon.Marshal(p)
	if err != nil {
		return err
	}
	for _, bucket := range []string{bucketLines, bucketMarks} {
		if err := tx.dropBefore(bucket, p.Mark.Index); err != nil {
			return err
		}
	}
	return tx.Put(bucketCheckpoints, be64(p.Mark.Size), data)
}

func (tx *Tx) dropBefore(bucket string, index uint64) error {
	var older [][]byte
	tx.Scan(bucket, nil, nil, func(k, _ []byte) bool {
		if binary.BigEndian.Uint64(k) >= index {
			return false
		}
		older = append(older, k)
		return true
	})
	for _, k := range older {
		if err := tx.Delete(bucket, k); err != nil {
			return err
		}
	}
	return nil
}
