package state

import (
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// flushLoop commits the open transaction some time after it began (see pace), or when it is half
// full. It and the mover are the only goroutines of this package, and the only code here that knows
// of time: the time of a commit changes nothing in the content of the transaction.
func (s *Store) flushLoop() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.wake:
		case <-s.rest():
			s.listAtRest()
			continue
		case <-s.stop:
			return
		}
		timer.Reset(s.pace())
		select {
		case <-timer.C:
			s.flush(true)
			s.listAtRest() // where another commit went before
		case <-s.half:
			s.Flush()
		case <-s.stop:
			return
		}
	}
}

// Flush commits the open transaction, and returns when it is on disk. A failure goes to
// Options.Fatal.
func (s *Store) Flush() { s.flush(false) }

func (s *Store) flush(lists bool) {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mustCommit(lists)
}

// mustCommit commits the open transaction, with flushing held. The store fails when the commit
// does.
func (s *Store) mustCommit(lists bool) error {
	err := s.commit(lists)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && s.failed == nil {
		s.fail(err)
	}
	return err
}

// fail ends the work of a store whose state is unknown: nothing is applied or committed any more.
// It returns nil, the results of an Apply that failed. mu is held.
func (s *Store) fail(err error) []Result {
	s.failed = err
	close(s.dead)
	s.options.Fatal(err)
	return nil
}

// commit writes the open transaction, with flushing held and mu not. (1) It adds the tree and the
// position of the state to the transaction and freezes it; commands that are applied from here on
// go into the next one. (2) It writes the frozen transaction to the file and flushes the file to
// disk, while readers see the transaction over the file. (3) It drops the transaction, because the
// file has it. After a failure the state on disk is unknown, so the process must end; raft's log
// has every command of the transaction. Where lists is true, the list of free pages is written,
// however long it is. A store that is open aside writes nothing.
func (s *Store) commit(lists bool) error {
	if s.options.Aside {
		return nil
	}
	l, size, err := s.freeze()
	if err != nil || l == nil {
		return err
	}
	if err := s.commitLayer(l, size, lists); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen, s.passed = nil, s.passed+1
	s.mover.look()
	return nil
}

// freeze ends the open transaction and returns its writes, and their bytes, or nil when no
// transaction is open.
func (s *Store) freeze() (l *layer, size int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil || s.open == nil {
		return nil, 0, s.failed
	}
	if err := s.withFile(s.open.finish); err != nil {
		return nil, 0, fmt.Errorf("commit: %w", err)
	}
	s.frozen, size = s.open.layer, s.open.len
	s.open, s.pending = nil, 0
	return s.frozen, size, nil
}

// withFile lets the open transaction read the file while f runs, with flushing and mu held.
func (s *Store) withFile(f func() error) error {
	file, err := s.db.Begin(false) // it does not wait: nothing is committed meanwhile
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	return s.over(file, f)
}

// over lets the open transaction read the file while f runs, with mu held. It ends the read
// transaction of the file with f, because a commit that must enlarge the map of the file waits for
// its readers. A damaged file is an error.
func (s *Store) over(file *bolt.Tx, f func() error) (err error) {
	defer file.Rollback()
	s.open.readFrom(file)
	defer func() {
		if p := recover(); p != nil {
			damage, ok := p.(*DamageError)
			if !ok {
				panic(p)
			}
			err = damage
		}
	}()
	return f()
}
