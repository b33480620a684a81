package group

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"xietong/consensus/state"
)

// TestARoundIsSharedByWhoCameBefore: all that wait when a round begins share it, and who comes
// later shares the next.
func TestARoundIsSharedByWhoCameBefore(t *testing.T) {
	r := newRounds()
	first := r.join()
	if r.join() != first {
		t.Error("two that wait do not share the round")
	}
	if r.begin() != first {
		t.Error("the round that begins is another")
	}
	if r.join() == first {
		t.Error("a round that has begun was joined")
	}
	r.begin()
	if r.begin() != nil {
		t.Error("a round begins for which nobody waits")
	}
}

// TestOneRoundForManyReads: a thousand reads at once ask the others a few times.
func TestOneRoundForManyReads(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		leader := c.leader()
		c.put(leader, "0")
		time.Sleep(time.Second)
		synctest.Wait()
		before := leader.transport.answers.number()
		done := make(chan error)
		for range 1000 {
			go func() { done <- leader.Linearize(c.Context()) }()
		}
		for range 1000 {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		if asked := leader.transport.answers.number() - before; asked > 20 {
			t.Errorf("%d requests for 1000 reads", asked)
		}
	})
}

// patientLeader starts three replicas, and makes r1 lead, which waits longer than the others.
func (c *cluster) patientLeader() *node {
	c.Helper()
	c.tune, c.network.delay = patient, 5*time.Millisecond
	c.up(1, 2, 3)
	leader := c.leader()
	if id, address := names(replica(1)); leader.number() != 1 {
		if err := leader.raft.LeadershipTransferToServer(id, address).Error(); err != nil {
			c.Fatal(err)
		}
	}
	leader = c.leader()
	c.put(leader, "0")
	return leader
}

// TestReadsNeedAMajorityOfVoters: replicas without a vote confirm no read; raft would count them.
func TestReadsNeedAMajorityOfVoters(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		leader := c.patientLeader()
		c.join(4, leader)
		c.join(5, leader)
		time.Sleep(time.Second)
		for n := uint32(1); n <= 5; n++ {
			if n != 2 && n != 3 {
				c.network.sever(replica(n), replica(2), replica(3))
			}
		}
		time.Sleep(100 * time.Millisecond)
		if err := leader.raft.VerifyLeader().Error(); err != nil {
			t.Errorf("raft counts voters alone now: %v", err)
		}
		if err := leader.Linearize(c.within(time.Second)); !errors.Is(err, ErrNotDone) {
			t.Errorf("with replicas without a vote alone: got %v, want ErrNotDone", err)
		}
	})
}

// TestReadsNeedLaterAnswers: a leader stands still while it is answered. Another leads meanwhile,
// and a command is acknowledged. A read that begins then does not take the older answers.
func TestReadsNeedLaterAnswers(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		leader := c.patientLeader()
		time.Sleep(time.Second)
		go func() { _ = leader.raft.VerifyLeader().Error() }()
		time.Sleep(7 * time.Millisecond) // the others were asked, and have answered
		c.network.freeze(leader.config.Replica)
		c.put(c.leader(2, 3), "1")
		read := make(chan error)
		go func() { read <- leader.Linearize(context.Background()) }()
		time.Sleep(7 * time.Millisecond)
		if leader.raft.State() != raft.Leader {
			t.Fatal("it knows that another leads: nothing can go wrong")
		}
		c.network.thaw()
		c.network.heal()
		if err := <-read; err == nil {
			t.Error("a stale read")
		}
	})
}

// TestReadsAtAFollower: it shows what was acknowledged before its index was asked for, waits while
// it lags, and ends with the group.
func TestReadsAtAFollower(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		leader := c.leader()
		follower := c.others(leader)[0]
		c.put(leader, "0")
		index, err := leader.ReadIndex(c.within(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		if err := follower.Reached(c.Context(), index); err != nil {
			t.Fatal(err)
		}
		if got := entries(t, follower.store); len(got) != 1 {
			t.Errorf("the follower shows %q", got)
		}
		if _, err := follower.ReadIndex(c.Context()); !errors.Is(err, ErrNotLeader) || !errors.Is(err, ErrNotDone) {
			t.Errorf("an index of a follower: got %v", err)
		}
		// What raft keeps for itself must not be waited for: no state shows it.
		if err := leader.barrier(); err != nil {
			t.Fatal(err)
		}
		if again, err := leader.ReadIndex(c.within(time.Minute)); err != nil || again != index {
			t.Errorf("after a barrier: got %d, %v, want %d", again, err, index)
		}
		if err := follower.Reached(c.within(time.Second), index+1); !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrNotDone) {
			t.Errorf("an index that is not reached: got %v", err)
		}
		waits := make(chan error)
		go func() { waits <- follower.Reached(context.Background(), index+1) }()
		time.Sleep(time.Second)
		if err := follower.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-waits; !errors.Is(err, state.ErrClosed) {
			t.Errorf("a wait when the group closes: got %v", err)
		}
		if err := follower.store.Close(); err != nil {
			t.Fatal(err)
		}
		delete(c.nodes, follower.number())
	})
}

