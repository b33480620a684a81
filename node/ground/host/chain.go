package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/node/ground/book"
)

const (
	chainFile    = "chain"
	maxChainLen  = 1 << 20 // bytes
	recoveryFile = "recovery"
)

// ErrNotAbove is returned for a chain that does not go from its pin to this jurisdiction.
var ErrNotAbove = errors.New("not a chain down to this jurisdiction")

// above is the jurisdiction's copy of the levels above it, kept in the file chain and in memory.
// The parent gives it. Without the copy, a jurisdiction that is cut off could issue no receipt that
// the root's pin proves.
type above struct {
	_      struct{} `cbor:",toarray"`
	Root   string   // pin
	Levels []trust.Level
}

// readAbove reads the file chain; a jurisdiction that has not joined a parent has none.
func (h *Host) readAbove() error {
	data, err := os.ReadFile(filepath.Join(h.dir, chainFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var a above
	if err == nil {
		err = canon.Unmarshal(data, maxChainLen, &a)
	}
	if err != nil {
		return &PartError{PartChain, filepath.Join(h.dir, chainFile), err}
	}
	h.above.Store(&a)
	return nil
}

// SetAbove keeps the levels above this jurisdiction, from the level that root pins down to the
// parent, each with its endorsement of the next. It first verifies all levels down to this
// jurisdiction's own key sets, and returns the verified chain. The pin of the root stays as it was
// kept first: whoever could change it would be believed in everything. The error wraps ErrNotAbove
// where the levels do not lead here, or from another root.
func (h *Host) SetAbove(ctx context.Context, root trust.Pin, levels []trust.Level) ([]trust.Link, error) {
	if kept := h.above.Load(); kept != nil && kept.Root != root.String() {
		return nil, fmt.Errorf("%w: the root is pinned as %s", ErrNotAbove, kept.Root)
	}
	return h.setAbove(ctx, root, levels)
}

// StartAbove is SetAbove for a jurisdiction that has recorded no parent. What is kept from another
// root was left by a join that ended before its record: nobody joined there, and it is replaced.
func (h *Host) StartAbove(ctx context.Context, root trust.Pin, levels []trust.Level) ([]trust.Link, error) {
	return h.setAbove(ctx, root, levels)
}

func (h *Host) setAbove(ctx context.Context, root trust.Pin, levels []trust.Level) ([]trust.Link, error) {
	if err := h.handable(levels); err != nil {
		return nil, err
	}
	own, err := h.ownLevel(ctx, 1)
	if err != nil {
		return nil, err
	}
	chain, err := descend(root, append(levels[:len(levels):len(levels)], own))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAbove, err)
	}
	if last := chain[len(chain)-1].Newest().Name; len(levels) == 0 || last != h.name {
		return nil, fmt.Errorf("%w: it ends with %s", ErrNotAbove, last)
	}
	if kept := h.above.Load(); kept != nil && kept.Root == root.String() {
		if err := h.GoesOn(ctx, chain); err != nil {
			return nil, err
		}
	}
	return chain, h.keepAbove(&above{Root: root.String(), Levels: levels}, chain)
}

// withoutLast returns the levels of a chain that ends with the last but one.
func withoutLast(levels []trust.Level) []trust.Level {
	levels = slices.Clone(levels[:len(levels)-1])
	last := &levels[len(levels)-1]
	last.Endorsement, last.Standing, last.Confirmed = nil, nil, nil
	if n := len(levels); n > 1 {
		levels[n-2].Confirmed = nil
	}
	return levels
}

// handable refuses levels that could not be handed on, with a *ChainError: whoever takes them can
// answer no child any more.
func (h *Host) handable(levels []trust.Level) error {
	for i, level := range levels {
		length := 0
		for _, k := range level.KeySets {
			length += keptLen(k)
		}
		switch {
		case i == 0 && length > Room:
			return &ChainError{In: h.name, Length: length, Max: Room}
		case i > 0 && trust.Some(level.KeySets) < len(level.KeySets):
			return &ChainError{In: h.name, Length: length, Max: trust.MaxHandedLen}
		}
	}
	return nil
}

