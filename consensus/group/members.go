package group

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// Errors of changing the members. Each comes with ErrNotDone.
var (
	// ErrNotMember is returned when a replica that is to be promoted was not added.
	ErrNotMember = errors.New("this replica is not in the group")
	// ErrLastReplica is returned when the only replica with a vote is to be removed.
	ErrLastReplica = errors.New("the last replica of a group cannot be removed")
	// ErrNoMajority is returned when, after a change, too few replicas would answer: the group
	// could not even undo it.
	ErrNoMajority = errors.New("too few of the replicas that would have a vote answer")
	// ErrNoSuccessor is returned when no other replica with a vote answers, so that none can lead.
	ErrNoSuccessor = errors.New("no other replica can lead")
)

// LagError is returned, with ErrNotDone, for a replica that is to be promoted and lags.
type LagError struct {
	Replica identity.Replica
	Behind  uint64 // entries of raft's log that it lacks
	Heard   bool   // false: it has not answered, and Behind is of no meaning
}

func (e *LagError) Error() string {
	if !e.Heard {
		return fmt.Sprintf("%s does not answer", e.Replica)
	}
	return fmt.Sprintf("%s lags behind by %d entries", e.Replica, e.Behind)
}

// Member is a replica of the group.
type Member struct {
	Replica identity.Replica
	Voter   bool // false: it follows, and does not count
}

// Members returns the replicas of the newest configuration that is known here, ordered.
func (g *Group) Members() ([]Member, error) {
	return membersOf(g.raft.GetConfiguration().Configuration())
}

func membersOf(c raft.Configuration) ([]Member, error) {
	var members []Member
	for _, s := range c.Servers {
		r, err := identity.ParseReplica(string(s.ID))
		if err != nil {
			return nil, fmt.Errorf("read members: %w", err)
		}
		members = append(members, Member{Replica: r, Voter: s.Suffrage == raft.Voter})
	}
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.Replica.Number(), b.Replica.Number()) })
	return members, nil
}

// Removed reports whether this replica was a member and the newest configuration that it knows is
// without it. It does not campaign then. One that was away when it was removed does not know, and
// the others refuse its campaigns.
func (g *Group) Removed() bool {
	g.members.mu.Lock()
	member := g.members.member
	g.members.mu.Unlock()
	return member && !hasServer(g.raft.GetConfiguration().Configuration(), g.self())
}

// Leader returns the replica that leads, as far as is known here; false: none is known.
func (g *Group) Leader() (identity.Replica, bool) {
	_, id := g.raft.LeaderWithID()
	r, err := identity.ParseReplica(string(id))
	return r, err == nil
}

// WaitLeader waits until a replica leads and this one has heard it or, if it is this one, until
// Leads is true. The error is as of WaitReady.
func (g *Group) WaitLeader(ctx context.Context) error {
	observed := make(chan raft.Observation, 1)
	observer := raft.NewObserver(observed, false, func(o *raft.Observation) bool {
		_, ok := o.Data.(raft.LeaderObservation)
		return ok
	})
	g.raft.RegisterObserver(observer)
	defer g.raft.DeregisterObserver(observer)
	return g.wait(ctx, observed, func() bool {
		leader, ok := g.Leader()
		return ok && (leader != g.config.Replica || g.Leads())
	})
}

// Add adds a replica, which follows from then on and has no vote. A second time does nothing. The
// error wraps ErrNotDone or ErrUnknownOutcome.
func (g *Group) Add(ctx context.Context, r identity.Replica) error {
	id, address := names(r)
	err := g.change(ctx, func(now raft.Configuration) (raft.Configuration, request, error) {
		if hasServer(now, id) {
			return now, nil, nil
		}
		return now, func(at uint64) raft.Future { return g.raft.AddNonvoter(id, address, at, applyWithin) }, nil
	})
	if err != nil {
		return fmt.Errorf("add %s: %w", r, err)
	}
	return nil
}

