package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// replicaConfig returns the settings of a connection that this replica dials. It asks whether the
// other side lives, whose answers tell both. The other side opens no streams on it.
func replicaConfig() *quic.Config {
	c := quicConfig(firstWindow)
	c.HandshakeIdleTimeout, c.KeepAlivePeriod = deadAfter, aliveEvery
	c.MaxIncomingStreams, c.MaxConnectionReceiveWindow = -1, replicaWindow
	return c
}

// channel is one connection with another replica. Whoever dialled it opens the streams.
type channel struct {
	quic  *quic.Conn
	with  *other
	hold  *hold
	left  *time.Timer         // ends the channel with the certificate of the other side
	heard atomic.Int64        // when the last packet of the other side was noticed, in Unix nanoseconds
	slots [uses]chan struct{} // a token for each stream that this side has open; nil: the other side dialled
	taken bool                // both sides have taken it; under the mutex of Replicas
}

func (c *channel) end(code Code) { c.quic.CloseWithError(quic.ApplicationErrorCode(code), "") }
func (c *channel) alive() bool   { return c.quic.Context().Err() == nil }
func (c *channel) usable() bool  { return c.taken && c.alive() }
func (c *channel) dialled() bool { return c.slots[UseRaft] != nil }

func (c *channel) lastHeard() time.Time { return time.Unix(0, c.heard.Load()) }

// pulse ends a connection from which no packet comes for deadAfter, and returns when it has ended.
// The idle time of QUIC would do so late: quic-go takes none below five seconds from the other
// side. The time is counted in ticks, so a process that was stopped for a while gives up nobody.
func (c *channel) pulse() {
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	got, quiet := uint64(0), time.Duration(0)
	for {
		select {
		case <-c.quic.Context().Done():
			return
		case <-tick.C:
		}
		s := c.quic.ConnectionStats()
		if s.PacketsReceived != got {
			got, quiet = s.PacketsReceived, 0
			c.heard.Store(time.Now().UnixNano())
		} else if quiet += aliveEvery; quiet >= max(deadAfter, 8*s.SmoothedRTT) { // over a long line an answer takes time
			c.end(CodeSilent)
		}
	}
}

// enter counts an open connection with a replica. If enter returns no error, the caller leaves with
// leave when the connection has ended.
func (r *Replicas) enter(q *quic.Conn, id identity.Replica, dialled bool) (*channel, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosing
	}
	o, same := r.other(id), 0
	for _, c := range o.channels {
		if c.dialled() == dialled {
			same++
		}
	}
	h := &hold{memory: o.memory, by: ends{r.o.Local, r.o.Local}}
	if same >= maxChannels || !h.take(connCost) {
		return nil, errBusy
	}
	windowOf(q).allow(h, replicaWindow)
	c := &channel{quic: q, with: o, hold: h, taken: !dialled}
	c.heard.Store(time.Now().UnixNano())
	for use := range c.slots {
		if dialled {
			c.slots[use] = make(chan struct{}, maxOfUse)
		}
	}
	c.left = time.AfterFunc(time.Until(tlsconf.Ends(q.ConnectionState().TLS)), func() { c.end(CodeWithdrawn) })
	o.channels = append(o.channels, c)
	return c, nil
}

// leave takes out a connection that has ended, with the streams on it that nobody has accepted.
func (r *Replicas) leave(c *channel) {
	c.left.Stop()
	c.hold.end()
	r.mu.Lock()
	defer r.mu.Unlock()
	c.with.channels = slices.DeleteFunc(c.with.channels, func(other *channel) bool { return other == c })
	c.with.heard = later(c.with.heard, c.lastHeard())
	for _, l := range r.layers {
		if l != nil {
			l.drop(func(s *stream) bool { return s.channel == c })
		}
	}
}

