package api

import (
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxConnections is how many connections the socket has at once. They take descriptors from the
// same number as the node's own files: its ledger, its keys, and its links.
const maxConnections = 256

// beginWithin is how long a new connection is sure of its place before its first request came. The
// clients of a crowd that comes at once are not silent, they have not been heard yet.
const beginWithin = time.Second

// room is a listener that has a bounded number of connections. Where there is no place, the
// connection that has been silent for longest ends; if all are in use, the next one waits.
type room struct {
	net.Listener
	most   int
	closed chan struct{}
	once   sync.Once
	freed  chan struct{} // holds one value when a place may be free

	mu   sync.Mutex
	held int
	idle []*connection // without a request, the oldest first
}

func newRoom(l net.Listener, most int) *room {
	return &room{Listener: l, most: most, closed: make(chan struct{}), freed: make(chan struct{}, 1)}
}

// Accept implements net.Listener.
func (r *room) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	if err != nil {
		return nil, err
	}
	for !r.enter() {
		select {
		case <-r.freed:
		case <-time.After(beginWithin):
		case <-r.closed:
			return nil, errors.Join(net.ErrClosed, c.Close())
		}
	}
	return &connection{Conn: c, room: r, began: time.Now()}, nil
}

// Close implements net.Listener.
func (r *room) Close() error {
	r.once.Do(func() { close(r.closed) })
	return r.Listener.Close()
}

// enter takes a place, if there is one or can be made.
func (r *room) enter() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.IndexFunc(r.idle, (*connection).silent); r.held == r.most && i >= 0 {
		oldest := r.idle[i]
		r.leave(oldest)
		_ = oldest.Conn.Close() // the server closes it again
	}
	if r.held == r.most {
		return false
	}
	r.held++
	return true
}

// leave gives back the place of a connection. The caller holds mu.
func (r *room) leave(c *connection) {
	if !c.left {
		c.left = true
		r.held--
		r.forget(c)
		r.told()
	}
}

// forget removes a connection from those that are silent. The caller holds mu.
func (r *room) forget(c *connection) {
	r.idle = slices.DeleteFunc(r.idle, func(other *connection) bool { return other == c })
}

func (r *room) told() {
	select {
	case r.freed <- struct{}{}:
	default: // it holds one
	}
}

// note notes whether a connection has a request; it is the ConnState of the server.
func (r *room) note(of net.Conn, s http.ConnState) {
	c, ours := of.(*connection)
	if !ours {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(c)
	if (s == http.StateNew || s == http.StateIdle) && !c.left {
		c.asked = s == http.StateIdle
		r.idle = append(r.idle, c)
		r.told()
	}
}

// connection is a connection of the room. Whoever does not read what is written to it is given up,
// as is whoever does not send its body.
type connection struct {
	net.Conn
	room  *room
	began time.Time

	left, asked bool // guarded by room.mu: it has no place any more; it had a request
}

// silent reports whether the connection, which has no request, may end for another. The caller
// holds room.mu.
func (c *connection) silent() bool { return c.asked || time.Since(c.began) >= beginWithin }

func (c *connection) Write(p []byte) (int, error) {
	within := bodyWithin + time.Duration(len(p))*time.Second/bodyPiece
	if err := c.Conn.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.room.mu.Lock()
	c.room.leave(c)
	c.room.mu.Unlock()
	return c.Conn.Close()
}
