package state

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
)

// UnreadableError is the error of a kept value that cannot be decoded. It takes out of service what
// the value is about, and nothing else: a command that needs it is refused, a view that meets it
// ends with this error.
type UnreadableError struct {
	Bucket string
	Key    []byte
	Err    error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("the value %x of %s cannot be read: %v", e.Key, e.Bucket, e.Err)
}

func (e *UnreadableError) Unwrap() error { return e.Err }

// refusal returns the error as the answer to the command that met it.
func (e *UnreadableError) refusal() *Refusal {
	return &Refusal{Code: CodeUnreadable, Args: []string{e.Bucket, hex.EncodeToString(e.Key)}, cause: e}
}

// Unreadable ends the handler or the view that runs, with an *UnreadableError. It does not return.
func Unreadable(bucket string, key []byte, err error) {
	panic(&UnreadableError{bucket, key, err})
}

// damageError is the fault of this replica's file, and not of a command: the state is unknown, and
// the node ends.
type damageError struct{ err error }

func (e *damageError) Error() string { return "damaged file: " + e.err.Error() }
func (e *damageError) Unwrap() error { return e.err }

// inFile is deferred around every call into the database: a panic there means a damaged file.
func inFile() {
	if p := recover(); p != nil {
		panic(&damageError{fmt.Errorf("read state file: %v", p)})
	}
}

// endsNode reports whether an error of a handler means that this replica's state is unknown. Every
// other error depends on the command and on the replicated state alone, so it is the same on every
// replica, and is an answer.
func endsNode(err error) bool {
	_, damaged := errors.AsType[*damageError](err)
	_, diverged := errors.AsType[*DivergedError](err)
	return damaged || diverged
}

// answerTo returns the refusal that answers a command whose handler ended with an error.
func answerTo(kind Kind, err error) *Refusal {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal
	}
	if unreadable, ok := errors.AsType[*UnreadableError](err); ok {
		return unreadable.refusal()
	}
	return &Refusal{Code: CodeFailed, Args: []string{strconv.Itoa(int(kind))}, cause: err}
}

// panicked returns the error of a handler that panicked with p.
func panicked(p any) error {
	switch p := p.(type) {
	case *damageError:
		return p
	case *UnreadableError:
		return p
	}
	return fmt.Errorf("panic: %v", p)
}
