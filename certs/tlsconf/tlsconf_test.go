package tlsconf

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

var start = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

func place(t testing.TB, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// node is a jurisdiction with its keys and a clock.
type node struct {
	Party
	name    identity.Jurisdiction
	keys    *authority.Authority
	bundles *Bundles
	sets    []trust.KeySet
	clock   time.Time
}

func newNode(t testing.TB, name string) *node {
	t.Helper()
	r, err := identity.NewReplica(1)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{name: place(t, name), bundles: &Bundles{}, clock: start}
	if n.keys, err = authority.Create(t.TempDir(), n.name, r, start); err != nil {
		t.Fatal(err)
	}
	signed, pin, err := n.keys.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	if n.sets, err = trust.Walk(pin, [][]byte{signed}); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return n.clock }
	n.Party = Party{SVID: authority.NewSource(n.keys, now), Bundles: n.bundles, Now: now}
	return n
}

func (n *node) trusts(t testing.TB, others ...*node) {
	t.Helper()
	for _, o := range others {
		if err := n.bundles.Set(trust.Always(o.sets...)); err != nil {
			t.Fatal(err)
		}
	}
}

// listenFor returns the configuration of a listener at n for the neighbours.
func (n *node) listenFor(neighbours ...*node) *tls.Config {
	return Listen(func(name identity.Jurisdiction) (Local, bool) {
		return Local{Party: n.Party, Admits: func(peer Peer) error {
			for _, o := range neighbours {
				if o.name == peer.Jurisdiction && o.sets[0].LogKey(peer.Replica) != nil {
					return nil
				}
			}
			return errors.New("not admitted")
		}}, name == n.name
	}, n.Now)
}

// shake makes one handshake and returns the states and errors of both ends. The dialler's handshake
// ends before the listener has judged the dialler, so both errors count.
func shake(t testing.TB, dial, listen *tls.Config) (client, server tls.ConnectionState, clientErr, serverErr error) {
	t.Helper()
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, s := tls.Client(a, dial), tls.Server(b, listen)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if serverErr = s.HandshakeContext(ctx); serverErr != nil {
			b.Close()
			return
		}
		server = s.ConnectionState()
		_, serverErr = s.Write([]byte{1}) // so that the dialler sees tickets and alerts
	}()
	if clientErr = c.HandshakeContext(ctx); clientErr == nil {
		client = c.ConnectionState()
		_, clientErr = c.Read(make([]byte, 1))
	}
	a.Close()
	<-done
	return client, server, clientErr, serverErr
}

func TestNeighbours(t *testing.T) {
	city, county := newNode(t, "guiyang.guizhou"), newNode(t, "nanming.guiyang.guizhou")
	city.trusts(t, county)
	county.trusts(t, city)
	client, server, err, serverErr := shake(t, county.Dial(city.name), city.listenFor(county))
	if err != nil || serverErr != nil {
		t.Fatal(err, serverErr)
	}
	atCounty, err := PeerOf(client)
	if err != nil || atCounty.Jurisdiction != city.name || atCounty.Replica.Number() != 1 || client.NegotiatedProtocol != Exchange {
		t.Errorf("the county sees %+v, %v over %s", atCounty, err, client.NegotiatedProtocol)
	}
	atCity, err := PeerOf(server)
	if err != nil || atCity.Jurisdiction != county.name {
		t.Errorf("the city sees %+v, %v", atCity, err)
	}
	if !Ends(server).Equal(start.Add(authority.LinkTerm)) {
		t.Errorf("ends %s, want an hour from now", Ends(server))
	}
	// S2: Recheck judges an identity by the trust of now, not by that of the handshake.
	if _, err := Recheck(server, city.bundles, start.Add(authority.LinkTerm+time.Second)); !errors.Is(err, ErrIdentity) {
		t.Errorf("after its end: got %v, want ErrIdentity", err)
	}
	if _, err := Recheck(server, city.bundles, start); err != nil {
		t.Error(err)
	}
	city.bundles.Remove(county.name)
	if _, err := Recheck(server, city.bundles, start); !errors.Is(err, ErrIdentity) {
		t.Errorf("after it was withdrawn: got %v, want ErrIdentity", err)
	}
}