// keepAbove writes the file chain, and keeps the same in memory.
func (h *Host) keepAbove(a *above, chain []trust.Link) error {
	data, err := canon.Marshal(a)
	if err != nil {
		return err
	}
	if len(data) > maxChainLen {
		return fmt.Errorf("keep chain: %w", &ChainError{In: h.name, Length: len(data), Max: maxChainLen})
	}
	h.keeping.Lock()
	defer h.keeping.Unlock()
	if n := h.newer.Load(); n != nil && n.Root == a.Root { // it may have come since the chain was judged
		if err := leadsOn(n.links, chain); err != nil {
			return err
		}
	}
	if err := WriteFile(filepath.Join(h.dir, chainFile), data); err != nil {
		return fmt.Errorf("keep chain: %w", err)
	}
	h.above.Store(a)
	h.endorsed.Store(chain[len(chain)-1].Endorsement)
	return errors.Join(h.noNewer(), h.endorsedAgain())
}

// Endorsed returns the endorsement of this jurisdiction by its parent that it has seen last; nil
// where it has joined none.
func (h *Host) Endorsed(ctx context.Context) (*trust.Endorsement, error) {
	if e := h.endorsed.Load(); e != nil || h.above.Load() == nil || h.anew.Load() != nil {
		return e, nil
	}
	levels, root, err := h.chainFrom(ctx, 1)
	if err != nil {
		return nil, err
	}
	chain, err := descend(root, levels)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAbove, err)
	}
	e := chain[len(chain)-1].Endorsement
	h.endorsed.Store(e)
	return e, nil
}

// descend verifies the levels down to this jurisdiction. The key set that begins an epoch counts
// when the parent endorsed it: until then the levels hold without it.
func descend(root trust.Pin, levels []trust.Level) ([]trust.Link, error) {
	chain, err := trust.Descend(root, levels, ledger.VerifyEndorsement)
	if !errors.Is(err, trust.ErrEndorsement) {
		return chain, err
	}
	own := levels[len(levels)-1]
	newest, bad := trust.Reopen(own.KeySets[len(own.KeySets)-1])
	if bad != nil {
		return nil, err
	}
	before := upTo(own.KeySets, newest.Epoch-1)
	if len(before) == 0 {
		return nil, err
	}
	own.KeySets = before
	return trust.Descend(root, append(levels[:len(levels)-1:len(levels)-1], own), ledger.VerifyEndorsement)
}

// upTo returns the key sets up to an epoch.
func upTo(signed [][]byte, epoch uint64) [][]byte {
	for len(signed) > 0 {
		last, err := trust.Reopen(signed[len(signed)-1])
		if err == nil && last.Epoch <= epoch {
			break
		}
		signed = signed[:len(signed)-1]
	}
	return signed
}

// Chain returns the levels from the root of the tree down to this jurisdiction, and the root's pin.
// The last level, this jurisdiction's own, has no endorsement. It holds the endorsed key set and
// those around it, as many as are handed on at once, so that those that counted lately are there. A
// jurisdiction that has not joined a parent is its own root: its level begins with number 1, for
// those who pin it.
func (h *Host) Chain(ctx context.Context) (levels []trust.Level, root trust.Pin, err error) {
	e, err := h.Endorsed(ctx)
	if err == nil {
		levels, root, err = h.chainFrom(ctx, 1)
	}
	if err == nil && e != nil {
		own := &levels[len(levels)-1]
		own.KeySets, err = trust.Begin(around(own.KeySets, e.Number))
	}
	if err != nil {
		return nil, trust.Pin{}, fmt.Errorf("read chain: %w", err)
	}
	return levels, root, nil
}

// around returns as many key sets as are handed on at once: the one with the number, those after
// it, and then the last before it. signed begins with number 1.
func around(signed [][]byte, number uint64) [][]byte {
	at := int(min(number, uint64(len(signed)))) - 1
	upTo := at + trust.Some(signed[at:])
	back := slices.Clone(signed[:upTo])
	slices.Reverse(back)
	return signed[upTo-trust.Some(back) : upTo]
}

