package host

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/vault"
	"xietong/node/ground/book"
)

// ErrNoMajority is wrapped where too few replicas signed a checkpoint in time: they are away, or
// found something else.
var ErrNoMajority = errors.New("no majority of the replicas signed it in time")

// publishedWithin is how long a checkpoint waits for the signatures of a majority.
const publishedWithin = 10 * time.Second

// checkpoint has signed what the ledger holds at the call, unless the newest checkpoint covers it.
func (h *Host) checkpoint(ctx context.Context) error { return h.cover(ctx, math.MaxUint64) }

// cover has the first size entries signed, or all that there are at the call if there are fewer,
// unless the newest checkpoint covers them. (1) It checks that the stored tree goes on from what
// was signed before, (2) proposes a mark, at which every replica notes what it is, (3) signs what
// this replica noted there, and (4) waits until a majority has published a checkpoint that covers
// as much. Whoever waits meanwhile is served by the next mark: all of them share it.
func (h *Host) cover(ctx context.Context, size uint64) error {
	err := h.View(ctx, func(r *state.Reader) error {
		size = min(size, r.Size())
		return nil
	})
	if err != nil {
		return err
	}
	h.marking.Lock()
	defer h.marking.Unlock()
	covered, err := h.covers(size)
	if err != nil { // also where a mark would be one that nobody could sign
		return h.mustEnd(fmt.Errorf("sign checkpoint: %w", err))
	}
	if covered {
		return nil
	}
	if err := h.Questioned(); err != nil {
		return err
	}
	body, err := canon.Marshal(state.MarkWanted{})
	if err != nil {
		return err
	}
	noted, err := h.Propose(ctx, state.KindMark, book.Request{}, body)
	if err != nil || len(noted) == 0 {
		return err
	}
	var m state.Mark
	if err := canon.Unmarshal(noted, state.MaxResultLen, &m); err != nil {
		return err
	}
	if err := h.signMarks(ctx); err != nil {
		return err
	}
	return h.waitPublished(ctx, m.Size)
}

// waitPublished waits until a published checkpoint covers size entries. The error wraps
// ErrNoMajority.
func (h *Host) waitPublished(ctx context.Context, size uint64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, publishedWithin, ErrNoMajority)
	defer cancel()
	for {
		advanced := h.store.Advanced()
		signed := uint64(0)
		err := h.Look(func(r *state.Reader) error {
			signed, _ = r.Checkpoint()
			return nil
		})
		if err != nil || signed >= size {
			return err
		}
		select {
		case <-advanced:
		case <-ctx.Done():
			return fmt.Errorf("checkpoint of %d entries: %w", size, context.Cause(ctx))
		}
	}
}

// covers reports whether the newest checkpoint covers so many entries. Where it does not, the error
// is a *state.DamageError unless the stored tree goes on from it.
func (h *Host) covers(size uint64) (covered bool, err error) {
	err = h.Look(func(r *state.Reader) error {
		signed, _ := r.Checkpoint()
		if covered = signed >= size; covered {
			return nil
		}
		return goesOn(r)
	})
	return covered, err
}

// mustEnd returns an error over what was signed. Where the tree is damaged the replica must not go
// on: what it took from here on could never be signed. The next opening derives the tree anew.
func (h *Host) mustEnd(err error) error {
	if _, ok := errors.AsType[*state.DamageError](err); ok {
		h.damaged.Do(func() { h.fatal(err) })
	}
	return err
}

// openTree checks that the stored tree goes on from what was signed last, and that its tiles fit
// together; where they do not, it derives the tree anew from the entries. Where that cannot be
// done, because entries are damaged, too, the ledger is opened all the same if what was signed goes
// on: then no more is lost than what the damaged tiles prove, which is told as other damage is.
func (h *Host) openTree(ctx context.Context) error {
	signed := h.checkSigned()
	err := cmp.Or(signed, h.Look((*state.Reader).CheckTree))
	if _, ok := errors.AsType[*state.DamageError](err); !ok {
		return err
	}
	mended, err := h.store.MendTree(ctx)
	if err != nil && signed == nil && ctx.Err() == nil {
		h.logger.Error("the tree of the ledger is damaged, and could not be derived anew from its entries", "error", err)
		return nil
	}
	if damage, ok := errors.AsType[*state.DamageError](err); ok {
		damage.Files = h.store.DamagedFiles()
	}
	if err != nil {
		return err
	}
	h.logger.Warn("the tree of the ledger was damaged, and was derived anew from its entries: check the disk", "tiles", mended)
	return h.checkSigned()
}

