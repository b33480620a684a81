package group

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"xietong/consensus/state"
)

// Linearize returns when View of the store shows every command that was acknowledged, and
// everything that a linearizable read has shown, before the call. Only the leader can. Every error
// wraps ErrNotDone.
func (g *Group) Linearize(ctx context.Context) error {
	index, err := g.ReadIndex(ctx)
	if err != nil {
		return err
	}
	return g.Reached(ctx, index)
}

// ReadIndex returns, at the leader, an index that every replica may read at: a View that shows it
// shows every command that was acknowledged, and everything that such a View has shown, before the
// call. (1) The term must be ready, so everything before it is applied here. (2) It waits until all
// that is committed is applied here, acknowledged or not, because a follower may have shown it. (3)
// It takes the last entry that the state has: raft's own commit index will not do, as it counts
// entries that never reach a state. (4) A majority confirms, later than that, that this replica
// still leads in the same term. Every error wraps ErrNotDone.
func (g *Group) ReadIndex(ctx context.Context) (uint64, error) {
	term, ok := g.isReady()
	if !ok {
		return 0, fmt.Errorf("read: %w: %w", ErrNotDone, ErrNotLeader)
	}
	err := g.applyCommitted(ctx)
	index := g.config.Store.LastEntry().Index
	if err == nil {
		err = g.stillLeads(ctx, term)
	}
	if err != nil {
		return 0, fmt.Errorf("read: %w: %w", ErrNotDone, err)
	}
	return index, nil
}

// applyCommitted waits, at a leader that is ready, until everything that is committed now is
// applied here. What it commits is of three kinds: commands, which the state counts, and
// configurations and barriers, which consumed counts.
func (g *Group) applyCommitted(ctx context.Context) error {
	committed := g.raft.CommitIndex()
	for max(g.config.Store.LastEntry().Index, g.consumed.Load()) < committed {
		if g.raft.State() != raft.Leader {
			return ErrNotLeader
		}
		pause, cancel := context.WithTimeout(ctx, readPause)
		err := g.config.Store.WaitApplied(pause, committed)
		cancel()
		if ctx.Err() != nil || err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	return nil
}

// Reached waits until View of the store shows an index that ReadIndex returned, here or at another
// replica. Every error wraps ErrNotDone.
func (g *Group) Reached(ctx context.Context, index uint64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(g.life, cancel)()
	err := g.config.Store.WaitApplied(ctx, index)
	if g.life.Err() != nil && errors.Is(err, context.Canceled) {
		err = state.ErrClosed
	}
	if err != nil {
		return fmt.Errorf("read: %w: %w", ErrNotDone, err)
	}
	return nil
}

// stillLeads reports whether this replica leads in term at some moment after the call. The only
// voter of a group need not ask: in a newer term another could lead only by its vote.
func (g *Group) stillLeads(ctx context.Context, term uint64) error {
	if soleVoter(g.raft.GetConfiguration().Configuration(), g.self()) {
		if now, ok := g.isReady(); ok && now == term {
			return nil
		}
		return ErrNotLeader
	}
	round := g.rounds.join()
	select {
	case <-round.done:
	case <-ctx.Done():
		return ctx.Err()
	case <-g.life.Done():
		return state.ErrClosed
	}
	if round.err == nil && round.term != term {
		return ErrNotLeader
	}
	return round.err
}

// rounds gathers the reads that wait for the next round, in which the others are asked for all of
// them. Who comes while a round is under way waits for the one after it: what the others answer now
// they may have been asked before he came.
type rounds struct {
	mu   sync.Mutex
	next *round        // nil: nobody waits
	wake chan struct{} // has room for one: somebody waits
}

// round is one asking of the others. Its result is set before done is closed.
type round struct {
	done chan struct{}
	term uint64 // in which this replica leads
	err  error
}

func newRounds() *rounds { return &rounds{wake: make(chan struct{}, 1)} }

func (r *rounds) join() *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == nil {
		r.next = &round{done: make(chan struct{})}
		select {
		case r.wake <- struct{}{}:
		default: // the loop knows
		}
	}
	return r.next
}

// begin returns the round that begins now, which nobody can join any more; nil: nobody waits.
func (r *rounds) begin() *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.next
	r.next = nil
	return now
}

func (g *Group) roundsLoop() {
	for {
		select {
		case <-g.rounds.wake:
		case <-g.life.Done():
			return
		}
		if round := g.rounds.begin(); round != nil {
			round.term = g.raft.CurrentTerm()
			round.err = g.confirm(round.term)
			close(round.done)
		}
	}
}

// readPause is how often a read that waits looks whether this replica still leads.
const readPause = 20 * time.Millisecond

// confirm returns nil once a majority of the voters has answered, to requests that were sent after
// the call, that they know no newer term. Raft's VerifyLeader alone will not do: it takes answers
// that were under way before, so that a leader whose process stood still believes what was true
// when it stopped, and it counts replicas that have no vote. But it makes raft ask at once.
func (g *Group) confirm(term uint64) error {
	since := g.transport.answers.number()
	if err := g.raft.VerifyLeader().Error(); err != nil {
		if errors.Is(err, raft.ErrLeadershipLost) {
			err = fmt.Errorf("%w: %w", ErrNotLeader, err)
		}
		return err
	}
	for {
		voters := votersOf(g.raft.GetConfiguration().Configuration())
		ok, changed := g.transport.answers.majority(voters, g.self(), func(n note) bool { return n.term == term && n.sent > since })
		if ok {
			return nil
		}
		if g.raft.State() != raft.Leader || g.raft.CurrentTerm() != term {
			return ErrNotLeader
		}
		select {
		case <-changed:
		case <-time.After(readPause):
		case <-g.life.Done():
			return state.ErrClosed
		}
	}
}

// votersOf returns the replicas of a configuration that have a vote.
func votersOf(c raft.Configuration) (ids []raft.ServerID) {
	for _, s := range c.Servers {
		if s.Suffrage == raft.Voter {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// soleVoter reports whether nobody but a replica has a vote.
func soleVoter(c raft.Configuration, id raft.ServerID) bool {
	voters := votersOf(c)
	return len(voters) == 1 && voters[0] == id
}
