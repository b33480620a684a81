package group

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"

	"xietong/consensus/state"
)

// VerifyLog checks raft's log in a jurisdiction's folder that is a copy, or not in use, and changes
// nothing in it: every file that the log lists is there, every entry in it is as it was written,
// and the one that the state has applied last is the one that it knows. The last write may have
// been cut short. The error is a *state.DamageError, or wraps ErrNoLog or ErrLogMismatch.
func VerifyLog(folder string, applied state.LastEntry) error {
	dir := filepath.Join(folder, walFolder)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("verify raft's log: %w: %s", ErrNoLog, dir)
	}
	if err := checkList(dir); err != nil {
		return fmt.Errorf("verify raft's log: %w", err)
	}
	files, err := listed(dir)
	if err != nil {
		return fmt.Errorf("verify raft's log: %w", ofLog(dir, err))
	}
	for i, info := range files {
		path := filepath.Join(dir, segment.FileName(info))
		err := verifyFile(path, !info.SealTime.IsZero(), applied)
		if errors.Is(err, fs.ErrNotExist) && i == len(files)-1 {
			continue // listed, and not made yet
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = &state.DamageError{File: path, Err: err}
		}
		if err != nil {
			return fmt.Errorf("verify raft's log: %w", err)
		}
	}
	return nil
}

// listed returns the files of a log. The library opens its list to write, so it is given a copy.
func listed(dir string) ([]types.SegmentInfo, error) {
	list, err := os.ReadFile(filepath.Join(dir, metadb.FileName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nothing was written yet
	}
	temp, tempErr := os.MkdirTemp("", "xietong-log-*")
	if err = errors.Join(err, tempErr); err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	if err := os.WriteFile(filepath.Join(temp, metadb.FileName), list, 0o600); err != nil {
		return nil, err
	}
	db := new(metadb.BoltMetaDB)
	kept, err := db.Load(temp)
	return kept.Segments, errors.Join(err, db.Close())
}

// verifyFile checks one file of the log: a full one to its end, the last one up to a write that was
// cut short.
func verifyFile(path string, full bool, applied state.LastEntry) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	well := wellUpTo(data)
	if full && len(bytes.Trim(data[well:], "\x00")) > 0 {
		return &state.DamageError{File: path, Err: fmt.Errorf("what stands at byte %d is not as it was written", well)}
	}
	if !full {
		err = checkTail(path)
	}
	if err == nil {
		err = verifyEntries(path, data[:well], applied)
	}
	return err
}

// verifyEntries checks every entry in the batches of a file, which are whole.
func verifyEntries(path string, data []byte, applied state.LastEntry) error {
	for at := walHeaderLen; at+frameLen <= len(data); {
		size := int(binary.LittleEndian.Uint32(data[at+4:]))
		from := at + frameLen
		switch data[at] {
		case frameCommit:
			at = from
			continue
		case frameEntry:
			var l raft.Log
			err := new(wal.BinaryCodec).Decode(data[from:from+size], &l)
			if err != nil || !bytes.Equal(l.Extensions, sumOf(&l)) {
				return &state.DamageError{File: path, Err: errors.Join(fmt.Errorf("entry %d of raft's log is not as it was written", l.Index), err)}
			}
			if l.Index == applied.Index && !isEntry(l, applied) {
				return otherEntry(l.Index)
			}
		}
		at = from + (size+frameLen-1)/frameLen*frameLen
	}
	return nil
}
