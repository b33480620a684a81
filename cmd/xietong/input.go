package main

import (
	"context"
	"os"
	"time"
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
	for {
		if err := i.ctx.Err(); err != nil {
			return 0, err
		}
		ready, err := readable(i.file, interruptCheck)
		if err != nil {
			return 0, err
		}
		if ready { // also at the end of the input, and where it cannot be read
			return i.file.Read(p)
		}
	}
}
