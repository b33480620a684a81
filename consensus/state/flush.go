package state

import (
	"fmt"
	"time"
)

// flushLoop commits the open transaction FlushEvery after it began, or when it is half full. It is the only goroutine of this
// package, and the only code here that knows of time: when a transaction is committed changes nothing in what it holds.
func (s *Store) flushLoop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.wake:
		case <-s.stop:
			return
		}
		timer.Reset(s.options.FlushEvery)
		select {
		case <-timer.C:
			s.Flush()
		case <-s.half:
			s.Flush()
		case <-s.stop:
			return
		}
	}
}

// Flush commits what is open, and returns when it is on disk.
func (s *Store) Flush() {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mustCommit()
}

// mustCommit commits, with flushing held; a store that could not fails.
func (s *Store) mustCommit() error {
	err := s.commit()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.failed == nil {
		s.fail(err)
	}
	return err
}

// fail is where a store ends whose state is unknown, with mu held: nothing is applied or committed any more. It returns
// the results of an Apply that failed.
func (s *Store) fail(err error) []Result {
	s.failed = err
	close(s.dead)
	s.options.Fatal(err)
	return nil
}

// commit writes the open transaction, with flushing held and mu not: (1) the tree and where the state is go into it and it
// is frozen; whatever is applied from here on goes into the next, (2) it is written and flushed to disk, while readers see
// it over the file, (3) it is dropped: the file has it. After a failure the state on disk is unknown, so the process must
// end; raft's log has every command that was in it.
func (s *Store) commit() error {
	l, err := s.freeze()
	if err != nil || l == nil {
		return err
	}
	if err := s.commitFile(l); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen = nil
	return nil
}

// freeze ends the open transaction; there may be none.
func (s *Store) freeze() (*layer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil || s.open == nil {
		return nil, s.failed
	}
	if err := s.withFile(s.open.finish); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	s.frozen = s.open.layer
	s.open, s.pending = nil, 0
	return s.frozen, nil
}

// withFile lets the open transaction read the file while f runs, with mu held. It is not kept longer: where the file must
// grow in memory, a commit waits for its readers.
func (s *Store) withFile(f func() error) error {
	file, err := s.db.Begin(false)
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	defer file.Rollback()
	s.open.file = file
	return f()
}
