package api

import (
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxConnections is how many connections the socket has at once. They take descriptors from the
// same number as the node's own files: its ledger, its keys, and its links.
const maxConnections = 256

// beginWithin is how long a new connection is sure of its place before the header of its first
// request is whole. The clients of a crowd that comes at once are not silent, they have not been
// heard yet.
const beginWithin = time.Second

// Bounds of those who come while no place is free.
const (
	maxWaiting = 512             // connections that wait for a place
	waitWithin = 3 * time.Second // how long each of them waits, before it is refused
)

// room is a listener that has a bounded number of connections. Where there is no place, the
// connection that has been silent for longest ends, or has had half a request for longest. If all
// are in use, a bounded number of others wait for a while, in their order; whoever comes beyond
// them, or waited in vain, goes to the porch, where it is refused. If the porch is full, too, the
// queue of the system holds the rest.
type room struct {
	net.Listener
	most    int
	come    chan arrival
	waiting []waiter // the longest first; Accept alone has it
	porch   porch
	closed  chan struct{}
	ended   chan struct{} // closed when nothing is taken from the listener any more
	once    sync.Once
	freed   chan struct{} // holds one value when a place, or one on the porch, may be free

	mu   sync.Mutex
	held int
	idle []*connection // without a whole request, the oldest first
}

// arrival is what the listener said.
type arrival struct {
	conn net.Conn
	err  error
}

// waiter is a connection that waits for a place.
type waiter struct {
	conn  net.Conn
	until time.Time
}

func newRoom(l net.Listener, most int) *room {
	r := &room{
		Listener: l, most: most, come: make(chan arrival), closed: make(chan struct{}), ended: make(chan struct{}),
		freed: make(chan struct{}, 1),
	}
	r.porch = newPorch(r.told)
	go r.fetch()
	return r
}

// fetch takes connections from the listener until it is closed.
func (r *room) fetch() {
	defer close(r.ended)
	for {
		c, err := r.Listener.Accept()
		select {
		case r.come <- arrival{c, err}:
		case <-r.closed:
			if err == nil {
				_ = c.Close() // nobody has read from it
			}
			return
		}
	}
}

// Accept implements net.Listener.
func (r *room) Accept() (net.Conn, error) {
	for {
		select {
		case <-r.closed:
			return nil, r.turnAway(net.ErrClosed)
		default:
		}
		if c := r.next(); c != nil {
			return c, nil
		}
		come := r.come
		if len(r.waiting) == maxWaiting && r.porch.full() {
			come = nil
		}
		var later <-chan time.Time // a silent connection may end, or somebody has waited long enough
		if len(r.waiting) > 0 {
			later = time.After(beginWithin)
		}
		select {
		case a := <-come:
			if a.err != nil && passes(a.err) {
				return nil, a.err
			}
			if a.err != nil {
				return nil, r.turnAway(a.err)
			}
			r.queue(a.conn)
		case <-r.freed:
		case <-later:
		case <-r.closed: // see above
		}
	}
}

// passes reports whether an error of Accept passes, as net/http judges it: it calls Accept again
// after a while. A crowd may take the last descriptor.
func passes(err error) bool {
	again, ok := err.(interface{ Temporary() bool })
	return ok && again.Temporary()
}

// turnAway closes those who wait, where Accept is called no more for an error, which it returns.
func (r *room) turnAway(err error) error {
	for _, w := range r.waiting {
		_ = w.conn.Close() // nobody has read from it
	}
	r.waiting = nil
	return err
}

// queue has a connection wait for a place or, where too many do, sends it to the porch.
func (r *room) queue(c net.Conn) {
	if len(r.waiting) == maxWaiting {
		r.porch.come <- c // it has room: nobody else sends to it
		return
	}
	r.waiting = append(r.waiting, waiter{c, time.Now().Add(waitWithin)})
}

// next returns the connection that has waited for longest, if there is a place for it, or nil.
// Those who waited in vain go to the porch.
func (r *room) next() net.Conn {
	for len(r.waiting) > 0 {
		w := r.waiting[0]
		switch {
		case r.enter():
			r.waiting = r.waiting[1:]
			return &connection{Conn: w.conn, room: r, began: time.Now()}
		case time.Now().Before(w.until) || r.porch.full():
			return nil
		}
		r.waiting = r.waiting[1:]
		r.porch.come <- w.conn
	}
	return nil
}

// Close implements net.Listener. When it returns, nothing is taken from the listener any more.
func (r *room) Close() error {
	r.once.Do(func() { close(r.closed) })
	err := r.Listener.Close()
	<-r.ended
	return err
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

// note notes whether a connection has a request; it is the ConnState of the server, which says of a
// connection that it is active when the header of a request is whole.
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

// silent reports whether the connection, which has no whole request, may end for another. The
// caller holds room.mu.
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
