package group

import (
	"context"
	"errors"
	"net"
	"sync"

	"xietong/certs/identity"
)

// Streams are the connections of this replica with the others of its jurisdiction.
type Streams interface {
	// Accept returns the next stream that another replica opened, and whose it is. It returns
	// net.ErrClosed once Close was called.
	Accept() (net.Conn, identity.Replica, error)
	// Dial opens a stream to another replica; the error says why it cannot be reached now.
	Dial(ctx context.Context, to identity.Replica) (net.Conn, error)
	// Close ends Accept and every stream.
	Close() error
}

// nobody is the streams of a replica that reaches no other, and that no other reaches.
type nobody struct {
	closed chan struct{}
	once   sync.Once
}

var errNobody = errors.New("this replica has no connections")

func newNobody() *nobody { return &nobody{closed: make(chan struct{})} }

// Accept implements Streams: it waits until it is closed.
func (n *nobody) Accept() (net.Conn, identity.Replica, error) {
	<-n.closed
	return nil, identity.Replica{}, net.ErrClosed
}

// Dial implements Streams.
func (n *nobody) Dial(context.Context, identity.Replica) (net.Conn, error) { return nil, errNobody }

// Close implements Streams.
func (n *nobody) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

// replicaAddr is a replica's name as a network address. Streams look up the real address.
type replicaAddr string

func (replicaAddr) Network() string  { return "replica" }
func (a replicaAddr) String() string { return string(a) }
