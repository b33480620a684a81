package link

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go/testutils/simnet"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
)

// party is one jurisdiction with its keys, at an address of the simulated network.
type party struct {
	tlsconf.Party
	t       testing.TB
	dir     string // of its keys
	name    identity.Jurisdiction
	sets    []trust.KeySet
	bundles *tlsconf.Bundles
	trusted map[identity.Jurisdiction]bool
	further uint32 // replicas of each neighbour beside the first that are admitted
	addr    *net.UDPAddr
	wire    *wire
	socket  *Socket
	dialled atomic.Int32
	refuse  atomic.Value // refusal, by Greet
	knocked func(ctx context.Context) error
	answers []byte // at the door, in place of what was asked; nil: what was asked
	serve   func(ctx context.Context, peer tlsconf.Peer, request []byte, write func([]byte) error) error
}

// wire is a packet connection that can go dead, as if the process was killed: it sends nothing any
// more.
type wire struct {
	net.PacketConn
	cable *simnet.SimulatedLink
	dead  atomic.Bool
	says  atomic.Value                  // func(packet []byte) bool: whether to send the packet; none: all are sent
	long  atomic.Bool                   // packets are under way for longer
	stop  atomic.Pointer[chan struct{}] // while the process is stopped: packets wait in both directions
}

func (w *wire) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := w.PacketConn.ReadFrom(p)
	w.going()
	return n, from, err
}

// going waits while the process is stopped.
func (w *wire) going() {
	if stop := w.stop.Load(); stop != nil {
		<-*stop
	}
}

// stops stops the process for a while.
func (w *wire) stops(long time.Duration) {
	stop := make(chan struct{})
	w.stop.Store(&stop)
	time.Sleep(long)
	w.stop.Store(nil)
	close(stop)
}

func (w *wire) Close() error { return errors.Join(w.PacketConn.Close(), w.cable.Close()) }

func (w *wire) WriteTo(p []byte, addr net.Addr) (int, error) {
	w.going()
	if says, ok := w.says.Load().(func([]byte) bool); w.dead.Load() || ok && !says(p) {
		return len(p), nil
	}
	return w.PacketConn.WriteTo(p, addr)
}

func (p *party) Hello() []byte { return []byte("hello from " + p.name.String()) }

func (p *party) Greet(peer tlsconf.Peer, hello []byte) error {
	if want := "hello from " + peer.Jurisdiction.String(); string(hello) != want {
		p.t.Errorf("%s heard %q, want %q", p.name, hello, want)
	}
	return p.refuse.Load().(refusal).error
}

// refusal holds an error or nil, for an atomic.Value.
type refusal struct{ error }

func (p *party) Serve(ctx context.Context, peer tlsconf.Peer, request []byte, write func([]byte) error) error {
	if p.serve != nil {
		return p.serve(ctx, peer, request, write)
	}
	return write(append([]byte(peer.Jurisdiction.Label().String()+" said "), request...))
}

// world is a simulated network, within a synctest bubble.
type world struct {
	t      testing.TB
	router *simnet.PerfectRouter
}

func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(&world{t, &simnet.PerfectRouter{}})
	})
}

func (w *world) party(name string, n byte) *party {
	w.t.Helper()
	p := newParty(w.t, w.t.TempDir(), name)
	p.addr = &net.UDPAddr{IP: net.IPv4(192, 0, 2, n), Port: 7400}
	return p
}

