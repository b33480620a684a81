package state

import (
	"cmp"
	"time"
)

// The list of the file's free pages is written with each commit of the flusher. Nobody waits for
// that commit, because raft's log is durable, so where the list is long the flusher commits more
// rarely, and writes no more bytes of lists than it does of short ones. A commit that others ask
// for, and that is shorter than the list, leaves it out, until the flusher's next one or until
// nothing came for restAfter.
//
// A file without its list is opened by a walk over all its pages, which takes seconds for each
// million of records, and minutes where the disk must be read; that is left for a node that is
// killed just then.
const (
	shortList   = 64 << 10 // bytes that are written each FlushEvery
	flushRarely = 10 * time.Second
	restAfter   = time.Second
)

// pace returns how long after it began the flusher commits a transaction.
func (s *Store) pace() time.Duration {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	rarer := FlushEvery * time.Duration(s.listLen) / time.Duration(cmp.Or(s.options.shortList, shortList))
	return max(s.options.FlushEvery, min(rarer, flushRarely))
}

// lists decides whether the commit of so many bytes writes the list, with the writer's transaction
// of the file open.
func (s *Store) lists(size int, always bool) {
	s.listLen = s.db.Stats().FreelistInuse
	s.unlisted = !always && s.listLen > max(cmp.Or(s.options.shortList, shortList), size)
	s.db.NoFreelistSync = s.unlisted // bbolt reads it as it commits
}

// list writes the list of free pages, if the newest commit did not. flushing is held.
func (s *Store) list() error {
	s.mu.Lock()
	failed := s.failed
	s.mu.Unlock()
	if !s.unlisted || failed != nil {
		return nil
	}
	return s.commitLayer(newLayer(), 0, true)
}

// rest returns a channel on which the flusher hears when it is to write the list; nil: it need not.
func (s *Store) rest() <-chan time.Time {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	if !s.unlisted {
		return nil
	}
	return time.After(restAfter)
}

// listAtRest writes the list of free pages. A failure goes to Options.Fatal, as of any commit.
func (s *Store) listAtRest() {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	if err := s.list(); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.failed == nil {
			s.fail(err)
		}
	}
}
