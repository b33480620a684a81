package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// Others reaches the other replicas of the jurisdiction, from one that is not alone.
type Others interface {
	// Propose gives a command to the replica that leads, which proposes it as its own. Its errors
	// are those of group.Group.Propose: after one that wraps group.ErrNotDone nothing happened.
	Propose(ctx context.Context, leader identity.Replica, c state.Command) (state.Result, error)
	// ReadIndex asks the replica that leads for the raft index that a read must wait for.
	ReadIndex(ctx context.Context, leader identity.Replica) (uint64, error)
	// SignKeySet asks a replica for its signature of the key set that is to follow.
	SignKeySet(ctx context.Context, of identity.Replica, k trust.KeySet) (trust.Signature, error)
	// Secrets asks a replica for the keystore, and for the decryption keys sealed to a public key.
	Secrets(ctx context.Context, of identity.Replica, public []byte) (keystore, decryption []byte, err error)
	// Word asks a replica what it says of itself.
	Word(ctx context.Context, of identity.Replica) (Word, error)
}

// ErrNoLeader is wrapped, with group.ErrNotDone, where no replica leads that this one can reach.
var ErrNoLeader = errors.New("no replica leads")

// NoLeaderError is an ErrNoLeader with the jurisdiction.
type NoLeaderError struct{ In identity.Jurisdiction }

func (e *NoLeaderError) Error() string { return fmt.Sprintf("%s: %v", e.In, ErrNoLeader) }

// Is makes errors.Is(e, ErrNoLeader) true.
func (e *NoLeaderError) Is(target error) bool { return target == ErrNoLeader }

// Where a leader is lost, what is under way waits for the next one: a command or a read is given to
// whoever leads again and again, after firstAgain and then after longer pauses, for leaderWithin.
// Once that was in vain, whatever comes waits for lostWithin alone, until a leader answers again.
const (
	leaderWithin = 10 * time.Second
	lostWithin   = time.Second
	glanceWithin = time.Second // see book.Glance
	firstAgain   = 10 * time.Millisecond
	mostAgain    = 100 * time.Millisecond
	// unnamedLife is how long the id of a command lives that has none of its own, in a group.
	unnamedLife = 2 * time.Minute
)

// NoVoteError says that nothing of a replica is recorded, because no key set lists it: it follows.
type NoVoteError struct{ Replica identity.Replica }

func (e *NoVoteError) Error() string {
	return fmt.Sprintf("%s follows, and has no vote yet", e.Replica)
}

// Follows reports whether this replica has no vote: no key set lists it yet, and it was not
// removed.
func (h *Host) Follows() bool {
	newest, err := h.newestSet()
	return err == nil && newest.LogKey(h.Replica()) == nil && h.Removed() == nil
}

// alone reports whether this replica is the only one, and needs nobody's word.
func (h *Host) alone() bool { return h.others == nil || h.group.Alone() }

// submit gives a command to the replica that leads, and to the next one where that is lost, and
// returns the result. In a group each proposal has a name, by which it is applied once however
// often it is given.
func (h *Host) submit(ctx context.Context, c state.Command) (result state.Result, err error) {
	if h.alone() {
		return h.group.Propose(ctx, c)
	}
	if err := nameProposal(&c); err != nil {
		return result, err
	}
	var unknown error
	err = h.atLeader(ctx, func(ctx context.Context, leader identity.Replica) error {
		if leader == h.Replica() {
			result, err = h.group.Propose(ctx, c)
		} else {
			result, err = h.others.Propose(ctx, leader, c)
		}
		if err != nil && !errors.Is(err, group.ErrNotDone) {
			unknown = err
		}
		return err
	})
	switch {
	case err != nil && unknown != nil:
		err = fmt.Errorf("%w: %w", group.ErrUnknownOutcome, errors.Join(unknown, err))
	case errors.Is(err, group.ErrNotDone) && !errors.Is(err, ErrNoLeader) && h.Follows():
		err = fmt.Errorf("%w: %w", group.ErrNotDone, &NoVoteError{h.Replica()})
	}
	return result, err
}

// nameProposal names the proposal of a command, and gives it an id where it has none.
func nameProposal(c *state.Command) error {
	c.Proposal = make([]byte, state.MaxProposalLen)
	rand.Read(c.Proposal) // never fails
	if !c.ID.IsZero() {
		return nil
	}
	id, err := identity.NewMessage()
	c.ID, c.Expires = id, c.Clock+uint64(unnamedLife.Milliseconds())
	return err
}

