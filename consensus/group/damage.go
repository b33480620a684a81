package group

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hashicorp/raft-wal/metadb"

	"xietong/consensus/state"
)

// checkList checks the log's list of its files, which is a database, before the library opens it:
// it would make an empty one anew, and die of a damaged one.
func checkList(dir string) error {
	list := filepath.Join(dir, metadb.FileName)
	info, err := os.Stat(list)
	if errors.Is(err, fs.ErrNotExist) {
		files, globErr := filepath.Glob(filepath.Join(dir, "*.wal"))
		if globErr != nil || len(files) == 0 {
			return globErr // nothing was written yet
		}
		return &state.DamageError{File: list, Err: err}
	}
	switch {
	case err != nil:
		return err
	case info.IsDir():
		return &fs.PathError{Op: "open", Path: list, Err: syscall.EISDIR}
	case info.Size() == 0:
		return &state.DamageError{File: list, Err: errors.New("it is empty")}
	}
	return state.CheckFile(list)
}

// ofLog returns an error of the log as a *state.DamageError, unless it is one of the system or of
// the configuration.
func ofLog(dir string, err error) error {
	_, known := errors.AsType[*state.DamageError](err)
	_, ofSystem := errors.AsType[syscall.Errno](err)
	if err == nil || known || ofSystem {
		return err
	}
	return &state.DamageError{File: dir, Err: fmt.Errorf("open raft's log: %w", err)}
}
