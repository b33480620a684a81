//go:build unix

package main

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How an error of the system tells that the disk, or the quota of it, is full, that the disk is at
// fault, and that a link was not followed.
var (
	errnosFull = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT}
	errnosDisk = append([]syscall.Errno{syscall.EIO}, errnosDamaged...)
	// What another program certainly keeps to itself: of EBUSY it is not certain.
	errnosInUse []syscall.Errno
)

const (
	errnoLink = syscall.ELOOP
	// openItself opens a file and not what it links to, and waits for nobody at a pipe.
	openItself = unix.O_NOFOLLOW | unix.O_NONBLOCK
)

// widthOf returns how many columns a terminal has; 0: f is none.
func widthOf(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

// readable waits until something can be read of a file, for at most the time.
func readable(f *os.File, within time.Duration) (bool, error) {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(f.Fd()), Events: unix.POLLIN}}, int(within.Milliseconds()))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return false, os.NewSyscallError("poll", err)
	}
	return err == nil && n > 0, nil
}

// tryLock locks an open file for this process until it is closed, or fails with EWOULDBLOCK.
func tryLock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// ofUserAlone reports whether f is a plain file under one name, of this user, that nobody else may
// open.
func ofUserAlone(f *os.File) (bool, error) {
	var s unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &s); err != nil {
		return false, &fs.PathError{Op: "stat", Path: f.Name(), Err: err}
	}
	return s.Mode&unix.S_IFMT == unix.S_IFREG && s.Mode&0o077 == 0 && s.Nlink == 1 && s.Uid == uint32(os.Geteuid()), nil
}

// systemLocale returns no locale: the environment has it.
func systemLocale() string { return "" }
