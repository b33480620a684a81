package group

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"

	"xietong/consensus/state"
)

// Beside makes, in the folder to, what a start finds of raft's log in the folder from, so that a
// log which is opened there changes nothing here: what is only read is a link, and what the library
// writes into, its list and the file that takes the next entries, is a copy. Both are folders of a
// log itself. What cannot be read is a link, at which the start fails as it would here.
func Beside(from, to string) error {
	files, err := os.ReadDir(from)
	if err != nil {
		return os.Symlink(from, to)
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return fmt.Errorf("copy raft's log: %w", err)
	}
	written := map[string]bool{metadb.FileName: true}
	switch err := checkList(from); {
	case errors.Is(err, state.ErrInUse):
		return fmt.Errorf("copy raft's log: %w", err)
	case err == nil: // of a damaged one nothing is opened
		if written, err = writtenInto(from, to); err != nil {
			return fmt.Errorf("copy raft's log: %w", err)
		}
	}
	for _, f := range files {
		path, place := filepath.Join(from, f.Name()), filepath.Join(to, f.Name())
		put := Link
		if written[f.Name()] && f.Type().IsRegular() {
			put = copyFile
		}
		err := put(path, place)
		if errors.Is(err, fs.ErrPermission) {
			err = os.Symlink(path, place)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) { // the list is there already
			return fmt.Errorf("copy raft's log: %w", err)
		}
	}
	return nil
}

// writtenInto copies the list of a log, and returns the names of the files that the library writes
// into: the list, and every file that is not full.
func writtenInto(from, to string) (map[string]bool, error) {
	names := map[string]bool{metadb.FileName: true}
	err := copyFile(filepath.Join(from, metadb.FileName), filepath.Join(to, metadb.FileName))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return names, nil
	} else if err != nil {
		return nil, err
	}
	db := new(metadb.BoltMetaDB)
	kept, err := db.Load(to)
	for _, info := range kept.Segments {
		if info.SealTime.IsZero() {
			names[segment.FileName(info)] = true
		}
	}
	return names, errors.Join(err, db.Close())
}

// Link makes a link to a file, or a copy where the system or the user has no links.
func Link(from, to string) error {
	if os.Symlink(from, to) == nil {
		return nil
	}
	return copyFile(from, to)
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}
