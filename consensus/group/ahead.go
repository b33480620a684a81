package group

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// What a majority stored is never taken back: so raft has it, as long as no replica forgets what it
// stored. One that is set back whole does, and does not know it: with one more that was away it is
// a majority without what was acknowledged. A replica that has it must not follow those two. Raft
// would clear the end of its log, also what is applied already, and apply the other history on top
// of it: one ledger with two meanings of the same names.
//
// So whoever leads shows a replica once, in each term, the last entry that the replica has applied.
// Where another one stands there, or before it, the replica is ahead: it follows nobody any more.
// It finds that again after each start: what it compares with is in its state, which is on disk a
// few milliseconds after an entry is acknowledged, and of its log only as long as it runs.

// errAhead is what a replica is told that leads, and lacks what this one has.
var errAhead = errors.New("this replica has applied other entries than the one that leads, and follows nobody")

// AheadError says that this replica has applied what the one that leads does not have.
type AheadError struct {
	Leader  string // the replica, as raft names it
	Index   uint64 // of raft: here is another entry there, or none
	Applied uint64 // the raft index up to which entries are applied here
}

func (e *AheadError) Error() string {
	return fmt.Sprintf("%v: %s has another entry %d, and entries up to %d are applied here", errAhead, e.Leader, e.Index, e.Applied)
}

// Is makes errors.Is(e, errAhead) true.
func (e *AheadError) Is(target error) bool { return target == errAhead }

// ahead keeps this replica from taking back what it has applied.
type ahead struct {
	store *state.Store
	logs  raft.LogStore
	tell  func(*AheadError) // nil: nobody is told

	mu        sync.Mutex
	committed func() uint64 // of raft; nil: it has not begun
	shown     leadership    // the last one that has shown what is applied here
	found     *AheadError   // nil: this replica is not ahead
}

// leadership is a replica that leads, in one term.
type leadership struct {
	leader string
	term   uint64
}

// knows tells up to where raft knows that the log is agreed on.
func (a *ahead) knows(committed func() uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.committed = committed
}

// error returns the *AheadError of a replica that is ahead, or nil.
func (a *ahead) error() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.found == nil {
		return nil
	}
	return a.found
}

// find notes that this replica is ahead, and returns why.
func (a *ahead) find(leader string, index uint64) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.found == nil {
		applied, _ := a.store.Applied()
		a.found = &AheadError{Leader: leader, Index: index, Applied: applied}
		if a.tell != nil {
			a.tell(a.found)
		}
	}
	return a.found
}

// agreed returns up to which index this replica knows that entries were agreed on.
func (a *ahead) agreed() uint64 {
	a.mu.Lock()
	committed := a.committed
	a.mu.Unlock()
	applied, _ := a.store.Applied()
	if committed != nil {
		applied = max(applied, committed())
	}
	return applied
}

// verdict is what is to be done with a message of the one that leads.
type verdict int

const (
	passes verdict = iota // raft takes it
	shows                 // whoever leads is to show the last entry that is applied here first
	refuse                // this replica is ahead
)

// appends judges what the one that leads appends to the log.
func (a *ahead) appends(m *raft.AppendEntriesRequest) verdict {
	by := leadership{string(m.ID), m.Term}
	known := a.store.LastEntry()
	switch shown, found := a.status(by); {
	case found:
		return refuse
	case shown:
		return passes
	}
	if at := a.differs(m, known); at > 0 {
		_ = a.find(by.leader, at) // it is refused, and told
		return refuse
	}
	for _, l := range m.Entries {
		if l.Index == known.Index {
			a.show(by)
			return passes
		}
	}
	if known.Index > 0 && m.PrevLogEntry >= known.Index {
		return shows
	}
	return passes
}

func (a *ahead) status(by leadership) (shown, found bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.shown == by, a.found != nil
}

func (a *ahead) show(by leadership) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.shown = by
}

// differs returns the index of the first entry that a message has otherwise than this replica; 0:
// there is none. Behind what was agreed on it may have others of another term, which raft takes
// back; two entries of one term never stand at one index, unless a replica has forgotten for whom
// it voted.
func (a *ahead) differs(m *raft.AppendEntriesRequest, known state.LastEntry) uint64 {
	agreed := a.agreed()
	if m.PrevLogEntry > 0 && m.PrevLogEntry <= agreed && a.otherTerm(m.PrevLogEntry, m.PrevLogTerm) {
		return m.PrevLogEntry
	}
	for _, l := range m.Entries {
		if l.Index == known.Index && !isEntry(*l, known) {
			return l.Index
		}
		var own raft.Log
		if a.logs.GetLog(l.Index, &own) != nil { // it is not here
			if l.Index <= agreed && a.otherTerm(l.Index, l.Term) {
				return l.Index
			}
			continue
		}
		sum := sumOf(&own)
		if !bytes.Equal(own.Extensions, sum) { // see marked: its term alone is known
			sum = nil
		}
		if own.Term != l.Term && l.Index <= agreed || own.Term == l.Term && sum != nil && !bytes.Equal(sum, sumOf(l)) {
			return l.Index
		}
	}
	return 0
}

