package group

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"syscall"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"

	"xietong/certs/canon"
	"xietong/consensus/state"
)

// summed gives every entry of raft's log a checksum, and takes none out of it whose checksum is
// another: the library checks what it wrote last, and nothing before that. The checksum travels
// with the entry, in the bytes that raft leaves to such layers, so that a follower also refuses
// what was changed on its way.
type summed struct {
	logStore
	failing *failing
	path    string // of the log
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumOf returns the CRC-32C of all that an entry is: index, term, type and data.
func sumOf(l *raft.Log) []byte {
	head := binary.BigEndian.AppendUint64(nil, l.Index)
	head = append(binary.BigEndian.AppendUint64(head, l.Term), byte(l.Type))
	return binary.BigEndian.AppendUint32(nil, crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, l.Data))
}

// StoreLog implements raft.LogStore.
func (s summed) StoreLog(l *raft.Log) error { return s.StoreLogs([]*raft.Log{l}) }

// StoreLogs implements raft.LogStore. An entry that comes from the leader has its checksum; where
// that is another nothing is stored, and the leader sends the entry again.
func (s summed) StoreLogs(logs []*raft.Log) error {
	for _, l := range logs {
		sum := sumOf(l)
		if len(l.Extensions) > 0 && !bytes.Equal(l.Extensions, sum) {
			return fmt.Errorf("store entry %d of raft's log: its checksum is another than it came with", l.Index)
		}
		l.Extensions = sum
	}
	return s.logStore.StoreLogs(logs)
}

// GetLog implements raft.LogStore.
func (s summed) GetLog(index uint64, l *raft.Log) error {
	err := s.get(index, l)
	if damage, ok := errors.AsType[*state.DamageError](err); ok {
		return s.failing.note(damage)
	}
	return err
}

// get reads an entry and checks it. The error is a *state.DamageError where it is not as it was
// written.
func (s summed) get(index uint64, l *raft.Log) error {
	err := s.logStore.GetLog(index, l)
	_, ofSystem := errors.AsType[syscall.Errno](err)
	switch {
	case errors.Is(err, raft.ErrLogNotFound), errors.Is(err, wal.ErrClosed), ofSystem:
		return err
	case err != nil:
		return &state.DamageError{File: s.path, Err: fmt.Errorf("entry %d of raft's log: %w", index, err)}
	}
	if l.Index != index || !bytes.Equal(l.Extensions, sumOf(l)) {
		return &state.DamageError{File: s.path, Err: fmt.Errorf("entry %d of raft's log is not as it was written", index)}
	}
	return nil
}

// bounds returns the first and the last index of a log; 0: it holds nothing.
func bounds(logs raft.LogStore) (first, last uint64, err error) {
	if first, err = logs.FirstIndex(); err == nil {
		last, err = logs.LastIndex()
	}
	return first, last, err
}

// checkEntries checks, before raft starts, all that it will read: every entry after the newest
// snapshot. It also checks that the last one that the state has applied is the one that the state
// knows, because a state of another time can have the same index.
func checkEntries(logs summed, store *state.Store) error {
	first, last, err := bounds(logs)
	if err != nil {
		return err
	}
	marker, _, err := store.Marker()
	if err != nil {
		return err
	}
	applied, term := store.Applied()
	known := store.LastEntry()
	for index := max(first, min(applied, marker.Index+1, max(known.Index, 1))); index > 0 && index <= last; index++ {
		var l raft.Log
		switch err := logs.get(index, &l); {
		case err != nil:
			return err
		case index == known.Index && !isEntry(l, known):
			return otherEntry(index)
		case index == applied && l.Term != term:
			return fmt.Errorf("%w: its entry %d is of term %d, the state has applied one of term %d", ErrLogMismatch, index, l.Term, term)
		}
	}
	return nil
}

func otherEntry(index uint64) error {
	return fmt.Errorf("%w: its entry %d is another than the one that the state has applied", ErrLogMismatch, index)
}

// isEntry reports whether an entry of raft's log is the one that the state has applied.
func isEntry(l raft.Log, known state.LastEntry) bool {
	var commands [][]byte
	err := canon.Unmarshal(l.Data, maxEntryLen, &commands)
	return l.Type == raft.LogCommand && err == nil && state.SumOf(commands) == known.Sum
}

// checkTerm checks that raft has noted every term of which there is an entry, as it does before it
// stores the first one. A term that is not there was lost, and with it the votes given since: the
// disk kept the log and forgot what was written beside it, or the file is an older copy. Such a
// replica could vote a second time.
func checkTerm(logs summed, store *state.Store) error {
	noted, err := logs.GetUint64(termKey)
	if err != nil {
		return err
	}
	_, last, err := bounds(logs)
	if err != nil {
		return err
	}
	applied, term := store.Applied()
	if last > applied {
		var l raft.Log
		if err := logs.get(last, &l); err != nil {
			return err
		}
		term = max(term, l.Term)
	}
	if noted < term {
		return &state.DamageError{File: filepath.Join(logs.path, termFile), Err: fmt.Errorf("it knows term %d, and an entry is of term %d", noted, term)}
	}
	return nil
}

// beginAnew empties a log that ends before the newest snapshot. Its last batch was lost, and
// nothing with it: the state has all of it. Raft would go on behind the snapshot, and the library
// takes no entry that does not follow its last one. A log whose term is before that of the snapshot
// is of an earlier time than the state, and is refused.
func beginAnew(logs summed, c Config) error {
	first, last, err := bounds(logs)
	if err != nil {
		return err
	}
	marker, _, err := c.Store.Marker()
	if err != nil || last == 0 || last >= marker.Index {
		return err
	}
	term, err := logs.GetUint64(termKey)
	if err != nil || term < marker.Term {
		return fmt.Errorf("%w: %w: it is of term %d, the newest snapshot of term %d", ErrLogMismatch, ErrLogGap, term, marker.Term)
	}
	c.Logger.Warn("raft's log ends before the state, which has all of it: its end was lost, or the state was filled; it begins anew", "last", last, "snapshot", marker.Index)
	return logs.DeleteRange(first, last)
}

// termKey is the key under which raft keeps its term, and termFile the file of the library that has
// it, and the vote.
var termKey = []byte("CurrentTerm")

const termFile = "wal-meta.db"

// logOf returns the log as raft uses it: the library's, which the tests may have fail, watched for
// writes that fail, and each entry with its checksum.
func (c Config) logOf(logs logStore, failing *failing) summed {
	if c.onDisk != nil {
		logs = c.onDisk(logs)
	}
	return summed{watched{&guarded{logStore: logs}, failing}, failing, filepath.Join(c.Dir, walFolder)}
}
