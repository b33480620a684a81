package group

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// cluster is some replicas of a group, of which some run.
type cluster struct {
	*testing.T
	network  *pipes
	voters   []identity.Replica // of the first configuration
	dirs     map[uint32]string
	nodes    map[uint32]*node
	registry func() *state.Registry
	tune     func(n uint32, c *raft.Config) // beside quick; nil: nothing
	change   func(n uint32, c *Config)      // nil: nothing
	options  state.Options
}

func newCluster(t *testing.T, voters int) *cluster {
	c := &cluster{T: t, network: newPipes(), dirs: map[uint32]string{}, nodes: map[uint32]*node{}, registry: registry}
	c.network.delay = time.Millisecond
	for n := range voters {
		c.voters = append(c.voters, replica(uint32(n+1)))
	}
	return c
}

// inCluster runs f in a bubble in which the first voters replicas are a group, none of which runs.
func inCluster(t *testing.T, voters int, f func(t *testing.T, c *cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, voters)
		t.Cleanup(func() {
			c.network.heal()
			for n := range c.nodes {
				c.down(n)
			}
		})
		f(t, c)
	})
}

func (c *cluster) dir(n uint32) string {
	if c.dirs[n] == "" {
		c.dirs[n] = c.TempDir()
	}
	return c.dirs[n]
}

func (c *cluster) up(numbers ...uint32) {
	c.Helper()
	for _, n := range numbers {
		nd, err := startWith(c.dir(n), n, c.network.layer(replica(n)), c.registry(), c.options, func(config *Config) {
			config.Tune = func(rc *raft.Config) {
				quick(rc)
				if c.tune != nil {
					c.tune(n, rc)
				}
			}
			if c.change != nil {
				c.change(n, config)
			}
		}, c.voters...)
		if err != nil {
			c.Fatal(err)
		}
		c.nodes[n] = nd
	}
}

func (c *cluster) down(n uint32) {
	c.Helper()
	if err := c.nodes[n].close(); err != nil {
		c.Errorf("close replica %d: %v", n, err)
	}
	delete(c.nodes, n)
}

// fill makes replica n as one that was filled from another, which runs and is idle.
func (c *cluster) fill(n, from uint32) {
	c.Helper()
	if err := c.nodes[from].Snapshot(); err != nil {
		c.Fatal(err)
	}
	copyState(c.T, c.dir(from), c.dir(n))
	store, err := state.Open(filepath.Join(c.dir(n), "state.db"), c.registry(), state.Options{})
	if err != nil {
		c.Fatal(err)
	}
	config := c.nodes[from].config
	config.Dir, config.Replica, config.Store = c.dir(n), replica(n), store
	if err := Adopt(config); err != nil {
		c.Fatal(err)
	}
	if err := store.Close(); err != nil {
		c.Fatal(err)
	}
}

func copyState(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(filepath.Join(from, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(filepath.Join(to, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// leader waits until one of the replicas, all if none are given, leads and is ready.
func (c *cluster) leader(among ...uint32) *node {
	c.Helper()
	for range 60_000 {
		for n, nd := range c.nodes {
			if (len(among) == 0 || slices.Contains(among, n)) && nd.Leads() {
				return nd
			}
		}
		time.Sleep(time.Millisecond)
	}
	c.Fatal("nobody leads within a minute")
	return nil
}

func (c *cluster) others(than *node) (others []*node) {
	for _, nd := range c.nodes {
		if nd != than {
			others = append(others, nd)
		}
	}
	slices.SortFunc(others, func(a, b *node) int { return int(a.number()) - int(b.number()) })
	return others
}

func (n *node) number() uint32 { return n.config.Replica.Number() }

// put appends an entry by a replica.
func (c *cluster) put(by *node, body string) {
	c.Helper()
	if _, err := by.Propose(c.Context(), command(body)); err != nil {
		c.Fatalf("%s by %s: %v", body, by.config.Replica, err)
	}
}

// same checks that all replicas that run have the entries, in order.
func (c *cluster) same(want []string) {
	c.Helper()
	leader := c.leader()
	index, err := leader.ReadIndex(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	for n, nd := range c.nodes {
		if err := nd.Reached(c.within(time.Minute), index); err != nil {
			c.Fatalf("replica %d: %v", n, err)
		}
		if got := entries(c.T, nd.store); strings.Join(got, " ") != strings.Join(want, " ") {
			c.Errorf("replica %d has %d entries, want %d", n, len(got), len(want))
		}
	}
}

// within is a context that ends after a while.
func (c *cluster) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(c.Context(), d)
	c.Cleanup(cancel)
	return ctx
}

// join fills a replica from another, starts it, and adds it.
func (c *cluster) join(n uint32, leader *node) {
	c.Helper()
	c.fill(n, leader.number())
	c.up(n)
	if err := leader.Add(c.Context(), replica(n)); err != nil {
		c.Fatal(err)
	}
}

// show returns the members as a replica knows them: r1 r2 (r3), where r3 has no vote.
func (n *node) show() string {
	members, err := n.Members()
	if err != nil {
		return err.Error()
	}
	var all []string
	for _, m := range members {
		name := m.Replica.String()
		if !m.Voter {
			name = fmt.Sprintf("(%s)", name)
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}
