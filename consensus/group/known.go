package group

import (
	"slices"

	"github.com/hashicorp/raft"
)

// skipKnown takes out of what a leader appends the entries up to the marker: they are committed,
// and in the state. Raft has them no more in the log of a replica that was filled, and would refuse
// what begins before it; the leader would offer ever older entries, one at a time, to the beginning
// of its own log. So it hears that they are here, and goes on.
//
// What the message says is committed is bounded by what is left of it: raft takes all that its own
// log has up to there as agreed, and behind the marker that may be what another leader once wanted.
func (t *transport) skipKnown(message any) {
	a, ok := message.(*raft.AppendEntriesRequest)
	if !ok || t.store == nil || a.PrevLogEntry == 0 && len(a.Entries) == 0 { // a heartbeat
		return
	}
	if applied, _ := t.store.Applied(); a.PrevLogEntry >= applied {
		return // as ever: nothing is read from the file
	}
	m, ok, err := t.store.Marker()
	if err != nil || !ok || a.PrevLogEntry >= m.Index {
		return
	}
	a.Entries = slices.DeleteFunc(a.Entries, func(l *raft.Log) bool { return l.Index <= m.Index })
	a.PrevLogEntry, a.PrevLogTerm = m.Index, m.Term
	last := m.Index
	if n := len(a.Entries); n > 0 {
		last = a.Entries[n-1].Index
	}
	a.LeaderCommitIndex = min(a.LeaderCommitIndex, last)
}
