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

// ErrNoLink is returned for an exchange with a neighbour that no link is up with.
var ErrNoLink = errors.New("no link")

// Options of a socket.
type Options struct {
	Listen *tlsconf.Config // nil: only dials; quic-go takes no connection then
	// Hosted returns the jurisdiction that a connection is for.
	Hosted func(identity.Jurisdiction) (Handler, bool)
	// Knock answers one request at the door of a hosted jurisdiction, over xietong-join/1.
	Knock func(ctx context.Context, local identity.Jurisdiction, binding [32]byte, request []byte) ([]byte, error)
	// Recheck judges the other side of an open link as things stand now.
	Recheck  func(local identity.Jurisdiction, state tlsconf.State) error
	ResetKey [32]byte // derived from a stored secret: a restarted node frees its neighbours' dead connections at once
	Logger   *slog.Logger
}

// Socket is the one UDP socket of a node with all its links.
type Socket struct {
	o         Options
	transport *quic.Transport
	listener  *quic.Listener // nil: only dials
	ctx       context.Context
	stop      context.CancelFunc
	workers   sync.WaitGroup
	mu        sync.Mutex
	links     map[ends][]*Link   // newest last; each replica of the peer once
	heard     map[ends]time.Time // when links that have ended, or were replaced, last brought something
}

// ends are the two jurisdictions of a link.
type ends struct{ local, peer identity.Jurisdiction }

// Open takes the socket. It is closed with Close.
func Open(conn net.PacketConn, o Options) (*Socket, error) {
	reset := quic.StatelessResetKey(o.ResetKey)
	s := &Socket{o: o, transport: &quic.Transport{Conn: conn, StatelessResetKey: &reset}}
	s.links, s.heard = map[ends][]*Link{}, map[ends]time.Time{}
	s.ctx, s.stop = context.WithCancel(context.Background())
	if o.Listen == nil {
		return s, nil
	}
	var err error
	if s.listener, err = s.transport.Listen(o.Listen, quicConfig()); err != nil {
		s.stop()
		return nil, fmt.Errorf("open socket: %w", err)
	}
	s.workers.Go(s.accept)
	return s, nil
}

// Close ends all links, tells the neighbours so, and waits for everything that the socket started. The net.PacketConn
// stays the caller's.
func (s *Socket) Close() error {
	s.stop()
	s.mu.Lock()
	open := slices.Concat(slices.Collect(maps.Values(s.links))...)
	s.mu.Unlock()
	for _, l := range open {
		l.conn.Close(CodeClosing)
	}
	var err error
	if s.listener != nil {
		err = s.listener.Close()
	}
	err = errors.Join(err, s.transport.Close())
	s.workers.Wait()
	return err
}

// accept hands connections out by ALPN and SNI, until the listener is closed.
func (s *Socket) accept() {
	for {
		q, err := s.listener.Accept(s.ctx)
		if err != nil {
			return
		}
		s.workers.Go(func() { s.take(q) })
	}
}

func (s *Socket) take(q *quic.Conn) {
	state := q.ConnectionState().TLS
	local, err := identity.ParseJurisdiction(state.ServerName)
	if err != nil { // the handshake refused it already
		q.CloseWithError(quic.ApplicationErrorCode(CodeRefused), "")
		return
	}
	if state.NegotiatedProtocol == tlsconf.Join {
		s.door(newConn(q, MaxKnock), local)
		return
	}
	h, hosted := s.o.Hosted(local)
	if !hosted {
		q.CloseWithError(quic.ApplicationErrorCode(CodeRefused), "")
		return
	}
	c := newConn(q, MaxFrame)
	peer, err := tlsconf.PeerOf(state)
	if err == nil {
		err = c.hearHello(s.ctx, peer, h)
	}
	if err != nil {
		s.o.Logger.Warn("link refused", "jurisdiction", local.String(), "peer", peer.Jurisdiction.String(), "error", err)
		c.Close(codeOf(err))
		return
	}
	l := &Link{conn: c, local: local, peer: peer, since: time.Now()}
	s.add(l)
	s.run(l, h)
}

