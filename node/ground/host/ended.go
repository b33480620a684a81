package host

import (
	"fmt"
	"time"

	"xietong/certs/identity"
)

// EndedError says that the keys in use have ended. Act then signs nothing: no verifier would take
// it, now or later. The next upkeep, within a minute or so, puts other keys in use, but not while
// the ledger is in question.
type EndedError struct {
	In identity.Jurisdiction
	At time.Time // by this machine's clock, or by that of the state where that is a little later

	Questioned error // the *QuestionError that keeps other keys from being made; nil: there is none
}

func (e *EndedError) Error() string {
	return fmt.Sprintf("the keys of %s in use have ended before %s", e.In, e.At.UTC().Format(time.RFC3339))
}

// checkEnded refuses to sign for an entry that would come after the end of the keys in use.
func (h *Host) checkEnded() error {
	at := h.now()
	if _, clock := h.store.Clocks(); clock.After(at) && clock.Sub(at) <= MaxBehind { // else it is corrected
		at = clock
	}
	if !h.authority.Ended(at) {
		return nil
	}
	return &EndedError{h.name, at, h.undecided()}
}
