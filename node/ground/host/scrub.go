package host

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"xietong/consensus/state"
)

// The scrub reads a page, and then pauses, longer where more jurisdictions share the disk. A round
// begins scrubEvery after the one before did.
const (
	scrubFirst = time.Minute // after the start
	scrubEvery = 24 * time.Hour
	scrubPage  = 256 << 10 // bytes
	scrubPause = 250 * time.Millisecond
)

// DecayedError says that data on this replica's disk are not as they were written, or are missing.
type DecayedError struct {
	Decayed
	Others bool // there are other replicas, from which this one is mended
	// Why is why the last try to mend it failed; nil: there was none, or it succeeded.
	Why error
}

// Decayed is what is known of it.
type Decayed struct {
	Kept    string // the bucket; of entries, with the number of the first: "leaf 4711"
	Values  uint64 // at least one
	Since   time.Time
	File    string
	Files   []string // of old entries, where File is one: all of which it is known, by their paths
	Replica string
}

func (e *DecayedError) Error() string {
	return fmt.Sprintf("data on the disk are not as they were written: %d values of %s", e.Values, e.Kept)
}

// decay is what was found since the start, or since this replica was mended.
type decay struct {
	mu    sync.Mutex
	found *Decayed // nil: nothing
	tried time.Time
	why   error // see DecayedError
	old   oldDecay
}

// note notes damage, of which the first is told: one of the files of old entries, and one of all
// else.
func (d *decay) note(h *Host, damage *state.DamageError) {
	d.mu.Lock()
	defer d.mu.Unlock()
	kept, values := keptIn(damage)
	found := &d.found
	if OfOldEntries(damage.File) {
		found = &d.old.found
	}
	if *found == nil {
		*found = &Decayed{Kept: kept, Since: h.now(), File: damage.File, Replica: h.Replica().String()}
		h.logger.Error("data on the disk are damaged: check the disk", "what", kept, "error", damage)
	}
	if (*found).Kept == kept {
		(*found).Values = max((*found).Values, values)
	}
}

// KeptIn returns what is damaged where an error says so: the bucket, with the number of the first
// entry where it has them, and how many values of it at least.
func KeptIn(err error) (kept string, values uint64, ok bool) {
	if _, ok := errors.AsType[*state.DecayError](err); !ok {
		return "", 0, false
	}
	kept, values = keptIn(&state.DamageError{Err: err})
	return kept, values, true
}

// keptIn returns what is damaged: the bucket, and how many values of it at least.
func keptIn(damage *state.DamageError) (kept string, values uint64) {
	if e, ok := errors.AsType[*state.DecayError](damage); ok {
		missing := max(e.Pairs, e.Written) - min(e.Pairs, e.Written)
		return ofEntry(e.Bucket, e.Keys), max(1, e.Bad, missing)
	}
	if e, ok := errors.AsType[*state.UnreadableError](damage); ok {
		return ofEntry(e.Bucket, [][]byte{e.Key}), 1
	}
	return "state.db", 1
}

func ofEntry(bucket string, keys [][]byte) string {
	if (bucket == "leaf" || bucket == "sealed") && len(keys) > 0 && len(keys[0]) == 8 {
		return fmt.Sprintf("%s %d", bucket, binary.BigEndian.Uint64(keys[0]))
	}
	return bucket
}

// decayed returns what is damaged on this replica's disk beside the files of old entries, or nil.
func (h *Host) decayed() *DecayedError {
	if damage := h.store.DamagedBeside(); damage != nil {
		h.decay.note(h, damage)
	}
	h.decay.mu.Lock()
	defer h.decay.mu.Unlock()
	if h.decay.found == nil {
		return nil
	}
	return &DecayedError{Decayed: *h.decay.found, Others: !h.alone(), Why: h.decay.why}
}

// scrub reads round all that is kept, until ctx ends, and notes what is damaged. It keeps nothing
// on disk: a round that a restart ended begins anew.
func (h *Host) scrub(ctx context.Context, hosted int) {
	next := scrubFirst
	for pause(ctx, next) {
		began := time.Now()
		h.scrubOnce(ctx, scrubPause*time.Duration(max(hosted, 1)))
		next = max(scrubEvery-time.Since(began), scrubFirst)
	}
}

// scrubOnce makes one round.
func (h *Host) scrubOnce(ctx context.Context, rest time.Duration) {
	round := h.store.Scrub()
	for more := true; more; {
		var err error
		more, err = round.Next(scrubPage)
		switch damage, ok := errors.AsType[*state.DamageError](err); {
		case ok:
			h.decay.note(h, damage)
		case err != nil:
			return // the store is closed
		}
		if more && !pause(ctx, rest) {
			return
		}
	}
}

// pause waits, and reports whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
