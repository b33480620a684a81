package group

import (
	"time"

	"github.com/hashicorp/raft"
)

// awayLook is how often it is looked whether this replica leads still the one that is away.
const awayLook = 250 * time.Millisecond

// carriesLog reports whether a message is more than a heartbeat.
func carriesLog(a *raft.AppendEntriesRequest) bool {
	return a.PrevLogEntry != 0 || len(a.Entries) > 0 || a.LeaderCommitIndex != 0
}

// away waits, after message number sent could not be brought to a replica, until the replica
// answers a later heartbeat. It does not wait for one that is there, nor once this replica leads no
// more in term, or leads the other no more. Raft waits twice as long after each failure to bring a
// replica the log, up to 10.24 s, and would count failures for as long as the replica is away: one
// that is back would get nothing for that long, and could not stand in for the next that fails.
func (t *transport) away(to raft.ServerID, term, sent uint64) {
	timer := time.NewTimer(awayLook)
	defer timer.Stop()
	for t.leads(to, term) {
		n, changed := t.answers.of(to)
		if n.sent > sent {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			timer.Reset(awayLook)
		case <-t.stop:
			return
		}
	}
}

// leads reports whether this replica leads another in term.
func (t *transport) leads(other raft.ServerID, term uint64) bool {
	t.mu.Lock()
	leads := t.leading
	t.mu.Unlock()
	return leads != nil && leads(other, term)
}

// leadsIn reports whether this replica leads another in term.
func (g *Group) leadsIn(other raft.ServerID, term uint64) bool {
	if g.raft.State() != raft.Leader || g.raft.CurrentTerm() != term {
		return false
	}
	for _, s := range g.raft.GetConfiguration().Configuration().Servers {
		if s.ID == other {
			return true
		}
	}
	return false
}
