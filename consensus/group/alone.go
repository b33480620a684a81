package group

import (
	"errors"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
)

// alone is the stream layer of a group of one: no replica connects to it, and it can reach none.
type alone struct {
	replica identity.Replica
	closed  chan struct{}
	once    sync.Once
}

var errAlone = errors.New("this group has one replica and talks to nobody")

func newAlone(r identity.Replica) *alone { return &alone{replica: r, closed: make(chan struct{})} }

// Accept implements net.Listener: it waits until it is closed.
func (a *alone) Accept() (net.Conn, error) {
	<-a.closed
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (a *alone) Close() error {
	a.once.Do(func() { close(a.closed) })
	return nil
}

// Addr implements net.Listener.
func (a *alone) Addr() net.Addr { return replicaAddr(a.replica.String()) }

// Dial implements raft.StreamLayer.
func (a *alone) Dial(raft.ServerAddress, time.Duration) (net.Conn, error) { return nil, errAlone }

// replicaAddr is a replica's name as a network address. The stream layer looks up the real address.
type replicaAddr string

func (replicaAddr) Network() string  { return "replica" }
func (a replicaAddr) String() string { return string(a) }
