package group

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"

	"xietong/certs/identity"
)

// Raft's log is made in newFolder and renamed, so that walFolder holds the first configuration from
// its first moment on.
const (
	walFolder = "wal"
	newFolder = "wal.new"
)

// Errors of raft's log.
var (
	// ErrBootstrapped is returned by Bootstrap when the group has a log already.
	ErrBootstrapped = raft.ErrCantBootstrap
	// ErrNoLog is returned by Open when raft's log is missing or was never bootstrapped, and by
	// Bootstrap when raft's log is missing although the state has applied entries.
	ErrNoLog = errors.New("raft's log is missing")
	// ErrLogMismatch is returned when raft's log and the state are not of one ledger, or not of one
	// moment, because one of the two was exchanged for another copy. The log bears the mark of
	// another keystore, so that another ledger's entries would be applied to this state; or it ends
	// before the last entry that the state has applied, so that its next entries would be skipped
	// as known; or it begins behind the entry that must follow the state's newest snapshot.
	ErrLogMismatch = errors.New("raft's log does not belong to the state")
	// ErrLogGap is wrapped beside ErrLogMismatch where entries are missing that the state needs: a
	// file of the log is damaged, or one of the two is of another time.
	ErrLogGap = errors.New("entries are missing from raft's log")
	// ErrVoted is returned by Adopt for a replica that may have voted before.
	ErrVoted = errors.New("this replica has a vote already, and needs the log in which it noted whom it gave it")
)

// Bootstrap makes the raft log of a new group with the given voters. The caller calls it once for a
// group, before the first Open. It returns ErrBootstrapped when the group has a log; a log that was
// begun and holds nothing is made anew.
func Bootstrap(c Config, voters ...identity.Replica) error {
	err := checkUnfinished(filepath.Join(c.Dir, walFolder), c)
	if err == nil {
		err = makeLog(c, func(logs *wal.WAL) error { return writeFirst(logs, c, voters) })
	}
	if err != nil {
		return fmt.Errorf("bootstrap group: %w", err)
	}
	return nil
}

// Adopt makes the raft log of a new replica whose state was filled from another replica's: the
// state has the marker of its source, behind which the leader's log goes on. The caller calls it
// once for a replica that has never voted, before its first Open. It returns ErrBootstrapped when
// there is a log, ErrNoLog when the state has no marker or ErrLogGap when it is ahead of it, and
// ErrVoted when the replica has a vote by the marker: it had a log, and what it voted must not be
// forgotten.
func Adopt(c Config) error {
	term, err := adoptable(c)
	if err == nil {
		err = makeLog(c, func(logs *wal.WAL) error { return logs.SetUint64(termKey, term) })
	}
	if err != nil {
		return fmt.Errorf("adopt state: %w", err)
	}
	return nil
}

// adoptable returns the term with which the log of a state that was filled begins.
func adoptable(c Config) (term uint64, err error) {
	marker, marked, err := c.Store.Marker()
	if err != nil {
		return 0, err
	}
	applied, _ := c.Store.Applied()
	switch {
	case !marked:
		return 0, fmt.Errorf("%w: the state has no marker", ErrNoLog)
	case applied > marker.Index:
		return 0, fmt.Errorf("%w: %w: the state has applied %d, its marker is of %d", ErrLogMismatch, ErrLogGap, applied, marker.Index)
	case slices.Contains(votersOf(raft.DecodeConfiguration(marker.Configuration)), raft.ServerID(c.Replica.String())):
		return 0, fmt.Errorf("%w: %s", ErrVoted, c.Replica)
	}
	path := filepath.Join(c.Dir, walFolder)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return marker.Term, nil
	}
	logs, err := openLog(path, c, newFailing(c.Fatal))
	if err != nil {
		return 0, err
	}
	_, last, err := bounds(logs)
	have, termErr := logs.GetUint64(termKey)
	if err = errors.Join(err, termErr, logs.Close()); err == nil && (last > 0 || have > 0) {
		err = ErrBootstrapped
	}
	return marker.Term, err
}

