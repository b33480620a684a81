package node

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"syscall"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// replicaError is the error that ends Serve because a replica must not go on.
type replicaError struct {
	replica identity.Replica
	dir     string // the jurisdiction's folder
	err     error
}

func (e *replicaError) Error() string { return fmt.Sprintf("replica %s stopped: %v", e.replica, e.err) }

func (e *replicaError) Unwrap() error { return e.err }

// told returns the error as a person reads it.
func (e *replicaError) told() error {
	if d, ok := errors.AsType[*state.DivergedError](e.err); ok {
		args := text.Args{"replica": e.replica.String(), "log": d.Log.String(), "size": strconv.FormatUint(d.Size, 10)}
		return text.Fail(text.Diverged, args, e)
	}
	if d, ok := errors.AsType[*state.DamageError](e.err); ok {
		return failure.Part(&host.PartError{Part: host.PartLedger, File: cmp.Or(d.File, e.dir), Err: e})
	}
	if _, ofSystem := errors.AsType[syscall.Errno](e.err); ofSystem || errors.Is(e.err, group.ErrLogFailed) {
		where, cause := e.dir, e.err
		if at, ok := errors.AsType[*fs.PathError](e.err); ok {
			where, cause = at.Path, at.Err
		}
		return text.Fail(text.ReplicaStopped, text.Args{"replica": e.replica.String(), "reason": cause.Error(), "dir": where}, e)
	}
	return e
}
