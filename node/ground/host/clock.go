package host

import (
	"fmt"
	"time"

	"xietong/consensus/state"
)

// MaxBehind is how far this machine's clock may lag behind ledger time; while it lags further,
// nothing is proposed.
const MaxBehind = 5 * time.Minute

// ClockError is returned by Propose, which then did nothing, while this machine's clock lags more
// than MaxBehind behind ledger time. Reads go on, and writes go on as soon as the clock is right.
type ClockError struct {
	Behind time.Duration
	Ledger time.Time // ledger time
}

func (e *ClockError) Error() string {
	return fmt.Sprintf("the clock is %s behind ledger time %s", e.Behind.Round(time.Second), e.Ledger.UTC().Format(time.RFC3339))
}

// checkClock refuses to propose under a clock that was set back: the clock decides, for instance,
// whether a grant has ended, and would decide for a time that the ledger has left. A clock that is
// ahead looks like a ledger that had no entries for a while, so checkClock does not refuse it; the
// clocks of the neighbours would be needed for that. A checkpoint depends on no clock and is made
// under any, so that receipts of existing entries can still be read.
func (h *Host) checkClock(kind state.Kind, now time.Time) error {
	ledger := h.store.LedgerTime()
	if behind := ledger.Sub(now); behind > MaxBehind && !state.Certifies(kind) {
		return &ClockError{Behind: behind, Ledger: ledger}
	}
	return nil
}
