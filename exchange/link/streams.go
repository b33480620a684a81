package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/identity"
)

// Use says what a stream among replicas is for. It is the first byte of the stream; the table is
// append-only and stands in docs/protocol.md.
type Use byte

// The uses.
const (
	greeting Use = 0 // answered with the same byte: the connection is taken
	UseRaft  Use = 1
	UseAsks  Use = 2 // a request that is forwarded, and its answer
	UseFetch Use = 3 // a replica is filled
	UsePass  Use = 4 // a request to a neighbour, to which the other replica has a link
	uses         = 5
)

// urgency says which streams of a connection are sent first (RFC 9218): raft's, because the others
// wait for what it agrees on, and last what fills a replica, which has time.
var urgency = [uses]int8{UseRaft: 1, UseAsks: 3, UsePass: 3, UseFetch: 5}

// Streams are the streams among the replicas of a hosted jurisdiction for one use.
type Streams struct {
	of     *Replicas
	use    Use
	closed bool      // the mutex of Replicas guards it,
	queue  []*stream // and this: those that wait for Accept, oldest first
}

// For returns the streams for one use. After their Close, For returns new ones.
func (r *Replicas) For(u Use) *Streams {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.layers[u]; l != nil && !l.closed {
		return l
	}
	r.layers[u] = &Streams{of: r, use: u}
	return r.layers[u]
}

// Accept waits for a stream that another replica opens, and returns it with the replica's name. The
// error is net.ErrClosed after Close.
func (l *Streams) Accept() (net.Conn, identity.Replica, error) {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	for len(l.queue) == 0 && !l.closed && !l.of.closed {
		l.of.came.Wait()
	}
	if l.closed || l.of.closed {
		return nil, identity.Replica{}, net.ErrClosed
	}
	s := l.queue[0]
	l.queue = slices.Delete(l.queue, 0, 1)
	return s, s.channel.with.id, nil
}

// Dial opens a stream to another replica. It fails at once when the replica was not reached just
// now, with an *Error that says why, and when ctx ends.
func (l *Streams) Dial(ctx context.Context, to identity.Replica) (net.Conn, error) {
	l.of.mu.Lock()
	closed := l.closed
	l.of.mu.Unlock()
	if closed {
		return nil, net.ErrClosed
	}
	c, err := l.of.channelTo(ctx, to)
	if err != nil {
		return nil, fmt.Errorf("dial replica %s: %w", to, err)
	}
	s, err := c.open(ctx, l.of, l.use)
	if err != nil {
		return nil, fmt.Errorf("dial replica %s: %w", to, err)
	}
	return s, nil
}

// Close gives up the streams that wait for Accept, and takes no more. It ends none that was
// accepted or dialled.
func (l *Streams) Close() error {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	l.closed = true
	l.drop(func(*stream) bool { return true })
	l.of.came.Broadcast()
	return nil
}

// drop gives up streams that wait. The caller holds the mutex.
func (l *Streams) drop(which func(*stream) bool) {
	l.queue = slices.DeleteFunc(l.queue, func(s *stream) bool {
		if which(s) {
			s.channel.with.open[s.use]--
			abandon(s.quic, CodeBusy)
			return true
		}
		return false
	})
}

// open opens a stream, and sends what it is for at once: the other side does not see it before.
func (c *channel) open(ctx context.Context, r *Replicas, u Use) (*stream, error) {
	select {
	case c.slots[u] <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-c.quic.Context().Done():
		return nil, explain(context.Cause(c.quic.Context()))
	}
	q, err := c.quic.OpenStreamSync(ctx)
	if err != nil {
		<-c.slots[u]
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, explain(err)
	}
	s := newStream(r, c, q, u)
	if _, err := q.Write([]byte{byte(u)}); err != nil {
		s.Close()
		return nil, explain(err)
	}
	return s, nil
}

// stream is a stream between two replicas, as a net.Conn.
type stream struct {
	quic    *quic.Stream
	of      *Replicas
	channel *channel
	use     Use
	writing sync.Mutex  // a Write, CloseWrite or Close is under way
	closed  atomic.Bool // by Close
}

func newStream(r *Replicas, c *channel, q *quic.Stream, u Use) *stream {
	if u < uses {
		q.SetPriority(urgency[u], true)
	}
	return &stream{quic: q, of: r, channel: c, use: u}
}

// Read returns io.EOF after the other side's CloseWrite or Close.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.quic.Read(p)
	return n, s.explain(err)
}

func (s *stream) Write(p []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closed.Load() {
		return 0, net.ErrClosed
	}
	n, err := s.quic.Write(p)
	return n, s.explain(err)
}

// explain leaves the errors that a net.Conn has as they are.
func (s *stream) explain(err error) error {
	switch {
	case err == nil || err == io.EOF:
		return err
	case s.closed.Load():
		return net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return err
	}
	return explain(err)
}

// CloseWrite ends what this side writes. What was written arrives.
func (s *stream) CloseWrite() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closed.Load() {
		return net.ErrClosed
	}
	return s.quic.Close()
}

// Close ends both directions. What was written arrives, while the connection lives; a Write that is
// under way is cut, and the other side is told so. What the other side writes is not read any more.
func (s *stream) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.quic.CancelRead(quic.StreamErrorCode(CodeCancelled))
	if s.writing.TryLock() {
		_ = s.quic.Close() // fails if the other side gave the stream up
		s.writing.Unlock()
	} else {
		s.quic.CancelWrite(quic.StreamErrorCode(CodeCancelled))
	}
	if s.channel.dialled() {
		<-s.channel.slots[s.use]
		return nil
	}
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.channel.with.open[s.use]--
	return nil
}

func (s *stream) SetDeadline(t time.Time) error {
	return errors.Join(s.quic.SetReadDeadline(t), s.quic.SetWriteDeadline(t))
}
func (s *stream) SetReadDeadline(t time.Time) error  { return s.quic.SetReadDeadline(t) }
func (s *stream) SetWriteDeadline(t time.Time) error { return s.quic.SetWriteDeadline(t) }

func (s *stream) LocalAddr() net.Addr  { return replicaAddr{s.of.o.Self} }
func (s *stream) RemoteAddr() net.Addr { return replicaAddr{s.channel.with.id} }

// replicaAddr is the name of a replica, which is what raft takes for its address.
type replicaAddr struct{ identity.Replica }

func (replicaAddr) Network() string { return "xietong-raft" }
