package host

import (
	"bytes"
	"context"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// signMarks signs what this replica found at the newest mark, unless its line is kept, or the key
// set in force there does not list it. (1) It checks that what it found goes on from what was
// signed before, (2) signs exactly that, and (3) proposes the signed line. A replica that found
// something else than the majority signed stops.
func (h *Host) signMarks(ctx context.Context) error {
	h.signing.Lock()
	defer h.signing.Unlock()
	var m state.Mark
	due := false
	err := h.Look(func(r *state.Reader) (err error) {
		if m, due = r.LastMark(); !due || r.Signed(m, h.Replica()) {
			due = false
			return nil
		}
		due, err = h.listedAt(r, m.Size)
		return err
	})
	if err != nil || !due {
		return err
	}
	line, err := h.sign(m)
	if err != nil {
		return err
	}
	body, err := canon.Marshal(line)
	if err != nil {
		return err
	}
	_, err = h.Propose(ctx, state.KindCheckpointLine, book.Request{}, body)
	return err
}

// listedAt reports whether the key set in force at a size lists this replica.
func (h *Host) listedAt(r *state.Reader, size uint64) (bool, error) {
	set, err := h.inForce(r, size)
	return bytes.Equal(set.LogKey(h.Replica()), h.authority.LogPublic()), err
}

// sign returns this replica's line for what it found at a mark.
func (h *Host) sign(m state.Mark) (state.CheckpointLine, error) {
	if err := h.Questioned(); err != nil {
		return state.CheckpointLine{}, err
	}
	var log identity.Log
	err := h.Look(func(r *state.Reader) error {
		log = r.Log()
		return r.GoesOn(m.Size, m.Root)
	})
	if err != nil {
		return state.CheckpointLine{}, h.mustEnd(fmt.Errorf("sign checkpoint: %w", err))
	}
	c, err := m.Checkpoint(log)
	if err != nil {
		return state.CheckpointLine{}, err
	}
	h.sizes.signs(m.Size, m.Index)
	note, err := ledger.SignCheckpoint(c, h.authority)
	if err != nil {
		return state.CheckpointLine{}, err
	}
	digest := ledger.StateDigest{Log: log, Index: m.Index, Digest: m.Digest}
	return state.CheckpointLine{Replica: h.Replica(), Mark: m, Note: note, State: digest.Sign(h.authority)}, nil
}

// checkLine verifies the line that another replica wants to have proposed: it is that replica's
// own, under the log key that the key set in force at the mark lists. A line that does not hold
// would make a note that no stranger takes.
func (h *Host) checkLine(from identity.Replica, body []byte) error {
	var line state.CheckpointLine
	if err := canon.Unmarshal(body, state.MaxCommandLen, &line); err != nil {
		return fmt.Errorf("line of a checkpoint: %w", err)
	}
	var set trust.KeySet
	var log identity.Log
	err := h.Look(func(r *state.Reader) error {
		found, err := h.inForce(r, line.Mark.Size)
		set, log = found, r.Log()
		return err
	})
	if err != nil {
		return err
	}
	key := set.LogKey(from)
	want, err := line.Mark.Checkpoint(log)
	switch {
	case err != nil:
		return err
	case line.Mark.Index > h.Applied():
		return fmt.Errorf("line of a checkpoint: %w: no mark stands at raft index %d yet", ledger.ErrNotProven, line.Mark.Index)
	case line.Replica != from || key == nil:
		return fmt.Errorf("line of a checkpoint: %w: %s shows one of %s", ledger.ErrNotProven, from, line.Replica)
	case !(ledger.StateDigest{Log: log, Index: line.Mark.Index, Digest: line.Mark.Digest}).Verify(key, line.State):
		return fmt.Errorf("line of a checkpoint: %w: the signature of the state's digest does not hold", ledger.ErrNotProven)
	}
	alone := trust.KeySet{Replicas: []trust.ReplicaKeys{{Replica: from, LogKey: key}}}
	got, err := ledger.OpenCheckpoint(line.Note, log, alone)
	if err == nil && got != want {
		err = fmt.Errorf("%w: it is of %d entries, the mark of %d", ledger.ErrNotProven, got.Size, want.Size)
	}
	if err != nil {
		return fmt.Errorf("line of a checkpoint: %w", err)
	}
	return nil
}
