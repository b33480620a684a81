package datadir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"xietong/certs/identity"
	"xietong/node/ground/host"
)

// memoryFolder is a folder of Linux whose files are in memory.
const memoryFolder = "/dev/shm"

// Beside makes a data directory with one jurisdiction of another one, as host.Beside does: in the
// folder for temporary files or, where that is full, in memory. remove removes it.
func Beside(dir string, name identity.Jurisdiction) (beside string, remove func() error, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", nil, err
	}
	for _, at := range []string{os.TempDir(), memoryFolder} {
		var failed error
		if beside, failed = os.MkdirTemp(at, "xietong-beside-*"); failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		remove = func() error { return os.RemoveAll(beside) }
		if failed = fillBeside(dir, beside, name); failed == nil {
			return beside, remove, nil
		}
		if err = errors.Join(err, failed, remove()); !errors.Is(failed, syscall.ENOSPC) {
			break
		}
	}
	return "", nil, fmt.Errorf("look at %s: %w", dir, err)
}

func fillBeside(dir, beside string, name identity.Jurisdiction) error {
	if err := os.Mkdir(filepath.Join(beside, hostedFolder), 0o700); err != nil {
		return err
	}
	return host.Beside(host.Folder(dir, name), host.Folder(beside, name))
}
