package group

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
)

// TestMembersAreChangedOnce: each change may be asked for again, and anything wrong is refused by
// name with nothing done.
func TestMembersAreChangedOnce(t *testing.T) {
	inCluster(t, 1, func(t *testing.T, c *cluster) {
		c.up(1)
		first := c.leader()
		c.put(first, "0")
		c.fill(2, 1)
		c.up(2)
		check := func(what string, err, want error, members string) {
			t.Helper()
			if !errors.Is(err, want) || want != nil && !errors.Is(err, ErrNotDone) {
				t.Errorf("%s: got %v, want %v and ErrNotDone", what, err, want)
			}
			if got := first.show(); got != members {
				t.Errorf("%s: the members are %s, want %s", what, got, members)
			}
		}
		ctx := c.Context()
		check("promote a stranger", first.Promote(ctx, replica(2)), ErrNotMember, "r1")
		check("remove a stranger", first.Remove(ctx, replica(2)), nil, "r1")
		check("remove the last", first.Remove(ctx, replica(1)), ErrLastReplica, "r1")
		check("add", first.Add(ctx, replica(2)), nil, "r1 (r2)")
		check("add again", first.Add(ctx, replica(2)), nil, "r1 (r2)")
		check("remove the last voter", first.Remove(ctx, replica(1)), ErrLastReplica, "r1 (r2)")
		check("add at a follower", c.nodes[2].Add(ctx, replica(3)), ErrNotLeader, "r1 (r2)")
		check("promote", first.Promote(c.within(time.Minute), replica(2)), nil, "r1 r2")
		check("promote again", first.Promote(ctx, replica(2)), nil, "r1 r2")
		check("add a voter", first.Add(ctx, replica(2)), nil, "r1 r2")
		check("remove at a follower", c.nodes[2].Remove(ctx, replica(1)), ErrNotLeader, "r1 r2")
		check("remove", first.Remove(ctx, replica(2)), nil, "r1")
		check("remove again", first.Remove(ctx, replica(2)), nil, "r1")
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if err := first.Add(ended, replica(3)); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that has ended: got %v", err)
		}
	})
}

// TestALaggingReplicaIsNotPromoted: it is said by how much it lags, or that it does not answer.
func TestALaggingReplicaIsNotPromoted(t *testing.T) {
	inCluster(t, 1, func(t *testing.T, c *cluster) {
		c.change = func(n uint32, config *Config) {
			if n == 2 {
				config.onDisk = func(l logStore) logStore { return refuses{l} }
			}
		}
		c.up(1)
		first := c.leader()
		c.put(first, "0")
		c.join(2, first)
		for i := range 10 {
			c.put(first, fmt.Sprint(i))
		}
		err := first.Promote(c.within(5*time.Second), replica(2))
		lag, ok := errors.AsType[*LagError](err)
		if !ok || !errors.Is(err, ErrNotDone) || lag.Replica != replica(2) || !lag.Heard || lag.Behind < 10 || lag.Behind > 13 {
			t.Errorf("a replica that stores nothing: got %v, want a lag of about 10", err)
		}
		c.network.sever(replica(2), replica(1))
		err = first.Promote(c.within(30*time.Second), replica(2))
		if lag, ok := errors.AsType[*LagError](err); !ok || lag.Heard {
			t.Errorf("a replica that is away: got %v", err)
		}
		if got := first.show(); got != "r1 (r2)" {
			t.Errorf("the members are %s", got)
		}
		c.network.heal()
		c.change = nil
		c.down(2)
		c.up(2)
		if err := first.Promote(c.within(time.Minute), replica(2)); err != nil {
			t.Errorf("it came back: %v", err)
		}
	})
}

// refuses is a log that takes no entry, and has not failed.
type refuses struct{ logStore }

func (refuses) StoreLogs([]*raft.Log) error { return wal.ErrClosed }

// TestAChangeLeavesAMajorityThatAnswers: a change after which the group could not go on is refused.
func TestAChangeLeavesAMajorityThatAnswers(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		leader := c.leader()
		away, live := c.others(leader)[0], c.others(leader)[1]
		c.network.sever(away.config.Replica, leader.config.Replica, live.config.Replica)
		time.Sleep(time.Second)
		if err := leader.Remove(c.Context(), live.config.Replica); !errors.Is(err, ErrNoMajority) || !errors.Is(err, ErrNotDone) {
			t.Errorf("the one that answers: got %v, want ErrNoMajority", err)
		}
		if err := leader.Remove(c.Context(), away.config.Replica); err != nil {
			t.Errorf("the one that is away: %v", err)
		}
		c.put(leader, "after")
	})
}