// serve takes the streams of an incoming connection until it ends. An error says that it was not
// taken.
func (r *Replicas) serve(q *quic.Conn, from identity.Replica) error {
	if !r.began() {
		return errClosing
	}
	defer r.workers.Done()
	c, err := r.enter(q, from, false)
	if err != nil {
		return err
	}
	defer r.leave(c)
	if err := r.o.Recheck(q.ConnectionState().TLS); err != nil { // the key sets may have changed in the handshake
		return &CodeError{CodeWithdrawn, err}
	}
	r.socket.gate.linked(ends{r.o.Local, r.o.Local}, q.RemoteAddr())
	select {
	case c.with.alive <- struct{}{}: // it can be dialled, too
	default:
	}
	r.workers.Go(c.pulse)
	reading := make(chan struct{}, maxReading)
	for {
		s, err := q.AcceptStream(q.Context())
		if err != nil {
			return nil
		}
		reading <- struct{}{} // whoever opens streams and says nothing waits for itself
		r.workers.Go(func() {
			defer func() { <-reading }()
			if err := r.take(c, s); err != nil {
				abandon(s, codeOf(err))
			}
		})
	}
}

// began counts a worker that starts on a caller's goroutine, and reports true, unless r was closed.
func (r *Replicas) began() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.workers.Add(1)
	}
	return !r.closed
}

// take reads what a stream is for, and hands it over.
func (r *Replicas) take(c *channel, q *quic.Stream) error {
	if err := q.SetReadDeadline(time.Now().Add(firstFrameWithin)); err != nil {
		return err
	}
	var use [1]byte
	_, err := io.ReadFull(q, use[:])
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: no use", ErrFrame)
	case err != nil:
		return err
	case Use(use[0]) != greeting:
		return r.push(newStream(r, c, q, Use(use[0])))
	}
	if err := atEnd(q); err != nil {
		return err
	}
	if _, err := q.Write(use[:]); err != nil {
		return err
	}
	return q.Close()
}

// push lets an incoming stream wait for Accept.
func (r *Replicas) push(s *stream) error {
	if err := s.quic.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.use >= uses {
		return fmt.Errorf("%w: a stream for use %d", ErrFrame, s.use)
	}
	o, l := s.channel.with, r.layers[s.use]
	switch {
	case r.closed || !slices.Contains(o.channels, s.channel):
		return errClosing
	case l == nil || l.closed || o.open[s.use] >= maxOfOther:
		return errBusy
	}
	o.open[s.use]++
	l.queue = append(l.queue, s)
	r.came.Broadcast()
	return nil
}

// greet makes sure that the other side has taken the connection: by the handshake alone, the
// dialler believes so before the other side has judged its certificate.
func (c *channel) greet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*deadAfter)
	defer cancel()
	s, err := c.quic.OpenStreamSync(ctx)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { abandon(s, CodeCancelled) })()
	answer := []byte{byte(greeting)}
	if _, err = s.Write(answer); err == nil {
		_ = s.Close() // fails if the other side gave the stream up; the read below gets the reason
		_, err = io.ReadFull(s, answer)
	}
	if err == nil && Use(answer[0]) == greeting {
		return atEnd(s)
	}
	abandon(s, CodeCancelled)
	if err == nil {
		err = fmt.Errorf("%w: greeted with %d", ErrFrame, answer[0])
	}
	return err
}

// dial makes one connection to a replica, which has taken it then.
func (r *Replicas) dial(o *other, addr net.Addr) (*channel, error) {
	q, err := r.socket.transport.Dial(withWindow(r.ctx), addr, r.o.TLS(o.id), replicaConfig())
	if err != nil {
		return nil, explain(err)
	}
	c, err := r.enter(q, o.id, true)
	if err != nil {
		q.CloseWithError(quic.ApplicationErrorCode(codeOf(err)), "")
		return nil, &Error{Busy, true, err}
	}
	r.workers.Go(func() {
		c.pulse()
		r.leave(c)
	})
	if err = r.o.Recheck(q.ConnectionState().TLS); err != nil {
		c.end(CodeWithdrawn)
		return nil, &Error{NotTrusted, true, err}
	}
	if err := c.greet(r.ctx); err != nil {
		c.end(CodeRefused)
		return nil, explain(err)
	}
	return c, nil
}
