package state

import (
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/consensus/ledger"
)

// Two times stand in the state. Ledger time is the latest clock of all proposers so far; it orders
// the entries and never goes back. The clock is the latest one since the last correction, and what
// ends at a time is judged by it. The two are the same but after a correction, until the clock has
// caught up: a machine whose clock was ahead made ledger time run ahead, and its clock is right
// now. Meanwhile nothing is forgotten, and an id from before the correction is taken only where it
// cannot have been forgotten while the clock was ahead.
const (
	// MaxBack is how far a clock may lag behind that of the state, in ms: one that lags further is
	// taken after a correction only.
	MaxBack = 5 * 60 * 1000
	// MaxAhead is how far ledger time may be ahead of a clock that is corrected, in ms.
	MaxAhead = 72 * 3600 * 1000
)

// clock is the clock of the state, and what may be forgotten by it.
//
// What ended is forgotten by a clock that others have followed for MaxBack: so a jump that is set
// right sooner forgets nothing, and a message that was issued after the correction, by a clock that
// is a little ahead, cannot have been forgotten.
type clock struct {
	_         struct{} `cbor:",toarray"`
	Now       uint64
	Corrected uint64 // the clock of the correction; 0: the clock has caught up
	Landed    uint64 // the clock when it was noted last, once in MaxBack
	Settled   uint64 // the one that was noted before
}

// ClockChange is the body of KindClockCorrected and KindClockAccepted, and stands in the ledger as
// an entry of the same name.
type ClockChange struct {
	_        struct{} `cbor:",toarray"`
	Clock    uint64   // the proposer's, ms since 1970 UTC
	Evidence ledger.Evidence
	Sealed   []byte
}

// Correction is a correction of the clock that is in force.
type Correction struct {
	At    time.Time // the clock with which it began
	Until time.Time // ledger time, which the clock has not reached yet
}

// Forgotten reports whether a message may have been taken, and forgotten, while the clock was
// ahead: it was issued before the correction, and ends by ledger time.
func (c Correction) Forgotten(issued, expires time.Time) bool {
	return issued.Before(c.At) && !expires.After(c.Until)
}

// correction returns the correction in force; ok is false where there is none.
func (m *meta) correction() (c Correction, ok bool) {
	return Correction{time.UnixMilli(int64(m.clock.Corrected)), time.UnixMilli(int64(m.Time))}, m.clock.Corrected > 0
}

// reach moves the clock on, and ledger time with it where it has caught up.
func (m *meta) reach(now uint64) {
	c := &m.clock
	if now >= c.Landed+MaxBack {
		c.Settled, c.Landed = c.Landed, now
	}
	c.Now = max(c.Now, now)
	if c.Now >= m.Time {
		m.Time, c.Corrected = c.Now, 0
	}
}

// forgets returns the time before which things must have ended to be forgotten now; 0: nothing is
// forgotten.
func (m *meta) forgets() uint64 {
	if m.clock.Corrected > 0 {
		return 0
	}
	return m.clock.Settled
}

// forgotten reports whether the id of a command that nobody remembers may have been used, and
// forgotten while the clock was ahead: it was made before the correction, and its life would have
// ended by ledger time.
func (m *meta) forgotten(c Command) bool {
	made, life := uint64(max(c.ID.Time().UnixMilli(), 0)), c.Expires-min(c.Clock, c.Expires)
	return m.clock.Corrected > made && made+life <= m.Time
}

// advance moves the clock on by that of a command, and forgets a few ids that have ended. A command
// that serves the checkpoint alone is taken under any clock, and moves none.
func (tx *Tx) advance(c Command) error {
	switch {
	case c.Clock > ledger.MaxTime: // after it no entry could be made
		return fmt.Errorf("a clock of %d ms", c.Clock)
	case Certifies(c.Kind), c.Kind == KindClockCorrected:
		return nil
	case c.Clock+MaxBack < tx.meta.clock.Now:
		return &Refusal{Code: CodeClockBack}
	}
	tx.meta.reach(c.Clock)
	return tx.forgetIDs()
}

// applyClockCorrected sets the clock back, and appends the entry that says so. It does nothing
// where the clock is not behind any more; its result is then empty, else the index of the entry.
func applyClockCorrected(tx *Tx, body []byte) ([]byte, error) {
	var b ClockChange
	if err := canon.Unmarshal(body, MaxCommandLen, &b); err != nil {
		return nil, err
	}
	c := &tx.meta.clock
	switch {
	case b.Clock+MaxBack >= c.Now:
		return nil, nil
	case b.Clock == 0 || b.Clock+MaxAhead < tx.meta.Time:
		return nil, &Refusal{Code: CodeClockBack}
	}
	c.Now, c.Corrected = b.Clock, b.Clock
	index, err := tx.Append(ledger.Head{Kind: ledger.KindClockCorrected}, b.Evidence, b.Sealed)
	return be64(index), err
}

// applyClockAccepted appends the entry that says that a person vouches for the clock. The command
// itself has moved the clock on.
func applyClockAccepted(tx *Tx, body []byte) ([]byte, error) {
	var b ClockChange
	if err := canon.Unmarshal(body, MaxCommandLen, &b); err != nil {
		return nil, err
	}
	index, err := tx.Append(ledger.Head{Kind: ledger.KindClockAccepted}, b.Evidence, b.Sealed)
	return be64(index), err
}

// Clock returns the clock, in ms since 1970 UTC: what ends at a time is judged by it. It is ledger
// time but after a correction.
func (tx *Tx) Clock() uint64 { return tx.meta.clock.Now }

// Forgets returns the time before which things must have ended to be forgotten now, in ms since
// 1970 UTC; 0: nothing is forgotten.
func (tx *Tx) Forgets() uint64 { return tx.meta.forgets() }

// Clock returns the clock as Tx.Clock does.
func (r *Reader) Clock() uint64 { return r.meta.clock.Now }

// Correction returns the correction of the clock that is in force; ok is false where there is none.
func (r *Reader) Correction() (c Correction, ok bool) { return r.meta.correction() }

// Clocks returns ledger time and the clock as of the last applied command; they differ while a
// correction is in force.
func (s *Store) Clocks() (ledger, clock time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.UnixMilli(int64(s.meta.Time)), time.UnixMilli(int64(s.meta.clock.Now))
}

// Correction returns the correction as Reader.Correction does.
func (s *Store) Correction() (c Correction, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meta.correction()
}
