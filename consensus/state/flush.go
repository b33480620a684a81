package state

import "time"

// flushLoop commits the open transaction FlushEvery after it was opened. It is the only goroutine of this package, and
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
		case <-s.stop:
			return
		}
	}
}

// Flush commits what is open.
func (s *Store) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commit()
}

// commit writes the transaction, with mu held: (1) the tree and where the state is go into the transaction, (2) it is
// written and flushed to disk, (3) waiting readers are told. After a failure the state on disk is unknown, so the
// process must end; raft's log has every command that was in it.
func (s *Store) commit() {
	if s.open == nil {
		return
	}
	if err := s.open.finish(); err != nil {
		s.options.Fatal(err)
	}
	if err := s.open.bolt.Commit(); err != nil {
		s.options.Fatal(err)
	}
	s.open, s.pending = nil, 0
	s.committedMu.Lock()
	defer s.committedMu.Unlock()
	s.committed = s.meta.Index
	close(s.advanced)
	s.advanced = make(chan struct{})
}
