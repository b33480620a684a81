package group

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
)

// Bootstrap makes the raft log of a new group with the given voters. The caller calls it once for a
// group, before the first Open. It returns ErrBootstrapped when the group has a log; a log that was
// begun and holds nothing is made anew. (1) The new log is written and flushed beside its place,
// (2) an unfinished log is removed, (3) the new log is renamed, (4) the folder is flushed.
func Bootstrap(c Config, voters ...identity.Replica) error {
	path, temp := filepath.Join(c.Dir, walFolder), filepath.Join(c.Dir, newFolder)
	if err := checkUnfinished(path, c); err != nil {
		return fmt.Errorf("bootstrap group: %w", err)
	}
	if err := errors.Join(os.RemoveAll(temp), os.Mkdir(temp, 0o700)); err != nil {
		return fmt.Errorf("bootstrap group: %w", err)
	}
	if err := writeFirst(temp, c, voters); err != nil {
		return fmt.Errorf("bootstrap group: %w", err)
	}
	if err := errors.Join(os.RemoveAll(path), os.Rename(temp, path), syncFolder(c.Dir)); err != nil {
		return fmt.Errorf("bootstrap group: %w", err)
	}
	return nil
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

func writeFirst(dir string, c Config, voters []identity.Replica) error {
	logs, err := openLog(dir, c, newFailing(c.Fatal))
	if err != nil {
		return err
	}
	var servers []raft.Server
	for _, v := range voters {
		servers = append(servers, raft.Server{ID: raft.ServerID(v.String()), Address: raft.ServerAddress(v.String())})
	}
	transport := newTransport(c)
	c.onDisk = nil
	err = raft.BootstrapCluster(raftConfig(c), c.logOf(logs, newFailing(c.Fatal)), logs, snapshots{c.Store}, transport, raft.Configuration{Servers: servers})
	if err == nil {
		err = keepMark(logs, c.Mark)
	}
	return errors.Join(err, transport.Close(), logs.Close(), syncFolder(dir))
}

func openLog(dir string, c Config, failing *failing) (logs *wal.WAL, err error) {
	defer func() { err = ofLog(dir, err) }()
	if err := checkList(dir); err != nil {
		return nil, err
	}
	if err := repairTail(dir); err != nil {
		return nil, err
	}
	return wal.Open(dir, wal.WithSegmentSize(c.segment()), wal.WithLogger(rotationLogger{adaptLogger(c.Logger, c.Stream == nil), failing}))
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
