package group

import (
	"bytes"
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
// the state file holds already; of another replica's none gets past the sink before this replica's
// state has all that it stands for. So there is nothing to restore.
func (f fsm) Restore(r io.ReadCloser) error { return r.Close() }

// marker is the snapshot of a state that is its own snapshot: there is nothing to copy.
type marker struct{}

// Persist implements raft.FSMSnapshot.
func (marker) Persist(to raft.SnapshotSink) error {
	if s, ok := to.(*sink); ok {
		s.held = true
	}
	return to.Close()
}

// Release implements raft.FSMSnapshot.
func (marker) Release() {}

// ErrFetchNeeded is returned to a leader that sends a snapshot. A marker holds no data, so this
// replica must be filled from another replica before it can follow.
var ErrFetchNeeded = errors.New("a snapshot is a marker and cannot be installed: this replica must be filled first")

// snapshots keeps raft's snapshot as a marker in the state file.
type snapshots struct {
	store *state.Store
	logs  raft.LogStore // nil: no snapshot is offered to another replica
	// need is told that a leader offers a snapshot behind which this replica lags, and returns why
	// it is not installed now; nil: ErrFetchNeeded.
	need func(index uint64) error
	// behind notes the entry behind which the log begins once a leader's snapshot is installed;
	// nil: nothing does.
	behind func(index, term uint64) error

	mu        sync.Mutex
	installed *raft.SnapshotMeta // of a leader, accepted, which raft will open; nil: none
}

// Create implements raft.SnapshotStore.
func (s *snapshots) Create(version raft.SnapshotVersion, index, term uint64, configuration raft.Configuration,
	configurationIndex uint64, _ raft.Transport) (raft.SnapshotSink, error) {
	m := state.Marker{
		Version: uint64(version), Index: index, Term: term,
		Configuration: raft.EncodeConfiguration(configuration), ConfigurationIndex: configurationIndex,
	}
	return &sink{snapshots: s, marker: m}, nil
}

// List implements raft.SnapshotStore: the one marker that the file contains, if any.
func (s *snapshots) List() ([]*raft.SnapshotMeta, error) {
	m, ok, err := s.store.Marker()
	if err != nil || !ok {
		return nil, err
	}
	return []*raft.SnapshotMeta{metaOf(m)}, nil
}

// Open implements raft.SnapshotStore. Raft opens a snapshot that it has just accepted from a
// leader, the one that is kept when it starts, and the one that is kept in order to offer it to a
// replica that lags.
func (s *snapshots) Open(id string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	s.mu.Lock()
	installed := s.installed
	s.installed = nil
	s.mu.Unlock()
	if installed != nil && installed.ID == id {
		return installed, io.NopCloser(bytes.NewReader(content)), nil
	}
	m, ok, err := s.store.Marker()
	switch {
	case err != nil:
		return nil, nil, err
	case !ok || metaOf(m).ID != id:
		return nil, nil, fmt.Errorf("open snapshot: %s is not the one that is kept", id)
	}
	return metaOf(s.offered(m)), io.NopCloser(bytes.NewReader(content)), nil
}

// offered returns the marker that a replica which lags is offered: that of an entry near the
// beginning of raft's log, from where on it can follow. The state of the kept marker is further,
// and another replica's state would have to be further still, and would be behind again when the
// next snapshot is taken. A marker at which another configuration was in force is not offered.
func (s *snapshots) offered(m state.Marker) state.Marker {
	if s.logs == nil {
		return m
	}
	first, err := s.logs.FirstIndex()
	if err != nil || first == 0 || first >= m.Index {
		return m
	}
	index := max(first+(m.Index-first)/4, m.ConfigurationIndex) // the log may be cut off while the replica catches up
	var at raft.Log
	if index >= m.Index || s.logs.GetLog(index, &at) != nil {
		return m
	}
	m.Index, m.Term = index, at.Term
	return m
}

// content is what a snapshot holds: something, because raft hands a sink that is sent nothing no
// data that it could refuse.
var content = []byte("marker")

func metaOf(m state.Marker) *raft.SnapshotMeta {
	return &raft.SnapshotMeta{
		Version: raft.SnapshotVersion(m.Version), ID: fmt.Sprintf("%d-%d", m.Term, m.Index), Index: m.Index, Term: m.Term,
		Configuration: raft.DecodeConfiguration(m.Configuration), ConfigurationIndex: m.ConfigurationIndex,
		Size: int64(len(content)),
	}
}

// sink saves the marker when it is closed. One that another replica sends is refused unless the
// state has everything up to it.
type sink struct {
	snapshots *snapshots
	marker    state.Marker
	sent      bool // another replica sent it
	held      bool // the state holds what the marker stands for
	once      sync.Once
	err       error
}

// Write implements io.Writer: another replica sends a snapshot.
func (s *sink) Write(data []byte) (int, error) {
	if applied, _ := s.snapshots.store.Applied(); applied >= s.marker.Index {
		s.sent, s.held = true, true
		return len(data), nil
	}
	if s.snapshots.need == nil {
		return 0, ErrFetchNeeded
	}
	return 0, s.snapshots.need(s.marker.Index)
}

// Close saves the marker, at most once, because raft closes twice on some paths.
func (s *sink) Close() error {
	s.once.Do(func() {
		if !s.held { // it was sent no data
			s.err = ErrFetchNeeded
			return
		}
		if s.sent && s.snapshots.behind != nil {
			s.err = s.snapshots.behind(s.marker.Index, s.marker.Term)
		}
		if s.err == nil {
			s.err = s.snapshots.store.SaveMarker(s.marker)
		}
		if s.err == nil && s.sent {
			s.snapshots.install(metaOf(s.marker))
		}
	})
	return s.err
}

func (s *snapshots) install(m *raft.SnapshotMeta) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.installed = m
}

// ID implements raft.SnapshotSink.
func (s *sink) ID() string { return metaOf(s.marker).ID }

// Cancel implements raft.SnapshotSink.
func (s *sink) Cancel() error {
	s.once.Do(func() {})
	return nil
}
