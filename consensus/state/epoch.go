package state

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

// A ledger that lost entries which it had signed goes on in a new epoch, because it must not sign
// others under the same names. The tree goes on: the log of the new epoch has all entries that are
// here, each at its place, and then those to come. An entry keeps its name for ever: those that
// were here before the loss have the name of the epoch in which they were made, and all after them
// that of the new one.

// EpochChange is the body of KindEpoch, and stands in the ledger as an entry of the same name. The
// proposer has verified that the key set is of the new epoch, and follows the newest.
type EpochChange struct {
	_        struct{} `cbor:",toarray"`
	Epoch    uint64
	From     uint64 // the first index that was lost
	To       uint64 // and the one after the last; From: nobody said how many were
	Root     []byte // of the ledger that was signed at To
	Known    []byte // what the proposer keeps of how it began, at most MaxKnownLen bytes
	KeySet   KeySetChange
	Evidence ledger.Evidence
	Sealed   []byte
}

// EpochSettled is the body of KindEpochSettled: what the lost entries ended was ended here, or a
// person said that it was looked through.
type EpochSettled struct {
	_     struct{} `cbor:",toarray"`
	Epoch uint64
	Whole bool // all of what they ended was known
}

// EpochWidened is the body of KindEpochWidened, and stands in the ledger as another entry of the
// kind that begins an epoch: more entries are lost than that said, after those or before them.
type EpochWidened struct {
	_        struct{} `cbor:",toarray"`
	Epoch    uint64
	From     uint64
	To       uint64
	Root     []byte
	Known    []byte
	Stays    bool // an epoch that is settled stays so: what is named puts nothing in question
	Evidence ledger.Evidence
	Sealed   []byte
}

// Epoch is how a ledger came to its newest epoch.
type Epoch struct {
	Number  uint64
	Before  uint64 // the epoch before
	Entry   uint64 // that began it, or said that more is lost
	From    uint64 // the entries of the epoch before from here
	To      uint64 // up to there are lost; From: it is not known
	Settled bool   // what they ended was ended here, or a person looked it through
	Whole   bool   // all of that was known
	Known   []byte // see EpochChange
	Began   uint64 // the entry that began it
}

// begun is the value of the epochs bucket.
type begun struct {
	_       struct{} `cbor:",toarray"`
	Before  uint64   // the epoch before
	From    uint64
	To      uint64
	Entry   uint64
	Raft    uint64 // index of the command
	Settled bool
	Whole   bool
	Known   []byte
	Began   uint64
}

// MaxKnownLen bounds what is kept of how an epoch began, in bytes.
const MaxKnownLen = ledger.MaxNoteLen + 1<<10

const maxBegunLen = MaxKnownLen + 128

// Names gives the entries of a ledger their names. It is a value that never changes.
type Names struct {
	log   identity.Log
	begun []Begin // in their order
}

// Begin is how an epoch was begun: with the entries lost from one on, of the epoch before.
type Begin struct{ From, Before uint64 }

// NamesSince returns the names of a ledger whose newest log is known, and how its epochs were begun
// after the first, in their order.
func NamesSince(log identity.Log, begun []Begin) Names { return Names{log, begun} }

// NamesOf returns the names of a ledger that is in its first epoch.
func NamesOf(log identity.Log) Names { return Names{log: log} }

// Log returns the log of the newest epoch.
func (n Names) Log() identity.Log { return n.log }

// First returns the log of the first epoch that is here.
func (n Names) First() identity.Log {
	if len(n.begun) == 0 {
		return n.log
	}
	log, _ := identity.NewLog(n.log.Jurisdiction(), n.begun[0].Before)
	return log
}

// Entry returns the name of the entry at index.
func (n Names) Entry(index uint64) identity.Entry { return n.of(index).Entry(index) }

// of returns the log that has the entry at index first. A later loss may reach back beyond an
// earlier one.
func (n Names) of(index uint64) identity.Log {
	log := n.log
	for _, b := range slices.Backward(n.begun) {
		if index >= b.From {
			break
		}
		log, _ = identity.NewLog(log.Jurisdiction(), b.Before)
	}
	return log
}

