package group

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
)

// pipes is a network of replicas inside the process. What is sent over it takes a while, and what
// is cut off is held until it is joined again, as TCP and QUIC do.
type pipes struct {
	mu      sync.Mutex
	nodes   map[raft.ServerAddress]*pipeLayer
	cut     map[[2]string]bool // nothing goes from the first to the second
	frozen  map[string]cold    // what goes to or from it
	changed chan struct{}      // closed, and replaced, when cut or frozen change
	delay   time.Duration
}

// cold is how far a replica is frozen.
type cold int

const (
	thawed  cold = iota
	thawing      // it receives what others answered, and nothing else goes
	frozen
)

func newPipes() *pipes { return &pipes{nodes: map[raft.ServerAddress]*pipeLayer{}} }

// change changes what is cut off.
func (p *pipes) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut == nil {
		p.cut, p.frozen = map[[2]string]bool{}, map[string]cold{}
	}
	f()
	if p.changed != nil {
		close(p.changed)
	}
	p.changed = make(chan struct{})
}

// sever cuts a replica off from others, in both directions.
func (p *pipes) sever(a identity.Replica, others ...identity.Replica) {
	p.change(func() {
		for _, b := range others {
			p.cut[[2]string{a.String(), b.String()}], p.cut[[2]string{b.String(), a.String()}] = true, true
		}
	})
}

// freeze holds all that a replica sends and receives; as if its process stood still, if its own
// timeouts are long.
func (p *pipes) freeze(r identity.Replica) { p.change(func() { p.frozen[r.String()] = frozen }) }

// thaw lets those that are frozen receive first what was answered to them.
func (p *pipes) thaw() {
	p.change(func() {
		for name := range p.frozen {
			p.frozen[name] = thawing
		}
	})
	time.Sleep(time.Millisecond)
}

// heal joins all again.
func (p *pipes) heal() { p.change(func() { clear(p.cut); clear(p.frozen) }) }

// open reports whether something goes over a wire, and a channel that is closed when that may have
// changed.
func (p *pipes) open(w *wire) (bool, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	from, to := p.frozen[w.from], p.frozen[w.to]
	return !p.cut[[2]string{w.from, w.to}] && from == thawed && (to == thawed || to == thawing && w.answers), p.changed
}

// pipeLayer is the Streams of one replica.
type pipeLayer struct {
	network  *pipes
	self     identity.Replica
	incoming chan *pipeConn
	closed   chan struct{}
	once     sync.Once

	mu    sync.Mutex
	conns []*pipeConn
}

func (p *pipes) layer(r identity.Replica) *pipeLayer {
	l := &pipeLayer{network: p, self: r, incoming: make(chan *pipeConn), closed: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nodes[raft.ServerAddress(r.String())] = l
	return l
}

func (l *pipeLayer) Accept() (net.Conn, identity.Replica, error) {
	select {
	case c := <-l.incoming:
		return c, c.peer, nil
	case <-l.closed:
		return nil, identity.Replica{}, net.ErrClosed
	}
}

func (l *pipeLayer) Close() error {
	l.once.Do(func() { close(l.closed) })
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		c.Close()
	}
	return nil
}

func (l *pipeLayer) keep(c *pipeConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, c)
}

func (l *pipeLayer) Dial(ctx context.Context, to identity.Replica) (net.Conn, error) {
	l.network.mu.Lock()
	other := l.network.nodes[raft.ServerAddress(to.String())]
	l.network.mu.Unlock()
	if other == nil {
		return nil, errors.New("no such replica")
	}
	there, back := newWire(l.network, l.self, to), newWire(l.network, to, l.self)
	back.answers = true
	for {
		open, changed := l.network.open(there)
		if open {
			break
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-l.closed:
			return nil, net.ErrClosed
		}
	}
	mine, theirs := &pipeConn{in: back, out: there, self: l.self, peer: to}, &pipeConn{in: there, out: back, self: to, peer: l.self}
	select {
	case other.incoming <- theirs:
		l.keep(mine)
		other.keep(theirs)
		return mine, nil
	case <-other.closed:
	case <-ctx.Done():
	}
	return nil, errors.New("replica is away")
}

// wire carries bytes from one replica to another.
type wire struct {
	network  *pipes
	from, to string
	answers  bool // it carries what is answered to who opened the stream
	mu       sync.Mutex
	chunks   []chunk
	ended    bool
	wake     chan struct{}
}

type chunk struct {
	data []byte
	at   time.Time
}

func newWire(p *pipes, from, to identity.Replica) *wire {
	return &wire{network: p, from: from.String(), to: to.String(), wake: make(chan struct{}, 1)}
}

func (w *wire) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *wire) end() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.signal()
}

func (w *wire) write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return 0, net.ErrClosed
	}
	w.chunks = append(w.chunks, chunk{bytes.Clone(b), time.Now().Add(w.network.delay)})
	w.signal()
	return len(b), nil
}

// read reads what has arrived, and waits until the deadline for it.
func (w *wire) read(b []byte, deadline time.Time) (int, error) {
	for {
		open, changed := w.network.open(w)
		w.mu.Lock()
		wait := time.Duration(1 << 40)
		switch {
		case w.ended:
			w.mu.Unlock()
			return 0, net.ErrClosed
		case open && len(w.chunks) > 0:
			first := &w.chunks[0]
			if wait = time.Until(first.at); wait <= 0 {
				n := copy(b, first.data)
				if first.data = first.data[n:]; len(first.data) == 0 {
					w.chunks = w.chunks[1:]
				}
				w.mu.Unlock()
				return n, nil
			}
		}
		w.mu.Unlock()
		if !deadline.IsZero() {
			left := time.Until(deadline)
			if left <= 0 {
				return 0, os.ErrDeadlineExceeded
			}
			wait = min(wait, left)
		}
		timer := time.NewTimer(wait)
		select {
		case <-w.wake:
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// pipeConn is one end of a stream.
type pipeConn struct {
	in, out    *wire
	self, peer identity.Replica

	mu       sync.Mutex
	deadline time.Time // of reading
}

func (c *pipeConn) Read(b []byte) (int, error) {
	c.mu.Lock()
	deadline := c.deadline
	c.mu.Unlock()
	return c.in.read(b, deadline)
}

func (c *pipeConn) Write(b []byte) (int, error)      { return c.out.write(b) }
func (c *pipeConn) Close() error                     { c.in.end(); c.out.end(); return nil }
func (c *pipeConn) LocalAddr() net.Addr              { return replicaAddr(c.self.String()) }
func (c *pipeConn) RemoteAddr() net.Addr             { return replicaAddr(c.peer.String()) }
func (c *pipeConn) SetWriteDeadline(time.Time) error { return nil }
func (c *pipeConn) SetDeadline(t time.Time) error    { return c.SetReadDeadline(t) }

func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return nil
}
