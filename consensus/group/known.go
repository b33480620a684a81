package group

import (
	"slices"
	"strconv"

	"github.com/hashicorp/raft"
)

// skipKnown takes out of what a leader appends the entries up to raft's newest snapshot: they are
// committed, and in the state. Raft has them no more in the log of a replica that was filled, and
// would refuse what begins before it; the leader would offer ever older entries, one at a time, to
// the beginning of its own log. So it hears that they are here, and goes on.
//
// What the message says is committed is bounded by what is left of it: raft takes all that its own
// log has up to there as agreed, and behind the snapshot that may be what another leader once
// wanted.
func (t *transport) skipKnown(message any) {
	a, ok := message.(*raft.AppendEntriesRequest)
	if !ok || t.store == nil || a.PrevLogEntry == 0 && len(a.Entries) == 0 { // a heartbeat
		return
	}
	if applied, _ := t.store.Applied(); a.PrevLogEntry >= applied {
		return // as ever: raft is not asked
	}
	index, term := t.newest()
	if a.PrevLogEntry >= index {
		return
	}
	a.Entries = slices.DeleteFunc(a.Entries, func(l *raft.Log) bool { return l.Index <= index })
	a.PrevLogEntry, a.PrevLogTerm = index, term
	last := index
	if n := len(a.Entries); n > 0 {
		last = a.Entries[n-1].Index
	}
	a.LeaderCommitIndex = min(a.LeaderCommitIndex, last)
}

// knows tells the transport of raft's figures.
func (t *transport) knows(stats func() map[string]string) {
	t.mu.Lock()
	t.stats = stats
	t.mu.Unlock()
}

// newest returns index and term of the newest snapshot that raft knows; zero before it has begun.
// It is not the marker of the state, which of a replica that was filled in use is further on:
// raft's log has the entries up to there, too.
func (t *transport) newest() (index, term uint64) {
	t.mu.Lock()
	stats := t.stats
	t.mu.Unlock()
	if stats == nil {
		return 0, 0
	}
	now := stats()
	index, err := strconv.ParseUint(now["last_snapshot_index"], 10, 64)
	if err == nil {
		term, err = strconv.ParseUint(now["last_snapshot_term"], 10, 64)
	}
	if err != nil { // the library names them otherwise by now: nothing is skipped
		return 0, 0
	}
	return index, term
}
