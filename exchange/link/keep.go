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
	homeAfter     = 15 * time.Second // a link at another address than the first tries that again; doubles each time
	homeLongest   = 5 * time.Minute
	homeLook      = time.Minute // how often one at the first looks whether it is the first still
	steadyAfter   = time.Minute // a link that lasted so long lets the pauses begin anew
)

// Dialler describes a link that Keep keeps up.
type Dialler struct {
	Local identity.Jurisdiction
	To    identity.Jurisdiction
	// Addresses returns the addresses in the order of the attempts. All are tried in turn, and
	// first the one that led there last. A link at another address than the first is replaced by
	// one at the first when that can be reached.
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
	k := &keeper{socket: s, d: d, pause: homeAfter}
	for ctx.Err() == nil {
		if (k.newest == nil || k.newest.due()) && !k.dial(ctx) {
			continue
		}
		began := time.Now()
		k.hold(ctx)
		k.attempt++
		if time.Since(began) >= provenAfter {
			k.attempt = 0
		} else {
			pause(ctx, k.attempt)
		}
	}
	for _, l := range k.made {
		l.conn.Close(CodeClosing)
	}
}

// keeper is what Keep knows of its links.
type keeper struct {
	socket  *Socket
	d       Dialler
	last    net.Addr      // that led there last
	newest  *Link         // nil: there was none
	made    []*Link       // that may be open: the newest, and those that it replaced
	attempt int           // since a link was proven
	pause   time.Duration // before the first address is tried again
	listed  []net.Addr    // as they were told last
	away    bool          // the newest is at another address than the first was when it was told
}

// due reports whether another link must be made: this one has ended, it is old, or it is not known
// whether the other side lives.
func (l *Link) due() bool { return !l.conn.alive() || !time.Now().Before(l.until) || l.conn.doubtful() }

// lost reports whether the other side gives no sign of life, or gave none when the link ended.
func (l *Link) lost() bool {
	if l.conn.alive() {
		return l.conn.doubtful()
	}
	e, ok := errors.AsType[*Error](explain(context.Cause(l.conn.quic.Context())))
	return ok && e.Reason == NoAnswer
}

// dial makes a link in place of those before, and reports whether it did. In place of one that was
// lost, it tries the address of that one last: another replica of the neighbour may live.
func (k *keeper) dial(ctx context.Context) bool {
	s := k.socket
	k.made = slices.DeleteFunc(k.made, func(l *Link) bool { return !l.conn.alive() })
	replaces := len(k.made) > 0 // before the other side ends what is replaced
	first, last := k.last, net.Addr(nil)
	if k.newest != nil && k.newest.lost() {
		first, last = nil, k.last
	}
	d := k.d
	d.Addresses = k.addresses
	l, err := s.connect(ctx, d, first, last)
	if err != nil {
		if replaces {
			s.beat(ctx, k.made[len(k.made)-1], k.d.Handler)
		} else if ctx.Err() == nil {
			k.d.Failed(err)
		}
		pause(ctx, k.attempt)
		k.attempt++
		return false
	}
	k.take(l, replaces)
	k.away = k.last.String() != k.listed[0].String()
	return true
}

// addresses returns the addresses, and keeps them.
func (k *keeper) addresses(ctx context.Context) (all []net.Addr, err error) {
	if all, err = k.d.Addresses(ctx); err == nil {
		k.listed = all
	}
	return all, err
}

// take makes a link the newest, in place of those before.
func (k *keeper) take(l *Link, replaces bool) {
	if k.newest != nil && time.Since(k.newest.up) > steadyAfter {
		k.pause = homeAfter
	}
	s := k.socket
	s.add(l)
	s.replace(k.made)
	k.made, k.newest, k.last = append(k.made, l), l, l.conn.quic.RemoteAddr()
	s.start(l, k.d.Handler)
	if k.d.Up != nil {
		k.d.Up(l.peer, replaces)
	}
}

// home makes a link at the first address where the newest is at another one: the replicas of this
// jurisdiction begin at different ones of the neighbour, so that each of those has a link. That the
// same addresses come in another order, as a name may resolve, is no reason. It returns the pause
// before the next attempt.
func (k *keeper) home(ctx context.Context) time.Duration {
	before := k.listed
	addresses, err := k.addresses(ctx)
	if err != nil || len(addresses) == 0 {
		return homeLook
	}
	first := addresses[0]
	if k.away = (k.away || !sameSet(before, addresses)) && first.String() != k.last.String(); !k.away {
		return homeLook
	}
	pause := k.pause
	k.pause = min(2*k.pause, homeLongest)
	if l, err := k.socket.greet(ctx, k.d, first); err == nil {
		k.take(l, true)
		k.away = false
	}
	return pause
}

// sameSet reports whether two lists have the same addresses, in whatever order.
func sameSet(a, b []net.Addr) bool {
	sorted := func(all []net.Addr) (texts []string) {
		for _, one := range all {
			texts = append(texts, one.String())
		}
		slices.Sort(texts)
		return texts
	}
	return slices.Equal(sorted(a), sorted(b))
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

// hold says hello on the newest link again and again, and at once when there is a doubt whether
// frames come through, until the link has ended or must be replaced.
func (k *keeper) hold(ctx context.Context) {
	l := k.newest
	age := time.NewTimer(time.Until(l.until))
	defer age.Stop()
	beat := time.NewTicker(helloEvery)
	defer beat.Stop()
	home := time.NewTimer(k.pause)
	defer home.Stop()
	for k.newest == l {
		select {
		case <-ctx.Done():
			return
		case <-age.C:
			return
		case <-l.conn.quic.Context().Done():
			return
		case <-home.C:
			home.Reset(k.home(ctx))
			continue
		case <-beat.C:
		case <-l.conn.doubted:
			if l.conn.doubtful() {
				return
			}
		}
		k.socket.beat(ctx, l, k.d.Handler)
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
func (s *Socket) connect(ctx context.Context, d Dialler, first, last net.Addr) (*Link, error) {
	addresses, err := d.Addresses(ctx)
	if err != nil {
		return nil, err
	}
	return inTurn(moved(addresses, first, last), func(addr net.Addr) (*Link, error) { return s.greet(ctx, d, addr) })
}

// moved returns the addresses with one of them first and one last; nil: none is.
func moved(addresses []net.Addr, first, last net.Addr) []net.Addr {
	at := func(addr net.Addr) int {
		return slices.IndexFunc(addresses, func(a net.Addr) bool { return addr != nil && a.String() == addr.String() })
	}
	if i := at(first); i > 0 {
		addresses = slices.Concat(addresses[i:i+1], addresses[:i], addresses[i+1:])
	}
	if i := at(last); i >= 0 {
		addresses = slices.Concat(addresses[:i], addresses[i+1:], addresses[i:i+1])
	}
	return addresses
}

// inTurn tries the addresses in turn. The error is that of all the attempts; one of an address
// where somebody answered comes first, as it says most.
func inTurn[T any](addresses []net.Addr, try func(net.Addr) (T, error)) (got T, err error) {
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
	l.up, l.until = l.since, l.since.Add(replaceAfter+rand.N(replaceJitter))
	return l, nil
}
