package relay_test

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go/testutils/simnet"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/relay"
)

var days = flag.Int("days", 0, "how many days of virtual time TestYear runs; 0: a few hours, with a request each second")

// side is one jurisdiction of the tree with its keys, its socket and its relay.
type side struct {
	name    identity.Jurisdiction
	keys    *authority.Authority
	bundles *tlsconf.Bundles
	addr    *net.UDPAddr
	socket  *link.Socket
	relay   *relay.Relay
	wire    net.PacketConn
	cable   *simnet.SimulatedLink
	parent  *side
	near    []*side       // neighbours
	hold    time.Duration // before a plain request is answered

	mu      sync.Mutex
	signed  [][]byte
	sets    []trust.KeySet // its own, walked
	since   time.Time      // of the decryption key
	believe map[identity.Jurisdiction][]trust.Believed
	dialled int
}

// past is the age of the jurisdictions when the run begins. Their CAs are renewed two hours later,
// at half of their ten years, together with the other keys, which are due within the month.
const past = authority.CATerm/2 - 2*time.Hour

func newSide(t *testing.T, name string, n byte, parent *side) *side {
	t.Helper()
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := identity.NewReplica(1)
	if err != nil {
		t.Fatal(err)
	}
	born := time.Now().Add(-past)
	s := &side{
		name: j, parent: parent, bundles: &tlsconf.Bundles{}, since: born, believe: map[identity.Jurisdiction][]trust.Believed{},
		addr: &net.UDPAddr{IP: net.IPv4(192, 0, 2, n), Port: 7400},
	}
	if s.keys, err = authority.Create(t.TempDir(), j, r, born); err != nil {
		t.Fatal(err)
	}
	first, _, err := s.keys.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	s.publish(t, first)
	for at := born; at.Before(time.Now().Add(-24 * time.Hour)); at = at.Add(24 * time.Hour) {
		if s.next(t, at) {
			s.use(t, at)
		}
	}
	if parent != nil {
		s.near, parent.near = append(s.near, parent), append(parent.near, s)
	}
	return s
}

// publish stands for the ledger: it adds a key set to those so far.
func (s *side) publish(t *testing.T, signed []byte) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.signed = append(s.signed, signed)
	pin, err := trust.PinOf(s.signed[0])
	if err == nil {
		s.sets, err = trust.Walk(pin, s.signed)
	}
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
}

// present tells the neighbours the key sets, as upkeep does.
func (s *side) present(t *testing.T) {
	t.Helper()
	for _, n := range s.near {
		n.mu.Lock()
		n.believe[s.name] = trust.Always(s.sets...)
		n.mu.Unlock()
		if err := n.bundles.Set(trust.Always(s.sets...)); err != nil {
			t.Fatal(err)
		}
		n.socket.Recheck()
	}
}

// next publishes the next key set if one is due.
func (s *side) next(t *testing.T, at time.Time) (due bool) {
	t.Helper()
	newest := s.sets[len(s.sets)-1]
	next, due, err := s.keys.Next(newest, s.since, at, authority.Due)
	if err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	if !due {
		return false
	}
	signed, err := trust.Assemble(next, []trust.Signature{s.keys.SignKeySet(next)})
	if err != nil {
		t.Fatal(err)
	}
	if string(next.DecryptionKey) != string(newest.DecryptionKey) {
		s.since = at
	}
	s.publish(t, signed)
	return true
}

func (s *side) use(t *testing.T, at time.Time) {
	t.Helper()
	if err := errors.Join(s.keys.Use(s.sets[len(s.sets)-1], at), s.keys.Forget(at)); err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
}

// renew does the next due step, once an hour: a key set is published, presented an hour later, and
// used an hour after that. The exchanges meanwhile must not be disturbed.
func (s *side) renew(t *testing.T) {
	t.Helper()
	newest := s.sets[len(s.sets)-1].Number
	switch told := s.near[0].believe[s.name]; {
	case newest == s.keys.InUse():
		s.next(t, time.Now())
	case told[len(told)-1].Number < newest:
		s.present(t)
	default:
		s.use(t, time.Now())
	}
}

// KeySets returns the key sets that the relay believes.
func (s *side) KeySets(_ context.Context, of identity.Jurisdiction, _ bool) ([]trust.Believed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sets := s.believe[of]; len(sets) > 0 {
		return sets, nil
	}
	return nil, errors.New("nobody")
}

