package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// Options of a socket.
type Options struct {
	Listen *tlsconf.Config // nil: the socket only dials; quic-go takes no connection then
	// Hosted returns the handler of a hosted jurisdiction, or false if this node does not host it.
	Hosted func(identity.Jurisdiction) (Handler, bool)
	// Knock answers one request at the door of a hosted jurisdiction, over xietong-join/1.
	Knock func(ctx context.Context, local identity.Jurisdiction, binding [32]byte, request []byte) ([]byte, error)
	// Recheck judges the other side of an open link anew. An error closes the link.
	Recheck func(local identity.Jurisdiction, state tlsconf.State) error
	// Linked, if not nil, is told of each link that is up, before a request of the other side is
	// served over it. It does not wait for anything.
	Linked   func(local, peer identity.Jurisdiction)
	ResetKey [32]byte // from a stored secret, so that a restarted node resets dead connections
	Logger   *slog.Logger
}

// Socket is the one UDP socket of a node with all its links.
type Socket struct {
	o         Options
	transport *quic.Transport
	listener  *quic.Listener // nil: the socket only dials
	gate      *gate
	memory    *memory
	ctx       context.Context
	stop      context.CancelFunc
	workers   sync.WaitGroup
	mu        sync.Mutex
	closed    bool               // no new worker begins, except from a running one
	conns     map[*Conn]end      // connections that are served; at the door with the zero end
	links     map[ends][]*Link   // links that are up, newest last; replaced ones too
	heard     map[ends]time.Time // last frame of the links that have ended
	replicas  map[identity.Jurisdiction]*Replicas
}

// ends are the two jurisdictions of a link, and end is one replica of the peer.
type (
	ends struct{ local, peer identity.Jurisdiction }
	end  struct {
		local identity.Jurisdiction
		peer  tlsconf.Peer
	}
)

// Open returns a socket on conn; it listens at once if o.Listen is set. The caller closes it with
// Close.
func Open(conn net.PacketConn, o Options) (*Socket, error) {
	s := &Socket{o: o, gate: newGate(), memory: newMemory(common), conns: map[*Conn]end{}, links: map[ends][]*Link{}, heard: map[ends]time.Time{}, replicas: map[identity.Jurisdiction]*Replicas{}}
	reset := quic.StatelessResetKey(o.ResetKey)
	s.transport = &quic.Transport{
		Conn: conn, StatelessResetKey: &reset, ConnContext: s.gate.first,
		VerifySourceAddress: func(net.Addr) bool { return !s.gate.atEase(time.Now()) },
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if o.Listen == nil {
		return s, nil
	}
	if err := s.Listen(o.Listen); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// Listen takes connections from now on. It is for a socket that was opened without Options.Listen:
// a node takes connections only when all its hosted jurisdictions can answer. It is called at most
// once.
func (s *Socket) Listen(c *tlsconf.Config) error {
	var err error
	if s.listener, err = s.transport.Listen(tlsconf.Guard(c, s.gate.hello), listenConfig()); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.workers.Go(s.accept)
	return nil
}

// Close ends all links and all Replicas, tells the other sides so, and waits until all goroutines
// of the socket have ended. It does not close the net.PacketConn.
func (s *Socket) Close() error {
	s.mu.Lock()
	s.closed = true
	open, replicas := slices.Collect(maps.Keys(s.conns)), slices.Collect(maps.Values(s.replicas))
	s.mu.Unlock()
	for _, r := range replicas {
		_ = r.Close() // waits, and cannot fail
	}
	s.stop()
	for _, c := range open {
		c.end(CodeClosing)
	}
	var err error
	if s.listener != nil {
		err = s.listener.Close()
	}
	err = errors.Join(err, s.transport.Close())
	s.workers.Wait()
	return err
}

// accept takes the connections that come in, until the listener is closed.
func (s *Socket) accept() {
	for {
		q, err := s.listener.Accept(s.ctx)
		if err != nil {
			return
		}
		s.workers.Go(func() { s.take(q) })
	}
}

// take hands an incoming connection to the door, to a link or to the replicas, by its ALPN and SNI.
func (s *Socket) take(q *quic.Conn) {
	state := q.ConnectionState().TLS
	v, shaken := visitorOf(q.Context())
	local, err := identity.ParseJurisdiction(state.ServerName)
	if err != nil || !shaken { // the handshake refused it already
		q.CloseWithError(quic.ApplicationErrorCode(CodeRefused), "")
		return
	}
	v.leave(shaking)
	switch state.NegotiatedProtocol {
	case tlsconf.Join:
		s.door(newConn(q, ofDoor), local)
		return
	case tlsconf.Raft:
		s.takeReplica(q, local)
		return
	}
	l := &Link{conn: newConn(q, ofLinks), local: local}
	h, err := s.meet(l)
	if err != nil {
		s.o.Logger.Warn("link refused", "jurisdiction", local.String(), "peer", l.peer.Jurisdiction.String(), "error", err)
		l.conn.Close(codeOf(err))
		return
	}
	s.gate.linked(l.ends(), q.RemoteAddr())
	s.start(l, h)
}

// meet hears the dialler's first hello, after which the link is up. If meet returns no error, the
// connection has been entered.
func (s *Socket) meet(l *Link) (Handler, error) {
	h, hosted := s.o.Hosted(l.local)
	if !hosted {
		return nil, &CodeError{CodeRefused, tlsconf.ErrNotHosted}
	}
	var err error
	if l.peer, err = tlsconf.PeerOf(l.conn.TLS()); err != nil {
		return nil, err
	}
	if err := s.enter(l.conn, end{l.local, l.peer}); err != nil {
		return nil, err
	}
	if err := l.conn.hearHello(s.ctx, l.peer, h); err != nil {
		s.leave(l.conn)
		return nil, err
	}
	l.since = time.Now()
	s.add(l)
	return h, nil
}

var errClosing = &CodeError{CodeClosing, errors.New("socket closed")}

// enter counts a connection that is served, so that Close ends it. The caller leaves with leave.
func (s *Socket) enter(c *Conn, e end) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosing
	}
	if e != (end{}) {
		if !s.roomFor(e) {
			return errBusy
		}
		h := &hold{memory: s.memory, by: ends{e.local, e.peer.Jurisdiction}}
		if !h.take(connCost) {
			return errBusy
		}
		c.hold = h
		windowOf(c.quic).allow(h, maxWindow)
	}
	s.conns[c] = e
	return nil
}

