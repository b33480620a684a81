package group

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// answers is what the other replicas answered to this leader's heartbeats.
type answers struct {
	mu        sync.Mutex
	sent      uint64 // requests so far
	notes     map[raft.ServerID]note
	changed   chan struct{} // closed, and replaced, with each note
	committed func() uint64 // the index up to which the log is; nil: raft has not begun
}

// note is the newest that is known of a replica.
type note struct {
	term uint64    // of this leader, that the replica took for the newest
	sent uint64    // the number of the last request that it so answered
	last uint64    // the last index of its log, then
	at   time.Time // when the answer came
	took time.Time // when its log last grew in this term, or had all that was committed; zero: it did not
}

func newAnswers() *answers {
	return &answers{notes: map[raft.ServerID]note{}, changed: make(chan struct{})}
}

// knows tells the answers of how far the log is committed.
func (a *answers) knows(committed func() uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.committed = committed
}

// send returns the number of a request that is about to be sent.
func (a *answers) send() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent++
	return a.sent
}

// number returns the number of the last request that was begun: each later one has a higher number.
func (a *answers) number() uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sent
}

// note keeps an answer to a request of this leader in term. One from a replica that knows a newer
// term is none.
func (a *answers) note(id raft.ServerID, term, sent uint64, r *raft.AppendEntriesResponse) {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.notes[id]
	if r.Term != term || before.sent > sent {
		return
	}
	n := note{term: term, sent: sent, last: r.LastLog, at: time.Now()}
	switch {
	case before.term == term && n.last > before.last, a.committed != nil && n.last >= a.committed():
		n.took = n.at
	case before.term == term:
		n.took = before.took
	}
	a.notes[id] = n
	close(a.changed)
	a.changed = make(chan struct{})
}

// of returns what is known of a replica, and a channel that is closed when more is known of any.
func (a *answers) of(id raft.ServerID) (note, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.notes[id], a.changed
}

// majority reports whether is holds of a majority of the voters, this replica included, and returns
// a channel that is closed when more is known.
func (a *answers) majority(voters []raft.ServerID, self raft.ServerID, is func(note) bool) (ok bool, changed <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, id := range voters {
		if id == self || is(a.notes[id]) {
			n++
		}
	}
	return n > len(voters)/2, a.changed
}
