package group

import (
	"encoding/binary"
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
	term, ok := m.termAt(index)
	if !ok {
		return err
	}
	*l = raft.Log{Index: index, Term: term, Type: raft.LogNoop}
	l.Extensions = sumOf(l)
	l.Extensions[0] ^= 1
	return nil
}

// termAt returns the term of the entry at the marker, or at the place behind which the log began
// when this replica was filled in use; that is before the marker, see snapshots.offered.
func (m marked) termAt(index uint64) (term uint64, ok bool) {
	marker, ok, err := m.store.Marker()
	if err == nil && ok && marker.Index == index {
		return marker.Term, true
	}
	data, err := m.Get(behindKey)
	if err != nil || len(data) != 16 || binary.BigEndian.Uint64(data) != index {
		return 0, false
	}
	return binary.BigEndian.Uint64(data[8:]), true
}

// behindKey is the key, among the values that raft keeps beside its log, of the entry behind which
// the log of a replica that was filled in use begins: index and term, each uint64, big endian.
var behindKey = []byte("XietongBehind")

// noteBehind notes that entry.
func (g *Group) noteBehind(index, term uint64) error {
	return g.logs.Set(behindKey, binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, index), term))
}
