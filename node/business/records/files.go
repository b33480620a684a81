package records

import (
	"context"

	"xietong/node/ground/failure"
)

// MaxFiles is how many files are read at once: each holds a hash of every key that it has, up to
// about 1 GB of them. MaxComing is how many may be there, those that wait included: the request of
// each takes a part of the room that all requests have.
const (
	MaxFiles  = 4
	MaxComing = 12
)

// Files has room for the files that all desks of a node take in.
type Files struct{ reading, coming chan struct{} }

// NewFiles returns room for MaxFiles and MaxComing.
func NewFiles() *Files {
	return &Files{make(chan struct{}, MaxFiles), make(chan struct{}, MaxComing)}
}

// start waits until one more file may be read. The error is failure.Overloaded where too many wait,
// or the cause why ctx ended. No Files at all, nil, hold nobody up.
func (f *Files) start(ctx context.Context) (release func(), err error) {
	if f == nil {
		return func() {}, nil
	}
	select {
	case f.coming <- struct{}{}:
	default:
		return nil, failure.Overloaded(nil)
	}
	select {
	case f.reading <- struct{}{}:
		return func() { <-f.reading; <-f.coming }, nil
	case <-ctx.Done():
		<-f.coming
		return nil, context.Cause(ctx)
	}
}
