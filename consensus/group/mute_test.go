package group

import (
	"sync/atomic"
	"testing"
	"time"
)

// TestAMuteReplicaFollowsAndHasNoVote (C03): it takes what a leader sends, elects nobody, and leads
// never; and it votes again once it is mute no more.
func TestAMuteReplicaFollowsAndHasNoVote(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		var mute atomic.Bool
		mute.Store(true)
		c.change = func(n uint32, config *Config) {
			if n == 3 {
				config.Mute = mute.Load
			}
		}
		c.up(1, 2, 3)
		first := c.leader()
		if first.number() == 3 {
			t.Fatal("the mute replica leads")
		}
		c.put(first, "1")
		c.down(3 - first.number()) // the other one with a voice: the mute one alone follows, and stores
		c.put(first, "2")
		c.down(first.number())
		c.up(3 - first.number())
		time.Sleep(time.Minute)
		for n, nd := range c.nodes {
			if nd.Leads() {
				t.Errorf("r%d was elected, with the vote of a mute replica or as one", n)
			}
		}
		mute.Store(false)
		c.put(c.leader(), "3")
		c.up(first.number())
		c.same([]string{"1", "2", "3"})
	})
}
