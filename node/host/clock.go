package host

import (
	"fmt"
	"time"

	"xietong/consensus/state"
)

// MaxBehind is how far this machine's clock may be behind ledger time before nothing is proposed.
const MaxBehind = 5 * time.Minute

// ClockError is returned by Propose, which did nothing, while this machine's clock is more than MaxBehind behind ledger
// time. Reads go on, and so do writes as soon as the clock is right.
type ClockError struct {
	Behind time.Duration
	Ledger time.Time // ledger time
}

func (e *ClockError) Error() string {
	return fmt.Sprintf("the clock is %s behind ledger time %s", e.Behind.Round(time.Second), e.Ledger.UTC().Format(time.RFC3339))
}

// checkClock refuses to propose under a clock that was set back: what is decided by it, such as whether a grant has
// ended, would be decided at a time that the ledger has left. A clock that is ahead cannot be told from a ledger that
// nobody wrote to for a while, so nothing is checked there: that needs the clocks of the neighbours. A checkpoint is
// decided by no clock, and is made under any, so that receipts of what stands in the ledger can still be read.
func (h *Host) checkClock(kind state.Kind, now time.Time) error {
	ledger := h.store.LedgerTime()
	if behind := ledger.Sub(now); behind > MaxBehind && kind != state.KindCheckpointLine {
		return &ClockError{Behind: behind, Ledger: ledger}
	}
	return nil
}