// otherTerm reports whether it is known here that the entry at an index has another term.
func (a *ahead) otherTerm(index, term uint64) bool {
	if applied, of := a.store.Applied(); index == applied {
		return of != term
	}
	var own raft.Log
	return a.logs.GetLog(index, &own) == nil && own.Term != term
}

// installs judges a snapshot that the one that leads offers. Of one behind what is applied here it
// is seen later whether that is part of it; see fits.
func (a *ahead) installs(m *raft.InstallSnapshotRequest) verdict {
	by := leadership{string(m.ID), m.Term}
	if _, found := a.status(by); found {
		return refuse
	}
	if m.LastLogIndex > a.agreed() {
		return passes
	}
	if a.otherTerm(m.LastLogIndex, m.LastLogTerm) {
		_ = a.find(by.leader, m.LastLogIndex)
		return refuse
	}
	if m.LastLogIndex >= a.store.LastEntry().Index {
		a.show(by) // what is before it is in nobody's log any more
	}
	return passes
}

// fits returns an *AheadError where the state that was filled from another replica does not begin
// with the ledger that is here. What is damaged here is replaced.
func (a *ahead) fits(from identity.Replica, filled state.Filled) error {
	var size uint64
	own, other := [32]byte{}, [32]byte{}
	err := a.store.View(func(r *state.Reader) (err error) {
		size = r.Size()
		own, err = r.RootAt(size)
		return err
	})
	if err != nil || size == 0 {
		return nil
	}
	if filled.Size >= size {
		path := filepath.Join(a.store.Filling("", 0).Dir, state.FillFile)
		err = state.Look(path, func(r *state.Reader) (err error) {
			other, err = r.RootAt(size)
			return err
		})
	}
	if err == nil && own != other {
		err = a.find(from.String(), filled.Index)
	}
	return err
}

// judges reports whether a message of another replica may go to raft. If not, it was answered.
func (t *transport) judges(rpc raft.RPC) bool {
	if t.ahead == nil {
		return true
	}
	v, term := passes, uint64(0)
	switch m := rpc.Command.(type) {
	case *raft.AppendEntriesRequest:
		if term = m.Term; t.isOld(term) {
			return true
		}
		if carriesLog(m) {
			boundCommit(m)
			v = t.ahead.appends(m)
		}
	case *raft.InstallSnapshotRequest:
		if !t.isOld(m.Term) {
			v = t.ahead.installs(m)
		}
	}
	if v == passes && t.ahead.error() != nil {
		v = refuse
	}
	switch v {
	case refuse:
		if rpc.Reader != nil { // what is not read would be taken for the next message
			_, _ = io.Copy(io.Discard, rpc.Reader) // the stream tells who reads next that it failed
		}
		rpc.Respond(nil, errAhead)
	case shows:
		rpc.Respond(&raft.AppendEntriesResponse{Term: term, LastLog: t.ahead.store.LastEntry().Index - 1, NoRetryBackoff: true}, nil)
	}
	return v == passes
}

// boundCommit bounds what a message says is agreed on by what it has. A leader may send one that
// ends before that, where it goes back to what both have; raft takes all that its own log has up to
// there as agreed on, also an end that it is about to take back, and applies it.
func boundCommit(m *raft.AppendEntriesRequest) {
	last := m.PrevLogEntry
	if n := len(m.Entries); n > 0 {
		last = m.Entries[n-1].Index
	}
	m.LeaderCommitIndex = min(m.LeaderCommitIndex, last)
}

// isOld reports whether a term is over: raft refuses what comes of it.
func (t *transport) isOld(term uint64) bool {
	t.mu.Lock()
	own := t.term
	t.mu.Unlock()
	return own != nil && term < own()
}

// keeping is a log of which no end is cut off that is applied already.
type keeping struct {
	marked
	ahead *ahead
}

// DeleteRange implements raft.LogStore. Raft cuts off the end where the one that leads has other
// entries, and the beginning behind a snapshot, with which the end may go, too.
func (k keeping) DeleteRange(first, last uint64) error {
	begin, end, err := bounds(k.marked)
	if err != nil {
		return err
	}
	if applied, _ := k.store.Applied(); first > begin && last == end && first <= max(applied, k.ahead.agreed()) {
		return k.ahead.find("", first)
	}
	return k.marked.DeleteRange(first, last)
}
