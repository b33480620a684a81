package host

import (
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// judge compares what a neighbour saw with what is here, of which there were size entries when the
// question began: it agrees where that is here, and forked is where other entries stand here that
// were there then, or were signed. What is recorded meanwhile is neither. What it saw of an epoch
// before is no more where the newest one names all of that as lost.
func (h *Host) judge(size uint64, s Seen) (agrees, forked bool) {
	own := h.Log()
	if s.Checkpoint.Log.Jurisdiction() == own.Jurisdiction() && s.Checkpoint.Log.Epoch() < own.Epoch() {
		return h.judgeBefore(s)
	}
	if s.Checkpoint.Log != own || s.Checkpoint.Size == 0 {
		return false, false
	}
	var root tlog.Hash
	var signed uint64
	err := h.Look(func(r *state.Reader) (err error) {
		signed, _ = r.Checkpoint()
		if s.Checkpoint.Size <= r.Size() {
			root, err = r.RootAt(s.Checkpoint.Size)
		}
		return err
	})
	known := err == nil && s.Checkpoint.Size <= max(size, signed)
	return known && root == s.Checkpoint.Root, known && root != s.Checkpoint.Root
}

// judgeBefore judges what a neighbour saw of an epoch before. It agrees where it is that by which
// the next epoch began, where all of it that is not here is named as lost, or where the rest is
// here; forked is where others are here of what must be.
func (h *Host) judgeBefore(s Seen) (agrees, forked bool) {
	err := h.Look(func(r *state.Reader) error {
		c, upTo := s.Checkpoint, s.Checkpoint.Size
		for _, e := range r.Epochs() {
			switch {
			case e.Number <= c.Log.Epoch():
				continue
			case beganBy(e, c):
				agrees = true
				return nil
			case upTo > e.From && upTo > e.To: // more is lost
				return nil
			}
			upTo = min(upTo, e.From)
		}
		if agrees = upTo < c.Size; agrees {
			return nil
		}
		root, err := r.RootAt(c.Size)
		agrees, forked = err == nil && root == c.Root, err == nil && root != c.Root
		return err
	})
	return agrees && err == nil, forked && err == nil
}

// beganBy reports whether an epoch began because a neighbour saw a checkpoint.
func beganBy(e state.Epoch, c ledger.Checkpoint) bool {
	var k knownLost
	if err := canon.Unmarshal(e.Known, state.MaxKnownLen, &k); err != nil || len(k.Note) == 0 {
		return false
	}
	began, err := (ledger.Growth{Note: k.Note}).Checkpoint()
	return err == nil && began == c
}

// vouched reports whether what a neighbour says it saw was signed by a majority of the replicas of
// the newest key set of its epoch. What is here agrees with what the keys before that signed, or it
// would have been found when they did; whoever has them now puts no ledger in question, nor does a
// neighbour's word alone. Of an epoch before, the keys may have been given up since, and be
// anybody's: one that signed it must be listed still, or the parent says it, which may stop its
// children anyway. Heads that a level above keeps were verified by whoever asked for them.
func (h *Host) vouched(s Seen) (is bool) {
	of := s.Checkpoint.Log
	if of.Jurisdiction() != h.name {
		return false
	}
	if s.Headed {
		return true
	}
	parent, _ := h.name.Parent()
	err := h.Look(func(r *state.Reader) error {
		sets, err := h.keys.in(r, of.Epoch())
		if err != nil {
			return err
		}
		newest, err := h.newestIn(r)
		for _, k := range slices.Backward(sets) {
			if k.Epoch <= of.Epoch() {
				is = signedBy(s, of, k.KeySet) && (s.By == parent || !signedBy(s, of, k.Without(newest)))
				break
			}
		}
		return err
	})
	return err == nil && is
}

func signedBy(s Seen, log identity.Log, k trust.KeySet) bool {
	c, err := ledger.OpenCheckpoint(s.Note, log, k)
	return err == nil && c == s.Checkpoint
}
