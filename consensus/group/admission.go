package group

import (
	"errors"
	"sync"

	"xietong/consensus/state"
)

// Bounds of what is under way: commands that were proposed and are not answered yet. A command is
// in memory several times over (with its caller, in its raft entry, in the buffer of raft's log).
const (
	maxUnderWay    = 4096     // commands
	maxUnderWayLen = 32 << 20 // bytes
	// The last part of both is for the commands of this floor, so that checkpoints are made under
	// any load.
	kept    = 64
	keptLen = 2 << 20
	// maxSentLen bounds the bytes that are with raft, and so the largest write of its log, whose
	// buffer never shrinks. More waits in the queue.
	maxSentLen = 8 << 20
)

// ErrBusy is returned, with ErrNotDone, when as much is under way as may be: try again shortly.
var ErrBusy = errors.New("too much is under way")

// admission counts what is under way. It refuses what is too much, at once: who is refused early
// can go elsewhere or wait, and holds nothing here.
type admission struct {
	mu     sync.Mutex
	number int
	len    int
	most   int // the most bytes that were ever under way
}

// take admits a command of so many bytes, or refuses it.
func (a *admission) take(kind state.Kind, n int) error {
	number, size := maxUnderWay, maxUnderWayLen
	if kind != state.KindKeySet && !state.Certifies(kind) {
		number, size = number-kept, size-keptLen
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.number+1 > number || a.len+n > size {
		return ErrBusy
	}
	a.number, a.len = a.number+1, a.len+n
	a.most = max(a.most, a.len)
	return nil
}

// give ends what take admitted.
func (a *admission) give(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.number, a.len = a.number-1, a.len-n
}

// sent counts the bytes that are with raft.
type sent struct {
	mu    sync.Mutex
	len   int
	freed chan struct{} // has room for one: something was answered
}

func newSent() *sent { return &sent{freed: make(chan struct{}, 1)} }

// add waits until n more bytes may be with raft, and counts them; false: stop was closed first. One
// goroutine calls it.
func (s *sent) add(n int, stop <-chan struct{}) bool {
	for {
		s.mu.Lock()
		if s.len == 0 || s.len+n <= maxSentLen {
			s.len += n
			s.mu.Unlock()
			return true
		}
		s.mu.Unlock()
		select {
		case <-s.freed:
		case <-stop:
			return false
		}
	}
}

func (s *sent) done(n int) {
	s.mu.Lock()
	s.len -= n
	s.mu.Unlock()
	select {
	case s.freed <- struct{}{}:
	default: // the one that waits knows
	}
}
