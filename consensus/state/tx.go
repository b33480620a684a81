package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// The buckets of this room. Rooms above use other names.
const (
	bucketMeta        = "meta"
	bucketLeaf        = "leaf"
	bucketTile        = "tile"
	bucketSealed      = "sealed"
	bucketSeq         = "seq"
	bucketKeySets     = "keysets"
	bucketMarks       = "marks"
	bucketLines       = "lines"
	bucketCheckpoints = "checkpoints"
	bucketEpochs      = "epochs"
	bucketFormer      = "former-keysets"
	bucketSeen        = "seen"
	bucketExpiry      = "expiry"
)

var (
	keyState = []byte("state")
	keyClock = []byte("clock")
	keyRaft  = []byte("raft")
)

const maxMetaLen = 4 << 10

func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func tileKey(id ledger.TileID) []byte { return append([]byte{byte(id.Level)}, be64(id.N)...) }

// Tile returns a tile of the tree in the state file, or nil.
func (r reads) Tile(id ledger.TileID) ([]byte, error) { return r.Get(bucketTile, tileKey(id)), nil }

// Reader is a view of the state at one raft index. What is applied later does not show in it.
type Reader struct {
	reads
	meta  meta
	old   old
	fresh []tlog.Hash              // leaf hashes that are not in the stored tiles yet
	grown map[ledger.TileID][]byte // the tiles that fresh changes; nil: not computed yet
	end   func()                   // ends the view of a store
}

// Tile returns a tile of the tree over all entries of the view, those that are not in the stored
// tiles included.
func (r *Reader) Tile(id ledger.TileID) ([]byte, error) {
	if r.grown == nil && len(r.fresh) > 0 {
		grown, err := ledger.Append(r.meta.Size-uint64(len(r.fresh)), r.fresh, r.reads)
		if err != nil {
			return nil, err
		}
		r.grown = grown.Tiles
	}
	if tile, ok := r.grown[id]; ok {
		return tile, nil
	}
	if r.meta.isFiled(id) {
		return r.oldTile(id.N)
	}
	return r.reads.Tile(id)
}

// Log returns the ledger's log.
func (r *Reader) Log() identity.Log { return r.meta.Log }

// Size returns the number of entries of the ledger.
func (r *Reader) Size() uint64 { return r.meta.Size }

// Time returns ledger time, in ms since 1970 UTC, which is no measure of what has ended: see Clock.
func (r *Reader) Time() uint64 { return r.meta.Time }

// Applied returns the raft index of the view.
func (r *Reader) Applied() uint64 { return r.meta.Index }

// Leaf returns the encoded leaf at index, or nil when the ledger is shorter.
func (r *Reader) Leaf(index uint64) []byte {
	if index >= r.meta.filed.entries() {
		return r.Get(bucketLeaf, be64(index))
	}
	leaf, err := r.oldLeaf(index)
	if err != nil {
		panic(damageOf(err))
	}
	return bytes.Clone(leaf)
}

// damageOf returns an error that ends a view.
func damageOf(err error) *DamageError {
	if damage, ok := errors.AsType[*DamageError](err); ok {
		return damage
	}
	return &DamageError{Err: err}
}

// SoundLeaf returns the encoded leaf at index, or nil also where it is damaged or missing: that is
// told as damage of the store, and the view goes on.
func (r *Reader) SoundLeaf(index uint64) (leaf []byte) {
	err := r.view(func(r *Reader) (err error) {
		if index >= r.meta.filed.entries() {
			leaf, _ = r.sound(bucketLeaf, be64(index))
			return nil
		}
		leaf, err = r.oldLeaf(index)
		return err
	})
	if err != nil && r.hurt != nil {
		r.hurt(err)
	}
	return bytes.Clone(leaf)
}

// ProvenLeaf returns the encoded leaf at index, after it compared the leaf with the stored tree;
// nil when the ledger is shorter. The error is a *DamageError where the two differ: no proof of the
// leaf would hold.
func (r *Reader) ProvenLeaf(index uint64) ([]byte, error) {
	if index >= r.Size() {
		return nil, nil
	}
	leaf := r.Leaf(index)
	if err := sameInTile(r, index, ledger.LeafHash(leaf)); leaf == nil || err != nil {
		return nil, notRecorded(index, err)
	}
	return leaf, nil
}

// notRecorded returns the damage of an entry that is not the one in the tree.
func notRecorded(index uint64, err error) *DamageError {
	damage := &DamageError{Err: fmt.Errorf("entry %d: %w", index, errors.Join(err, errors.New("it is not what was recorded")))}
	if in, ok := errors.AsType[*DamageError](err); ok {
		damage.File = in.File
	}
	return damage
}