// TestStrangersAreRefused holds rules S3 and S6: the identity must be a neighbour's, under that
// neighbour's own CA.
func TestStrangersAreRefused(t *testing.T) {
	city, county, sibling := newNode(t, "guiyang.guizhou"), newNode(t, "nanming.guiyang.guizhou"), newNode(t, "yunyan.guiyang.guizhou")
	city.trusts(t, county, sibling)
	county.trusts(t, city)
	sibling.trusts(t, city)
	mallory := newForger(t)
	city.bundles.byName[county.name].AddX509Authority(mallory.ca) // the county's CA, in bad hands
	forged := func(edit func(*x509.Certificate)) *tls.Config {
		p := county.Party
		p.SVID = mallory.issue(t, edit)
		return p.Dial(city.name)
	}
	uris := func(ids ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) {
			c.URIs = nil
			for _, id := range ids {
				u, err := url.Parse(id)
				if err != nil {
					t.Fatal(err)
				}
				c.URIs = append(c.URIs, u)
			}
		}
	}
	namesake := newNode(t, "nanming.guiyang.guizhou")
	namesake.trusts(t, city)
	for what, row := range map[string]struct {
		dial *tls.Config
		want error
	}{
		"the county's CA, rightly used":     {forged(func(*x509.Certificate) {}), nil},
		"a county's CA for the province":    {forged(uris("spiffe://guizhou/link/r1")), ErrIdentity},
		"a county's CA for its sibling":     {forged(uris("spiffe://yunyan.guiyang.guizhou/link/r1")), ErrIdentity},
		"a county's CA for the city itself": {forged(uris("spiffe://guiyang.guizhou/link/r1")), ErrIdentity},
		"no path":                           {forged(uris("spiffe://nanming.guiyang.guizhou")), ErrIdentity},
		"a signing certificate":             {forged(uris("spiffe://nanming.guiyang.guizhou/signing/r1")), ErrIdentity},
		"an agency":                         {forged(uris("spiffe://nanming.guiyang.guizhou/agency/civil-affairs")), ErrIdentity},
		"a replica below":                   {forged(uris("spiffe://nanming.guiyang.guizhou/link/r1/x")), ErrIdentity},
		"replica 0":                         {forged(uris("spiffe://nanming.guiyang.guizhou/link/r0")), ErrIdentity},
		"two names":                         {forged(uris("spiffe://nanming.guiyang.guizhou/link/r1", "spiffe://guizhou/link/r1")), ErrIdentity},
		"no name":                           {forged(uris()), ErrIdentity},
		"a CA as leaf":                      {forged(func(c *x509.Certificate) { c.IsCA = true }), ErrIdentity},
		"may sign certificates":             {forged(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }), ErrIdentity},
		"ended":                             {forged(func(c *x509.Certificate) { c.NotAfter = start.Add(-time.Second) }), ErrIdentity},
		"not begun":                         {forged(func(c *x509.Certificate) { c.NotBefore = start.Add(time.Minute) }), ErrIdentity},
		"another of the same name":          {namesake.Dial(city.name), ErrIdentity},
		"known, and no neighbour":           {sibling.Dial(city.name), ErrNotNeighbour},
		"not hosted here":                   {county.Dial(county.name), ErrNotHosted},
	} {
		_, _, _, err := shake(t, row.dial, city.listenFor(county))
		if !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", what, err, row.want)
		}
	}
}

// TestDiallersRefuse checks that the dialler, too, speaks only with the jurisdiction that it
// dialled.
func TestDiallersRefuse(t *testing.T) {
	city, county, imposter := newNode(t, "guiyang.guizhou"), newNode(t, "nanming.guiyang.guizhou"), newNode(t, "guiyang.guizhou")
	for _, n := range []*node{city, imposter} {
		n.trusts(t, county)
	}
	county.trusts(t, city)
	if _, _, err, _ := shake(t, county.Dial(city.name), imposter.listenFor(county)); !errors.Is(err, ErrIdentity) {
		t.Errorf("another of the same name: got %v, want ErrIdentity", err)
	}
	county.clock = start.Add(70 * time.Minute)
	if _, _, err, _ := shake(t, county.Dial(city.name), city.listenFor(county)); !errors.Is(err, ErrIdentity) {
		t.Errorf("a clock 70 minutes off: got %v, want ErrIdentity", err)
	}
}

// TestRefusedForItsTime: of a certificate that is refused for its time alone it is told, before and
// after; and of one with which something else is wrong, too, it is not.
func TestRefusedForItsTime(t *testing.T) {
	city, county, imposter := newNode(t, "guiyang.guizhou"), newNode(t, "nanming.guiyang.guizhou"), newNode(t, "guiyang.guizhou")
	for _, n := range []*node{city, imposter} {
		n.trusts(t, county)
	}
	county.trusts(t, city)
	for _, off := range []time.Duration{8 * time.Hour, -8 * time.Hour} {
		county.clock = start.Add(off)
		_, _, err, _ := shake(t, county.Dial(city.name), city.listenFor(county))
		e, ok := errors.AsType[*TimeError](err)
		if !ok || !errors.Is(err, ErrIdentity) || e.Peer.Jurisdiction != city.name || e.Now != county.clock || !e.NotBefore.Before(start) || !e.NotAfter.After(start) {
			t.Errorf("a clock %s off: got %v, want a TimeError with the times of the certificate", off, err)
		}
		if _, _, err, _ := shake(t, county.Dial(city.name), imposter.listenFor(county)); errors.As(err, new(*TimeError)) || !errors.Is(err, ErrIdentity) {
			t.Errorf("a clock %s off, and another of the same name: got %v, want an ErrIdentity that is no TimeError", off, err)
		}
	}
	county.clock = start
	if _, _, err, _ := shake(t, county.Dial(city.name), imposter.listenFor(county)); errors.As(err, new(*TimeError)) {
		t.Errorf("another of the same name, in time: got %v, want no TimeError", err)
	}
}

