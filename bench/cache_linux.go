package main

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// dropCache drops a file from the memory of the system, as far as it is on disk.
func dropCache(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(unix.Fdatasync(int(f.Fd())), unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED), f.Close())
}