// leafHashes returns the hashes of the leaves from one index up to another. Each must be there.
func (r *Reader) leafHashes(from, to uint64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, to-from)
	for index := from; index < to; index++ {
		leaf := r.Leaf(index)
		if leaf == nil {
			return nil, &DamageError{Err: fmt.Errorf("entry %d of %d is missing", index, r.Size())}
		}
		hashes = append(hashes, ledger.LeafHash(leaf))
	}
	return hashes, nil
}

// Sealed returns the ciphertext of the payload at index, or nil when it has none or none any more.
func (r *Reader) Sealed(index uint64) []byte { return r.Get(bucketSealed, be64(index)) }

// SealedPayload is the ciphertext of a payload, and the commitment that it was sealed for.
type SealedPayload struct {
	Commitment [32]byte
	Bytes      []byte
}

// firstSealed is the number of entries from the first on whose payloads FirstSealed returns.
const firstSealed = 16

// FirstSealed returns the payloads of the ledger's first entries, as they are kept: a keystore is
// the ledger's own if it opens one of them. Entries that cannot be read, and payloads that are not
// kept, are left out.
func (r *Reader) FirstSealed() []SealedPayload { return r.firstSealed(r.meta.Size) }

func (r *Reader) firstSealed(size uint64) (first []SealedPayload) {
	for index := range min(size, firstSealed) {
		sealed, _ := r.sound(bucketSealed, be64(index))
		leaf, err := ledger.DecodeLeaf(r.SoundLeaf(index))
		if err == nil && sealed != nil {
			first = append(first, SealedPayload{leaf.Evidence.Commitment(), sealed})
		}
	}
	return first
}

// Tx is the open write transaction, as a handler sees it.
type Tx struct {
	reads
	registry *Registry
	layer    *layer // what was written: the newest of reads
	meta     *meta
	len      int         // bytes written
	fresh    []tlog.Hash // leaf hashes that are not in the tiles yet
	last     tlog.Hash   // of the newest leaf
	writes   []write     // of the command that is being applied, in their order
	index    uint64      // of the raft entry that is being applied

	counted  map[spot]*pair  // of what changed, as the sums count it; nil: not counted
	resummed map[string]bool // buckets whose sum changed
}

// write is one write of a command, and what stood in the layer before.
type write struct{ now, before *pair } // before nil: nothing

// newTx begins a transaction over the layers that the file may not have yet.
func newTx(r *Registry, m *meta, below ...*layer) *Tx {
	l := newLayer()
	if m.contents == nil {
		m.contents = contents{}
	}
	return &Tx{
		reads: reads{layers: append([]*layer{l}, below...)}, registry: r, layer: l, meta: m,
		counted: map[spot]*pair{}, resummed: map[string]bool{},
	}
}

// mark is the position of a transaction between two commands.
type mark struct {
	meta  meta
	len   int
	fresh []tlog.Hash
	last  tlog.Hash
}

// mark begins a command, which undo can take back.
func (tx *Tx) mark() mark {
	clear(tx.writes) // so that nothing that was replaced is held
	tx.writes = tx.writes[:0]
	return mark{*tx.meta, tx.len, tx.fresh, tx.last}
}

// undo takes back everything that was written since the mark.
func (tx *Tx) undo(to mark) {
	for _, w := range slices.Backward(tx.writes) {
		if w.before == nil {
			tx.layer.Delete(w.now)
		} else {
			tx.layer.Set(w.before)
		}
	}
	*tx.meta, tx.len, tx.fresh, tx.last = to.meta, to.len, to.fresh, to.last
}

// Log returns the ledger's log.
func (tx *Tx) Log() identity.Log { return tx.meta.Log }

// Size returns the number of entries of the ledger, those of this transaction included.
func (tx *Tx) Size() uint64 { return tx.meta.Size }

// Time returns ledger time, in ms since 1970 UTC: the latest of all proposers' clocks so far. It
// orders what is recorded; what ends at a time is judged by Clock.
func (tx *Tx) Time() uint64 { return tx.meta.Time }

// Put writes one pair; value must not be changed afterwards. It refuses a pair outside the bounds
// of the bucket, with CodeTooLarge, and a bucket that nobody declared.
func (tx *Tx) Put(bucket string, key, value []byte) error {
	if err := tx.registry.checkPair(bucket, key, value); err != nil {
		return err
	}
	tx.disturb(bucket, key)
	tx.set(&pair{bucket: bucket, key: bytes.Clone(key), value: value})
	return nil
}

