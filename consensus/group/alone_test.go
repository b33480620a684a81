package group

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// TestOnlyTheLoneReplicaLeadsAtOnce: a replica that alone has a vote elects itself at its start.
// One that is not alone waits for a heartbeat first.
func TestOnlyTheLoneReplicaLeadsAtOnce(t *testing.T) {
	for voters, row := range map[int]struct{ least, most time.Duration }{1: {0, 50 * time.Millisecond}, 3: {400 * time.Millisecond, 3 * time.Second}} {
		t.Run(fmt.Sprint(voters), func(t *testing.T) {
			inCluster(t, voters, func(t *testing.T, c *cluster) {
				began := time.Now()
				for n := range voters {
					c.up(uint32(n + 1))
				}
				leader := c.leader()
				if took := time.Since(began); took < row.least || took > row.most {
					t.Errorf("%s leads after %v, want %v to %v", leader.config.Replica, took, row.least, row.most)
				}
			})
		})
	}
}

// TestOneToThreeToOne changes the members while commands are proposed and read all the time, and
// how a group of one behaves follows. Nothing that was acknowledged is lost.
func TestOneToThreeToOne(t *testing.T) {
	inCluster(t, 1, func(t *testing.T, c *cluster) {
		c.up(1)
		first := c.leader()
		if got := first.raft.ReloadableConfig().TrailingLogs; got != trailingAlone {
			t.Errorf("alone, raft's log keeps %d entries, want %d", got, trailingAlone)
		}
		c.put(first, "0")
		acked := []string{"0"}
		c.fill(2, 1)
		c.fill(3, 1)
		stop, work := make(chan struct{}), sync.WaitGroup{}
		work.Go(func() {
			for i := 1; ; i++ {
				select {
				case <-stop:
					return
				case <-time.After(25 * time.Millisecond):
				}
				body := fmt.Sprint(i)
				if _, err := first.Propose(context.Background(), command(body)); err != nil {
					t.Errorf("in use: %v", err)
					return
				}
				if err := first.Linearize(context.Background()); err != nil {
					t.Errorf("in use: %v", err)
				}
				acked = append(acked, body)
			}
		})
		c.grow(first)
		term := first.raft.CurrentTerm()
		for n := uint32(2); n <= 3; n++ {
			if err := first.Remove(t.Context(), replica(n)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second) // they do not campaign meanwhile
		close(stop)
		work.Wait()
		if got := first.raft.CurrentTerm(); got != term || !first.Leads() || first.Removed() {
			t.Errorf("the leader is in term %d, want %d", got, term)
		}
		if got := first.raft.ReloadableConfig().TrailingLogs; got != trailingAlone || !first.members.alone.Load() {
			t.Errorf("alone again, raft's log keeps %d entries", got)
		}
		for n := uint32(2); n <= 3; n++ {
			if nd := c.nodes[n]; !nd.Removed() || nd.raft.State() != raft.Follower {
				t.Errorf("r%d: removed %v, %v", n, nd.Removed(), nd.raft.State())
			}
			c.down(n)
		}
		c.same(acked)
		if len(acked) < 100 {
			t.Errorf("only %d entries", len(acked))
		}
		c.down(1)
		c.up(1)
		if err := c.nodes[1].WaitReady(c.within(50 * time.Millisecond)); err != nil {
			t.Errorf("alone again, it does not lead at once: %v", err)
		}
	})
}

// grow adds and promotes r2 and r3, which were filled.
func (c *cluster) grow(first *node) {
	c.Helper()
	for n := uint32(2); n <= 3; n++ {
		c.up(n)
		if err := first.Add(c.Context(), replica(n)); err != nil {
			c.Fatal(err)
		}
		if first.show() == "r1" || c.nodes[n].Removed() {
			c.Errorf("added, r%d: %s", n, first.show())
		}
		if err := first.Promote(c.within(10*time.Second), replica(n)); err != nil {
			c.Fatal(err)
		}
	}
	time.Sleep(time.Second)
	for n, nd := range c.nodes {
		if got := nd.show(); got != "r1 r2 r3" {
			c.Errorf("r%d knows %s", n, got)
		}
		if got := nd.raft.ReloadableConfig().TrailingLogs; got != trailingLogs {
			c.Errorf("of three, r%d's log keeps %d entries, want %d", n, got, trailingLogs)
		}
		if nd.members.alone.Load() {
			c.Errorf("r%d thinks it is alone", n)
		}
	}
}

// TestARemovedReplicaStaysRemoved: also after a restart it knows, and one that was away when it was
// removed campaigns in vain.
func TestARemovedReplicaStaysRemoved(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		leader := c.leader()
		told, away := c.others(leader)[0], c.others(leader)[1]
		c.network.sever(away.config.Replica, leader.config.Replica, told.config.Replica)
		time.Sleep(100 * time.Millisecond)
		if err := leader.Remove(t.Context(), away.config.Replica); err != nil {
			t.Fatal(err)
		}
		c.network.heal()
		if err := leader.Remove(t.Context(), told.config.Replica); err != nil {
			t.Fatal(err)
		}
		term := leader.raft.CurrentTerm()
		time.Sleep(20 * time.Second)
		if got := leader.raft.CurrentTerm(); got != term || !leader.Leads() {
			t.Errorf("the leader was in term %d and is in %d: a removed replica disturbed it", term, got)
		}
		n := told.number()
		c.down(n)
		c.up(n)
		if !c.nodes[n].Removed() {
			t.Error("after a restart it does not know that it was removed")
		}
		c.down(leader.number())
		if strings.Contains(leader.log.String(), "pre-vote is disabled") {
			t.Error("pre-vote is disabled")
		}
	})
}
