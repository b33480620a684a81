package main

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// input is standard input whose reader can be interrupted: a read from a terminal would otherwise
// go on until a line is typed, also after Ctrl-C. Its error is then that of the context.
type input struct {
	ctx  context.Context
	file *os.File
}

// interruptCheck is how long an interrupted read goes on at most.
const interruptCheck = 100 * time.Millisecond

func (i input) Read(p []byte) (int, error) {
	ready := []unix.PollFd{{Fd: int32(i.file.Fd()), Events: unix.POLLIN}}
	for {
		if err := i.ctx.Err(); err != nil {
			return 0, err
		}
		n, err := unix.Poll(ready, int(interruptCheck.Milliseconds()))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return 0, os.NewSyscallError("poll", err)
		}
		if err == nil && n > 0 { // also at the end of the input, and where it cannot be read
			return i.file.Read(p)
		}
	}
}