// makeLog makes raft's log, with what first writes into it. (1) The new log is written and flushed
// beside its place, (2) an unfinished log is removed, (3) the new log is renamed, (4) the folder is
// flushed.
func makeLog(c Config, first func(*wal.WAL) error) error {
	path, temp := filepath.Join(c.Dir, walFolder), filepath.Join(c.Dir, newFolder)
	if err := errors.Join(os.RemoveAll(temp), os.Mkdir(temp, 0o700)); err != nil {
		return err
	}
	logs, err := openLog(temp, c, newFailing(c.Fatal))
	if err != nil {
		return err
	}
	if err = first(logs); err == nil {
		err = keepMark(logs, c.Mark)
	}
	if err = errors.Join(err, logs.Close(), syncFolder(temp)); err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(path), os.Rename(temp, path), syncFolder(c.Dir))
}

// checkUnfinished returns nil when there is no log at path, or a log into which nothing was ever
// written.
func checkUnfinished(path string, c Config) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if applied, _ := c.Store.Applied(); applied > 0 {
			return fmt.Errorf("%w: the state has applied %d", ErrNoLog, applied)
		}
		return nil
	}
	logs, err := openLog(path, c, newFailing(c.Fatal))
	if err != nil {
		return err
	}
	err = checkLog(logs, c)
	if err == nil {
		err = ErrBootstrapped
	}
	if err = errors.Join(err, logs.Close()); errors.Is(err, ErrNoLog) {
		return nil
	}
	return err
}

// checkLog returns ErrNoLog when the log and the state both hold nothing, and ErrLogMismatch for a
// log that cannot be the log of the state.
func checkLog(logs *wal.WAL, c Config) error {
	first, last, err := bounds(logs)
	if err != nil {
		return err
	}
	marker, marked, err := c.Store.Marker()
	if err != nil {
		return err
	}
	mark, err := logs.Get(markKey)
	if err != nil {
		return err
	}
	applied, _ := c.Store.Applied()
	switch {
	case mark != nil && c.Mark != nil && !bytes.Equal(mark, c.Mark):
		return fmt.Errorf("%w: it bears the mark of another keystore", ErrLogMismatch)
	case applied > max(last, marker.Index):
		return fmt.Errorf("%w: %w: it ends at %d, the state has applied %d", ErrLogMismatch, ErrLogGap, max(last, marker.Index), applied)
	case first > marker.Index+1:
		return fmt.Errorf("%w: %w: it begins at %d, the newest snapshot is of %d", ErrLogMismatch, ErrLogGap, first, marker.Index)
	case last == 0 && !marked:
		return ErrNoLog
	}
	return nil
}

// markKey is the key of the mark among the values that raft keeps beside its log.
var markKey = []byte("XietongMark")

// keepMark marks a log that has no mark: one that is being made, or that an earlier version made.
func keepMark(logs *wal.WAL, mark []byte) error {
	have, err := logs.Get(markKey)
	if err != nil || have != nil || mark == nil {
		return err
	}
	return logs.Set(markKey, mark)
}

func writeFirst(logs *wal.WAL, c Config, voters []identity.Replica) error {
	var first raft.Configuration
	for _, v := range voters {
		id, address := names(v)
		first.Servers = append(first.Servers, raft.Server{ID: id, Address: address})
	}
	c.onDisk = nil
	return raft.BootstrapCluster(raftConfig(c, nil, trailingLogs), c.logOf(logs, newFailing(c.Fatal)), logs, &snapshots{store: c.Store}, nil, first)
}

func openLog(dir string, c Config, failing *failing) (logs *wal.WAL, err error) {
	defer func() { err = ofLog(dir, err) }()
	if err := checkList(dir); err != nil {
		return nil, err
	}
	if err := repairTail(dir); err != nil {
		return nil, err
	}
	return wal.Open(dir, wal.WithSegmentSize(c.segment()), wal.WithLogger(rotationLogger{adaptLogger(c.Logger, nil, nil), failing}))
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