// TestALeaderIsRemoved: it hands over leadership first, and the new leader removes it.
func TestALeaderIsRemoved(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		old := c.leader()
		c.put(old, "0")
		began := time.Now()
		err := old.Remove(c.within(time.Minute), old.config.Replica)
		if !errors.Is(err, ErrNotLeader) || !errors.Is(err, ErrNotDone) {
			t.Errorf("at itself: got %v, want ErrNotLeader", err)
		}
		next := c.leader()
		if took := time.Since(began); next == old || took > 200*time.Millisecond {
			t.Errorf("%s leads after %v: leadership was not handed over", next.config.Replica, took)
		}
		if err := next.Remove(c.Context(), old.config.Replica); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if !old.Removed() || next.Removed() {
			t.Errorf("removed: %v and %v", old.Removed(), next.Removed())
		}
		c.put(next, "1")
	})
}

// TestHandOver: the leadership goes to one that answers, also where another would come first; where
// nobody answers it stays.
func TestHandOver(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		for range 4 {
			old := c.leader()
			away := c.others(old)[0] // raft's own choice among equals
			c.put(old, "entry")
			c.network.sever(away.config.Replica, old.config.Replica, c.others(old)[1].config.Replica)
			time.Sleep(time.Second)
			if err := old.HandOver(c.within(time.Minute)); err != nil {
				t.Fatal(err)
			}
			if next := c.leader(); next == old || next == away {
				t.Errorf("%s handed over to %s, %s is away", old.config.Replica, next.config.Replica, away.config.Replica)
			}
			if err := old.HandOver(c.Context()); err != nil {
				t.Errorf("at a follower: %v", err)
			}
			c.network.heal()
			time.Sleep(time.Second)
		}
	})
	inCluster(t, 1, func(t *testing.T, c *cluster) {
		c.up(1)
		n := c.leader()
		if err := n.HandOver(c.Context()); !errors.Is(err, ErrNoSuccessor) || !n.Leads() {
			t.Errorf("alone: got %v, want ErrNoSuccessor", err)
		}
	})
}

// TestTwoChangesAtOnce: each sees what the other did.
func TestTwoChangesAtOnce(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		leader := c.leader()
		for range 3 {
			var work sync.WaitGroup
			for _, nd := range c.others(leader) {
				work.Go(func() {
					if err := leader.Remove(c.Context(), nd.config.Replica); err != nil {
						t.Errorf("remove: %v", err)
					}
				})
			}
			work.Wait()
			if got := leader.show(); got != leader.config.Replica.String() {
				t.Fatalf("both removed: %s", got)
			}
			for _, nd := range c.others(leader) {
				work.Go(func() {
					r := nd.config.Replica
					if err := errors.Join(leader.Add(c.Context(), r), leader.Promote(c.within(time.Minute), r)); err != nil {
						t.Errorf("add and promote: %v", err)
					}
				})
			}
			work.Wait()
			if got := leader.show(); got != "r1 r2 r3" {
				t.Fatalf("both added: %s", got)
			}
		}
		// Raft refuses a change of another configuration than the one it was decided on.
		_, index := leader.committed()
		id, _ := names(leader.config.Replica)
		if err := leader.raft.DemoteVoter(id, index-1, 0).Error(); err == nil {
			t.Error("a change of an older configuration was made")
		}
	})
}

// TestWaitLeader: a follower waits until it hears the leader, and no longer.
func TestWaitLeader(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1)
		n := c.nodes[1]
		if err := n.WaitLeader(c.within(5 * time.Second)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one of three: got %v", err)
		}
		if r, ok := n.Leader(); ok {
			t.Errorf("one of three knows the leader %s", r)
		}
		c.up(2, 3)
		for _, nd := range c.nodes {
			if err := nd.WaitLeader(c.within(10 * time.Second)); err != nil {
				t.Error(err)
			}
		}
		leader := c.leader()
		for n, nd := range c.nodes {
			if r, ok := nd.Leader(); !ok || r != leader.config.Replica {
				t.Errorf("r%d knows the leader %s, %v, want %s", n, r, ok, leader.config.Replica)
			}
		}
	})
}
