package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/consensus/state"
)

// Files of old entries that could not be mended are tried again oldAgain later, each time twice as
// long, up to oldAtMost: another replica may have come back by then, or a person may have put a
// file back.
const (
	oldAgain  = time.Minute
	oldAtMost = 10 * time.Minute
)

// OldDecayedError says that files of old entries are damaged or missing on this replica, where
// there are others.
type OldDecayedError struct {
	Replica string
	Files   []string // their paths
	Since   time.Time
	Lacking *state.LackingError // which entries are whole with nobody that answered, when that was looked last; nil: none
}

func (e *OldDecayedError) Error() string {
	return fmt.Sprintf("%d files of old entries are damaged or missing", len(e.Files))
}

// Nowhere reports whether all the others answered, and some entries are whole on none.
func (e *OldDecayedError) Nowhere() bool { return e.Lacking != nil && len(e.Lacking.Away) == 0 }

// oldDecay is what is known of damage of the files of old entries.
type oldDecay struct {
	found   *Decayed            // that was met first; nil: none
	lacking *state.LackingError // of the last try
	left    []string            // after it
	next    time.Time           // when the next one is
	wait    time.Duration       // from the last one to that
}

// oldDecayed returns what is told of damage of the files of old entries; nil: there is none.
func (h *Host) oldDecayed() error {
	files := h.store.DamagedFiles()
	if damage := h.store.Damaged(); damage != nil && OfOldEntries(damage.File) {
		h.decay.note(h, damage)
	}
	h.decay.mu.Lock()
	defer h.decay.mu.Unlock()
	d := &h.decay.old
	switch {
	case len(files) == 0:
		*d = oldDecay{}
		return nil
	case d.found == nil:
		d.found = &Decayed{Kept: "leaf", Values: 1, Since: h.now(), File: files[0], Replica: h.Replica().String()}
	}
	if h.alone() {
		told := *d.found
		told.File, told.Files = files[0], files
		return &DecayedError{Decayed: told}
	}
	return &OldDecayedError{Replica: d.found.Replica, Files: files, Since: d.found.Since, Lacking: d.lacking}
}

// mendOld has the files of old entries be made whole that are damaged or missing: at once, and
// later again those that could not be.
func (h *Host) mendOld(ctx context.Context) {
	if files := h.store.DamagedFiles(); len(files) == 0 || !h.decay.old.due(h, files) {
		return
	}
	h.mendFiles(ctx)
}

// mendFiles does so now, and returns how many are whole again. repairing is held.
func (h *Host) mendFiles(ctx context.Context) int {
	mended, err := h.group.MendFiles(ctx)
	h.decay.mu.Lock()
	d := &h.decay.old
	d.left, d.lacking = h.store.DamagedFiles(), nil
	if lacking, ok := errors.AsType[*state.LackingError](err); ok {
		d.lacking = lacking
	}
	d.wait = min(max(2*d.wait, oldAgain), oldAtMost)
	d.next = time.Now().Add(d.wait)
	first := d.wait == oldAgain
	h.decay.mu.Unlock()
	if mended > 0 {
		h.logger.Info("files of old entries are whole again", "files", mended)
	}
	if err != nil && first && ctx.Err() == nil {
		h.logger.Warn("files of old entries could not be mended; it is tried again every ten minutes", "error", err)
	}
	return mended
}

// due reports whether it is time to mend: these are others than were left, or it was long ago.
func (d *oldDecay) due(h *Host, files []string) bool {
	h.decay.mu.Lock()
	defer h.decay.mu.Unlock()
	if !slices.Equal(files, d.left) {
		d.wait = 0
		return true
	}
	return !time.Now().Before(d.next)
}
