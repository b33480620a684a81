package datadir

import (
	"errors"
	"io/fs"
	"path/filepath"
)

// Used returns how many bytes of the disk the files of the directory take. A file that goes away
// meanwhile counts as nothing.
func Used(dir string) (bytes uint64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = d.Info()
		}
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		}
		bytes += onDisk(info)
		return nil
	})
	return bytes, err
}