// newParty makes a party with the keys in dir, which it makes if there are none.
func newParty(t testing.TB, dir, name string) *party {
	t.Helper()
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := identity.NewReplica(1)
	keys, err := authority.Create(dir, j, r, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	signed, pin, err := keys.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	p := &party{t: t, dir: dir, name: j, bundles: &tlsconf.Bundles{}, trusted: map[identity.Jurisdiction]bool{}}
	p.refuse.Store(refusal{})
	if p.sets, err = trust.Walk(pin, [][]byte{signed}); err != nil {
		t.Fatal(err)
	}
	p.Party = tlsconf.Party{SVID: authority.NewSource(keys, time.Now), Bundles: p.bundles, Now: time.Now}
	return p
}

// trust makes two parties neighbours.
func (w *world) trust(a, b *party) {
	w.t.Helper()
	for _, pair := range [][2]*party{{a, b}, {b, a}} {
		if err := pair[0].bundles.Set(trust.Always(pair[1].sets...)); err != nil {
			w.t.Fatal(err)
		}
		pair[0].trusted[pair[1].name] = true
	}
}

// open opens the party's socket; listens says whether it takes connections.
func (w *world) open(p *party, listens bool) {
	w.t.Helper()
	w.plug(p)
	var err error
	if p.socket, err = Open(p.wire, p.options(listens)); err != nil {
		w.t.Fatal(err)
	}
}

func (p *party) options(listens bool) Options {
	o := Options{
		Hosted: func(j identity.Jurisdiction) (Handler, bool) { return p, j == p.name },
		Recheck: func(_ identity.Jurisdiction, s tls.ConnectionState) error {
			_, err := tlsconf.Recheck(s, p.bundles, time.Now())
			return err
		},
		Knock: func(ctx context.Context, local identity.Jurisdiction, binding [32]byte, request []byte) ([]byte, error) {
			if p.knocked != nil {
				if err := p.knocked(ctx); err != nil {
					return nil, err
				}
			}
			if p.answers != nil {
				return p.answers, nil
			}
			return fmt.Appendf(nil, "%s %x %s", local, binding[:4], request), nil
		},
		Logger: slog.New(slog.DiscardHandler), ResetKey: sha256.Sum256([]byte(p.name.String())),
	}
	if listens {
		o.Listen = p.listen()
	}
	return o
}

// listen returns the configuration of the party's listener.
func (p *party) listen() *tlsconf.Config {
	return tlsconf.Listen(func(j identity.Jurisdiction) (tlsconf.Local, bool) {
		return tlsconf.Local{Party: p.Party, Admits: p.admits}, j == p.name
	}, time.Now)
}

// admits admits the first replica of each party that is trusted, and further ones.
func (p *party) admits(peer tlsconf.Peer) error {
	if !p.trusted[peer.Jurisdiction] || peer.Replica.Number() > 1+p.further {
		return errors.New("not admitted")
	}
	return nil
}

// plug connects the party to the network.
func (w *world) plug(p *party) {
	cable := &simnet.SimulatedLink{UploadPacket: w.router}
	wire := &wire{PacketConn: simnet.NewBlockingSimConn(p.addr, cable), cable: cable}
	cable.LatencyFunc = func(simnet.Packet) time.Duration {
		if wire.long.Load() {
			return 75 * time.Millisecond
		}
		return 5 * time.Millisecond
	}
	p.wire = wire
	cable.Start()
	w.router.AddNode(p.addr, cable)
}

func (w *world) close(parties ...*party) {
	w.t.Helper()
	for _, p := range parties {
		if err := p.socket.Close(); err != nil {
			w.t.Errorf("close %s: %v", p.name, err)
		}
		p.wire.Close()
	}
}

// keep keeps a link from p to the other party until the returned function is called. It gives
// failures to failed.
func (p *party) keep(to *party, failed func(error)) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.socket.Keep(ctx, p.dialler(to, failed, nil))
	}()
	return func() { cancel(); <-done }
}

func (p *party) dialler(to *party, failed func(error), up func(tlsconf.Peer, bool)) Dialler {
	return Dialler{
		Local: p.name, To: to.name, Handler: p, Failed: failed, Up: up,
		Addresses: func(context.Context) ([]net.Addr, error) { return []net.Addr{to.addr}, nil },
		TLS:       func() *tls.Config { p.dialled.Add(1); return p.Dial(to.name) },
	}
}

func (p *party) ask(to *party, request string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var answer []byte
	err := p.socket.Exchange(ctx, p.name, to.name, []byte(request), func(frame []byte) error {
		answer = append(answer, frame...)
		return nil
	})
	return string(answer), err
}

// linked runs f with a city and a county whose link is up.
func linked(t *testing.T, f func(w *world, city, county *party)) {
	t.Helper()
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		end := county.keep(city, func(error) {})
		time.Sleep(time.Second)
		if !city.socket.Up(city.name, county.name) || !county.socket.Up(county.name, city.name) {
			t.Fatal("the link is not up after a second")
		}
		f(w, city, county)
		end()
		w.close(county, city)
	})
}

func TestBothSidesAsk(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		if got, err := county.ask(city, "up"); err != nil || got != "nanming said up" {
			t.Errorf("the county asks: got %q, %v", got, err)
		}
		if got, err := city.ask(county, "down"); err != nil || got != "guiyang said down" {
			t.Errorf("the city asks: got %q, %v", got, err)
		}
		if _, err := city.ask(city, "self"); !errors.Is(err, ErrNoLink) {
			t.Errorf("nobody's link: got %v, want ErrNoLink", err)
		}
	})
}

