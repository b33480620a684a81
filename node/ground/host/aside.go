package host

import (
	"fmt"
	"os"
	"path/filepath"

	"xietong/consensus/group"
)

// Beside makes, in the folder to, what a start finds in a jurisdiction's folder, so that a host
// that is opened there, aside, changes nothing here: every file is a link, but those of raft's log
// that are written in place. A file that is replaced takes the place of its link. What cannot be
// looked into is a link, too.
func Beside(from, to string) error { return beside(from, to, true) }

func beside(from, to string, top bool) error {
	files, err := os.ReadDir(from)
	if err != nil {
		return os.Symlink(from, to)
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return fmt.Errorf("look at %s: %w", from, err)
	}
	for _, f := range files {
		path, place := filepath.Join(from, f.Name()), filepath.Join(to, f.Name())
		switch {
		case f.IsDir() && top && f.Name() == walFolder:
			err = group.Beside(path, place)
		case f.IsDir():
			err = beside(path, place, false)
		case f.Type().IsRegular():
			err = group.Link(path, place)
		default:
			err = os.Symlink(path, place)
		}
		if err != nil {
			return fmt.Errorf("look at %s: %w", from, err)
		}
	}
	return nil
}