// checkSigned checks that the stored tree goes on from what was signed last.
func (h *Host) checkSigned() error { return h.Look(goesOn) }

func goesOn(r *state.Reader) error {
	root, err := r.RootAt(r.Size())
	if err != nil {
		return err
	}
	return r.GoesOn(r.Size(), root[:])
}

// Checkpoint returns a checkpoint of everything acknowledged before the call, with the note that
// proves it.
func (h *Host) Checkpoint(ctx context.Context) (c ledger.Checkpoint, signed []byte, err error) {
	if err := h.checkpoint(ctx); err != nil {
		return c, nil, fmt.Errorf("make checkpoint: %w", err)
	}
	err = h.View(ctx, func(r *state.Reader) error {
		c, signed, err = h.newest(r)
		return err
	})
	return c, signed, err
}

// openedNote is a published checkpoint that was verified.
type openedNote struct {
	signed     []byte
	checkpoint ledger.Checkpoint
}

// newest verifies the newest published checkpoint, as a stranger would; the same one once.
func (h *Host) newest(r *state.Reader) (c ledger.Checkpoint, signed []byte, err error) {
	p, published := r.Published()
	if !published {
		return c, nil, fmt.Errorf("newest checkpoint: %w", ErrNoMajority)
	}
	if o := h.openedNote.Load(); o != nil && bytes.Equal(o.signed, p.Note) {
		return o.checkpoint, p.Note, nil
	}
	set, err := h.inForce(r, p.Mark.Size)
	if err != nil {
		return c, nil, err
	}
	if c, err = ledger.OpenCheckpoint(p.Note, r.Log(), set); err == nil {
		h.openedNote.Store(&openedNote{p.Note, c})
	}
	return c, p.Note, err
}

// Entry is one entry with its name, its leaf and the hash of the leaf.
type Entry struct {
	Name  identity.Entry
	About identity.Entry // the one that it is about; zero: none is
	Leaf  ledger.Leaf
	Hash  tlog.Hash
}

// Entry returns the entry at index.
func (h *Host) Entry(ctx context.Context, index uint64) (e Entry, err error) {
	err = h.View(ctx, func(r *state.Reader) error {
		data, err := r.ProvenLeaf(index)
		if err != nil {
			return err
		}
		if data == nil {
			return fmt.Errorf("entry %d of %d: %w", index, r.Size(), book.ErrNoEntry)
		}
		e.Hash = ledger.LeafHash(data)
		if e.Leaf, err = ledger.DecodeLeaf(data); err != nil {
			return err
		}
		e.Name, e.About = r.Names().Entry(index), e.Leaf.Head.About.In(r.Names())
		return nil
	})
	return e, err
}

// Proven returns the entry of any ledger that was asked for by a name, as a receipt proves it from
// a pin. It keeps that name, unless the receipt proves another. The entry that it is about is named
// by the log of the receipt: how its epochs were begun is not proven.
func Proven(receipt, preimage []byte, pin trust.Pin, asked identity.Entry) (e Entry, err error) {
	v, err := ledger.VerifyReceipt(receipt, preimage, pin)
	if err == nil && !v.Entry.Is(asked) {
		err = fmt.Errorf("it is of %s", v.Entry)
	}
	if err != nil {
		return e, err
	}
	name, known := v.Named()
	if !known {
		name = asked
	}
	data, err := v.Leaf.Encode()
	return Entry{Name: name, About: v.Leaf.Head.About.In(v.Entry.Log()), Leaf: v.Leaf, Hash: ledger.LeafHash(data)}, err
}

// provenEntry is one entry under the newest checkpoint.
type provenEntry struct {
	leaf       []byte
	checkpoint ledger.Checkpoint
	note       []byte
	reader     *state.Reader
}

// proven makes a checkpoint, unless the newest one covers the entry at index, and gives that entry
// to f.
func (h *Host) proven(ctx context.Context, index uint64, f func(provenEntry) error) error {
	if err := h.cover(ctx, index+1); err != nil {
		return fmt.Errorf("make checkpoint: %w", err)
	}
	return h.View(ctx, func(r *state.Reader) (err error) {
		p := provenEntry{reader: r}
		if p.leaf, err = r.ProvenLeaf(index); err != nil {
			return err
		}
		if p.checkpoint, p.note, err = h.newest(r); err != nil {
			return err
		}
		if p.leaf == nil || index >= p.checkpoint.Size {
			return fmt.Errorf("entry %d of %d: %w", index, r.Size(), book.ErrNoEntry)
		}
		return f(p)
	})
}

