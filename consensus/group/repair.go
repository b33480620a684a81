package group

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	walfs "github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// repairTail repairs a defect of raft-wal v0.4.2. The write that fills a file of the log seals it,
// and a goroutine then begins the next file. When the process is killed, or closes the log, between
// the two, the last file takes no entry any more at the next opening, and the replica can never
// lead or follow again. repairTail copies the entries of such a file into one with room: (1) the
// copy is written and flushed under a number that is not in use, (2) the log's list of files names
// the copy in place of the old file, in one transaction. When the library opens the log, it removes
// the file that is not listed.
func repairTail(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, metadb.FileName)); errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was written yet
	}
	db := new(metadb.BoltMetaDB)
	list, err := db.Load(dir)
	if err == nil && len(list.Segments) > 0 {
		err = repairLast(dir, db, list)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("repair raft's log: %w", err)
	}
	return nil
}

func repairLast(dir string, db *metadb.BoltMetaDB, list types.PersistentState) error {
	last := &list.Segments[len(list.Segments)-1]
	if !last.SealTime.IsZero() {
		return nil
	}
	err := checkTail(filepath.Join(dir, segment.FileName(*last)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // listed and not made yet: the library makes it
	}
	if err != nil {
		return err
	}
	files := segment.NewFiler(dir, walfs.New())
	tail, err := files.RecoverTail(*last)
	if err != nil {
		return err
	}
	sealed, _, err := tail.Sealed()
	if err == nil && sealed {
		old := *last
		last.ID, last.CreateTime = list.NextSegmentID, time.Now()
		list.NextSegmentID++
		if err = copyTail(files, tail, old, last); err == nil {
			err = db.CommitState(list)
		}
	}
	return errors.Join(err, tail.Close())
}

// copyTail copies the entries of tail, which old describes, into a new file with room for as many
// again.
func copyTail(files *segment.Filer, tail types.SegmentWriter, old types.SegmentInfo, info *types.SegmentInfo) error {
	info.BaseIndex = max(old.BaseIndex, old.MinIndex)
	info.MinIndex = info.BaseIndex
	var entries []types.LogEntry
	size := uint32(0)
	for index := info.BaseIndex; index <= tail.LastIndex(); index++ {
		data, err := tail.GetLog(index)
		if err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		entries = append(entries, types.LogEntry{Index: index, Data: append([]byte(nil), data.Bs...)})
		size += uint32(len(data.Bs))
		if err := data.Close(); err != nil {
			return err
		}
	}
	info.SizeLimit = max(old.SizeLimit, size+uint32(len(entries))*entryOverhead) * 2
	if err := files.Delete(info.BaseIndex, info.ID); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // left by a repair that was cut short
	}
	if len(entries) == 0 {
		return nil
	}
	fresh, err := files.Create(*info)
	if err != nil {
		return err
	}
	return errors.Join(fresh.Append(entries), fresh.Close())
}

// entryOverhead is an upper bound, in bytes, of the space that an entry takes in a file beside its
// own bytes: a frame, padding, its place in the index.
const entryOverhead = 32
