package host

import (
	"context"
	"fmt"
	"slices"

	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// Widen names as lost what a neighbour saw of an epoch before, where the keys of that epoch signed
// it, and all of them were given up when the ledger went on with new ones. Those who have them now
// may sign more at any time, so that puts nothing in question and stops nobody: what is named can
// be looked through by a person, and what the heads say ended ends, as soon as somebody has them.
// It reports whether there was something to name. A replica that does not lead names nothing.
func (h *Host) Widen(ctx context.Context, s Seen) (named bool, err error) {
	of, began := h.after(s.Checkpoint.Log)
	if !began || h.Questioned() != nil || !h.Leads() {
		return false, nil
	}
	if !of.Settled || h.has(s) || s.Checkpoint.Size <= of.To || !h.signedThen(s) {
		return false, nil
	}
	q := &QuestionError{Replica: h.Replica(), Found: &s}
	body, err := h.epochWidened(q, of, fmt.Sprintf("%s saw more than was named", s.By), Lost{}, true)
	if err == nil {
		_, err = h.Propose(ctx, state.KindEpochWidened, book.Request{}, body)
	}
	if err != nil {
		return false, fmt.Errorf("name what is lost: %w", err)
	}
	h.logger.Warn("a neighbour saw more of an epoch before than was named as lost: it is named, and nothing is stopped",
		"peer", s.By.String(), "epoch", of.Number, "lost_from", of.From, "lost_to", s.Checkpoint.Size)
	return true, nil
}

// signedThen reports whether a majority of the replicas of the newest key set of its epoch signed
// what a neighbour saw.
func (h *Host) signedThen(s Seen) (is bool) {
	of := s.Checkpoint.Log
	err := h.Look(func(r *state.Reader) error {
		sets, err := h.keys.in(r, of.Epoch())
		for _, k := range slices.Backward(sets) {
			if k.Epoch <= of.Epoch() {
				is = signedBy(s, of, k.KeySet)
				break
			}
		}
		return err
	})
	return err == nil && is
}