// Receipt returns the receipt of the entry at index, which holds nothing of the payload. The chain
// of the receipt begins with the root of the tree, and the root's pin proves it. Receipt first
// makes a checkpoint, unless the newest one covers the entry. An act of a chain of key sets before
// the newest is proven by that chain; where it cannot be, the error is a *FormerError. It wraps
// book.ErrNoEntry where the ledger has no such entry, and is a *ChainError where the chain is so
// long that no verifier would take the receipt, and a *RemovedError or *NoVoteError where the
// newest key set does not list this replica, whose signature nobody would believe.
func (h *Host) Receipt(ctx context.Context, index uint64) (receipt []byte, err error) {
	for range mostReceipts {
		if receipt, err = h.receiptNow(ctx, index); !errors.Is(err, errOtherSet) {
			break
		}
		if failed := h.cover(ctx, math.MaxUint64); failed != nil { // a checkpoint that the newest key set signs
			err = failed
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make receipt: %w", err)
	}
	return receipt, nil
}

// mostReceipts is how often a receipt is made anew because key sets changed meanwhile.
const mostReceipts = 3

// errOtherSet says that the newest checkpoint is signed by another key set than the one that a
// receipt shows: it is older than that, or was made since it was read.
var errOtherSet = fmt.Errorf("%w: the key set changed meanwhile", group.ErrNotDone)

func (h *Host) receiptNow(ctx context.Context, index uint64) (receipt []byte, err error) {
	if receipt, former, err := h.formerReceipt(index); err != nil {
		return nil, err
	} else if former {
		return receipt, nil
	}
	from, err := h.proofFrom(ctx, index)
	if err != nil {
		return nil, err
	}
	chain, _, err := h.chainFrom(ctx, from)
	if err != nil {
		return nil, err
	}
	lasting := make([]trust.Level, len(chain))
	for i, level := range chain {
		lasting[i] = level.Lasting()
	}
	err = h.proven(ctx, index, func(p provenEntry) error {
		receipt, err = ledger.Issue(p.leaf, index, p.checkpoint, p.note, p.reader, lasting, h.authority)
		if err == nil && len(receipt) > ledger.MaxReceiptLen {
			err = &ChainError{In: h.name, Length: len(receipt), Max: ledger.MaxReceiptLen} // no verifier takes it
		}
		if err == nil {
			_, err = ledger.DecodeReceipt(receipt) // nothing is given out that no verifier reads
		}
		if err == nil {
			err = h.speaks(p, lasting[len(lasting)-1].KeySets)
		}
		return err
	})
	return receipt, err
}

// speaks refuses a receipt that no verifier believes: the last key set that it shows must list this
// replica, which may be on its way into the group or out of it, and must have signed the
// checkpoint.
func (h *Host) speaks(p provenEntry, shown [][]byte) error {
	if len(shown) == 0 {
		shown = p.reader.KeySets()
	}
	newest, err := trust.Reopen(shown[len(shown)-1])
	if err != nil {
		return err
	}
	lists := func(k trust.KeySet) bool { return bytes.Equal(k.LogKey(h.Replica()), h.authority.LogPublic()) }
	if !lists(newest) {
		for _, signed := range shown {
			if k, err := trust.Reopen(signed); err == nil && lists(k) {
				return &RemovedError{h.Replica(), newest.Number}
			}
		}
		return &NoVoteError{h.Replica()}
	}
	if p.reader.InForce(p.checkpoint.Size) == newest.Number { // by which the note was verified already; see newest
		return nil
	}
	if _, err := ledger.OpenCheckpoint(p.note, p.checkpoint.Log, newest); err != nil {
		return fmt.Errorf("%w: %w", errOtherSet, err)
	}
	return nil
}

func (h *Host) open(leaf, sealed []byte) ([]byte, error) {
	if sealed == nil {
		return nil, nil
	}
	l, err := ledger.DecodeLeaf(leaf)
	if err != nil {
		return nil, err
	}
	preimage, err := h.vault.Open(l.Evidence.Commitment(), sealed)
	if errors.Is(err, vault.ErrDestroyed) {
		return nil, nil
	}
	return preimage, err
}

// TimeAt returns when the entry at an index was made, in ms since 1970 UTC: see ledger.Head.At.
// There must be one. The error is of one that cannot be read, and of nothing else.
func TimeAt(r *state.Reader, index uint64) (uint64, error) {
	leaf, err := ledger.DecodeLeaf(r.SoundLeaf(index))
	if err != nil {
		return 0, fmt.Errorf("time of entry %d: %w", index, err)
	}
	return leaf.Head.At(), nil
}