func TestProtocols(t *testing.T) {
	city, county := newNode(t, "guiyang.guizhou"), newNode(t, "nanming.guiyang.guizhou")
	city.trusts(t, county)
	county.trusts(t, city)
	listen := city.listenFor(county)
	dial := func(edit func(*tls.Config)) error {
		c := county.Dial(city.name)
		edit(c)
		_, _, err, serverErr := shake(t, c, listen)
		return errors.Join(err, serverErr)
	}
	for what, edit := range map[string]func(*tls.Config){
		"a later version":     func(c *tls.Config) { c.NextProtos = []string{"xietong/9"} },
		"the web":             func(c *tls.Config) { c.NextProtos = []string{"h3"} },
		"no jurisdiction":     func(c *tls.Config) { c.ServerName = "" },
		"no certificate":      func(c *tls.Config) { c.GetClientCertificate = nil },
		"TLS 1.2":             func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 },
		"upper-case spelling": func(c *tls.Config) { c.ServerName = "GUIYANG.guizhou" },
	} {
		if err := dial(edit); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
	if err := dial(func(*tls.Config) {}); err != nil {
		t.Error(err)
	}
}

// TestDoor checks that an unknown dialler can connect without a certificate, and that it judges the
// listener by the key sets that it learns there.
func TestDoor(t *testing.T) {
	city, imposter := newNode(t, "guiyang.guizhou"), newNode(t, "guiyang.guizhou")
	for _, n := range []*node{city, imposter} {
		client, server, err, serverErr := shake(t, DialJoin(n.name), n.listenFor())
		if err != nil || serverErr != nil {
			t.Fatal(err, serverErr)
		}
		if client.NegotiatedProtocol != Join || len(server.PeerCertificates) != 0 {
			t.Errorf("got protocol %s, %d certificates", client.NegotiatedProtocol, len(server.PeerCertificates))
		}
		learned := &Bundles{}
		if err := learned.Set(trust.Always(city.sets...)); err != nil {
			t.Fatal(err)
		}
		if err := VerifyServer(client, learned, city.name, start); (err == nil) != (n == city) {
			t.Errorf("got %v", err)
		}
	}
}

// TestNothingIsResumed holds rule S1: a dialler that keeps sessions gets a full handshake each
// time, so that a neighbour that was withdrawn is refused.
func TestNothingIsResumed(t *testing.T) {
	city, county := newNode(t, "guiyang.guizhou"), newNode(t, "nanming.guiyang.guizhou")
	city.trusts(t, county)
	county.trusts(t, city)
	cache := tls.NewLRUClientSessionCache(8)
	dial := county.Dial(city.name)
	dial.SessionTicketsDisabled, dial.ClientSessionCache = false, cache
	for range 2 {
		client, _, err, serverErr := shake(t, dial, city.listenFor(county))
		if err != nil || serverErr != nil || client.DidResume {
			t.Fatalf("resumed %t, %v, %v", client.DidResume, err, serverErr)
		}
	}
	city.bundles.Remove(county.name)
	if _, _, _, err := shake(t, dial, city.listenFor(county)); !errors.Is(err, ErrIdentity) {
		t.Errorf("after it was withdrawn: got %v, want ErrIdentity", err)
	}
}

// TestAYearOfHandshakes makes a handshake every 13 hours of a year, between clocks that are minutes
// apart. Every identity has ended since the handshake before.
func TestAYearOfHandshakes(t *testing.T) {
	city, county := newNode(t, "guiyang.guizhou"), newNode(t, "nanming.guiyang.guizhou")
	city.trusts(t, county)
	county.trusts(t, city)
	listen := city.listenFor(county)
	for h := 0; h < 365*24; h += 13 {
		city.clock = start.Add(time.Duration(h) * time.Hour)
		county.clock = city.clock.Add([]time.Duration{-4 * time.Minute, 0, 4 * time.Minute}[h%3])
		if _, _, err, serverErr := shake(t, county.Dial(city.name), listen); err != nil || serverErr != nil {
			t.Fatalf("hour %d: %v, %v", h, err, serverErr)
		}
	}
}

// forger is a CA that issues any certificate that a test asks for.
type forger struct {
	ca  *x509.Certificate
	key *ecdsa.PrivateKey
}

func newForger(t testing.TB) forger {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: start.Add(-time.Hour), NotAfter: start.AddDate(1, 0, 0), IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	return forger{make509(t, template, template, key, key), key}
}

func make509(t testing.TB, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// issue makes an identity of the county with something changed.
func (f forger) issue(t testing.TB, edit func(*x509.Certificate)) x509svid.Source {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: start.Add(-time.Minute), NotAfter: start.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		URIs: []*url.URL{{Scheme: "spiffe", Host: "nanming.guiyang.guizhou", Path: "/link/r1"}},
	}
	edit(template)
	return &x509svid.SVID{Certificates: []*x509.Certificate{make509(t, template, f.ca, key, f.key)}, PrivateKey: key}
}
