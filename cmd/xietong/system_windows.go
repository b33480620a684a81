package main

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

// How an error of the system tells that the disk is full, that it is at fault, that another
// program keeps the file to itself, and that a link was not followed.
var (
	errnosFull    = []syscall.Errno{windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED}
	errnosInUse   = []syscall.Errno{windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION}
	errnosDisk    = append([]syscall.Errno{windows.ERROR_CRC, windows.ERROR_IO_DEVICE}, errnosDamaged...)
	errnosDamaged = []syscall.Errno{windows.ERROR_DISK_CORRUPT, windows.ERROR_FILE_CORRUPT}
)

const (
	errnoLink  = syscall.ELOOP
	openItself = 0
)

// widthOf returns how many columns a console has; 0: f is none.
func widthOf(f *os.File) int {
	var info windows.ConsoleScreenBufferInfo
	if windows.GetConsoleScreenBufferInfo(windows.Handle(f.Fd()), &info) != nil {
		return 0
	}
	return int(info.Window.Right-info.Window.Left) + 1
}

// readable cannot look ahead: Ctrl-C ends the read of a console by itself.
func readable(*os.File, time.Duration) (bool, error) { return true, nil }

// tryLock locks an open file for this process until it is closed, or fails with EWOULDBLOCK.
func tryLock(f *os.File) error {
	const mode = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	if err := windows.LockFileEx(windows.Handle(f.Fd()), mode, 0, 1, 0, new(windows.Overlapped)); err == windows.ERROR_LOCK_VIOLATION {
		return syscall.EWOULDBLOCK
	} else if err != nil {
		return os.NewSyscallError("LockFileEx", err)
	}
	return nil
}

// ofUserAlone reports whether f is a plain file. Who may open it is for the folder to say, whose
// access list it has: the modes of files mean nothing here.
func ofUserAlone(f *os.File) (bool, error) {
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular(), err
}

// systemLocale returns the language of the user's desktop, such as zh-CN: consoles here set none of
// the variables of a locale.
func systemLocale() string {
	languages, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil || len(languages) == 0 {
		return ""
	}
	return languages[0]
}
