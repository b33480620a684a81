package offline

import (
	"errors"
	"os"
	"path/filepath"
)

// keepFile writes a file below a folder under another name, flushes it, and gives it its own.
func keepFile(dir, name string, data []byte) error {
	f, err := os.CreateTemp(dir, pendingName+"*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
