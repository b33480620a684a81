package datadir

import (
	"io/fs"
	"os"
	"path/filepath"
)

// others are the bits of a mode by which others than the owner may read or change a file.
const others = 0o077

// logFolder is raft's log in a jurisdiction's folder.
const logFolder = "wal"

// Tighten takes away what others than the owner may do with the data directory and everything in
// it, and returns what it changed. Whoever could change a file there could replace the
// configuration, the keys and the socket; a link is not followed. What cannot be changed, as on a
// file system that is read-only, is left: the node does not start there anyway. Files of raft's log
// are not told, since the library makes them for everybody, in a folder that is the owner's alone.
func Tighten(dir string) (changed []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil || info.Mode()&others == 0 {
			return err
		}
		if os.Chmod(path, info.Mode().Perm()&^others) == nil && filepath.Base(filepath.Dir(path)) != logFolder {
			changed = append(changed, path)
		}
		return nil
	})
	return changed, err
}
