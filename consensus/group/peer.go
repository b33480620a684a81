package group

import (
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
)

// peer is what another replica sends: the stream layer of its own transport.
type peer struct {
	*nobody
	gone     chan<- identity.Replica
	from     identity.Replica
	network  *raft.NetworkTransport
	incoming chan net.Conn

	mu    sync.Mutex
	conns []*peerConn // open, the oldest first
}

func newPeer(from identity.Replica, t *transport) *peer {
	p := &peer{nobody: newNobody(), gone: t.gone, from: from, incoming: make(chan net.Conn)}
	p.network = newNetwork(p, t.logger)
	p.network.SetHeartbeatHandler(func(rpc raft.RPC) {
		if p.checks(rpc, t) && t.judges(rpc) {
			t.receiveHeartbeat(rpc)
		}
	})
	t.workers.Go(func() {
		for {
			select {
			case rpc := <-p.network.Consumer():
				if p.checks(rpc, t) && t.judges(rpc) {
					t.skipKnown(rpc.Command)
					t.receive(rpc)
				}
			case <-t.stop:
				return
			}
		}
	})
	return p
}

// checks reports whether a message bears the name of its sender, and a term that may be. If not, it
// is refused, and all streams of the sender are closed.
func (p *peer) checks(rpc raft.RPC, t *transport) bool {
	name, err := p.from.String(), errOtherReplica
	if m, ok := rpc.Command.(raft.WithRPCHeader); ok {
		if h := m.GetRPCHeader(); string(h.ID) == name && string(h.Addr) == name {
			err = nil
		}
	}
	if err == nil && t.leaps(rpc.Command) {
		err = errLeap
	}
	switch {
	case err == nil && asksVote(rpc.Command) && t.muted():
		rpc.Respond(nil, errMute)
		return false
	case err == nil:
		return true
	}
	rpc.Respond(nil, fmt.Errorf("%s: %w", name, err))
	p.closeConns()
	return false
}

func (p *peer) take(conn net.Conn) {
	c := &peerConn{Conn: conn, of: p}
	p.mu.Lock()
	p.conns = append(p.conns, c)
	var oldest *peerConn
	if len(p.conns) > maxStreams {
		oldest = p.conns[0]
	}
	p.mu.Unlock()
	if oldest != nil {
		oldest.Close()
	}
	select {
	case p.incoming <- c:
	case <-p.closed:
		c.Close()
	}
}

// Accept implements net.Listener.
func (p *peer) Accept() (net.Conn, error) {
	select {
	case c := <-p.incoming:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Addr implements net.Listener.
func (p *peer) Addr() net.Addr { return replicaAddr(p.from.String()) }

// Dial implements raft.StreamLayer: nothing is sent this way.
func (p *peer) Dial(raft.ServerAddress, time.Duration) (net.Conn, error) { return nil, errNobody }

func (p *peer) close() {
	p.network.CloseStreams()
	_ = p.network.Close() // it always returns nil
	p.closeConns()
}

func (p *peer) closeConns() {
	p.mu.Lock()
	conns := p.conns
	p.conns = nil
	p.mu.Unlock()
	for _, c := range conns {
		c.Conn.Close()
	}
}

// peerConn is a stream that another replica opened.
type peerConn struct {
	net.Conn
	of *peer
}

// RemoteAddr implements net.Conn.
func (c *peerConn) RemoteAddr() net.Addr { return c.of.Addr() }

// Close implements net.Conn.
func (c *peerConn) Close() error {
	c.of.mu.Lock()
	for i, open := range c.of.conns {
		if open == c {
			c.of.conns = append(c.of.conns[:i:i], c.of.conns[i+1:]...)
			if len(c.of.conns) == 0 {
				c.of.left()
			}
			break
		}
	}
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// left tells that the last stream has ended.
func (p *peer) left() {
	select {
	case p.gone <- p.from:
	default: // more are told than there are replicas
	}
}
