package host

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// Followed is what somebody outside needs to follow the ledger: the newest checkpoint, the keys
// that sign it, and the proof that it goes on from an older size.
type Followed struct {
	Checkpoint ledger.Checkpoint
	Signed     []byte // the note
	Keys       []VerifierKey
	Path       tlog.TreeProof
}

// VerifierKey is the log key of a replica in the key set now in force, as tools take it.
type VerifierKey struct {
	Replica identity.Replica
	Key     string
}

// ErrBeyond is returned by Follow where the ledger has fewer entries than were asked about.
var ErrBeyond = errors.New("the ledger has fewer entries")

// Follow returns a checkpoint of everything acknowledged before the call, with the proof that it
// goes on from the first since entries. The error wraps ErrBeyond where there are fewer; what is
// returned with it has the checkpoint.
func (h *Host) Follow(ctx context.Context, since uint64) (f Followed, err error) {
	if err := h.checkpoint(ctx); err != nil {
		return f, fmt.Errorf("make checkpoint: %w", err)
	}
	err = h.View(ctx, func(r *state.Reader) error {
		if f.Checkpoint, f.Signed, err = h.newest(r); err != nil {
			return err
		}
		newest, err := h.newestIn(r)
		if err != nil {
			return err
		}
		for _, k := range newest.Replicas {
			f.Keys = append(f.Keys, VerifierKey{k.Replica, ledger.VerifierKey(r.Log(), k.LogKey)})
		}
		switch {
		case since > f.Checkpoint.Size:
			return fmt.Errorf("prove %d entries a prefix of %d: %w", since, f.Checkpoint.Size, ErrBeyond)
		case since > 0:
			f.Path, err = ledger.ProveConsistency(since, f.Checkpoint.Size, r)
		}
		return err
	})
	return f, err
}

// The most that Leaves returns at once; one leaf is always returned.
const (
	maxLeaves    = ledger.TileWidth
	maxLeavesLen = 1 << 20
)

// Leaves returns the encoded leaves from an index on, as many as fit into one answer. Each was
// compared with the tree: the error is a *state.DamageError where one differs. There are none
// behind the end of the ledger.
func (h *Host) Leaves(ctx context.Context, from uint64) (leaves [][]byte, err error) {
	err = h.View(ctx, func(r *state.Reader) error {
		for length := 0; len(leaves) < maxLeaves && length < maxLeavesLen; {
			leaf, err := r.ProvenLeaf(from + uint64(len(leaves)))
			if err != nil || leaf == nil {
				return err
			}
			length += len(leaf)
			leaves = append(leaves, append([]byte(nil), leaf...))
		}
		return nil
	})
	return leaves, err
}