// atLeader tries with the replica that leads until it did what it was asked, or refused, or
// leaderWithin is over, or lostWithin. try returns an error that wraps ErrNotLeader or
// group.ErrUnknownOutcome where another replica may lead by now.
func (h *Host) atLeader(ctx context.Context, try func(ctx context.Context, leader identity.Replica) error) error {
	within := leaderWithin
	if h.unled.Load() {
		within = lostWithin
	}
	ctx, cancel := context.WithTimeoutCause(ctx, within, ErrNoLeader)
	defer cancel()
	for pause := firstAgain; ; pause = min(2*pause, mostAgain) {
		if err := h.Removed(); err != nil {
			return fmt.Errorf("%w: %w", group.ErrNotDone, err)
		}
		err := fmt.Errorf("%w: %w", group.ErrNotDone, &NoLeaderError{h.name})
		if leader, known := h.group.Leader(); known {
			err = try(ctx, leader)
		}
		if err == nil || !mayBeLost(err) {
			h.unled.Store(false)
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			if context.Cause(ctx) == ErrNoLeader {
				h.unled.Store(true)
			}
			if errors.Is(err, group.ErrNotDone) {
				err = fmt.Errorf("%w: %w: %w", group.ErrNotDone, &NoLeaderError{h.name}, err)
			}
			return err
		}
	}
}

// mayBeLost reports whether an error may come of a leader that was lost.
func mayBeLost(err error) bool {
	return errors.Is(err, group.ErrNotLeader) || errors.Is(err, ErrNoLeader) || errors.Is(err, group.ErrUnknownOutcome)
}

// Alone reports whether this replica is the only one with a vote.
func (h *Host) Alone() bool { return h.alone() }

// Settled says that the rooms are made, and that reads show what was acknowledged from now on.
// Before it a replica that others are beside reads what it has: it opens while they are away.
func (h *Host) Settled() { h.settled.Store(true) }

// WhileLeading runs run while this replica leads, and again whenever it does, until ctx ends or run
// returns by itself. The context of run ends when this replica leads no more.
func (h *Host) WhileLeading(ctx context.Context, run func(context.Context)) {
	for ctx.Err() == nil && h.group.WaitReady(ctx) == nil {
		inner, cancel := context.WithCancel(ctx)
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			h.watchLeads(inner)
			cancel()
		}()
		run(inner)
		lost := inner.Err() != nil
		cancel()
		if <-watched; !lost {
			return
		}
	}
}

// watchLeads returns when this replica leads no more, or ctx ends.
func (h *Host) watchLeads(ctx context.Context) {
	for h.group.Leads() {
		look := time.NewTimer(h.lookEvery())
		select {
		case <-look.C:
		case <-ctx.Done():
			look.Stop()
			return
		}
	}
}

// lookEvery is how often a leader looks whether it leads. One that is alone loses it to nobody.
func (h *Host) lookEvery() time.Duration {
	if h.alone() {
		return 10 * time.Second
	}
	return 500 * time.Millisecond
}

// Linearize waits until Look shows everything acknowledged before the call. Before Settled it waits
// only where this replica is alone. At a glance it waits no longer than glanceWithin, and for no
// leader.
func (h *Host) Linearize(ctx context.Context) error {
	switch {
	case h.alone():
		return h.group.Linearize(ctx)
	case !h.settled.Load():
		return nil
	case book.Glances(ctx):
		ctx, cancel := context.WithTimeout(ctx, glanceWithin)
		defer cancel()
		if _, known := h.group.Leader(); known {
			_ = h.linearize(ctx) // what is here is shown all the same
		}
		return nil
	}
	return h.linearize(ctx)
}

// CaughtUp waits until Look shows everything acknowledged before the call, also before Settled. One
// that is alone has all.
func (h *Host) CaughtUp(ctx context.Context) error {
	if h.alone() {
		return nil
	}
	return h.linearize(ctx)
}

// linearize asks the replica that leads what to wait for, and waits.
func (h *Host) linearize(ctx context.Context) error {
	return h.atLeader(ctx, func(ctx context.Context, leader identity.Replica) error {
		if leader == h.Replica() {
			return h.group.Linearize(ctx)
		}
		index, err := h.others.ReadIndex(ctx, leader)
		if err != nil {
			return err
		}
		return h.group.Reached(ctx, index)
	})
}

// Take proposes a command that another replica gives to this one because it leads. The times of the
// command are those of this replica's clock; see MayPropose.
func (h *Host) Take(ctx context.Context, from identity.Replica, c state.Command) (state.Result, error) {
	if err := h.MayPropose(from, c); err != nil {
		return state.Result{}, fmt.Errorf("propose: %w: %w", group.ErrNotDone, err)
	}
	now, err := h.ready(ctx, c.Kind)
	if _, unbelieved := errors.AsType[*ClockError](err); unbelieved {
		err = fmt.Errorf("%w: %w", &LeaderClockError{h.Replica()}, err)
	}
	if err != nil {
		return state.Result{}, fmt.Errorf("propose: %w: %w", group.ErrNotDone, err)
	}
	if err := h.growth.spend(ctx, h.name, len(c.Body), now); err != nil {
		return state.Result{}, fmt.Errorf("propose: %w: %w", group.ErrNotDone, err)
	}
	shift := uint64(now.UnixMilli()) - c.Clock
	c.Clock += shift
	if !c.ID.IsZero() {
		c.Expires += shift
	}
	return h.group.Propose(ctx, c)
}

// ReadIndex returns the raft index that a read of another replica must wait for, because this one
// leads.
func (h *Host) ReadIndex(ctx context.Context) (uint64, error) { return h.group.ReadIndex(ctx) }
