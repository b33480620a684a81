//go:build unix

package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// errLocked is the error of tryLock where another process has the lock.
const errLocked = unix.EWOULDBLOCK

// tryLock locks an open file, for this process alone or for several, until it is closed, or fails
// at once.
func tryLock(f *os.File, alone bool) error {
	if alone {
		return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	return unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
}

// Disk returns which disk a folder is on, as a number that means nothing else, and the bytes that
// are free there.
func Disk(dir string) (disk, free uint64, err error) {
	var stat unix.Stat_t
	if err := unix.Stat(dir, &stat); err != nil {
		return 0, 0, fmt.Errorf("look at %s: %w", dir, err)
	}
	free, err = FreeSpace(dir)
	return uint64(stat.Dev), free, err
}

// FreeSpace returns the free bytes of the file system in which dir is, or will be made.
func FreeSpace(dir string) (uint64, error) {
	var stat unix.Statfs_t
	for {
		err := unix.Statfs(dir, &stat)
		if err == nil {
			return stat.Bavail * uint64(stat.Bsize), nil
		}
		above := filepath.Dir(dir)
		if !errors.Is(err, fs.ErrNotExist) || above == dir {
			return 0, err
		}
		dir = above
	}
}

// onDisk returns the bytes that a file takes on its disk.
func onDisk(info fs.FileInfo) uint64 {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return uint64(info.Size())
	}
	return uint64(stat.Blocks) * 512 // POSIX: st_blocks counts units of 512 bytes
}
