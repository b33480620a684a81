package state

import (
	"errors"
	"fmt"

	"xietong/certs/canon"
)

// Marker is what raft is told of a snapshot: the file itself is the snapshot, so only its place in raft's log is kept.
type Marker struct {
	_                  struct{} `cbor:",toarray"`
	Version            uint64
	Index              uint64
	Term               uint64
	Configuration      []byte // as raft encodes it
	ConfigurationIndex uint64
}

// Marker returns the marker in the file; ok is false when no snapshot was taken.
func (s *Store) Marker() (m Marker, ok bool, err error) {
	err = s.View(func(r *Reader) error {
		data := r.Get(bucketMeta, keyRaft)
		if data == nil {
			return nil
		}
		ok = true
		return canon.Unmarshal(data, maxKeySetValue, &m)
	})
	return m, ok, err
}

// SaveMarker keeps the marker and raises the applied index to it, in one transaction, before raft truncates its log: a
// marker is never ahead of what the file contains.
func (s *Store) SaveMarker(m Marker) error {
	data, err := canon.Marshal(m)
	if err != nil {
		return fmt.Errorf("save marker: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("save marker: %w", ErrClosed)
	}
	if s.failed != nil {
		return fmt.Errorf("save marker: %w: %w", ErrFailed, s.failed)
	}
	// Entries that raft keeps for itself never reach Apply, so the marker may be above the last applied entry.
	if err := s.begin(); err != nil {
		return fmt.Errorf("save marker: %w", err)
	}
	if err := s.open.Put(bucketMeta, keyRaft, data); err != nil {
		return errors.Join(errors.New("save marker"), err)
	}
	if m.Index > s.meta.Index {
		s.meta.Index, s.meta.Term = m.Index, m.Term
	}
	if err := s.commit(); err != nil {
		s.fail(err)
		return fmt.Errorf("save marker: %w", err)
	}
	return nil
}
