package group

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/hashicorp/raft"

	"xietong/certs/canon"
	"xietong/consensus/state"
)

// fsm hands raft's entries to the state.
type fsm struct{ store *state.Store }

// Apply implements raft.FSM. Raft brings entries again at a start that the state has applied; they
// are not even decoded.
func (f fsm) Apply(l *raft.Log) any {
	if applied, _ := f.store.Applied(); l.Index <= applied {
		return f.store.Apply(l.Index, l.Term, nil)
	}
	var commands [][]byte
	if err := canon.Unmarshal(l.Data, maxEntryLen, &commands); err != nil {
		panic(fmt.Sprintf("group: undecodable raft entry %d: %v", l.Index, err)) // committed: the state is unknown
	}
	return f.store.Apply(l.Index, l.Term, commands)
}

// Snapshot implements raft.FSM: it commits the open transaction, and the state file is the
// snapshot.
func (f fsm) Snapshot() (raft.FSMSnapshot, error) {
	f.store.Flush()
	return marker{}, nil
}

// Restore implements raft.FSM. At a start raft restores the snapshot that snapshots lists, which
// the state file holds already; a snapshot of another replica never gets past the sink. So there is
// nothing to restore.
func (f fsm) Restore(r io.ReadCloser) error { return r.Close() }

// marker is the snapshot of a state that is its own snapshot: there is nothing to copy.
type marker struct{}

// Persist implements raft.FSMSnapshot.
func (marker) Persist(sink raft.SnapshotSink) error { return sink.Close() }

// Release implements raft.FSMSnapshot.
func (marker) Release() {}

// ErrFetchNeeded is returned to a leader that sends a snapshot. A marker holds no data, so this
// replica must be filled from another replica before it can follow.
var ErrFetchNeeded = errors.New("a snapshot is a marker and cannot be installed: this replica must be filled first")

// snapshots keeps raft's snapshot as a marker in the state file.
type snapshots struct{ store *state.Store }

// Create implements raft.SnapshotStore.
func (s snapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	m := state.Marker{
		Version: uint64(version), Index: index, Term: term,
		Configuration: raft.EncodeConfiguration(configuration), ConfigurationIndex: configurationIndex,
	}
	return &sink{store: s.store, marker: m}, nil
}

// List implements raft.SnapshotStore: the one marker that the file contains, if any.
func (s snapshots) List() ([]*raft.SnapshotMeta, error) {
	m, ok, err := s.store.Marker()
	if err != nil || !ok {
		return nil, err
	}
	return []*raft.SnapshotMeta{metaOf(m)}, nil
}

// Open implements raft.SnapshotStore.
func (s snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	m, ok, err := s.store.Marker()
	switch {
	case err != nil:
		return nil, nil, err
	case !ok || metaOf(m).ID != id:
		return nil, nil, fmt.Errorf("open snapshot: %s is not the one that is kept", id)
	}
	return metaOf(m), io.NopCloser(emptyReader{}), nil
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, io.EOF }

func metaOf(m state.Marker) *raft.SnapshotMeta {
	return &raft.SnapshotMeta{
		Version: raft.SnapshotVersion(m.Version), ID: fmt.Sprintf("%d-%d", m.Term, m.Index), Index: m.Index, Term: m.Term,
		Configuration: raft.DecodeConfiguration(m.Configuration), ConfigurationIndex: m.ConfigurationIndex,
	}
}

// sink saves the marker when it is closed. Data that is written into it comes from another replica
// and is refused.
type sink struct {
	store  *state.Store
	marker state.Marker
	once   sync.Once
	err    error
}

// Write implements io.Writer.
func (s *sink) Write([]byte) (int, error) { return 0, ErrFetchNeeded }

// Close saves the marker, at most once, because raft closes twice on some paths.
func (s *sink) Close() error {
	s.once.Do(func() { s.err = s.store.SaveMarker(s.marker) })
	return s.err
}

// ID implements raft.SnapshotSink.
func (s *sink) ID() string { return fmt.Sprintf("%d-%d", s.marker.Term, s.marker.Index) }

// Cancel implements raft.SnapshotSink.
func (s *sink) Cancel() error {
	s.once.Do(func() {})
	return nil
}
