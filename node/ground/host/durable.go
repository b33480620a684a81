package host

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// MakeFolder makes the folder and the missing folders above it, mode 0700. It flushes each parent,
// so that the folders outlive a power cut.
func MakeFolder(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := MakeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// WriteFile writes the file, mode 0600, whole or not at all: (1) it writes path.new, (2) flushes
// it, (3) renames it to path, (4) flushes the folder. It overwrites a path.new left by a crash. No
// two calls may write one path at the same time.
func WriteFile(path string, data []byte) error {
	if err := writeNew(path, data); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// TryWriteFile does what WriteFile does, except for (3): it leaves the file as it is. Its error is
// the one that WriteFile would most probably return now.
func TryWriteFile(path string, data []byte) error {
	if err := writeNew(path, data); err != nil {
		return err
	}
	return os.Remove(path + ".new")
}

// removeFile removes the file, if it is there.
func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// writeNew writes path.new, and flushes it.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
