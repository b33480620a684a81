package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/group"
)

// Word is what a replica says of itself to the others, now and then.
type Word struct {
	Clock time.Time
	By    Voucher // who vouches for its clock
}

// The bounds of what the replicas say of their clocks.
const (
	wordWithin  = time.Second      // one may take so long to say it
	wordGood    = time.Minute      // it counts for so long
	roundGood   = 30 * time.Second // a leader proposes nothing when it has asked nobody for longer
	yieldWithin = 3 * time.Second  // to hand over leadership
)

// ApartError says that the clock of a replica is apart from those of the others. Propose, which did
// nothing then, returns it where the replica leads, and no other can.
type ApartError struct {
	Replica identity.Replica
	Ahead   time.Duration    // how far its clock is ahead of the median; negative: behind
	Other   identity.Replica // not zero: it is ahead of that one's, and nobody can tell which is right
}

func (e *ApartError) Error() string {
	if !e.Other.IsZero() {
		return fmt.Sprintf("the clock of %s is %s ahead of that of %s, and nobody can tell which is right", e.Replica, e.Ahead, e.Other)
	}
	return fmt.Sprintf("the clock of %s is %s ahead of the median of the replicas", e.Replica, e.Ahead)
}

// LeaderClockError says that the clock of the replica that leads is not believed.
type LeaderClockError struct{ Replica identity.Replica }

func (e *LeaderClockError) Error() string {
	return fmt.Sprintf("the clock of %s, which leads, is not believed", e.Replica)
}

// clockWord is what a replica said of its clock, as far as it is ahead of this machine's now.
type clockWord struct {
	replica identity.Replica
	ahead   time.Duration
	by      Voucher
}

// apart reports whether two clocks are further apart than may be.
func apart(d time.Duration) bool { return d.Abs() > MaxBehind }

// middle returns how far the median of the clocks that their replicas believe is ahead of this
// machine's. Where they are split into two halves, those decide for which somebody vouches; false:
// nobody can tell.
func middle(words []clockWord) (ahead time.Duration, ok bool) {
	words = slices.DeleteFunc(slices.Clone(words), func(w clockWord) bool { return w.by == ByNobody })
	if len(words) == 0 {
		return 0, false
	}
	slices.SortFunc(words, func(a, b clockWord) int { return cmp.Compare(a.ahead, b.ahead) })
	low, high := words[(len(words)-1)/2].ahead, words[len(words)/2].ahead
	if !apart(high - low) {
		return low + (high-low)/2, true
	}
	vouched := slices.DeleteFunc(slices.Clone(words), func(w clockWord) bool { return w.by <= ByStart })
	if len(vouched) == len(words) {
		return 0, false
	}
	return middle(vouched)
}

// fitter returns the other replicas whose clocks are believed, and near the median.
func fitter(words []clockWord, own identity.Replica) (all []identity.Replica) {
	median, ok := middle(words)
	for _, w := range words {
		if ok && w.by > ByNobody && w.replica != own && !apart(w.ahead-median) {
			all = append(all, w.replica)
		}
	}
	return all
}

// apartOf returns what is wrong with the clock of a replica beside the others'; nil: nothing, as
// far as is known.
func apartOf(words []clockWord, of identity.Replica) *ApartError {
	at := slices.IndexFunc(words, func(w clockWord) bool { return w.replica == of })
	if at < 0 {
		return nil
	}
	w := words[at]
	if median, ok := middle(words); ok {
		if ahead := w.ahead - median; apart(ahead) {
			return &ApartError{Replica: of, Ahead: ahead.Round(time.Second)}
		}
		return nil
	}
	for _, other := range words { // nobody can tell: with whom it differs, then
		if ahead := w.ahead - other.ahead; other.by > ByNobody && w.by > ByNobody && apart(ahead) {
			return &ApartError{Replica: of, Ahead: ahead.Round(time.Second), Other: other.replica}
		}
	}
	return nil
}

// Word returns what this replica says of itself to the others.
func (h *Host) Word() Word {
	now, by, _ := h.guard.judge(false)
	return Word{Clock: now, By: by}
}

// words returns what the replicas with a vote say of their clocks, this one included.
func (h *Host) words() []clockWord {
	_, by, _ := h.guard.judge(false)
	return append(h.guard.lately(), clockWord{replica: h.Replica(), by: by})
}

// askClocks asks the other replicas with a vote for their clocks, unless somebody did so for so
// long: then it waits for nobody who asks now.
func (h *Host) askClocks(ctx context.Context, unless time.Duration) {
	if h.guard.asked(unless) {
		return
	}
	h.asking.Lock()
	defer h.asking.Unlock()
	members, err := h.group.Members()
	if err != nil || h.guard.asked(unless) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, wordWithin)
	defer cancel()
	var asks sync.WaitGroup
	voters := []identity.Replica{}
	for _, m := range members {
		if !m.Voter || m.Replica == h.Replica() {
			continue
		}
		voters = append(voters, m.Replica)
		asks.Go(func() {
			began := h.guard.read()
			if w, err := h.others.Word(ctx, m.Replica); err == nil {
				h.guard.hearReplica(m.Replica, w, began)
			}
		})
	}
	asks.Wait()
	h.guard.askedOf(voters)
}

// fit returns why this replica must not propose under its clock. Where it may not, and another
// replica may, it hands over leadership, and the error is nil: whoever has something to propose
// finds the new leader.
func (h *Host) fit(ctx context.Context) error {
	err := h.clockError()
	if h.alone() || h.guard.clocks.elapsed == nil {
		return err
	}
	h.askClocks(ctx, roundGood)
	words := h.words()
	if wrong := apartOf(words, h.Replica()); err == nil && wrong != nil {
		err = wrong
	}
	if err == nil {
		return nil
	}
	return h.yield(ctx, fitter(words, h.Replica()), err)
}

// yield hands leadership over to one of the replicas. It returns why where none takes it.
func (h *Host) yield(ctx context.Context, to []identity.Replica, why error) error {
	if len(to) == 0 {
		return why
	}
	h.yielding.Lock()
	defer h.yielding.Unlock()
	if !h.Leads() { // somebody else was faster
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, yieldWithin)
	defer cancel()
	if err := h.group.HandOver(ctx, to...); errors.Is(err, group.ErrNotDone) || err != nil && h.Leads() {
		return why
	}
	h.logger.Warn("handed over leadership because of the clock", "error", why)
	return nil
}

// apartErrors returns what is wrong with the clocks of the replicas, as far as this one knows:
// those that are refused because of their clocks included, on which nothing else depends.
func (h *Host) apartErrors() (all []error) {
	if h.alone() {
		return nil
	}
	words := h.guard.refused()
	for _, w := range h.words() { // what one said that is refused since is of before
		if !slices.ContainsFunc(words, func(r clockWord) bool { return r.replica == w.replica }) {
			words = append(words, w)
		}
	}
	for _, w := range words {
		wrong := apartOf(words, w.replica)
		if wrong != nil && (wrong.Other.IsZero() || w.replica == h.Replica()) { // of two that differ, once
			all = append(all, wrong)
		}
	}
	return all
}