// Promote gives a replica that was added a vote, once its log has everything that was committed
// before the call. It waits for that as long as ctx, and then returns a *LagError. A second time
// does nothing. The error wraps ErrNotDone or ErrUnknownOutcome.
func (g *Group) Promote(ctx context.Context, r identity.Replica) error {
	id, address := names(r)
	err := g.waitCaughtUp(ctx, r)
	if err == nil {
		err = g.change(ctx, func(now raft.Configuration) (next raft.Configuration, do request, err error) {
			next = now.Clone()
			at := slices.IndexFunc(next.Servers, func(s raft.Server) bool { return s.ID == id })
			switch {
			case at < 0:
				return now, nil, ErrNotMember
			case next.Servers[at].Suffrage == raft.Voter:
				return now, nil, nil
			}
			next.Servers[at].Suffrage = raft.Voter
			return next, func(at uint64) raft.Future { return g.raft.AddVoter(id, address, at, applyWithin) }, nil
		})
	}
	if err != nil {
		return fmt.Errorf("promote %s: %w", r, err)
	}
	return nil
}

// waitCaughtUp waits until the log of a replica without a vote has everything that was committed
// before the call. It does not wait where this replica does not lead, nor for one that is not
// added.
func (g *Group) waitCaughtUp(ctx context.Context, r identity.Replica) error {
	id, _ := names(r)
	since, committed := g.transport.answers.number(), g.raft.CommitIndex()
	for {
		c := g.raft.GetConfiguration().Configuration()
		n, changed := g.transport.answers.of(id)
		heard := n.sent > since
		if g.raft.State() != raft.Leader || !hasServer(c, id) || slices.Contains(votersOf(c), id) || heard && n.last >= committed {
			return nil
		}
		select {
		case <-changed:
		case <-time.After(readPause):
		case <-g.stop:
			return fmt.Errorf("%w: %w", ErrNotDone, state.ErrClosed)
		case <-ctx.Done():
			lag := &LagError{Replica: r, Heard: heard}
			if heard {
				lag.Behind = committed - n.last
			}
			return fmt.Errorf("%w: %w", ErrNotDone, lag)
		}
	}
}

// Remove takes a replica out of the group. A second time does nothing. A leader that is to remove
// itself hands over leadership and returns ErrNotLeader: ask the new one. The error wraps
// ErrNotDone or ErrUnknownOutcome.
func (g *Group) Remove(ctx context.Context, r identity.Replica) error {
	id, _ := names(r)
	err := g.change(ctx, func(now raft.Configuration) (next raft.Configuration, do request, err error) {
		next.Servers = slices.DeleteFunc(now.Clone().Servers, func(s raft.Server) bool { return s.ID == id })
		switch {
		case len(next.Servers) == len(now.Servers):
			return now, nil, nil
		case len(votersOf(next)) == 0:
			return now, nil, ErrLastReplica
		case id == g.self():
			if err = g.HandOver(ctx); err == nil {
				err = fmt.Errorf("%w any more: it handed over leadership, because it cannot remove itself", ErrNotLeader)
			}
			return now, nil, err
		}
		return next, func(at uint64) raft.Future { return g.raft.RemoveServer(id, at, applyWithin) }, nil
	})
	if err != nil {
		return fmt.Errorf("remove %s: %w", r, err)
	}
	return nil
}

// names returns a replica as raft names it and as raft addresses it.
func names(r identity.Replica) (raft.ServerID, raft.ServerAddress) {
	return raft.ServerID(r.String()), raft.ServerAddress(r.String())
}

// request asks raft for a change of the configuration that stands at an index, and of no other.
type request func(at uint64) raft.Future

// change makes one change of the configuration at the leader. next returns what is asked for and
// what comes of it; no request: there is nothing to do. (1) One change is under way at a time. (2)
// Everything that was committed before is applied here, so the configuration that next sees is the
// newest. (3) Those that would have a vote answer. (4) Raft makes the change, if the configuration
// is still that one.
func (g *Group) change(ctx context.Context, next func(now raft.Configuration) (raft.Configuration, request, error)) error {
	select {
	case g.members.changing <- struct{}{}:
		defer func() { <-g.members.changing }()
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrNotDone, ctx.Err())
	}
	for {
		if _, ok := g.isReady(); !ok {
			return fmt.Errorf("%w: %w", ErrNotDone, ErrNotLeader)
		}
		if err := g.await(ctx, g.barrier); err != nil {
			return notDone(ctx, err)
		}
		now, index := g.committed()
		then, do, err := next(now)
		if err == nil && do != nil {
			err = g.waitAnswers(ctx, then)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNotDone, err)
		}
		if do == nil {
			return nil
		}
		err = g.await(ctx, func() error { return do(index).Error() })
		if err == nil || !strings.HasPrefix(err.Error(), changedSince) {
			return classifyChange(err)
		}
	}
}