// Has reports whether an entry that is named so is in the ledger, or will be. One that was lost is
// not.
func (n Names) Has(e identity.Entry) bool { return !e.IsZero() && n.Entry(e.Index()) == e }

// at returns the names that the ledger gave in one of its epochs.
func (n Names) at(epoch uint64) Names {
	log, _ := identity.NewLog(n.log.Jurisdiction(), epoch)
	for i, b := range n.begun {
		if b.Before >= epoch {
			return Names{log, n.begun[:i]}
		}
	}
	return Names{log, n.begun}
}

// Renamed returns the name of what stands at the place of an entry that is named otherwise: (1) it
// was recorded while the ledger was in question, and told by a name of the epoch before, or (2) it
// was made in an epoch before, and somebody names it by the log of a later one, which has it.
func (r *Reader) Renamed(e identity.Entry) (now identity.Entry, ok bool) {
	now = r.Names().Entry(e.Index())
	for _, b := range r.Epochs() {
		switch epoch := e.Log().Epoch(); {
		case b.Before == epoch && e.Index() >= b.From && e.Index() < b.Began:
			return now, true
		case b.Number == epoch && e.Index() < b.From && r.Names().at(epoch).Entry(e.Index()) == now:
			return now, true
		}
	}
	return identity.Entry{}, false
}

// readNames reads the epochs of a ledger.
func (m *meta) readNames(r reads) {
	m.names = Names{log: m.Log}
	r.Scan(bucketEpochs, nil, nil, func(_, v []byte) bool {
		var b begun
		decodeOwn(v, maxBegunLen, &b)
		m.names.begun = append(m.names.begun, Begin{b.From, b.Before})
		return true
	})
}

// Names returns the names of the ledger's entries.
func (r *Reader) Names() Names { return r.meta.names }

// Names returns the names of the ledger's entries.
func (tx *Tx) Names() Names { return tx.meta.names }

// Names returns the names of the ledger's entries, as applied.
func (s *Store) Names() Names {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meta.names
}

// Epochs returns the epochs that were begun after the first.
func (r reads) Epochs() (all []Epoch) {
	r.Scan(bucketEpochs, nil, nil, func(k, v []byte) bool {
		var b begun
		decodeOwn(v, maxBegunLen, &b)
		all = append(all, Epoch{binary.BigEndian.Uint64(k), b.Before, b.Entry, b.From, b.To, b.Settled, b.Whole, b.Known, b.Began})
		return true
	})
	return all
}

// applyEpoch begins an epoch, whose key set goes on with the chain.
func applyEpoch(tx *Tx, body []byte) ([]byte, error) {
	b, log, err := tx.nextEpoch(body, uint64(len(tx.KeySets()))+1)
	if err != nil {
		return nil, err
	}
	return tx.beginEpoch(log, b)
}

// nextEpoch reads the body of a command that begins an epoch with a key set of the number, and
// refuses one that is no later than the newest epoch.
func (tx *Tx) nextEpoch(body []byte, number uint64) (b EpochChange, log identity.Log, err error) {
	if err := canon.Unmarshal(body, MaxCommandLen, &b); err != nil {
		return b, log, err
	}
	log, err = identity.NewLog(tx.Log().Jurisdiction(), b.Epoch)
	if err == nil && (b.Epoch <= tx.Log().Epoch() || b.KeySet.Number != number) {
		err = &Refusal{Code: CodeIDReused}
	}
	return b, log, err
}