// TestAReadWaitsForWhatIsCommitted: a follower may show an entry that the leader's own state does
// not have yet. A read index that is asked for then is not before it.
func TestAReadWaitsForWhatIsCommitted(t *testing.T) {
	c := newCluster(t, 3)
	c.up(1, 2, 3)
	leader := c.leader()
	follower := c.others(leader)[0]
	c.put(leader, "0")
	leader.members.mu.Lock() // raft's thread for the state stops at the next configuration
	leader.raft.AddNonvoter("r4", "r4", 0, 0)
	go func() { _, _ = leader.Propose(context.Background(), command("1")) }()
	for len(entries(t, follower.store)) < 2 {
		time.Sleep(time.Millisecond)
	}
	shown := follower.store.LastEntry().Index
	if _, err := leader.ReadIndex(c.within(100 * time.Millisecond)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before it is applied: got %v", err)
	}
	leader.members.mu.Unlock()
	if index, err := leader.ReadIndex(c.within(time.Minute)); err != nil || index < shown {
		t.Errorf("got %d, %v, a follower shows %d", index, err, shown)
	}
	for n := range c.nodes {
		c.down(n)
	}
}

// TestAPipelineEnds: the library's pipeline waits for ever when an answer is not a success and more
// is sent; ours ends.
func TestAPipelineEnds(t *testing.T) {
	for what, row := range map[string]struct {
		wrap func(raft.AppendPipeline) raft.AppendPipeline
		ends bool
	}{
		"the library's": {func(p raft.AppendPipeline) raft.AppendPipeline { return p }, false},
		"ours":          {func(p raft.AppendPipeline) raft.AppendPipeline { return newPipeline(p) }, true},
	} {
		t.Run(what, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { pipelineEnds(t, row.wrap, row.ends) }) })
	}
}

func pipelineEnds(t *testing.T, wrap func(raft.AppendPipeline) raft.AppendPipeline, ends bool) {
	c := &cluster{T: t, network: newPipes()}
	from, to := c.stranger(1), c.stranger(2)
	defer from.Close()
	defer to.Close()
	answered, over := make(chan struct{}), make(chan struct{})
	defer close(over) // ours may end before the second is sent
	go func() {
		defer close(answered)
		for range 2 {
			select {
			case rpc := <-to.Consumer():
				rpc.Respond(&raft.AppendEntriesResponse{RPCHeader: header(replica(2))}, nil)
			case <-over:
				return
			}
		}
	}()
	id, address := names(replica(2))
	inner, err := from.NetworkTransport.AppendEntriesPipeline(id, address)
	if err != nil {
		t.Fatal(err)
	}
	p := wrap(inner)
	sent := make(chan int, 1)
	go func() {
		n := 0
		for ; n < 10; n++ {
			r := &raft.AppendEntriesRequest{RPCHeader: header(replica(1)), LeaderCommitIndex: 1}
			if _, err := p.AppendEntries(r, new(raft.AppendEntriesResponse)); err != nil {
				break
			}
		}
		sent <- n
	}()
	<-p.Consumer() // as raft: the first that is not a success is the last that is taken
	select {
	case n := <-sent:
		if !ends || n == 10 {
			t.Errorf("%d were sent: if it is the library's, our pipeline is not needed any more", n)
		}
	case <-time.After(time.Hour):
		if ends {
			t.Error("it waits for ever")
		}
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	from.Close()
	to.Close()
	select {
	case <-answered:
	case rpc := <-to.Consumer():
		rpc.Respond(nil, nil)
	case <-time.After(time.Hour):
	}
}
