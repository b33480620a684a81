package records

import (
	"context"

	"xietong/exchange/budget"
	"xietong/node/ground/failure"
)

// MaxFiles is how many files are read at once: each holds a hash of every key that it has, up to
// about 1 GB of them. MaxComing is how many may be there, those that wait included: the request of
// each takes a part of the room that all requests have. One agency has half of the first and a
// third of the second at most, so that its files, which may come slowly or not at all, hold up
// nobody else's.
const (
	MaxFiles  = 4
	MaxComing = 12
)

// Files has room for the files that all desks of a node take in.
type Files struct {
	reading *budget.Room
	coming  *budget.Places
	// Space, if set, are the disks that the files are written to.
	Space *Space
}

// NewFiles returns room for MaxFiles and MaxComing.
func NewFiles() *Files {
	return &Files{reading: budget.NewRoom(MaxFiles), coming: budget.NewPlaces(MaxComing)}
}

// space returns the disks; nil: they are not asked.
func (f *Files) space() *Space {
	if f == nil {
		return nil
	}
	return f.Space
}

// start waits until one more file may be read. The error is failure.Overloaded where too many wait,
// or the cause why ctx ended. No Files at all, nil, hold nobody up.
func (f *Files) start(ctx context.Context) (release func(), err error) {
	if f == nil {
		return func() {}, nil
	}
	payer, _ := budget.PayerOf(ctx)
	gone, ok := f.coming.Enter(budget.Payer{Neighbour: payer.Origin})
	if !ok {
		return nil, failure.Overloaded(nil)
	}
	read, err := f.reading.Enter(ctx, 1)
	if err != nil {
		gone()
		return nil, err
	}
	return func() { read(0); gone() }, nil
}
