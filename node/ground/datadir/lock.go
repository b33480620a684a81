package datadir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"xietong/node/ground/host"
)

// A look by Held takes the lock for a moment, so Lock tries again before it says that another
// process has it.
const (
	lockTries = 20
	lockPause = 10 * time.Millisecond
)

// Lock takes the directory for this process, and refuses with text.DirInUse where another process
// has it. unlock leaves the file: only the lock on the file counts.
func Lock(dir string) (unlock func() error, err error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err := noLock(dir, err); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, Error(dir, err)
	}
	for try := 1; ; try++ {
		if err = tryLock(f, true); err == nil {
			return f.Close, nil
		}
		if !errors.Is(err, errLocked) || try == lockTries {
			return nil, errors.Join(Error(dir, err), f.Close())
		}
		time.Sleep(lockPause)
	}
}

// noLock returns the failure where the file cannot be opened because of what it is.
func noLock(dir string, err error) error {
	_, unread := os.ReadFile(filepath.Join(dir, lockName)) // a directory that can be read is read-only
	if errors.Is(err, syscall.EISDIR) || errors.Is(err, fs.ErrPermission) && errors.Is(unread, fs.ErrPermission) {
		return part(dir, lockName, host.PartLock, err)
	}
	return nil
}

// CheckLock refuses a directory whose file Lock cannot open because of what it is. It changes
// nothing, and takes no lock.
func CheckLock(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR, 0)
	if err != nil {
		return noLock(dir, err)
	}
	return f.Close()
}

// Held reports whether the directory is that of a node which a process holds: one that serves it,
// starts, or stops.
func Held(dir string) bool {
	if !Whole(dir) {
		return false
	}
	f, err := os.Open(filepath.Join(dir, lockName))
	if err != nil {
		return false
	}
	defer f.Close() // and with it the lock
	return errors.Is(tryLock(f, false), errLocked)
}