// Kept returns them too: nobody is asked for any.
func (s *side) Kept(of identity.Jurisdiction) []trust.Believed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.believe[of]
}

func (s *side) Hello() []byte                    { return []byte(s.name.String()) }
func (s *side) Greet(tlsconf.Peer, []byte) error { return nil }

// Serve answers a plain request with itself, and a message through the relay.
func (s *side) Serve(ctx context.Context, peer tlsconf.Peer, request []byte, write func([]byte) error) error {
	if request[0] == plain {
		time.Sleep(s.hold)
		return write(request)
	}
	return s.relay.Serve(ctx, peer.Jurisdiction, request, write)
}

const plain = 0

func (s *side) open(t *testing.T, router simnet.Router) {
	t.Helper()
	s.cable = &simnet.SimulatedLink{Latency: 5 * time.Millisecond, UploadPacket: router}
	s.wire = simnet.NewBlockingSimConn(s.addr, s.cable)
	s.cable.Start()
	router.AddNode(s.addr, s.cable)
	party := tlsconf.Party{SVID: authority.NewSource(s.keys, time.Now), Bundles: s.bundles, Now: time.Now}
	isNear := func(n identity.Jurisdiction) bool {
		_, err := s.KeySets(context.Background(), n, false)
		return err == nil
	}
	admits := func(peer tlsconf.Peer) error {
		_, err := s.KeySets(context.Background(), peer.Jurisdiction, false)
		return err
	}
	var err error
	s.socket, err = link.Open(s.wire, link.Options{
		Hosted: func(j identity.Jurisdiction) (link.Handler, bool) { return s, j == s.name },
		Recheck: func(_ identity.Jurisdiction, state tls.ConnectionState) error {
			_, err := tlsconf.Recheck(state, s.bundles, time.Now())
			return err
		},
		Listen: tlsconf.Listen(func(j identity.Jurisdiction) (tlsconf.Local, bool) {
			return tlsconf.Local{Party: party, Admits: admits}, j == s.name
		}, time.Now),
		Logger: slog.New(slog.DiscardHandler), ResetKey: [32]byte{s.addr.IP[15]},
	})
	if err != nil {
		t.Fatal(err)
	}
	echo, err := identity.ParseLabel("echo")
	if err != nil {
		t.Fatal(err)
	}
	operations := relay.NewRegistry()
	operations.Register(echo.String(), func(_ context.Context, r relay.Received) (relay.Result, error) {
		return relay.Result{Content: r.Call.Parameters}, nil
	})
	s.relay = relay.New(relay.Local{
		Name: s.name, Parent: func() (identity.Jurisdiction, bool) {
			if s.parent == nil {
				return identity.Jurisdiction{}, false
			}
			return s.parent.name, true
		},
		Child:  func(j identity.Jurisdiction) bool { above, _ := j.Parent(); return above == s.name && isNear(j) },
		Signer: func() envelope.Signer { return s.keys.Signer() }, Opener: envelope.NewOpener(s.keys), Trust: s, Links: s.socket,
		Operations: operations,
		Problem:    func(error) (uint16, []string) { return 7, nil }, Now: time.Now,
	})
}

// keep keeps the link to the parent until ctx ends.
func (s *side) keep(ctx context.Context, t *testing.T) {
	s.socket.Keep(ctx, link.Dialler{
		Local: s.name, To: s.parent.name, Handler: s, Failed: func(err error) { t.Errorf("%s: no link: %v", s.name, err) },
		Addresses: func(context.Context) ([]net.Addr, error) { return []net.Addr{s.parent.addr}, nil },
		TLS: func() *tls.Config {
			s.dialled++
			return tlsconf.Party{SVID: authority.NewSource(s.keys, time.Now), Bundles: s.bundles, Now: time.Now}.Dial(s.parent.name)
		},
	})
}

// ask makes one plain request.
func (s *side) ask(to *side, n int) error {
	request := fmt.Appendf([]byte{plain}, "%d", n)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var answer []byte
	err := s.socket.Exchange(ctx, s.name, to.name, request, func(frame []byte) error { answer = frame; return nil })
	if err == nil && string(answer) != string(request) {
		err = fmt.Errorf("got %q", answer)
	}
	return err
}

