package link

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"xietong/certs/identity"
)

// keep starts a worker that keeps a connection to a replica, unless one runs. The caller holds
// r.mu.
func (r *Replicas) keep(o *other) {
	if !o.keeping && !r.closed {
		o.keeping = true
		r.workers.Go(func() { r.run(o) })
	}
}

// run keeps a connection to a replica while it is wanted: it dials again when the connection has
// ended, and replaces it before its certificates end. A connection goes on while its replacement
// cannot be made.
func (r *Replicas) run(o *other) {
	var last net.Addr
	for attempt := 0; r.wants(o); {
		c, err := r.connect(o, last)
		began := time.Now()
		if err == nil {
			last = c.quic.RemoteAddr()
			r.up(o, c)
			err = r.watch(c)
		}
		if err == nil || time.Since(began) >= provenAfter {
			attempt = 0
			continue
		}
		attempt++
		r.missed(o, err)
		r.rest(o, attempt)
	}
}

// wants reports whether a replica is wanted. If not, its worker ends.
func (r *Replicas) wants(o *other) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	o.keeping = !r.closed && (o.kept || time.Since(o.wanted) < wantedFor || o.current != nil && o.current.alive())
	return o.keeping
}

// connect tries the addresses of a replica in turn.
func (r *Replicas) connect(o *other, first net.Addr) (*channel, error) {
	ctx, cancel := context.WithTimeout(r.ctx, handshakeWithin)
	defer cancel()
	addresses, err := r.o.Addresses(ctx, o.id)
	if err != nil {
		return nil, err
	}
	return inTurn(moved(addresses, first, nil), func(addr net.Addr) (*channel, error) { return r.dial(o, addr) })
}

// up makes a connection the one that streams are opened on, in place of the one before.
func (r *Replicas) up(o *other, c *channel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.taken = true
	old := o.current
	o.current, o.why, o.told = c, nil, false
	o.fail(nil)
	o.change()
	if old != nil && old.alive() {
		r.workers.Go(func() { r.retire(old) })
		return
	}
	r.socket.o.Logger.Info("replica up", "jurisdiction", r.o.Local.String(), "replica", o.id.String())
}

// watch waits until a connection must be replaced, or has ended: then with the reason.
func (r *Replicas) watch(c *channel) error {
	age := time.NewTimer(replaceAfter + rand.N(replaceJitter))
	defer age.Stop()
	select {
	case <-age.C:
		return nil
	case <-c.quic.Context().Done():
		return explain(context.Cause(c.quic.Context()))
	}
}

// retire closes a connection that was replaced, once no request and no fetch was under way on it
// for quietBefore. Streams of raft last as long as it lets them: they end with it, and raft dials
// anew.
func (r *Replicas) retire(c *channel) {
	tick := time.NewTicker(quietBefore / 4)
	defer tick.Stop()
	for quiet := time.Now(); time.Since(quiet) < quietBefore; {
		select {
		case <-tick.C:
		case <-c.quic.Context().Done():
			return
		}
		if len(c.slots[UseAsks])+len(c.slots[UseFetch]) > 0 {
			quiet = time.Now()
		}
	}
	c.end(CodeReplaced)
}

// missed notes why there is no connection, for those who dial before the next attempt.
func (r *Replicas) missed(o *other, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o.current != nil && o.current.alive() || r.closed { // it could not be replaced
		return
	}
	o.why = err
	o.fail(err)
	o.change()
	if !o.told {
		o.told = true
		r.socket.o.Logger.Warn("replica not reached", "jurisdiction", r.o.Local.String(), "replica", o.id.String(), "error", err)
	}
}

// rest waits before the next attempt, or until the replica comes by itself.
func (r *Replicas) rest(o *other, attempt int) {
	timer := time.NewTimer(pauseOf(attempt, replicaPause))
	defer timer.Stop()
	select {
	case <-r.ctx.Done():
	case <-timer.C:
	case <-o.alive:
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	o.why = nil
}

// channelTo returns an open connection to a replica. It waits for an attempt that is under way, and
// begins none when the last one has just failed.
func (r *Replicas) channelTo(ctx context.Context, to identity.Replica) (*channel, error) {
	if to == r.o.Self || to.IsZero() {
		return nil, fmt.Errorf("%s is no other replica than %s", to, r.o.Self)
	}
	for {
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return nil, net.ErrClosed
		}
		o := r.other(to)
		o.wanted = time.Now()
		r.keep(o)
		c, why, changed := o.current, o.why, o.changed
		r.mu.Unlock()
		switch {
		case c != nil && c.alive():
			return c, nil
		case why != nil:
			return nil, why
		}
		select {
		case <-changed:
		case <-r.ctx.Done():
			return nil, net.ErrClosed
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