// TestStreamsAreGivenBack checks rule Q3: no stream that either side gave up counts for ever.
func TestStreamsAreGivenBack(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		enough := errors.New("enough")
		big := make([]byte, 100_000)
		county.serve = func(_ context.Context, _ tlsconf.Peer, request []byte, write func([]byte) error) error {
			if string(request) == "fail" {
				return enough
			}
			for range 3 {
				if err := write(big); err != nil {
					return err
				}
			}
			return nil
		}
		for n := range 1000 {
			err := city.socket.Exchange(context.Background(), city.name, county.name, []byte("much"), func([]byte) error { return enough })
			if !errors.Is(err, enough) {
				t.Fatalf("exchange %d: got %v, want the caller's own error", n, err)
			}
			if _, err := city.ask(county, "fail"); reason(err) != Ended {
				t.Fatalf("exchange %d: got %v, want an answer that ended", n, err)
			}
		}
		county.serve = nil
		if got, err := city.ask(county, "still"); err != nil || got != "guiyang said still" {
			t.Errorf("after 2,000 streams that were given up: got %q, %v", got, err)
		}
	})
}

func reason(err error) Reason {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	return ""
}

// TestBusy checks that a neighbour with too many requests at once is told Busy, and that its other
// requests are served.
func TestBusy(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		release := make(chan struct{})
		county.serve = func(ctx context.Context, _ tlsconf.Peer, _ []byte, write func([]byte) error) error {
			select {
			case <-release:
			case <-ctx.Done():
			}
			return write([]byte("served"))
		}
		results := make(chan error, ofLinks.serving+10)
		for range ofLinks.serving + 10 {
			go func() { _, err := city.ask(county, "wait"); results <- err }()
		}
		time.Sleep(time.Second)
		close(release)
		busy := 0
		for range ofLinks.serving + 10 {
			if err := <-results; reason(err) == Busy {
				busy++
			} else if err != nil {
				t.Errorf("got %v", err)
			}
		}
		if busy != 10 {
			t.Errorf("%d were told that we are busy, want 10", busy)
		}
	})
}

// TestBusyKeepsItsLink checks that a neighbour that has no time for a hello keeps its link.
func TestBusyKeepsItsLink(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		city.serve = func(_ context.Context, _ tlsconf.Peer, _ []byte, write func([]byte) error) error {
			time.Sleep(4 * helloEvery)
			return write([]byte("served"))
		}
		results := make(chan error, ofLinks.serving)
		for range ofLinks.serving {
			go func() {
				results <- county.socket.Exchange(context.Background(), county.name, city.name, []byte("wait"), func([]byte) error { return nil })
			}()
		}
		for range ofLinks.serving {
			if err := <-results; err != nil {
				t.Errorf("got %v", err)
			}
		}
		if got := county.dialled.Load(); got != 1 {
			t.Errorf("dialled %d times, want once", got)
		}
	})
}

// TestCancelled checks that the serving side learns that nobody waits any more.
func TestCancelled(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		noticed := make(chan struct{})
		county.serve = func(ctx context.Context, _ tlsconf.Peer, _ []byte, _ func([]byte) error) error {
			<-ctx.Done()
			close(noticed)
			return ctx.Err()
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := city.socket.Exchange(ctx, city.name, county.name, []byte("x"), func([]byte) error { return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline", err)
		}
		<-noticed
	})
}

// TestReplacedInTime runs hours of virtual time with an exchange each second in both directions:
// links are replaced before their certificates end, and none of the exchanges fails.
func TestReplacedInTime(t *testing.T) {
	hours := 6
	if testing.Short() {
		hours = 2
	}
	linked(t, func(_ *world, city, county *party) {
		for n := range hours * 3600 {
			if _, err := county.ask(city, "up"); err != nil {
				t.Fatalf("second %d, up: %v", n, err)
			}
			if _, err := city.ask(county, "down"); err != nil {
				t.Fatalf("second %d, down: %v", n, err)
			}
			time.Sleep(time.Second)
		}
		if got := int(county.dialled.Load()); got < 2*hours || got > 4*hours {
			t.Errorf("%d links in %d hours, want one every 20 to 25 minutes", got, hours)
		}
	})
}

// TestLongAnswerOutlivesItsLink checks that a stream under way is not lost when its link is
// replaced.
func TestLongAnswerOutlivesItsLink(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		county.serve = func(_ context.Context, _ tlsconf.Peer, _ []byte, write func([]byte) error) error {
			for range 40 {
				time.Sleep(time.Minute)
				if err := write([]byte(".")); err != nil {
					return err
				}
			}
			return nil
		}
		dots := 0
		err := city.socket.Exchange(context.Background(), city.name, county.name, []byte("slow"), func([]byte) error { dots++; return nil })
		if err != nil || dots != 40 || county.dialled.Load() < 2 {
			t.Errorf("got %d of 40, %v over %d links", dots, err, county.dialled.Load())
		}
	})
}

