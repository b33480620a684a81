package state

import (
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// View runs f on the state as it is now, and returns the error of f. The error wraps ErrClosed when
// the store is closed, *UnreadableError when f met a value that cannot be read, and *DamageError
// when the file itself cannot be read. f must not keep the Reader after it returned, nor propose
// anything, because a commit that must enlarge the map of the file waits for all readers.
func (s *Store) View(f func(r *Reader) error) error {
	r, err := s.read()
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	defer r.end()
	err = r.view(f)
	if damage, ok := errors.AsType[*DamageError](err); ok && damage.File == "" {
		damage.File = s.path
	}
	return s.damaged(err)
}

// Try applies a command to the state as it is now, and keeps nothing. It returns the result of a
// command on which its handler fails, or which would keep too much; what comes of any other shows
// at the command's own place in the log.
func (s *Store) Try(command []byte) (refused Result, err error) {
	r, err := s.read()
	if err != nil {
		return Result{}, fmt.Errorf("try command: %w", err)
	}
	defer r.end()
	tx := newTx(s.registry, &r.meta, r.layers...)
	tx.file, tx.buckets, tx.fresh = r.file, r.buckets, slices.Clip(r.fresh) // the open transaction appends to the same array
	result, err := tx.apply(command)
	if err != nil {
		return Result{}, fmt.Errorf("try command: %w", s.damaged(err))
	}
	switch result.Code {
	case CodeTooLarge, CodeFailed, CodeUnreadable:
		return result, nil
	}
	return Result{}, nil
}

// read begins a view.
func (s *Store) read() (*Reader, error) {
	file, err := s.lock()
	defer s.mu.Unlock()
	if s.closed {
		err = ErrClosed
	}
	if err != nil {
		file.end()
		return nil, err
	}
	r := &Reader{meta: s.meta, old: oldIn(s.files), end: file.end}
	r.meta.contents = nil // it goes on changing
	r.hurt = s.noteHurt
	switch {
	case s.open != nil:
		r.layers = append([]*layer{s.open.layer.IsoCopy()}, s.open.layers[1:]...)
		r.fresh = s.open.fresh
	case s.frozen != nil:
		r.layers = []*layer{s.frozen}
	}
	r.readFrom(file.Tx)
	return r, nil
}

// lock begins a transaction of the file and locks mu, also where it fails. The file never shows
// writes that are newer than the layers, and lacks none that they do not have any more. mu is not
// held while the transaction begins: a commit that must enlarge the map of the file lets none
// begin until all readers are gone, and meanwhile the position of the state can be asked for. The
// transaction must be ended also where the error says that there is none.
func (s *Store) lock() (file reading, err error) {
	s.mu.Lock()
	for {
		db, passed := s.db, s.passed
		file = reading{views: s.views}
		file.views.enter()
		s.mu.Unlock()
		if file.Tx, err = db.Begin(false); s.options.began != nil {
			s.options.began()
		}
		s.mu.Lock()
		if s.passed == passed {
			return file, err
		}
		file.end()
	}
}

// reading is a transaction that reads a database.
type reading struct {
	*bolt.Tx // nil: it did not begin
	views    *views
}

func (r reading) end() {
	if r.Tx != nil {
		_ = r.Rollback() // of a reader it does not fail
	}
	r.views.leave()
}
