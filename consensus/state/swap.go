package state

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"xietong/certs/identity"
)

// ErrNotNewer is returned for a filled file that is not ahead of the store in whose place it would
// come.
var ErrNotNewer = errors.New("what was filled is not ahead of what is here")

// Install makes the file that was filled in a folder the state of a new replica, at path in the
// same folder. It fails when path exists.
func Install(path string, log identity.Log) error {
	filled := filepath.Join(filepath.Dir(path), FillFile)
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("install filled state: %s exists", path)
	}
	db, m, err := openFile(filled, nil, true, 0)
	if err != nil {
		return fmt.Errorf("install filled state: %w", err)
	}
	if err = db.Close(); err == nil && m.Log != log {
		err = fmt.Errorf("%w: %s, not %s", ErrOtherLog, m.Log, log)
	}
	if err == nil {
		err = os.Rename(filled, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("install filled state: %w", err)
	}
	return nil
}

// Swap puts the file that was filled in the store's folder in the place of its file, while the
// store serves. Views that run see the old state to their end, all that begin later see the new
// one; whoever waits for an index hears of it. What was applied and is not committed is dropped:
// the new state, which must be ahead, has it. The error wraps ErrNotNewer, and nothing has changed,
// where it is not ahead; ErrFailed where it is unknown which of the two files is there, or would be
// after a power cut: then the store has failed. Swap must not be called in a view.
func (s *Store) Swap() error { return s.swapFrom(1) }

// Mend is Swap for a store whose file is damaged: what was filled may also be of the same place of
// raft's log. Nothing may be applied since the source was asked for the rest.
func (s *Store) Mend() error { return s.swapFrom(0) }

// swapFrom swaps in a state that is ahead by at least so much.
func (s *Store) swapFrom(ahead uint64) error {
	filled := filepath.Join(filepath.Dir(s.path), FillFile)
	db, m, err := openFile(filled, s.registry, false, mapFor(s.options.Hosted))
	if err != nil {
		return fmt.Errorf("swap state: %w", err)
	}
	old, err := s.swap(filled, db, m, ahead)
	if old == nil {
		return fmt.Errorf("swap state: %w", errors.Join(err, db.Close()))
	}
	if err = errors.Join(err, old.close()); err != nil { // it waits for the views of the old state
		return fmt.Errorf("swap state: %w", err)
	}
	return nil
}

// swap returns the old database, or nil where nothing has changed. It holds mu while the disk
// works: what is applied meanwhile would be in neither of the files.
func (s *Store) swap(filled string, db *bolt.DB, m meta, ahead uint64) (old *retired, err error) {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.failed != nil:
		return nil, failure(s.failed)
	case m.Log != s.meta.Log:
		return nil, fmt.Errorf("%w: %s, not %s", ErrOtherLog, m.Log, s.meta.Log)
	case m.Index < s.meta.Index+ahead:
		return nil, fmt.Errorf("%w: it is at %d, %d is applied here", ErrNotNewer, m.Index, s.meta.Index)
	}
	if err := s.options.rename(filled, s.path); err != nil { // it may have been done: what is written now may be to no file
		s.fail(err)
		return nil, failure(err)
	}
	old = &retired{s.db, s.views}
	s.db, s.views, s.passed = db, new(views), s.passed+1
	s.open, s.frozen, s.pending, s.unlisted, s.listLen = nil, nil, 0, false, 0
	s.meta = m
	s.harmed.forget()
	s.scrubbed = nil
	s.files.Forget() // one that was damaged was written anew
	s.mover.look()
	s.moveTo(m.Index, m.Term)
	if err := s.options.syncDir(filepath.Dir(s.path)); err != nil {
		s.fail(err)
		return old, failure(err)
	}
	return old, nil
}
