//go:build !unix

package datadir

import (
	"errors"
	"io/fs"
	"os"
)

// No node runs on other systems: there the program verifies what was copied, and opens no data
// directory for writing.

var errLocked = errors.New("locked by another process")

func tryLock(*os.File, bool) error { return errors.ErrUnsupported }

// Disk is not known here.
func Disk(string) (disk, free uint64, err error) { return 0, 0, errors.ErrUnsupported }

// FreeSpace is not known here.
func FreeSpace(string) (uint64, error) { return 0, errors.ErrUnsupported }

func onDisk(info fs.FileInfo) uint64 { return uint64(info.Size()) }
