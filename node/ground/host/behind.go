package host

import (
	"context"
	"fmt"
	"slices"

	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// A root has no parent that endorsed its newest keys, and could show them to a folder from before.
// Its children know them, refuse it, and show them to it: what was signed by the keys of the folder
// proves itself, whoever brings it.

// Lacks returns the first key set of the root, as it was signed, that this jurisdiction knows and
// the given ones are without. It is nil where there is none, or where the root is not the parent:
// any other parent has one that tells it.
func (h *Host) Lacks(shown []trust.KeySet) []byte {
	a := h.above.Load()
	if a == nil || len(a.Levels) != 1 {
		return nil
	}
	known := a.Levels[0].KeySets
	if n := h.newer.Load(); n != nil {
		known = n.Levels[0].KeySets
	}
	at := slices.IndexFunc(known, func(signed []byte) bool {
		k, err := trust.Reopen(signed)
		return err == nil && !slices.ContainsFunc(shown, func(s trust.KeySet) bool { return s.Hash() == k.Hash() })
	})
	if at < 0 {
		return nil
	}
	return known[at]
}

// Lacked is told, at a root, a key set that is said to follow one that is here, by whoever knocks.
// One that follows the newest puts the folder in question, as in Outrun: the keys of a majority
// signed it, and it is not here. One beside others here does so only where those were made after a
// person said that the ledger goes on, and some neighbour has not said yet what it saw: keys that
// were ended long ago, which somebody has from a machine that was removed, stop nobody.
func (h *Host) Lacked(ctx context.Context, shown []byte) error {
	if h.above.Load() != nil {
		return nil
	}
	lacks, err := h.lacks(shown)
	if err != nil || !lacks {
		return err
	}
	if !h.alone() { // others of the group may have it
		if h.question.Load() != nil { // and in question it is replaced, or gets the word on each
			return nil
		}
		if err := h.Linearize(ctx); err != nil {
			return err
		}
		if lacks, err = h.lacks(shown); err != nil || !lacks {
			return err
		}
		if taken, err := h.takeIn(ctx, shown); taken || err != nil {
			return err
		}
	}
	return h.isOutrun(shown)
}

// takeIn publishes a key set that a majority of this group signed and nobody published: whoever
// led ended before that, or one in bad hands keeps it to itself. It proves no folder to be old
// where all that it lists is here, or may be: the keys of this replica, a decryption key that
// another one hands over, and replicas of which the ledger says that they were admitted or removed.
// A group that was set back as a whole has it then, and is told by its children what it lacks.
func (h *Host) takeIn(ctx context.Context, shown []byte) (taken bool, err error) {
	newest, err := h.newestSet()
	if err != nil {
		return false, err
	}
	sets, err := trust.Extend(newest, [][]byte{shown})
	if err != nil {
		return false, nil // it is beside others
	}
	next := sets[len(sets)-1]
	here := slices.ContainsFunc(newest.Replicas, keysOf(next, h.Replica()).Equal) || h.authority.Holds(next) == nil
	if next.Epoch != newest.Epoch || !here || !h.mayFollow(newest, next) || !h.decrypts(ctx, next) {
		return false, nil
	}
	if err := h.publish(ctx, book.Request{}, next.Number, next.Replicas, shown); err != nil {
		return false, fmt.Errorf("publish key set %d, which was shown: %w", next.Number, err)
	}
	if err := h.Linearize(ctx); err != nil {
		return false, err
	}
	if newest, err = h.newestSet(); err != nil || newest.Number < next.Number || newest.Number == next.Number && newest.Hash() != next.Hash() {
		return false, err // another one took its number meanwhile
	}
	h.logger.Warn("a key set that a majority signed, and nobody published, was shown: it is published", "number", next.Number)
	return true, nil
}

// mayFollow reports whether a key set that a majority signed lists nobody of whom the ledger does
// not say that it was admitted, and leaves out nobody who was not removed.
func (h *Host) mayFollow(newest, next trust.KeySet) bool {
	err := h.Look(func(r *state.Reader) error {
		for _, keys := range next.Replicas {
			if err := h.mayList(r, keys.Replica, newest, keys); err != nil {
				return err
			}
		}
		return h.mayDrop(r, newest, next)
	})
	return err == nil
}

// decrypts reports whether the decryption key of a key set is here, or another replica hands it
// over.
func (h *Host) decrypts(ctx context.Context, next trust.KeySet) bool {
	for _, r := range next.Replicas {
		if h.authority.Decrypts(next.DecryptionKey) {
			return true
		}
		if r.Replica != h.Replica() {
			_ = h.fetchKeys(ctx, r.Replica) // whoever signed it has it
		}
	}
	return h.authority.Decrypts(next.DecryptionKey)
}

// lacks reports whether a key set proves that the folder is older than it.
func (h *Host) lacks(shown []byte) (bool, error) {
	o, proven, err := h.outruns(shown)
	if err != nil || !proven || !o.beside {
		return proven, err
	}
	since := h.unheard.since.Load()
	err = h.Look(func(r *state.Reader) error {
		index, known := r.KeySetIndex(o.after + 1)
		proven = since > 0 && known && index >= since-1
		return nil
	})
	return proven, err
}