// chainFrom returns the levels down to this jurisdiction, whose own begins with the given number.
func (h *Host) chainFrom(ctx context.Context, from uint64) (levels []trust.Level, root trust.Pin, err error) {
	own, err := h.ownLevel(ctx, from)
	if err != nil {
		return nil, trust.Pin{}, err
	}
	a := h.above.Load()
	if a == nil {
		root, err = h.Pin()
		return []trust.Level{own}, root, err
	}
	if root, err = trust.ParsePin(a.Root); err != nil {
		return nil, trust.Pin{}, fmt.Errorf("read chain: %w", err)
	}
	if e := h.endorsed.Load(); e != nil {
		own.KeySets = upTo(own.KeySets, e.Epoch)
	}
	return append(a.Levels[:len(a.Levels):len(a.Levels)], own), root, nil
}

// ownLevel returns the own key sets from a number on.
func (h *Host) ownLevel(ctx context.Context, from uint64) (level trust.Level, err error) {
	signed, err := h.KeySets(ctx)
	if err != nil {
		return level, err
	}
	level.KeySets, err = trust.Begin(signed[min(from, uint64(len(signed)))-1:])
	if statement := h.recovery.Load(); statement != nil {
		level.Recovery = *statement
	}
	return level, err
}

// KeepRecovery keeps the recovery statement for the first key set, which goes along with the own
// key sets from then on.
func (h *Host) KeepRecovery(statement []byte) error {
	h.keeping.Lock()
	defer h.keeping.Unlock()
	if err := WriteFile(filepath.Join(h.dir, recoveryFile), statement); err != nil {
		return fmt.Errorf("keep recovery statement: %w", err)
	}
	h.recovery.Store(&statement)
	return nil
}

// Recovered reports whether a recovery statement goes along with the first key set.
func (h *Host) Recovered() bool { return h.recovery.Load() != nil }

// readRecovery reads the file recovery; a jurisdiction that never lost its keys has none.
func (h *Host) readRecovery() error {
	path := filepath.Join(h.dir, recoveryFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Size() > trust.MaxRecoveryLen {
		err = fmt.Errorf("%d bytes, more than %d", info.Size(), trust.MaxRecoveryLen)
	}
	var statement []byte
	if err == nil {
		statement, err = os.ReadFile(path)
	}
	if err == nil {
		_, err = trust.RecoveryFor(statement)
	}
	if err != nil {
		return &PartError{PartRecovery, path, err}
	}
	h.recovery.Store(&statement)
	return nil
}

// proofs are the kinds of entry that are proven with their payloads, to whoever asks.
var proofs = []ledger.Kind{ledger.KindEndorsement, ledger.KindRoster}

// ProveEndorsement returns the proof of the endorsement at index of this jurisdiction's ledger, or
// of the roster there. The proof holds the payload, so it proves no other kind of entry. It first
// makes a checkpoint, unless the newest one covers the whole ledger. The error wraps
// book.ErrNoEntry where the ledger has no such entry, and book.ErrErased where the payload was
// erased.
func (h *Host) ProveEndorsement(ctx context.Context, index uint64) (proof []byte, err error) {
	err = h.proven(ctx, index, func(p provenEntry) error {
		leaf, err := ledger.DecodeLeaf(p.leaf)
		if err == nil && !slices.Contains(proofs, leaf.Head.Kind) {
			err = fmt.Errorf("an entry of kind %s: %w", leaf.Head.Kind, book.ErrNoEntry)
		}
		if err != nil {
			return err
		}
		preimage, err := h.Preimage(p.reader, index)
		if err == nil && preimage == nil {
			err = book.ErrErased
		}
		if err == nil {
			proof, err = ledger.ProveEndorsement(p.leaf, preimage, index, p.checkpoint, p.note, p.reader)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prove endorsement: %w", err)
	}
	return proof, nil
}
