package group

import (
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// TestGoneLeaderIsReplacedSoon has raft's own timeouts be long. A leader whose streams end is
// replaced within two seconds all the same, and the timeouts are as before then; one that is only
// silent, and whose streams stand, leads on.
func TestGoneLeaderIsReplacedSoon(t *testing.T) {
	const long = 20 * time.Second
	for _, gone := range []bool{true, false} {
		inCluster(t, 3, func(t *testing.T, c *cluster) {
			c.up(1, 2, 3)
			old := c.leader()
			for _, n := range c.nodes {
				err := n.reload(func(r *raft.ReloadableConfig) { r.HeartbeatTimeout, r.ElectionTimeout = long, long })
				if err != nil {
					t.Fatal(err)
				}
			}
			c.put(old, "before")
			time.Sleep(5 * time.Second) // old timers are over
			if gone {
				c.down(old.number())
			} else {
				c.network.sever(old.config.Replica, c.others(old)[0].config.Replica, c.others(old)[1].config.Replica)
			}
			time.Sleep(2 * time.Second)
			led := false
			for _, n := range c.nodes {
				led = led || n != old && n.Leads()
			}
			if led != gone {
				t.Errorf("gone %t: another one leads: %t, want %t", gone, led, gone)
			}
			time.Sleep(2 * time.Second)
			for n, node := range c.nodes {
				if got := node.raft.ReloadableConfig(); got.HeartbeatTimeout != long || got.ElectionTimeout != long {
					t.Errorf("gone %t: replica %d has %s and %s, want %s", gone, n, got.HeartbeatTimeout, got.ElectionTimeout, long)
				}
			}
		})
	}
}
