package link

import (
	"errors"
	"slices"
	"time"

	"xietong/certs/identity"
)

// Missed returns why this replica cannot reach another one, which may reach it, and since when it
// cannot; "": it can, or has not tried.
func (r *Replicas) Missed(id identity.Replica) (why Reason, since time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.others[id]
	if o == nil || o.failed == nil {
		return "", time.Time{}
	}
	if e, ok := errors.AsType[*Error](o.failed); ok {
		return e.Reason, o.failing
	}
	return Broken, o.failing
}

// fail notes a failed attempt to reach the replica; nil: it is reached. The caller holds the mutex.
func (o *other) fail(err error) {
	if err != nil && o.failed == nil {
		o.failing = time.Now()
	}
	o.failed = err
}

// Comes reports whether a connection is open that the replica has dialled: it reaches this one.
func (r *Replicas) Comes(id identity.Replica) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.others[id]
	return o != nil && slices.ContainsFunc(o.channels, func(c *channel) bool { return !c.dialled() && c.usable() })
}