// call makes one signed and encrypted call.
func (s *side) call(to *side, n int) error {
	id, err := identity.NewMessage()
	if err != nil {
		return err
	}
	echo, err := identity.ParseLabel("echo")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	parameters := fmt.Appendf(nil, "%d", n)
	got, err := s.relay.Ask(ctx, id, to.name, envelope.Call{Operation: echo, Parameters: parameters})
	if err == nil && string(got.Content) != string(parameters) {
		err = fmt.Errorf("got %q", got.Content)
	}
	return err
}

// TestYear runs a tree of three jurisdictions while every key is renewed: the identities of links
// every half hour, the links themselves, the signing keys, the decryption keys and the CAs. Each
// link carries requests, in turn up and down, and a signed and encrypted call both ways every five
// minutes. No request fails.
//
// It runs the hours in which the long-lived keys are renewed, with a request each second on each
// link. With -days 365 it runs a year (about half an hour), in which each link has a request under
// way at every moment: a request is answered after 21 seconds, and the next begins before that.
func TestYear(t *testing.T) {
	run, every, hold := 5*time.Hour, time.Second, time.Duration(0)
	switch {
	case *days > 0:
		run, every, hold = time.Duration(*days)*24*time.Hour, 20*time.Second, 21*time.Second
	case testing.Short():
		every = time.Minute
	}
	synctest.Test(t, func(t *testing.T) { year(t, run, every, hold) })
}

// year sends requests at the interval every, and has plain requests answered after hold.
func year(t *testing.T, run, every, hold time.Duration) {
	province := newSide(t, "guizhou", 1, nil)
	city := newSide(t, "guiyang.guizhou", 2, province)
	county := newSide(t, "nanming.guiyang.guizhou", 3, city)
	all := []*side{province, city, county}
	router := &simnet.PerfectRouter{}
	for _, s := range all {
		s.open(t, router)
		s.hold = hold
	}
	ctx, cancel := context.WithCancel(context.Background())
	var links, asking sync.WaitGroup
	firsts := map[*side]trust.KeySet{}
	for _, s := range all {
		s.present(t)
		firsts[s] = s.sets[len(s.sets)-1]
	}
	for _, s := range all[1:] {
		links.Go(func() { s.keep(ctx, t) })
	}
	time.Sleep(time.Second)
	requests := 0
	for at := time.Duration(0); at < run && !t.Failed(); at += every {
		if at%time.Hour == 0 {
			for _, s := range all {
				s.renew(t)
			}
		}
		for _, s := range all[1:] {
			from, to := s, s.parent
			if at/every%2 == 1 {
				from, to = to, from
			}
			requests++
			n := requests
			asking.Go(func() {
				if err := from.ask(to, n); err != nil {
					t.Errorf("after %s: %s asks %s: %v", at, from.name, to.name, err)
				}
			})
			if at%(5*time.Minute) != 0 {
				continue
			}
			requests += 2
			if err := errors.Join(s.call(s.parent, requests), s.parent.call(s, requests)); err != nil {
				t.Errorf("after %s: call between %s and %s: %v", at, s.name, s.parent.name, err)
			}
		}
		time.Sleep(every)
	}
	asking.Wait()
	cancel()
	links.Wait()
	for _, s := range all {
		s.renewed(t, firsts[s])
		if err := errors.Join(s.socket.Close(), s.wire.Close(), s.cable.Close()); err != nil {
			t.Error(err)
		}
	}
	hours := run.Hours()
	for _, s := range all[1:] {
		if got := float64(s.dialled); got < 2*hours || got > 4*hours {
			t.Errorf("%s: %d links in %.0f hours, want one every 20 to 25 minutes", s.name, s.dialled, hours)
		}
	}
	t.Logf("%.0f hours, %d requests, %d key sets, %d links", hours, requests, len(city.sets), city.dialled+county.dialled)
}

// renewed demands that every key was renewed.
func (s *side) renewed(t *testing.T, first trust.KeySet) {
	t.Helper()
	last := s.sets[len(s.sets)-1]
	for what, pair := range map[string][2][]byte{
		"CA":                  {first.Replicas[0].CACert, last.Replicas[0].CACert},
		"signing certificate": {first.Replicas[0].SigningCert, last.Replicas[0].SigningCert},
		"decryption key":      {first.DecryptionKey, last.DecryptionKey},
	} {
		if string(pair[0]) == string(pair[1]) {
			t.Errorf("%s: the %s was not renewed", s.name, what)
		}
	}
	if last.Number != s.keys.InUse() {
		t.Errorf("%s: key set %d is not in use", s.name, last.Number)
	}
}
