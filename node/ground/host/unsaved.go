package host

import "fmt"

// Nobody stands above a root who could vouch for other keys: its children believe what its newest
// key set signed, and never go back. So a backup from before a key set is worthless as soon as that
// is made, and the one that was put back is, as soon as a word has it go on in a new epoch. The
// machine cannot know whether somebody made another backup. It knows that none was made of a
// stopped node, as a backup is, while the node has run since.

// UnsavedError says that a root on one machine has made a key set since it was started: every
// backup is older, and cannot have it go on.
type UnsavedError struct{ Number uint64 }

func (e *UnsavedError) Error() string {
	return fmt.Sprintf("key set %d is newer than any backup of a stopped node", e.Number)
}

// noteKeySet notes the newest key set that is here at the start.
func (h *Host) noteKeySet() {
	if newest, err := h.newestSet(); err == nil {
		h.openedSet = newest.Number
	}
}

// unsaved returns an *UnsavedError where no backup has the newest key set of a root; nil: one may.
func (h *Host) unsaved() error {
	if h.above.Load() != nil || h.openedSet == 0 || !h.alone() {
		return nil
	}
	if newest, err := h.newestSet(); err == nil && newest.Number > h.openedSet {
		return &UnsavedError{newest.Number}
	}
	return nil
}
