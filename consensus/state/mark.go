package state

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// Mark is what a replica found itself to be at one place of raft's log: the mark stands in the log
// as a command, so every replica looks at the same moment of its own history. Replicas that agree
// find the same.
type Mark struct {
	_      struct{} `cbor:",toarray"`
	Index  uint64   // of the raft entry in which the mark stands
	Size   uint64   // entries of the ledger
	Root   []byte   // their root
	Digest []byte   // of all writes so far, and of what all buckets that decide hold
}

// Same reports whether two replicas found the same at one mark.
func (m Mark) Same(other Mark) bool {
	return m.Index == other.Index && m.Size == other.Size && bytes.Equal(m.Root, other.Root) && bytes.Equal(m.Digest, other.Digest)
}

// Checkpoint returns the checkpoint that a replica signs at the mark.
func (m Mark) Checkpoint(log identity.Log) (ledger.Checkpoint, error) {
	if len(m.Root) != tlog.HashSize {
		return ledger.Checkpoint{}, fmt.Errorf("mark at raft index %d: a root of %d bytes", m.Index, len(m.Root))
	}
	return ledger.Checkpoint{Log: log, Size: m.Size, Root: tlog.Hash(m.Root)}, nil
}

// MarkWanted is the body of KindMark.
type MarkWanted struct {
	_ struct{} `cbor:",toarray"`
}

const maxMarkLen = 256 // bytes of a kept Mark

// Certifies reports whether a command serves the checkpoint alone. It changes nothing that a clock
// decides, and is taken under any clock, and while other commands wait.
func Certifies(kind Kind) bool { return kind == KindMark || kind == KindCheckpointLine }

// applyMark notes what this replica is just then, before anything of the command itself is written,
// and returns it. A second mark in one raft entry is the first one. While a mark of the same size
// and root waits for its majority, that one is returned: marks go with the next checkpoint alone,
// so a majority that does not sign must not pile them up. Of a ledger that the newest checkpoint
// covers whole it notes nothing, and returns nothing.
func applyMark(tx *Tx, body []byte) ([]byte, error) {
	if err := canon.Unmarshal(body, MaxCommandLen, &MarkWanted{}); err != nil {
		return nil, err
	}
	if covered, _ := tx.Checkpoint(); covered == tx.Size() {
		return nil, nil
	}
	root, err := tx.root(tx.Size())
	if err != nil {
		return nil, &DamageError{Err: err}
	}
	last, ok := tx.LastMark()
	if same := last.Size == tx.Size() && bytes.Equal(last.Root, root[:]); ok && (same || last.Index == tx.index) {
		return canon.Marshal(last)
	}
	data, err := canon.Marshal(Mark{Index: tx.index, Size: tx.Size(), Root: root[:], Digest: tx.digest()})
	if err != nil {
		return nil, err
	}
	return data, tx.Put(bucketMarks, be64(tx.index), data)
}

// markAt returns what this replica found at a raft index; ok is false where no mark stands there,
// or it was forgotten because a later one is published.
func (r reads) markAt(index uint64) (m Mark, ok bool) {
	data := r.Get(bucketMarks, be64(index))
	if data == nil {
		return m, false
	}
	decodeOwn(data, maxMarkLen, &m)
	return m, true
}

// LastMark returns the newest mark that is kept; ok is false where none is.
func (r reads) LastMark() (m Mark, ok bool) {
	var last []byte
	r.Scan(bucketMarks, nil, nil, func(_, v []byte) bool {
		last = v
		return true
	})
	if last == nil {
		return m, false
	}
	decodeOwn(last, maxMarkLen, &m)
	return m, true
}

// digestOf is the digest of a state in which nothing was written: each epoch begins with another.
func digestOf(log identity.Log) []byte {
	sum := sha256.Sum256([]byte("xietong state\n" + log.String() + "\n"))
	return sum[:]
}

// digest returns what a mark commits to: all that was written, in its order, and what the buckets
// that decide hold. The second a replica finds in what it has itself, so that one which was filled
// from a source that left something out finds another than the others do.
func (tx *Tx) digest() []byte {
	sum := sha256.Sum256(slices.Concat([]byte("xietong/1 digest\n"), tx.meta.Digest, tx.sum().hash()))
	return sum[:]
}

// digestWrites adds what the applied command wrote to the digest of the state: ledger time, the
// clock where the two differ, and every write in its order. The tiles and the position of the state
// are left out: when they are written depends on when this replica commits, and the root and the
// digest say what they hold. So are the marks: a replica whose tree was damaged, and is mended, may
// have noted another root.
func (tx *Tx) digestWrites() {
	h := sha256.New()
	h.Write(tx.meta.Digest)
	h.Write(be64(tx.meta.Time))
	if c := tx.meta.clock; c.Corrected > 0 {
		h.Write(be64(c.Corrected))
		h.Write(be64(c.Now))
	}
	for _, w := range tx.writes {
		if !slices.Contains(undigested, w.now.bucket) {
			w.now.digest(h)
		}
	}
	tx.meta.Digest = h.Sum(nil)
}

var undigested = []string{bucketTile, bucketMeta, bucketMarks, bucketSums}

// digest writes the pair so that no two lists of pairs give the same bytes.
func (p *pair) digest(h hash.Hash) {
	var lengths [3 * binary.MaxVarintLen64]byte
	value := uint64(0) // the pair was deleted
	if !p.gone {
		value = uint64(len(p.value)) + 1
	}
	b := binary.AppendUvarint(lengths[:0], uint64(len(p.bucket)))
	b = binary.AppendUvarint(b, uint64(len(p.key)))
	h.Write(binary.AppendUvarint(b, value))
	h.Write([]byte(p.bucket))
	h.Write(p.key)
	h.Write(p.value)
}
