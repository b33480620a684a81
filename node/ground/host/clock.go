package host

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// MaxBehind is how far two clocks may be apart: this machine's and that of the state, or that of a
// neighbour. While this machine's lags further behind that of the state, the state is corrected
// before anything else is proposed.
const MaxBehind = state.MaxBack * time.Millisecond

// lookAtClock is how often the clock is looked at while nothing is proposed.
const lookAtClock = 10 * time.Second

// clockType is the content type of the payloads of the entries about the clock.
const clockType = "application/vnd.xietong.clock+json"

// ClockError is returned by Propose, which then did nothing, while this machine's clock is not
// believed. Reads go on, and writes go on as soon as it is.
type ClockError struct {
	Clock  time.Time     // this machine's
	Ledger time.Time     // ledger time
	Ahead  time.Duration // how far the clock is ahead of where it is expected; negative: behind
	Jumped bool          // it jumped while the node ran; else it is so since the start
	Beyond bool          // somebody vouches for it, and it is further behind than can be corrected
}

func (e *ClockError) Error() string {
	clock, ledger := e.Clock.UTC().Format(time.RFC3339), e.Ledger.UTC().Format(time.RFC3339)
	switch {
	case e.Beyond:
		return fmt.Sprintf("the clock %s is %s behind ledger time %s, more than can be corrected", clock, -e.Ahead, ledger)
	case e.Jumped:
		return fmt.Sprintf("the clock jumped by %s to %s, and nobody vouches for it", e.Ahead, clock)
	}
	return fmt.Sprintf("the clock %s is %s ahead of the last entry, and nobody vouches for it", clock, e.Ahead)
}

// CorrectedError says that the clock was corrected, and has not caught up with ledger time yet:
// there is nothing to do but to know it.
type CorrectedError struct{ state.Correction }

func (e *CorrectedError) Error() string {
	return fmt.Sprintf("the clock was corrected at %s; ledger time is %s", e.At.UTC().Format(time.RFC3339), e.Until.UTC().Format(time.RFC3339))
}

// clockError returns the *ClockError of the clock as it is; nil: it is believed, and can be
// followed.
func (h *Host) clockError() error {
	now, by, ahead := h.guard.judge(false)
	ledger, _ := h.store.Clocks()
	e := &ClockError{Clock: now, Ledger: ledger, Ahead: ahead.Round(time.Second)}
	switch {
	case by == ByNobody:
		e.Jumped = h.guard.based()
		return e
	case ledger.Sub(now) > maxAhead:
		e.Ahead, e.Beyond = now.Sub(ledger).Round(time.Second), true
		return e
	}
	return nil
}

// ready returns the clock under which a command is proposed. It first corrects the clock of the
// state where that is ahead. A replica that does not lead decides nothing by its clock: the one
// that leads puts its own in the place. A checkpoint depends on no clock and is made under any, so
// that receipts of existing entries can still be read.
func (h *Host) ready(ctx context.Context, kind state.Kind) (time.Time, error) {
	if state.Certifies(kind) || !h.alone() && !h.Leads() {
		return h.now(), nil
	}
	if err := h.fit(ctx); err != nil {
		return time.Time{}, err
	}
	now := h.now()
	if !h.alone() && !h.Leads() { // it does not any more
		return now, nil
	}
	if _, clock := h.store.Clocks(); clock.Sub(now) <= MaxBehind {
		return now, nil
	}
	err := h.correct(ctx, now)
	if errors.Is(err, group.ErrNotLeader) { // the one that leads now corrects it
		err = nil
	}
	return now, err
}

// clockEntry is the payload of an entry about the clock.
type clockEntry struct {
	Clock  string `json:"clock"`
	Ledger string `json:"ledger"` // ledger time
	By     string `json:"by"`     // who vouches for the clock
	Reason string `json:"reason,omitempty"`
}

// change proposes a command about the clock.
func (h *Host) change(ctx context.Context, kind state.Kind, q book.Request, now time.Time, reason string) (state.Result, error) {
	ledger, _ := h.store.Clocks()
	_, by, _ := h.guard.judge(false)
	payload, err := json.Marshal(clockEntry{
		Clock: now.UTC().Format(time.RFC3339), Ledger: ledger.UTC().Format(time.RFC3339), By: by.String(), Reason: reason,
	})
	if err != nil {
		return state.Result{}, err
	}
	note, err := h.Note(clockType, payload)
	if err != nil {
		return state.Result{}, err
	}
	body, err := canon.Marshal(state.ClockChange{Clock: uint64(now.UnixMilli()), Evidence: note.Evidence, Sealed: note.Sealed})
	if err != nil {
		return state.Result{}, err
	}
	if kind == state.KindClockCorrected { // under an id it would have ended by the clock that it corrects
		return h.group.Propose(ctx, state.Command{Kind: kind, Body: body, Clock: uint64(now.UnixMilli())})
	}
	return h.propose(ctx, kind, q, body, now)
}

