package state

import (
	"fmt"
	"time"
)

// flushLoop commits the open transaction FlushEvery after it was opened, or as soon as a reader waits for what is in it: a
// lone client need not wait for company. It is the only goroutine of this package, and
// the only code here that knows of time: when a transaction is committed changes nothing in what it holds.
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
		case <-s.hurry:
			s.Flush()
		case <-s.stop:
			return
		}
	}
}

// Flush commits what is open.
func (s *Store) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.commit(); err != nil && s.failed == nil {
		s.fail(err)
	}
}

// fail is where a store ends whose state is unknown, with mu held: nothing is applied or committed any more. It returns
// the results of an Apply that failed.
func (s *Store) fail(err error) []Result {
	s.failed = err
	close(s.dead)
	s.options.Fatal(err)
	return nil
}

// commit writes the transaction, with mu held: (1) the tree and where the state is go into the transaction, (2) it is
// written and flushed to disk, (3) waiting readers are told. After a failure the state on disk is unknown, so the
// process must end; raft's log has every command that was in it.
func (s *Store) commit() error {
	if s.failed != nil {
		return s.failed
	}
	if s.open == nil {
		return nil
	}
	if err := s.open.finish(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if err := s.options.commit(s.open.bolt); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.open, s.pending = nil, 0
	s.committedMu.Lock()
	defer s.committedMu.Unlock()
	s.committed = s.meta.Index
	close(s.advanced)
	s.advanced = make(chan struct{})
	return nil
}