// beginEpoch begins an epoch with the log. (1) What was noted for the log before, and is not
// published, is dropped; (2) the log is the new one, and the digest begins anew; (3) the entry that
// begins the epoch is appended, and (4) the key set with which the epoch is signed.
func (tx *Tx) beginEpoch(log identity.Log, b EpochChange) ([]byte, error) {
	if b.From > tx.Size() || b.From > b.To || b.To > identity.MaxIndex || len(b.Root) != tlog.HashSize || len(b.Known) > MaxKnownLen {
		return nil, fmt.Errorf("epoch %d: entries %d to %d are lost, of %d", b.Epoch, b.From, b.To, tx.Size())
	}
	value := begun{Before: tx.Log().Epoch(), From: b.From, To: b.To, Entry: tx.Size(), Raft: tx.index, Known: b.Known, Began: tx.Size()}
	for _, bucket := range []string{bucketLines, bucketMarks} {
		if err := tx.dropBefore(bucket, tx.index); err != nil {
			return nil, err
		}
	}
	tx.meta.Digest = bytes.Join([][]byte{digestOf(log), tx.meta.Digest}, nil) // the next digest is of both
	tx.meta.Log = log
	tx.meta.names = Names{log, append(slices.Clip(tx.meta.names.begun), Begin{b.From, value.Before})}
	index, err := tx.Append(ledger.Head{Kind: ledger.KindEpoch, Epoch: b.Epoch, Before: value.Before, From: b.From, To: b.To, Root: tlog.Hash(b.Root)}, b.Evidence, b.Sealed)
	if err == nil {
		err = tx.putBegun(b.Epoch, value)
	}
	if err != nil {
		return nil, err
	}
	_, err = tx.addKeySet(b.KeySet)
	return be64(index), err
}

// applyEpochSettled notes that what the lost entries ended was ended.
func applyEpochSettled(tx *Tx, body []byte) ([]byte, error) {
	var b EpochSettled
	if err := canon.Unmarshal(body, MaxCommandLen, &b); err != nil {
		return nil, err
	}
	value, err := tx.begunAt(b.Epoch)
	if err != nil {
		return nil, err
	}
	value.Settled, value.Whole = true, value.Whole || b.Whole // who settles it beside another one may know less
	return nil, tx.putBegun(b.Epoch, value)
}

// applyEpochWidened notes that more is lost than the entry said that began an epoch. What was seen
// beyond what it named must end here, too, unless it puts nothing in question. Where the loss
// begins earlier, the entries from there on have the names of the epoch.
func applyEpochWidened(tx *Tx, body []byte) ([]byte, error) {
	var b EpochWidened
	if err := canon.Unmarshal(body, MaxCommandLen, &b); err != nil {
		return nil, err
	}
	value, err := tx.begunAt(b.Epoch)
	switch {
	case err != nil:
		return nil, err
	case b.From > value.From || b.To < value.To || b.From == value.From && b.To == value.To || b.To > identity.MaxIndex ||
		len(b.Root) != tlog.HashSize || len(b.Known) > MaxKnownLen:
		return nil, fmt.Errorf("epoch %d: entries %d to %d are lost, not %d to %d", b.Epoch, b.From, b.To, value.From, value.To)
	}
	index, err := tx.Append(ledger.Head{Kind: ledger.KindEpoch, Epoch: b.Epoch, Before: value.Before, From: b.From, To: b.To, Root: tlog.Hash(b.Root)}, b.Evidence, b.Sealed)
	if err != nil {
		return nil, err
	}
	if b.To > value.To {
		value.Settled, value.Whole = value.Settled && b.Stays, false
	}
	value.Entry, value.From, value.To, value.Known = index, b.From, b.To, b.Known
	if err := tx.putBegun(b.Epoch, value); err != nil {
		return nil, err
	}
	tx.meta.readNames(tx.reads)
	return be64(index), nil
}

func (tx *Tx) begunAt(epoch uint64) (value begun, err error) {
	data := tx.Get(bucketEpochs, be64(epoch))
	if data == nil {
		return value, fmt.Errorf("epoch %d was not begun here", epoch)
	}
	decodeOwn(data, maxBegunLen, &value)
	return value, nil
}

func (tx *Tx) putBegun(epoch uint64, value begun) error {
	data, err := canon.Marshal(value)
	if err != nil {
		return err
	}
	return tx.Put(bucketEpochs, be64(epoch), data)
}

// sinceRaft returns the raft index with which the epoch began; marks before it, and what was
// published by them, are of another log.
func (r reads) sinceRaft() (index uint64) {
	if _, v := r.last(bucketEpochs); v != nil {
		var b begun
		decodeOwn(v, maxBegunLen, &b)
		index = b.Raft
	}
	return index
}
