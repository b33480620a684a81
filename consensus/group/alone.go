package group

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// membership is what this replica knows of the group's configuration. How a group behaves in which
// one replica is alone follows from it, also where it changes in use.
type membership struct {
	alone    *atomic.Bool  // only this replica has a vote
	changed  chan struct{} // has room for one: a configuration was committed
	changing chan struct{} // holds one: whose change of the configuration is under way

	mu        sync.Mutex
	committed raft.Configuration
	index     uint64 // of committed
	member    bool   // this replica is or was in a configuration
	trailing  uint64 // what raft's log keeps behind a snapshot
}

// memberKey is the key, among the values that raft keeps beside its log, of whether this replica
// was ever in a configuration.
var memberKey = []byte("XietongMember")

// openMembership returns what the state's marker and the log know.
func (g *Group) openMembership(alone *atomic.Bool) (*membership, error) {
	m := &membership{alone: alone, changed: make(chan struct{}, 1), changing: make(chan struct{}, 1), trailing: trailingLogs}
	marker, marked, err := g.config.Store.Marker()
	if err != nil {
		return nil, err
	}
	if marked {
		m.committed, m.index = raft.DecodeConfiguration(marker.Configuration), marker.ConfigurationIndex
	}
	was, err := g.logs.GetUint64(memberKey)
	m.member = was != 0
	return m, err
}

// machine is the state as raft applies to it. It tells the group each configuration that is
// committed.
type machine struct {
	fsm
	group *Group
}

// Apply implements raft.FSM. Nothing is applied while a state is filled in place of a damaged one.
func (m machine) Apply(l *raft.Log) any {
	m.group.applying.Lock()
	defer m.group.applying.Unlock()
	return m.fsm.Apply(l)
}

// StoreConfiguration implements raft.ConfigurationStore.
func (m machine) StoreConfiguration(index uint64, c raft.Configuration) {
	m.group.consume(index)
	members := m.group.members
	members.mu.Lock()
	if index > members.index { // raft brings older ones again at a start
		members.committed, members.index = c, index
	}
	members.mu.Unlock()
	select {
	case members.changed <- struct{}{}:
	default: // it is known
	}
}

// self is this replica as raft names it.
func (g *Group) self() raft.ServerID { return raft.ServerID(g.config.Replica.String()) }

// Alone reports whether this replica is the only one with a vote, and so needs nobody's word.
func (g *Group) Alone() bool { return g.members.alone.Load() }

// settle adapts this replica to the newest configuration that it knows.
func (g *Group) settle() error {
	c := g.raft.GetConfiguration().Configuration()
	m := g.members
	m.alone.Store(soleVoter(c, g.self()))
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.member && hasServer(c, g.self()) {
		if err := g.logs.SetUint64(memberKey, 1); err != nil {
			return fmt.Errorf("note the membership: %w", err)
		}
		m.member = true
	}
	trailing := uint64(trailingLogs)
	if len(c.Servers) == 1 {
		trailing = trailingAlone
	}
	if g.fetching.serves() {
		trailing = trailingServed
	}
	if trailing == m.trailing {
		return nil
	}
	m.trailing = trailing
	return g.reload(func(c *raft.ReloadableConfig) { c.TrailingLogs = raftConfig(g.config, m.alone, trailing).TrailingLogs })
}

func hasServer(c raft.Configuration, id raft.ServerID) bool {
	for _, s := range c.Servers {
		if s.ID == id {
			return true
		}
	}
	return false
}

// handOverEvery is how often a leader without disk space tries to hand over leadership, and
// handOverWithin how long it tries.
const (
	handOverEvery  = time.Minute
	handOverWithin = 10 * time.Second
)

// tend does what comes up beside proposing: it follows the configuration, hands over leadership
// when this replica lacks disk space, and ends it when raft's log takes nothing any more.
func (g *Group) tend() {
	var tried time.Time
	dead := g.failing.dead
	for {
		select {
		case <-g.members.changed:
			if err := g.settle(); err != nil && g.failing.first() == nil {
				g.config.Logger.Error("raft's settings could not follow the configuration", "error", err)
			}
		case <-g.full:
			if tried.IsZero() || time.Since(tried) >= handOverEvery {
				tried = time.Now()
				g.leaveFull()
			}
		case <-dead:
			dead = nil
			_ = g.barrier() // raft gives up leadership when a write of its log fails, and notices none before
		case <-g.stop:
			return
		}
	}
}

// leaveFull hands over leadership, because the disk is full, to whoever can take it.
func (g *Group) leaveFull() {
	ctx, cancel := context.WithTimeout(g.life, handOverWithin)
	defer cancel()
	switch err := g.HandOver(ctx); {
	case err == nil:
		g.config.Logger.Warn("too little disk space is left here, and another replica leads now")
	case !errors.Is(err, ErrNoSuccessor):
		g.config.Logger.Warn("too little disk space is left here, and leadership could not be handed over", "error", err)
	}
}
