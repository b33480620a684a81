package main

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// nodesRun says that a node runs on this system.
const nodesRun = true

// errnosDamaged tell that a file system is damaged.
var errnosDamaged = []syscall.Errno{syscall.EUCLEAN}

// keepSecrets keeps the keys of a node from where they do not belong: no core is written when this
// process dies, no other process of the user may look into it, and no file that it makes is open to
// others. A sandbox that forbids one of these calls is no reason to keep a node from running.
func keepSecrets() {
	unix.Umask(0o077)
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// ownSession has a process live on when the terminal of this one is closed.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// closeOnExec keeps a file that this process was given from those that it starts.
func closeOnExec(fd int) { unix.CloseOnExec(fd) }

// sameFile makes to, which is open, the same file as f.
func sameFile(f, to *os.File) error { return unix.Dup3(int(f.Fd()), int(to.Fd()), 0) }

// openNameless opens a new file in dir that has no name yet, and leaves nothing when the program is
// killed. It will have the name.
func openNameless(dir, name string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// nameNameless gives such a file its name.
func nameNameless(f *os.File) error {
	open := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	if err := unix.Linkat(unix.AT_FDCWD, open, unix.AT_FDCWD, f.Name(), unix.AT_SYMLINK_FOLLOW); err != nil {
		return &os.LinkError{Op: "link", Old: open, New: f.Name(), Err: err}
	}
	return nil
}
