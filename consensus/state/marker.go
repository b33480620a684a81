package state

import (
	"fmt"

	"xietong/certs/canon"
)

// Marker is the description of a snapshot that raft gets. The file itself is the snapshot, so only
// its place in raft's log is kept.
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
	file, err := s.lock()
	s.mu.Unlock()
	defer file.end()
	if err != nil {
		return m, false, err
	}
	return decodeMarker(reads{file: file.Tx}.Get(bucketMeta, keyRaft))
}

// Marker returns the marker as of the view; ok is false when no snapshot was taken.
func (r *Reader) Marker() (m Marker, ok bool, err error) {
	return decodeMarker(r.Get(bucketMeta, keyRaft))
}

func decodeMarker(data []byte) (m Marker, ok bool, err error) {
	if data == nil {
		return m, false, nil
	}
	return m, true, canon.Unmarshal(data, maxKeySetValue, &m)
}

// SaveMarker keeps the marker and raises the applied index to it, in one transaction, before raft
// truncates its log: a marker is never ahead of the content of the file. It never goes back either:
// where a later one is kept already, because the state was filled meanwhile, that one stays, and
// raft's log need not reach further back than it does. The error wraps ErrClosed or ErrFailed when
// the store takes no more writes.
func (s *Store) SaveMarker(m Marker) error {
	data, err := canon.Marshal(m)
	if err != nil {
		return fmt.Errorf("save marker: %w", err)
	}
	s.flushing.Lock()
	defer s.flushing.Unlock()
	if err := s.putMarker(m, data); err != nil {
		return fmt.Errorf("save marker: %w", err)
	}
	if err := s.mustCommit(false); err != nil {
		return fmt.Errorf("save marker: %w", err)
	}
	return nil
}

// putMarker writes the marker into the open transaction. The marker may be above the last applied
// entry, because entries that raft keeps for itself never reach Apply.
func (s *Store) putMarker(m Marker, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.failed != nil {
		return failure(s.failed)
	}
	s.begin()
	return s.withFile(func() error {
		kept, ok, err := decodeMarker(s.open.Get(bucketMeta, keyRaft))
		if err != nil || ok && kept.Index > m.Index {
			return err
		}
		if m.Index > s.meta.Index {
			s.moveTo(m.Index, m.Term)
		}
		return s.open.Put(bucketMeta, keyRaft, data)
	})
}
