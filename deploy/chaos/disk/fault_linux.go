package disk

import (
	"path"
	"syscall"
	"time"
)

// Op is a step of which a Fault may be.
type Op string

// The steps.
const (
	OpRead   Op = "read"
	OpWrite  Op = "write"
	OpSync   Op = "fsync"
	OpCreate Op = "create"
	OpRename Op = "rename"
	OpRemove Op = "unlink"
	OpResize Op = "truncate"
)

// Fault is a fault of the disk, from now on and until it is taken away.
type Fault struct {
	Ops   []Op   // of these steps
	Match string // of the files whose name, or that of whose folder, is of this pattern, as path.Match has it; empty: of all
	Skip  int    // so many such steps go well before
	Times int    // so many such steps have it; 0: all

	Err   syscall.Errno // the step is not done, and fails; an fsync that failed once may succeed again, and does nothing for what was written before
	After bool          // with Err: it is done, and reported as failed
	Lie   bool          // it is not done, and reported as done
	Slow  time.Duration // it waits
}

// hits reports whether the fault is of a step, and counts it.
func (f *Fault) hits(op Op, of *inode) bool {
	found := false
	for _, o := range f.Ops {
		found = found || o == op
	}
	if !found || !f.matches(of) {
		return false
	}
	if f.Skip > 0 {
		f.Skip--
		return false
	}
	if f.Times > 0 {
		if f.Times--; f.Times == 0 {
			f.Ops = nil
		}
	}
	return true
}

func (f *Fault) matches(of *inode) bool {
	if f.Match == "" {
		return true
	}
	for n := of; n != nil; n = n.parent {
		if ok, _ := path.Match(f.Match, n.name); ok {
			return true
		}
	}
	return false
}