// changedSince begins what raft says when the configuration is not the one that was to be changed.
const changedSince = "configuration changed since"

// notDone returns an error of what changes nothing, so that its outcome matters to nobody.
func notDone(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipLost), errors.Is(err, raft.ErrLeadershipTransferInProgress):
		err = fmt.Errorf("%w: %w", ErrNotLeader, err)
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrNotDone, err)
}

func classifyChange(err error) error {
	if err == nil || errors.Is(err, ErrNotDone) || errors.Is(err, ErrUnknownOutcome) {
		return err
	}
	return classify(err)
}

// committed returns the newest configuration that is committed, and its index.
func (g *Group) committed() (raft.Configuration, uint64) {
	g.members.mu.Lock()
	defer g.members.mu.Unlock()
	return g.members.committed, g.members.index
}

// waitAnswers waits, as long as an election may take, until a majority of the voters of a
// configuration that is not yet in force has answered.
func (g *Group) waitAnswers(ctx context.Context, c raft.Configuration) error {
	ctx, cancel := context.WithTimeout(ctx, g.raft.ReloadableConfig().ElectionTimeout)
	defer cancel()
	since := g.transport.answers.number()
	for {
		ok, changed := g.transport.answers.majority(votersOf(c), g.self(), func(n note) bool { return n.sent > since })
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ErrNoMajority
		}
	}
}

// HandOver makes another replica lead, and returns once this one does not. Where this one does not
// lead it does nothing. It tries, as long as ctx, one after another those with a vote that answer,
// first whose log is longest, because raft's own choice does not look whether a replica answers. Of
// those that are named it takes no other.
func (g *Group) HandOver(ctx context.Context, among ...identity.Replica) error {
	for turn := 0; ; turn++ {
		if g.raft.State() != raft.Leader {
			return nil
		}
		successors := g.successors(among)
		if len(successors) == 0 {
			return fmt.Errorf("hand over leadership: %w: %w", ErrNotDone, ErrNoSuccessor)
		}
		to := successors[turn%len(successors)]
		err := g.await(ctx, func() error { return g.raft.LeadershipTransferToServer(to.ID, to.Address).Error() })
		if err == nil {
			return nil
		}
		select {
		case <-time.After(readPause):
		case <-ctx.Done():
			return fmt.Errorf("hand over leadership to %s: %w: %w", to.ID, ErrUnknownOutcome, ctx.Err())
		case <-g.stop:
			return fmt.Errorf("hand over leadership to %s: %w: %w", to.ID, ErrUnknownOutcome, state.ErrClosed)
		}
	}
}

// successors returns the others with a vote that answered lately, first whose log is longest; of
// those that are named no other.
func (g *Group) successors(among []identity.Replica) []raft.Server {
	named := map[raft.ServerID]bool{}
	for _, r := range among {
		id, _ := names(r)
		named[id] = true
	}
	lately := g.raft.ReloadableConfig().HeartbeatTimeout
	last := map[raft.ServerID]uint64{}
	var live []raft.Server
	for _, s := range g.raft.GetConfiguration().Configuration().Servers {
		n, _ := g.transport.answers.of(s.ID)
		if len(named) > 0 && !named[s.ID] {
			continue
		}
		if s.Suffrage == raft.Voter && s.ID != g.self() && n.sent > 0 && time.Since(n.at) < lately {
			live, last[s.ID] = append(live, s), n.last
		}
	}
	slices.SortStableFunc(live, func(a, b raft.Server) int { return cmp.Compare(last[b.ID], last[a.ID]) })
	return live
}
