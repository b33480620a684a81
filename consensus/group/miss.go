package group

import (
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
)

// How a replica goes about a leader whose streams have all ended.
const (
	missEvery = 20 * time.Millisecond // how often it looks
	missFor   = 3 * time.Second       // how long, before it leaves all to raft
)

// missLeader campaigns soon when the leader has gone. Raft alone looks whether it has heard the
// leader once in one to two seconds, and finds so after up to three that it has not; meanwhile it
// refuses every other candidate. But the streams of a leader whose process or machine has died end
// after about one second, and those of one that closes at once. They do not end while it lives, be
// its disk ever so slow: such a leader has raft's own time.
func (g *Group) missLeader() {
	for {
		select {
		case gone := <-g.transport.gone:
			g.miss(gone)
		case <-g.stop:
			return
		}
	}
}

// miss shortens raft's timeouts while the replica that has gone is the leader, as raft knows it,
// and until another one leads. Shorter than its lease no leader may be silent in any case.
func (g *Group) miss(gone identity.Replica) {
	usual, shortened := g.raft.ReloadableConfig(), false
	tick := time.NewTicker(missEvery)
	defer tick.Stop()
	for end := time.Now().Add(missFor); time.Now().Before(end); {
		leader, known := g.Leader()
		if g.raft.State() == raft.Leader || known && leader != gone || !shortened && g.transport.has(gone) || g.Alone() {
			break
		}
		if !shortened && time.Since(g.raft.LastContact()) >= g.lease {
			shortened = g.reload(func(c *raft.ReloadableConfig) { c.HeartbeatTimeout, c.ElectionTimeout = g.lease, g.lease }) == nil
		}
		select {
		case <-tick.C:
		case <-g.stop:
			return
		}
	}
	if shortened {
		_ = g.reload(func(c *raft.ReloadableConfig) { // it took the same before
			c.HeartbeatTimeout, c.ElectionTimeout = usual.HeartbeatTimeout, usual.ElectionTimeout
		})
	}
}

// reload changes raft's settings.
func (g *Group) reload(change func(*raft.ReloadableConfig)) error {
	g.reloading.Lock()
	defer g.reloading.Unlock()
	now := g.raft.ReloadableConfig()
	change(&now)
	return g.raft.ReloadConfig(now)
}
