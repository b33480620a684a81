package link

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// How often a link is made anew. Each side shows a certificate that is valid for at least another
// half hour, so a link that is replaced in time never meets the end of a certificate.
const (
	replaceAfter  = 20 * time.Minute
	replaceJitter = 5 * time.Minute
	firstPause    = 200 * time.Millisecond // between attempts; doubles each time
	longestPause  = 30 * time.Second
	provenAfter   = 10 * time.Second // a link that ends sooner counts as a failed attempt
)

// Dialler describes a link that Keep keeps up.
type Dialler struct {
	Local identity.Jurisdiction
	To    identity.Jurisdiction
	// Addresses returns the addresses in the order of the attempts. All are tried in turn, and
	// first the one that led there last.
	Addresses func(ctx context.Context) ([]net.Addr, error)
	TLS       func() *tlsconf.Config
	Handler   Handler
	Failed    func(error) // called for every attempt that leaves no link
	// Up, if not nil, is called for every link whose hello was accepted; replaces says that the one
	// before it is still alive. Exchanges can use the link by then. Keep goes on when Up returns.
	Up func(peer tlsconf.Peer, replaces bool)
}

// Keep keeps a link to the neighbour until ctx ends or the socket is closed: it dials, says hello,
// dials again when the link has ended, and replaces it before its certificates end; a link goes on
// while its replacement cannot be made. When Keep returns, every link that it made is closed.
func (s *Socket) Keep(ctx context.Context, d Dialler) {
	if !s.began() {
		return
	}
	defer s.workers.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	var last net.Addr
	var made []*Link // links that may be open: the newest, and those that it replaced
	for attempt := 0; ctx.Err() == nil; {
		made = slices.DeleteFunc(made, func(l *Link) bool { return !l.conn.alive() })
		replaces := len(made) > 0 // before the other side ends what is replaced
		l, err := s.connect(ctx, d, last)
		switch {
		case err == nil:
		case replaces:
			s.beat(ctx, made[len(made)-1], d.Handler)
			pause(ctx, attempt)
		case ctx.Err() == nil:
			d.Failed(err)
			pause(ctx, attempt)
		}
		if err != nil {
			attempt++
			continue
		}
		made = append(made, l)
		last = l.conn.quic.RemoteAddr()
		s.add(l)
		s.start(l, d.Handler)
		if d.Up != nil {
			d.Up(l.peer, replaces)
		}
		began := time.Now()
		s.hold(ctx, l, d.Handler)
		attempt++
		if time.Since(began) >= provenAfter {
			attempt = 0
		} else {
			pause(ctx, attempt)
		}
	}
	for _, l := range made {
		l.conn.Close(CodeClosing)
	}
}

// began counts a worker that starts on a caller's goroutine, and reports true, unless the socket
// was closed.
func (s *Socket) began() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.workers.Add(1)
	}
	return !s.closed
}

// hold says hello again and again, and at once when there is a doubt whether frames come through,
// until the link has ended or must be replaced.
func (s *Socket) hold(ctx context.Context, l *Link, h Handler) {
	age := time.NewTimer(replaceAfter + rand.N(replaceJitter))
	defer age.Stop()
	beat := time.NewTicker(helloEvery)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-age.C:
			return
		case <-l.conn.quic.Context().Done():
			return
		case <-beat.C:
		case <-l.conn.doubted:
		}
		s.beat(ctx, l, h)
	}
}

// beat says hello, and ends the link if that fails.
func (s *Socket) beat(ctx context.Context, l *Link, h Handler) {
	if err := l.try(ctx, h); err != nil && ctx.Err() == nil {
		s.o.Logger.Warn("link given up", "jurisdiction", l.local.String(), "peer", l.peer.Jurisdiction.String(), "error", err)
		l.conn.end(codeOf(err))
	}
}

// try says hello, and a second time if the first got no answer in time. An answer that the other
// side is too busy will do: it came.
func (l *Link) try(ctx context.Context, h Handler) (err error) {
	for range 2 {
		err = l.conn.sayHello(ctx, l.peer, h)
		if e, ok := errors.AsType[*Error](err); ok && e.Reason == Busy {
			return nil
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			break
		}
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return &CodeError{CodeSilent, err}
	case err != nil:
		return &CodeError{CodeRefused, err}
	}
	return nil
}

// pauseOf returns the wait before the next attempt. The wait doubles each time, up to longest, and
// a random half of it varies, so that a province's counties do not all come back at once.
func pauseOf(attempt int, longest time.Duration) time.Duration {
	most := min(firstPause<<min(attempt, 20), longest)
	return most/2 + rand.N(most/2)
}

// pause waits before the next attempt.
func pause(ctx context.Context, attempt int) {
	timer := time.NewTimer(pauseOf(attempt, longestPause))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// connect tries the addresses in turn and exchanges hellos. The connection of the returned link has
// been entered.
func (s *Socket) connect(ctx context.Context, d Dialler, first net.Addr) (*Link, error) {
	addresses, err := d.Addresses(ctx)
	if err != nil {
		return nil, err
	}
	return inTurn(addresses, first, func(addr net.Addr) (*Link, error) { return s.greet(ctx, d, addr) })
}

// inTurn tries the addresses in turn, and begins with the one that led there last. The error is
// that of all the attempts; one of an address where somebody answered comes first, as it says most.
func inTurn[T any](addresses []net.Addr, first net.Addr, try func(net.Addr) (T, error)) (got T, err error) {
	if at := slices.IndexFunc(addresses, func(a net.Addr) bool { return first != nil && a.String() == first.String() }); at > 0 {
		addresses = slices.Concat(addresses[at:at+1], addresses[:at], addresses[at+1:])
	}
	if len(addresses) == 0 {
		return got, &Error{NoAnswer, true, errors.New("no address")}
	}
	var answered, failed error
	for _, addr := range addresses {
		got, err := try(addr)
		if err == nil {
			return got, nil
		}
		err = fmt.Errorf("at %s: %w", addr, err)
		if e, ok := errors.AsType[*Error](err); ok && (e.Reason == NoAnswer || e.Reason == Broken) {
			failed = errors.Join(failed, err)
		} else {
			answered = errors.Join(answered, err)
		}
	}
	return got, errors.Join(answered, failed)
}

func (s *Socket) greet(ctx context.Context, d Dialler, addr net.Addr) (*Link, error) {
	q, err := s.transport.Dial(withWindow(ctx), addr, d.TLS(), quicConfig(firstWindow))
	if err != nil {
		return nil, explain(err)
	}
	l := &Link{conn: newConn(q, ofLinks), local: d.Local, dialled: true}
	l.peer, err = tlsconf.PeerOf(l.conn.TLS())
	if err == nil && s.enter(l.conn, end{l.local, l.peer}) != nil {
		err = &Error{Busy, true, errBusy}
	}
	if err == nil {
		err = l.conn.sayHello(ctx, l.peer, d.Handler)
	}
	if err != nil {
		l.conn.Close(CodeRefused)
		s.leave(l.conn)
		return nil, err
	}
	l.since = time.Now()
	return l, nil
}
