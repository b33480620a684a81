package replicas

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/ground/host"
)

// Group changes the members of the raft group; *group.Group is one. Each method does nothing where
// it is so already, and needs the replica to lead.
type Group interface {
	// WaitReady waits until this replica leads.
	WaitReady(ctx context.Context) error
	// Members returns the replicas that raft has.
	Members() ([]group.Member, error)
	// Add makes a replica one that follows without a vote.
	Add(ctx context.Context, r identity.Replica) error
	// Promote gives a replica a vote that has caught up.
	Promote(ctx context.Context, r identity.Replica) error
	// Remove takes a replica out.
	Remove(ctx context.Context, r identity.Replica) error
}

// KeySets changes which replicas the key set lists; *host.Host is one.
type KeySets interface {
	ListReplica(ctx context.Context, keys trust.ReplicaKeys) error
	UnlistReplica(ctx context.Context, replica identity.Replica) error
}

// Keeper brings raft and the key sets to what is wanted of the members, wherever it leads.
type Keeper struct {
	Host    Looker
	Group   Group
	KeySets KeySets
	// Advanced returns a channel that is closed when the next command is applied here.
	Advanced func() <-chan struct{}
	// Listed is called when a key set lists other replicas: the parent is to endorse it. nil:
	// nobody does.
	Listed func()
	Logger *slog.Logger
}

// Looker shows the state as this replica has it.
type Looker interface {
	Look(f func(*state.Reader) error) error
}

// The pauses of the keeper: after what it did, and after what failed. A change of a member is rare,
// so nobody notices them.
const (
	keepWithin = 20 * time.Second // for one change
	keepPause  = 200 * time.Millisecond
	keepAgain  = 2 * time.Second
)

// Run keeps until ctx ends.
func (k Keeper) Run(ctx context.Context) {
	for ctx.Err() == nil && k.Group.WaitReady(ctx) == nil {
		advanced, pause := k.Advanced(), keepPause
		did, err := k.step(ctx)
		if err != nil && ctx.Err() == nil {
			k.tell(err)
			pause = keepAgain
		}
		if !did && err == nil {
			select {
			case <-advanced:
			case <-ctx.Done():
				return
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// tell logs why a change is not made yet. That a key set waits for the parent, or a replica lags,
// is the ordinary course of things.
func (k Keeper) tell(err error) {
	_, pending := errors.AsType[*host.KeysError](err)
	_, lags := errors.AsType[*group.LagError](err)
	if pending || lags || errors.Is(err, group.ErrNotLeader) {
		k.Logger.Debug("change of replicas waits", "error", err)
		return
	}
	k.Logger.Warn("change of replicas not made, tried again", "error", err)
}

// step makes the next change of each member that needs one; did is false where none does.
func (k Keeper) step(ctx context.Context) (did bool, err error) {
	var all []Member
	if err := k.Host.Look(func(r *state.Reader) error { all = Members(r); return nil }); err != nil || len(all) == 0 {
		return false, err
	}
	have, err := k.Group.Members()
	if err != nil {
		return false, err
	}
	for _, m := range all { // one that does not answer hinders no other
		changed, failed := k.settle(ctx, m, have)
		did, err = did || changed, errors.Join(err, failed)
	}
	return did, err
}

// settle makes the next change that a member needs; did is false where it needs none.
func (k Keeper) settle(ctx context.Context, m Member, have []group.Member) (did bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, keepWithin)
	defer cancel()
	at := slices.IndexFunc(have, func(g group.Member) bool { return g.Replica == m.Replica })
	in := at >= 0
	switch {
	case m.In() && !in:
		return true, k.Group.Add(ctx, m.Replica)
	case m.Stage == Voting && !have[at].Voter:
		return true, k.promote(ctx, m)
	case m.Stage == Removed: // (1) it may have to sign that it is listed no more, (2) and to vote for its removal
		if err := k.KeySets.UnlistReplica(ctx, m.Replica); err != nil || !in {
			return false, err
		}
		k.listed() // a later change waits until the parent has endorsed this one
		return true, k.Group.Remove(ctx, m.Replica)
	}
	return false, nil
}

// promote has the next key set list the replica, and then gives it a vote: with the vote before, a
// majority of raft could be one that no key set counts.
func (k Keeper) promote(ctx context.Context, m Member) error {
	if m.Keys != nil {
		if err := k.KeySets.ListReplica(ctx, *m.Keys); err != nil {
			return err
		}
		k.listed()
	}
	return k.Group.Promote(ctx, m.Replica)
}

func (k Keeper) listed() {
	if k.Listed != nil {
		k.Listed()
	}
}
