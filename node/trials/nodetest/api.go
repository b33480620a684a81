package nodetest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"

	"xietong/node/faces/client"
)

// door is the entry for clients of one running node: a listener within the process, whose
// connections are pipes. They carry HTTP as the Unix socket does, so bodies, streams and
// cancellations are as in life.
type door struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	server *http.Server
	ended  chan struct{}
}

// openDoor serves the handler until shut.
func openDoor(h http.Handler) *door {
	d := &door{conns: make(chan net.Conn), closed: make(chan struct{}), server: &http.Server{Handler: h}, ended: make(chan struct{})}
	go func() {
		defer close(d.ended)
		_ = d.server.Serve(d) // it ends by shut
	}()
	return d
}

// shut ends every connection; with grace, requests under way are answered first.
func (d *door) shut(grace bool) {
	if grace {
		_ = d.server.Shutdown(context.Background()) // every request ends by itself
	}
	_ = d.server.Close()
	<-d.ended
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.conns:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (d *door) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

// Addr implements net.Listener.
func (d *door) Addr() net.Addr { return &net.UnixAddr{Name: client.SocketName, Net: "unix"} }

// dial opens a connection to the node.
func (d *door) dial(ctx context.Context) (net.Conn, error) {
	mine, theirs := net.Pipe()
	select {
	case d.conns <- theirs:
		return mine, nil
	case <-d.closed:
		return nil, fmt.Errorf("%w: it was stopped", client.ErrNotRunning)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
