package host

import (
	"context"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// MoreSeenError says that a neighbour saw entries that are not here, and that it is not known why:
// this replica may not have caught up yet, or nobody it knows signed them.
type MoreSeenError struct {
	In, By identity.Jurisdiction
	Saw    uint64
	Err    error // nothing could be asked of the others; nil: nothing proves what the neighbour says
}

func (e *MoreSeenError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s says that it saw %d entries of %s, and this replica has not caught up: %v", e.By, e.Saw, e.In, e.Err)
	}
	return fmt.Sprintf("%s says that it saw %d entries of %s that are not here, and no key signed them that is known here", e.By, e.Saw, e.In)
}

// Unwrap returns why the others could not be asked.
func (e *MoreSeenError) Unwrap() error { return e.Err }

// Compare compares what a neighbour says that it saw with what is here, of which a replica may lack
// the last for a moment. It returns nil where all of that is here, or named as lost; where that
// puts the folder in question, which Questioned tells; and where nothing could come of it: keys
// that were given up signed it. Else the error is a *MoreSeenError.
func (h *Host) Compare(ctx context.Context, s Seen) error {
	if h.has(s) {
		return nil
	}
	if err := h.Linearize(ctx); err != nil {
		return &MoreSeenError{In: h.name, By: s.By, Saw: s.Checkpoint.Size, Err: err}
	}
	if h.has(s) {
		return nil
	}
	if h.Doubt(s); h.Questioned() != nil || h.has(s) || h.former(s) {
		return nil
	}
	return &MoreSeenError{In: h.name, By: s.By, Saw: s.Checkpoint.Size}
}

// has reports whether what a neighbour saw is here, or named as lost.
func (h *Host) has(s Seen) bool {
	var size uint64
	err := h.Look(func(r *state.Reader) error { size = r.Size(); return nil })
	agrees, _ := h.judge(size, s)
	return err == nil && (agrees || s.Checkpoint.Size == 0)
}

// former reports whether what a neighbour saw is of an epoch before, or was signed by keys of this
// one that were given up since, and not by the newest. What those signed raises a doubt; where it
// does not, because the others could not be asked in time, nothing is known yet.
func (h *Host) former(s Seen) (is bool) {
	of, own := s.Checkpoint.Log, h.Log()
	if of.Epoch() < own.Epoch() {
		return true
	}
	err := h.Look(func(r *state.Reader) error {
		sets, err := h.keys.in(r, of.Epoch())
		if err != nil || of != own || len(sets) == 0 {
			return err
		}
		signed := func(k indexedKeySet) bool { return signedBy(s, of, k.KeySet) }
		is = !signed(sets[len(sets)-1]) && slices.ContainsFunc(sets, signed)
		return nil
	})
	return err == nil && is
}

// AwaitUnquestioned waits until the folder is not in question, or ctx ends.
func (h *Host) AwaitUnquestioned(ctx context.Context) {
	_ = h.unquestionedAnd(func(context.Context) error { return nil })(ctx)
}