// correct sets the clock of the state back to that of this machine.
func (h *Host) correct(ctx context.Context, now time.Time) error {
	h.correcting.Lock()
	defer h.correcting.Unlock()
	ledger, clock := h.store.Clocks()
	if clock.Sub(now) <= MaxBehind { // somebody else was faster
		return nil
	}
	result, err := h.change(ctx, state.KindClockCorrected, book.Request{}, now, "")
	if err = errors.Join(err, result.Err()); err != nil {
		return fmt.Errorf("correct clock: %w", err)
	}
	h.logger.Warn("clock corrected: ledger time ran ahead, and orders the entries until the clock has caught up",
		"clock", now.UTC().Format(time.RFC3339), "ledger time", ledger.UTC().Format(time.RFC3339), "back", clock.Sub(now).Round(time.Second).String())
	return nil
}

// AcceptClock takes the word of a person for this machine's clock, and records it with the reason.
// It returns the entry. The error is ErrClockBelieved where the clock is believed already, and a
// *ClockError where it is further behind ledger time than can be corrected.
func (h *Host) AcceptClock(ctx context.Context, id identity.Message, reason string) (entry identity.Entry, err error) {
	asked := h.MAC("asked", []byte("clock accept\n"+reason))
	q := book.ByNode(h, id, asked[:])
	if entry, came, err := h.came(ctx, q, state.KindClockAccepted); came || err != nil {
		return entry, err
	}
	if _, by, _ := h.guard.judge(true); by != ByNobody && h.clockError() == nil {
		return entry, ErrClockBelieved
	}
	h.guard.accept()
	now, err := h.ready(ctx, state.KindClockAccepted)
	if err != nil {
		return entry, err
	}
	result, err := h.change(ctx, state.KindClockAccepted, q, now, reason)
	if err = errors.Join(err, result.Err()); err != nil {
		return entry, fmt.Errorf("accept clock: %w", err)
	}
	h.logger.Warn("clock accepted", "clock", now.UTC().Format(time.RFC3339), "reason", reason)
	return h.Names().Entry(binary.BigEndian.Uint64(result.Data)), nil
}

// ErrClockBelieved is returned by AcceptClock where there is nothing to accept.
var ErrClockBelieved = errors.New("the clock is believed")

// came returns the entry that the same request made when it came before.
func (h *Host) came(ctx context.Context, q book.Request, kinds ...state.Kind) (entry identity.Entry, came bool, err error) {
	err = h.View(ctx, func(r *state.Reader) (err error) {
		for _, kind := range kinds {
			answer, used := r.Answer(state.Command{Kind: kind, Origin: q.Origin, ID: q.ID, Asked: q.Asked})
			if err = answer.Err(); used && err == nil {
				entry, came = h.Names().Entry(binary.BigEndian.Uint64(answer.Data)), true
				return nil
			}
		}
		return err
	})
	return entry, came, err
}

// Hear notes what the clock of a neighbour says. A neighbour on this machine says nothing.
func (h *Host) Hear(from identity.Jurisdiction, says time.Time) { h.guard.hear(from, says) }

// Forgotten reports whether a message may have been taken, and forgotten, while the clock was
// ahead: nobody can tell whether it is a replay, so it is refused.
func (h *Host) Forgotten(issued, expires time.Time) bool {
	c, corrected := h.store.Correction()
	ledger, clock := h.store.Clocks()
	if now := h.now(); clock.Sub(now) > MaxBehind { // the next command corrects it
		c, corrected = state.Correction{At: now, Until: ledger}, true
	}
	return corrected && c.Forgotten(issued, expires)
}

// watchClock looks at the clock until ctx ends, corrects the state, and tells what changed.
func (h *Host) watchClock(ctx context.Context) {
	tick := time.NewTicker(lookAtClock)
	defer tick.Stop()
	for told := false; ; {
		if !h.alone() && h.guard.clocks.elapsed != nil {
			h.askClocks(ctx, lookAtClock/2)
		}
		h.guard.judge(true)
		_, err := h.ready(ctx, state.KindClockAccepted)
		switch wrong := errors.As(err, new(*ClockError)) || errors.As(err, new(*ApartError)); {
		case wrong && !told:
			h.logger.Error("clock not believed: nothing is written", "error", err)
			told = true
		case err == nil && told:
			h.logger.Info("clock believed again: writing goes on")
			told = false
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// ClockState is what is known of this machine's clock.
type ClockState struct {
	Now        time.Time
	Ledger     time.Time             // ledger time
	By         Voucher               // who vouches for it; ByNobody: nobody, or it cannot be followed
	Who        identity.Jurisdiction // of ByNeighbour
	Correction *state.Correction     // in force; nil: none
	Told       []Told                // what the neighbours' clocks say
	Wrong      error                 // a *ClockError; nil: it is believed
	Differ     []*DifferError        // of those to which there is no link because of it
	Apart      []error               // an *ApartError of each replica
}

// ClockState returns what is known of this machine's clock.
func (h *Host) ClockState() ClockState {
	now, by, _ := h.guard.judge(true)
	ledger, _ := h.store.Clocks()
	s := ClockState{Now: now, Ledger: ledger, By: by, Who: h.guard.voucher(), Told: h.guard.told(), Wrong: h.clockError(), Differ: h.guard.differErrors(), Apart: h.apartErrors()}
	if c, ok := h.store.Correction(); ok {
		s.Correction = &c
	}
	return s
}