// Delete removes one pair, if it is there. Nothing is deleted from a bucket that is immutable: a
// replica that is filled from this one may have the pair already.
func (tx *Tx) Delete(bucket string, key []byte) error {
	tx.disturb(bucket, key)
	return tx.remove(bucket, key)
}

func (tx *Tx) remove(bucket string, key []byte) error {
	if shares[bucket] == isImmutable {
		return fmt.Errorf("delete from bucket %q: what stands there stays", bucket)
	}
	if err := tx.registry.checkPair(bucket, key, nil); err != nil {
		return err
	}
	tx.set(&pair{bucket: bucket, key: bytes.Clone(key), gone: true})
	return nil
}

func (tx *Tx) set(p *pair) {
	tx.touch(p.bucket, p.key)
	tx.len += len(p.bucket) + len(p.key) + len(p.value)
	before, _ := tx.layer.Set(p)
	tx.writes = append(tx.writes, write{p, before})
}

// Append puts an entry at the end of the ledger and returns its index. It gives the head its
// sequence number and time and, after a correction of the clock, that too. sealed is the ciphertext
// of the payload; nil when the payload is kept nowhere.
func (tx *Tx) Append(stated ledger.Head, evidence ledger.Evidence, sealed []byte) (uint64, error) {
	agency := append([]byte{'/'}, stated.Agency.String()...)
	seq := uint64(1)
	if last := tx.Get(bucketSeq, agency); last != nil {
		seq = binary.BigEndian.Uint64(last) + 1
	}
	stated.Seq, stated.Time, stated.Clock = seq, max(tx.meta.Time, 1), 0
	if tx.meta.clock.Corrected > 0 {
		stated.Clock = tx.meta.clock.Now
	}
	leaf, err := ledger.Leaf{Head: stated, Evidence: evidence}.Encode()
	if err != nil {
		return 0, err
	}
	index := tx.meta.Size
	err = errors.Join(tx.Put(bucketSeq, agency, be64(seq)), tx.Put(bucketLeaf, be64(index), leaf))
	if sealed != nil {
		err = errors.Join(err, tx.Put(bucketSealed, be64(index), sealed))
	}
	if err != nil {
		return 0, fmt.Errorf("append entry: %w", err)
	}
	tx.last = ledger.LeafHash(leaf)
	tx.fresh = append(tx.fresh, tx.last)
	tx.meta.Size++
	return index, nil
}

// LastLeafHash returns the hash of the leaf that Append put last in this transaction.
func (tx *Tx) LastLeafHash() tlog.Hash { return tx.last }

// growTree adds the new entries to the tiles.
func (tx *Tx) growTree() error {
	if len(tx.fresh) == 0 {
		return nil
	}
	grown, err := ledger.Append(tx.meta.Size-uint64(len(tx.fresh)), tx.fresh, tx)
	if err != nil {
		return err
	}
	for id, tile := range grown.Tiles { // each tile has its own key: the order does not matter
		if err := tx.Put(bucketTile, tileKey(id), tile); err != nil {
			return err
		}
	}
	tx.fresh = nil
	return nil
}

// root returns the ledger's root at a size up to the present.
func (tx *Tx) root(size uint64) (tlog.Hash, error) {
	if err := tx.growTree(); err != nil {
		return tlog.Hash{}, err
	}
	return ledger.Root(size, tx)
}

// finish completes the transaction before it is committed.
func (tx *Tx) finish() error {
	if err := tx.growTree(); err != nil {
		return err
	}
	return errors.Join(tx.saveSums(), tx.saveMeta())
}

func (tx *Tx) saveMeta() error {
	data, err := canon.Marshal(*tx.meta)
	if err != nil {
		return fmt.Errorf("encode state: %w", err)
	}
	times, err := canon.Marshal(tx.meta.clock)
	if err != nil {
		return fmt.Errorf("encode clock: %w", err)
	}
	return errors.Join(tx.Put(bucketMeta, keyState, data), tx.Put(bucketMeta, keyClock, times))
}

// canonPrefix reads the first two items of an array of any length. Every format begins with these
// two.
func canonPrefix(data []byte, kind *string, format *uint64) bool {
	var items []cbor.RawMessage
	return canon.Unmarshal(data, maxMetaLen, &items) == nil && len(items) >= 2 &&
		canon.Unmarshal(items[0], maxMetaLen, kind) == nil && canon.Unmarshal(items[1], maxMetaLen, format) == nil
}
