package api

import (
	"maps"
	"net"
	"net/http"
	"sync"
	"time"

	"xietong/node/ground/failure"
)

// Bounds of the porch, and how long it waits for whoever says nothing there.
const (
	maxRefused   = 64  // connections that are refused at once
	maxToRefuse  = 256 // connections that wait until they are
	refuseWithin = time.Second
)

// porch is a listener of connections for which the room has no place. They are told so, and when to
// come again, in their language: a client that is told nothing waits, or takes the node for dead.
// Nothing of their requests is carried out.
type porch struct {
	come   chan net.Conn
	places chan struct{} // holds a value for each connection that is being refused
	taken  func()        // called when it takes one more
	closed chan struct{}
	once   *sync.Once
}

func newPorch(taken func()) porch {
	return porch{make(chan net.Conn, maxToRefuse), make(chan struct{}, maxRefused), taken, make(chan struct{}), new(sync.Once)}
}

// full reports whether the porch takes no more. Its only sender asks.
func (p porch) full() bool { return len(p.come) == cap(p.come) }

// server returns the server that refuses whoever stands on the porch.
func (p porch) server() *http.Server {
	s := &http.Server{Handler: http.HandlerFunc(refuseAll), ReadTimeout: refuseWithin, WriteTimeout: refuseWithin}
	s.SetKeepAlivesEnabled(false)
	return s
}

func refuseAll(w http.ResponseWriter, r *http.Request) {
	f := failure.Overloaded(nil)
	maps.Copy(w.Header(), retryAfter(f))
	writeProblem(w, problem(callerOf(r).reader(), f.Code, f.Args))
}

// Accept implements net.Listener.
func (p porch) Accept() (net.Conn, error) {
	select {
	case p.places <- struct{}{}:
	case <-p.closed:
		return nil, net.ErrClosed
	}
	select {
	case c := <-p.come:
		p.taken()
		return &refused{Conn: c, of: p}, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. The room, which sends to the porch, is closed before.
func (p porch) Close() error {
	p.once.Do(func() {
		close(p.closed)
		for len(p.come) > 0 {
			_ = (<-p.come).Close() // nobody has read from it
		}
	})
	return nil
}

// Addr implements net.Listener.
func (p porch) Addr() net.Addr { return &net.UnixAddr{Name: "porch", Net: "unix"} }

// refused is a connection on the porch.
type refused struct {
	net.Conn
	of   porch
	once sync.Once
}

// Close implements net.Conn.
func (c *refused) Close() error {
	c.once.Do(func() { <-c.of.places })
	return c.Conn.Close()
}