// roomFor reports whether one more connection with the replica may be. The caller holds s.mu.
func (s *Socket) roomFor(e end) bool {
	replica, all := 0, 0
	for _, other := range s.conns {
		if other.local == e.local && other.peer.Jurisdiction == e.peer.Jurisdiction {
			all++
			if other.peer.Replica == e.peer.Replica {
				replica++
			}
		}
	}
	return replica < maxConns && all < maxConnsOfAll
}

func (s *Socket) leave(c *Conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	c.hold.end()
}

// start serves a link that was added, until it ends. It does so on a new goroutine, because the
// goroutine that made the connection would keep its large stack.
func (s *Socket) start(l *Link, h Handler) {
	s.o.Logger.Info("link up", "jurisdiction", l.local.String(), "peer", l.peer.Jurisdiction.String(), "replica", l.peer.Replica.String())
	left := time.AfterFunc(time.Until(tlsconf.Ends(l.conn.TLS())), func() { l.conn.end(CodeWithdrawn) })
	if s.o.Linked != nil {
		s.o.Linked(l.local, l.peer.Jurisdiction)
	}
	s.workers.Go(func() {
		l.conn.serve(s.answers(l, h))
		left.Stop()
		l.conn.expectNoMore()
		s.remove(l)
		s.leave(l.conn)
	})
}

// answers returns the functions that answer on a link of a hosted jurisdiction.
func (s *Socket) answers(l *Link, h Handler) *answers {
	hello := helloOf(l.peer, h)
	return &answers{
		request: func(ctx context.Context, request []byte, write func([]byte) error) error {
			return h.Serve(ctx, l.peer, request, write)
		},
		hello: func(heard []byte) ([]byte, error) {
			said, err := hello(heard)
			if err != nil {
				s.o.Logger.Warn("link closed", "jurisdiction", l.local.String(), "peer", l.peer.Jurisdiction.String(), "error", err)
				l.conn.end(CodeRefused)
			}
			return said, err
		},
	}
}

// Dial makes one connection to the door of another node, for the few exchanges of joining. The
// caller closes the connection.
func (s *Socket) Dial(ctx context.Context, addr net.Addr, c *tlsconf.Config) (*Conn, error) {
	q, err := s.transport.Dial(withWindow(ctx), addr, c, quicConfig(firstWindow))
	if err != nil {
		return nil, explain(err)
	}
	return newConn(q, ofDoor), nil
}
