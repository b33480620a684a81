package node

import (
	"errors"
	"fmt"
	"strconv"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// replicaError is the error that ends Serve because a replica must not go on.
type replicaError struct {
	replica identity.Replica
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
	return e
}
