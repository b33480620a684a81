package group

import (
	"bytes"
	"runtime/pprof"
	"testing"
	"time"
)

// TestBackSoon has a replica be away for minutes, cut off or down. As soon as it is there again it
// gets what it has missed; by raft alone it would wait for ten seconds.
func TestBackSoon(t *testing.T) {
	for what, leaves := range map[string]func(c *cluster, n *node) (back func()){
		"cut off": func(c *cluster, n *node) func() {
			for _, other := range c.others(n) {
				c.network.sever(n.config.Replica, other.config.Replica)
			}
			return c.network.heal
		},
		"down": func(c *cluster, n *node) func() {
			c.down(n.number())
			return func() { c.up(n.number()) }
		},
	} {
		t.Run(what, func(t *testing.T) {
			inCluster(t, 3, func(t *testing.T, c *cluster) {
				c.up(1, 2, 3)
				leader := c.leader()
				away := c.others(leader)[0]
				n := away.number()
				c.put(leader, "before")
				back := leaves(c, away)
				for range 120 {
					c.put(leader, "while it is away")
					time.Sleep(time.Second)
				}
				index, err := leader.ReadIndex(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				back()
				began := time.Now()
				if err := c.nodes[n].Reached(c.within(time.Minute), index); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("it was back, and had all after %s", took)
				}
			})
		})
	}
}

// TestNobodyWaitsForTheRemoved: nothing waits for a replica that is away once it is removed, or
// once the leader leads no more.
func TestNobodyWaitsForTheRemoved(t *testing.T) {
	waits := func(t *testing.T) bool {
		t.Helper()
		var stacks bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&stacks, 2); err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(stacks.Bytes(), []byte(".(*transport).away("))
	}
	for what, ends := range map[string]func(c *cluster, leader, away *node){
		"removed": func(c *cluster, leader, away *node) {
			if err := leader.Remove(c.Context(), away.config.Replica); err != nil {
				c.Fatal(err)
			}
		},
		"leads no more": func(c *cluster, leader, away *node) {
			for _, other := range c.others(leader) {
				c.network.sever(leader.config.Replica, other.config.Replica)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			inCluster(t, 3, func(t *testing.T, c *cluster) {
				c.up(1, 2, 3)
				leader := c.leader()
				away := c.others(leader)[0]
				c.down(away.number())
				c.put(leader, "while it is away")
				time.Sleep(5 * time.Second)
				if !waits(t) {
					t.Error("nothing waits for one that is away")
				}
				ends(c, leader, away)
				time.Sleep(5 * time.Second)
				if waits(t) {
					t.Error("something waits still")
				}
			})
		})
	}
}
