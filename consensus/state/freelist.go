package state

import (
	"cmp"
	"time"
)

// The list of the file's free pages is written with a commit where it is short: beside the commit
// or in itself. Where it is long and the commit is short, it is written once nothing came for
// restAfter, and when the store is closed. A file without it is opened by a walk over all its
// pages, which takes seconds for each million of records, and minutes where the disk must be read;
// that is left for a node that is killed while it writes little, soon after it has written much.
const (
	shortList = 64 << 10 // bytes
	restAfter = time.Second
)

// lists decides whether the commit of so many bytes writes the list, with the writer's transaction
// of the file open.
func (s *Store) lists(size int, rest bool) {
	long := s.db.Stats().FreelistInuse
	s.unlisted = !rest && long > max(cmp.Or(s.options.shortList, shortList), size)
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
	return s.commitFile(newLayer(), 0, true)
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
