package host

import (
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// EndedError says that the keys in use have ended. Act then signs nothing: no verifier would take
// it, now or later. The next upkeep, within a minute or so, puts other keys in use.
type EndedError struct {
	In identity.Jurisdiction
	At time.Time // by this machine's clock, or by the ledger's where that is later
}

func (e *EndedError) Error() string {
	return fmt.Sprintf("the keys of %s in use have ended before %s", e.In, e.At.UTC().Format(time.RFC3339))
}

// checkEnded refuses to sign for an entry that would come after the end of the keys in use.
func (h *Host) checkEnded() error {
	at := h.now()
	if ledger := h.store.LedgerTime(); ledger.After(at) {
		at = ledger
	}
	if !h.authority.Ended(at) {
		return nil
	}
	if err := h.checkClock(state.KindKeySet, h.now()); err != nil {
		return err // the ledger's time is not that of now, and the keys may be as good as ever
	}
	return &EndedError{h.name, at}
}
