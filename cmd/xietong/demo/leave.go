package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Whoever broke the demo off. Its nodes have ended then, and its data are gone.
var (
	// ErrBrokenOff is returned where ctx ended before the last step.
	ErrBrokenOff = errors.New("the demo was broken off")
	// ErrUnread is returned where nobody reads any more what the demo tells.
	ErrUnread = errors.New("nobody reads what the demo tells")
)

// FailedError is a step of the demo that did not hold. It wraps ErrStep.
type FailedError struct {
	Folder string // where the data and the logs of the nodes stay
	Err    error
}

func (e *FailedError) Error() string { return e.Err.Error() }
func (e *FailedError) Unwrap() error { return e.Err }

// heard is the output of the demo, which ends the demo where it takes no more.
type heard struct {
	w   io.Writer
	end context.CancelCauseFunc
}

func (h heard) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	if err != nil {
		h.end(fmt.Errorf("%w: %w", ErrUnread, err))
	}
	return n, err
}

// leave removes a folder of the demo's own, once its nodes have ended: it stays only where a step
// failed, to be looked at. What a demo that was broken off failed with has no reader.
func (d *demo) leave(ctx context.Context, own bool, failed error) error {
	cause := context.Cause(ctx)
	switch {
	case failed == nil:
	case errors.Is(cause, ErrUnread):
		failed = cause
	case cause != nil:
		failed = ErrBrokenOff
	case errors.Is(failed, ErrStep):
		return &FailedError{d.Folder, failed}
	}
	if !own || d.Folder == "" {
		return failed
	}
	if err := os.RemoveAll(d.Folder); err != nil {
		return fmt.Errorf("remove what the demo made: %w", err)
	}
	return failed
}