// door serves whoever knocks; what it may ask is up to the handler.
func (s *Socket) door(c *Conn, local identity.Jurisdiction) {
	binding, err := c.Binding()
	if err != nil || s.o.Knock == nil {
		c.Close(CodeRefused)
		return
	}
	c.serve(answers{request: func(ctx context.Context, request []byte, write func([]byte) error) error {
		frame, err := s.o.Knock(ctx, local, binding, request)
		if err != nil {
			return err
		}
		return write(frame)
	}})
	c.Close(CodeClosing)
}

// run serves a link that was added until it ends, and takes it out again.
func (s *Socket) run(l *Link, h Handler) {
	defer s.remove(l)
	stop := context.AfterFunc(s.ctx, func() { l.conn.quic.CloseWithError(quic.ApplicationErrorCode(CodeClosing), "") })
	defer stop()
	end := time.AfterFunc(time.Until(tlsconf.Ends(l.conn.TLS())), func() {
		l.conn.quic.CloseWithError(quic.ApplicationErrorCode(CodeWithdrawn), "")
	})
	defer end.Stop()
	s.o.Logger.Info("link up", "jurisdiction", l.local.String(), "peer", l.peer.Jurisdiction.String(), "replica", l.peer.Replica.String())
	l.conn.serve(answers{
		request: func(ctx context.Context, request []byte, write func([]byte) error) error {
			return h.Serve(ctx, l.peer, request, write)
		},
		hello: helloOf(l.peer, h),
	})
	l.conn.workers.Wait()
}

// add makes l the link to its replica. The one before it is closed when it was quiet for a while.
func (s *Socket) add(l *Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := ends{l.local, l.peer.Jurisdiction}
	kept := s.links[key][:0:0]
	for _, old := range s.links[key] {
		if old.peer.Replica != l.peer.Replica {
			kept = append(kept, old)
			continue
		}
		s.remember(key, old)
		s.workers.Go(func() { s.retire(old) })
	}
	s.links[key] = append(kept, l)
}

func (s *Socket) remove(l *Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := ends{l.local, l.peer.Jurisdiction}
	s.remember(key, l)
	s.links[key] = slices.DeleteFunc(s.links[key], func(other *Link) bool { return other == l })
	if len(s.links[key]) == 0 {
		delete(s.links, key)
	}
}

// retire closes a link that was replaced, once nothing was under way on it for a while.
func (s *Socket) retire(l *Link) {
	tick := time.NewTicker(quietBefore / 4)
	defer tick.Stop()
	for l.conn.quiet() < quietBefore {
		select {
		case <-tick.C:
		case <-l.conn.quic.Context().Done():
			return
		}
	}
	l.conn.Close(CodeReplaced)
}

// Exchange sends a request over the newest link between the two, and gives each frame of the answer to each. It returns
// ErrNoLink where there is none, and an *Error where the link broke: whether the request was served is then not known.
func (s *Socket) Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func(frame []byte) error) error {
	s.mu.Lock()
	links := s.links[ends{local, to}]
	s.mu.Unlock()
	if len(links) == 0 {
		return fmt.Errorf("%w: from %s to %s", ErrNoLink, local, to)
	}
	return links[len(links)-1].conn.Exchange(ctx, request, each)
}

// Up reports whether a link between the two is up.
func (s *Socket) Up(local, to identity.Jurisdiction) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.links[ends{local, to}]) > 0
}

// Recheck judges every open link as things stand now, after what is trusted has changed, and closes those that do not hold.
func (s *Socket) Recheck() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, links := range s.links {
		for _, l := range links {
			if err := s.o.Recheck(l.local, l.conn.TLS()); err != nil {
				s.o.Logger.Warn("link closed", "jurisdiction", l.local.String(), "peer", l.peer.Jurisdiction.String(), "error", err)
				l.conn.quic.CloseWithError(quic.ApplicationErrorCode(CodeWithdrawn), "")
			}
		}
	}
}

// Dial makes one connection of the protocol of the configuration, for an exchange or two: joining. The caller closes it.
func (s *Socket) Dial(ctx context.Context, addr net.Addr, c *tlsconf.Config) (*Conn, error) {
	q, err := s.transport.Dial(ctx, addr, c, quicConfig())
	if err != nil {
		return nil, explain(err)
	}
	return newConn(q, MaxKnock), nil
}
