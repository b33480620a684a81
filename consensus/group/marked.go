package group

import (
	"errors"

	"github.com/hashicorp/raft"

	"xietong/consensus/state"
)

// marked is a log that knows the term of the entry at the state's marker also where it begins
// behind it, as the log of a replica that was filled does. Raft asks its log for that term, and not
// the snapshot, once the log has entries. A leader that did not hear the answer to the first of
// them would be told that the replica lacks it, send ever older ones, and never come to an end.
type marked struct {
	summed
	store *state.Store
}

// GetLog implements raft.LogStore. What it returns for the marker has a term and a wrong checksum:
// no replica stores it, should raft ever send it.
func (m marked) GetLog(index uint64, l *raft.Log) error {
	err := m.summed.GetLog(index, l)
	if !errors.Is(err, raft.ErrLogNotFound) {
		return err
	}
	marker, ok, markerErr := m.store.Marker()
	if markerErr != nil || !ok || marker.Index != index {
		return err
	}
	*l = raft.Log{Index: index, Term: marker.Term, Type: raft.LogNoop}
	l.Extensions = sumOf(l)
	l.Extensions[0] ^= 1
	return nil
}