// TestRestartIsNoticed checks rule Q10: a killed and restarted neighbour does not know its
// connections, and says so.
func TestRestartIsNoticed(t *testing.T) {
	linked(t, func(w *world, city, county *party) {
		city.wire.dead.Store(true) // killed: it says no farewell
		city.socket.Close()
		city.wire.Close()
		w.open(city, true)
		began := time.Now()
		for !city.socket.Up(city.name, county.name) {
			time.Sleep(100 * time.Millisecond)
			if time.Since(began) > helloEvery+2*time.Second {
				t.Fatal("the county did not come back with its next hello")
			}
		}
		if got, err := city.ask(county, "again"); err != nil || got != "guiyang said again" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// TestWithdrawn checks rule S2: an open link to a neighbour that is no longer trusted is closed.
func TestWithdrawn(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		city.bundles.Remove(county.name)
		city.socket.Recheck()
		time.Sleep(time.Second)
		if _, err := city.ask(county, "x"); !errors.Is(err, ErrNoLink) {
			t.Errorf("got %v, want ErrNoLink", err)
		}
		time.Sleep(time.Minute)
		if city.socket.Up(city.name, county.name) {
			t.Error("it came back")
		}
	})
}

// TestWhyNot checks the reasons that a dialler gets for ordinary mistakes.
func TestWhyNot(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county, stranger := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20), w.party("yunyan.guiyang.guizhou", 30)
		w.trust(city, county)
		if err := stranger.bundles.Set(trust.Always(city.sets...)); err != nil {
			t.Fatal(err)
		}
		w.open(city, true)
		w.open(county, false)
		w.open(stranger, false)
		nobody := &net.UDPAddr{IP: net.IPv4(192, 0, 2, 99), Port: 7400}
		first := func(p *party, c *tls.Config, addr net.Addr) Reason {
			var got error
			ctx, cancel := context.WithCancel(context.Background())
			p.socket.Keep(ctx, Dialler{
				Local: p.name, To: city.name, Handler: p, Failed: func(err error) { got = err; cancel() },
				Addresses: func(context.Context) ([]net.Addr, error) { return []net.Addr{addr}, nil },
				TLS:       func() *tls.Config { return c },
			})
			return reason(got)
		}
		later := county.Dial(city.name)
		later.NextProtos = []string{"xietong/9"}
		if got := first(county, later, city.addr); got != OtherVersion {
			t.Errorf("another version: got %q, want %q", got, OtherVersion)
		}
		if got := first(county, county.Dial(stranger.name), city.addr); got != NotHosted {
			t.Errorf("another name: got %q, want %q", got, NotHosted)
		}
		if got := first(county, county.Dial(city.name), nobody); got != NoAnswer {
			t.Errorf("nobody there: got %q, want %q", got, NoAnswer)
		}
		if got := first(stranger, stranger.Dial(city.name), city.addr); got != NotKnown {
			t.Errorf("a stranger: got %q, want %q", got, NotKnown)
		}
		county.bundles.Remove(city.name)
		if got := first(county, county.Dial(city.name), city.addr); got != NotTrusted {
			t.Errorf("one that we do not trust: got %q, want %q", got, NotTrusted)
		}
		w.trust(city, county)
		city.refuse.Store(refusal{errors.New("another epoch")})
		if got := first(county, county.Dial(city.name), city.addr); got != Refused {
			t.Errorf("a hello that is refused: got %q, want %q", got, Refused)
		}
		w.close(stranger, county, city)
	})
}

// TestDoor checks that a client without an identity can knock, and that both ends know the same
// binding.
func TestDoor(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.open(city, true)
		w.open(county, false)
		c, err := county.socket.Dial(context.Background(), city.addr, tlsconf.DialJoin(city.name))
		if err != nil {
			t.Fatal(err)
		}
		binding, err := c.Binding()
		if err != nil {
			t.Fatal(err)
		}
		var got string
		err = c.Exchange(context.Background(), []byte("time?"), func(frame []byte) error { got = string(frame); return nil })
		if want := fmt.Sprintf("guiyang.guizhou %x time?", binding[:4]); err != nil || got != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
		c.Close(CodeClosing)
		w.close(county, city)
	})
}
