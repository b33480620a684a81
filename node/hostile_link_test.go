package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"xietong/certs/authority"
	"xietong/certs/tlsconf"
	"xietong/node/faces/client"
	"xietong/node/ground/host"
	"xietong/node/tree/door"
)

// issued shows its identity without a check of it.
type issued struct{ svid *x509svid.SVID }

func (i issued) GetX509SVID() (*x509svid.SVID, error) { return i.svid, nil }

// issuedFor issues an identity of the name with the CA key of a data directory.
func issuedFor(t *testing.T, dir, ca, name string) x509svid.Source {
	t.Helper()
	return issuedAs(t, dir, ca, name, "r1")
}

// issuedAs issues an identity of a replica of the name with the CA key of a data directory.
func issuedAs(t *testing.T, dir, ca, name, replica string) x509svid.Source {
	t.Helper()
	certs := filepath.Join(host.Folder(dir, mustName(t, ca)), "certs")
	read := func(file string) []byte {
		data, err := os.ReadFile(filepath.Join(certs, file))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(data)
		return block.Bytes
	}
	parent, err := x509.ParseCertificate(read("ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	by, err := x509.ParsePKCS8PrivateKey(read("ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := &url.URL{Scheme: "spiffe", Host: name, Path: "/link/" + replica}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), URIs: []*url.URL{id}, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	spiffe, err := spiffeid.FromURI(id)
	if err != nil {
		t.Fatal(err)
	}
	return issued{&x509svid.SVID{ID: spiffe, Certificates: []*x509.Certificate{cert}, PrivateKey: key}}
}

// at issues an identity as if the time were now.
func at(keys *authority.Authority, now time.Time) x509svid.Source {
	return authority.NewSource(keys, func() time.Time { return now })
}

// Alerts of TLS (RFC 8446 §6) that the attacker sees.
const (
	badCertificate = "alert 42"
	notHosted      = "alert 80"
	noCertificate  = "alert 116"
	noProtocol     = "alert 120"
)

// TestHostileHandshakes checks that TLS lets in only a neighbour, only under a name that is hosted,
// and only over a protocol that is spoken; that no link is up with any other party, and that
// nothing is recorded.
func TestHostileHandshakes(t *testing.T) {
	s := newScene(t)
	must(t)(s.city.civil.AddHosted(t.Context(), client.NewHosted{Name: "云岩区"}))
	linked(t, s.city.civil, "yunyan.guiyang.guizhou")
	in := s.insider(t)
	county := s.county.dir
	s.county.stop()
	lower := s.city.log.count("link up", "peer=nanming")
	before := s.city.kinds(t)
	with := func(svid x509svid.Source) *tlsconf.Config {
		p := in.party
		p.SVID = svid
		return p.Dial(in.victim)
	}
	edited := func(edit func(*tls.Config)) *tlsconf.Config {
		c := in.party.Dial(in.victim)
		c.VerifyConnection = nil // it accepts any server
		edit(c)
		return c
	}
	atDoor := func(name string) *tlsconf.Config {
		c := tlsconf.DialJoin(in.victim)
		c.ServerName = name
		return c
	}
	for what, row := range map[string]struct {
		dial *tlsconf.Config
		want string
	}{
		"its own CA under the county's name":   {s.stranger(t, "nanming.guiyang.guizhou").party.Dial(in.victim), badCertificate},
		"its own CA under the city's name":     {s.stranger(t, "guiyang.guizhou").party.Dial(in.victim), badCertificate},
		"its own CA under the province's":      {s.stranger(t, "guizhou").party.Dial(in.victim), badCertificate},
		"the county's keys for the province":   {with(issuedFor(t, county, "nanming.guiyang.guizhou", "guizhou")), badCertificate},
		"the county's keys for the city":       {with(issuedFor(t, county, "nanming.guiyang.guizhou", "guiyang.guizhou")), badCertificate},
		"the county's keys for its sibling":    {with(issuedFor(t, county, "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou")), badCertificate},
		"the county's keys for a town below":   {with(issuedFor(t, county, "nanming.guiyang.guizhou", "town.nanming.guiyang.guizhou")), badCertificate},
		"the county's keys, as a replica more": {with(issuedAs(t, county, "nanming.guiyang.guizhou", "nanming.guiyang.guizhou", "r1001")), badCertificate},
		"an identity that has ended":           {with(at(in.keys, time.Now().Add(-authority.LinkTerm-time.Minute))), badCertificate},
		"an identity that has not begun":       {with(at(in.keys, time.Now().Add(authority.Backdated+time.Minute))), badCertificate},
		"no identity":                          {edited(func(c *tls.Config) { c.GetClientCertificate = nil }), noCertificate},
		"the county's keys, to a sibling":      {edited(func(c *tls.Config) { c.ServerName = "yunyan.guiyang.guizhou" }), badCertificate},
		"the county's keys, to the province":   {edited(func(c *tls.Config) { c.ServerName = "guizhou" }), notHosted},
		"the county's keys, to itself":         {edited(func(c *tls.Config) { c.ServerName = "nanming.guiyang.guizhou" }), notHosted},
		"a name of the internet":               {edited(func(c *tls.Config) { c.ServerName = "www.guiyang.gov.cn" }), notHosted},
		"a name that is none":                  {edited(func(c *tls.Config) { c.ServerName = "GUIYANG.guizhou" }), notHosted},
		"no name":                              {edited(func(c *tls.Config) { c.ServerName = "" }), notHosted},
		"a later version":                      {edited(func(c *tls.Config) { c.NextProtos = []string{"xietong/2"} }), noProtocol},
		"the protocol of replicas":             {edited(func(c *tls.Config) { c.NextProtos = []string{"xietong-raft/1"} }), noProtocol},
		"the web":                              {edited(func(c *tls.Config) { c.NextProtos = []string{"h3"} }), noProtocol},
		"the door of somebody not hosted":      {atDoor("guizhou"), notHosted},
		"the door of nobody":                   {atDoor(""), notHosted},
		"the door, asked for after the link":   {edited(func(c *tls.Config) { c.NextProtos = []string{"xietong/2", "xietong-join/2"} }), noProtocol},
		"the county's keys, in the right way":  {in.party.Dial(in.victim), "closed 8"}, // it says no hello
	} {
		if got := in.turnedAway(t, row.dial); got != row.want {
			t.Errorf("%s: got %s, want %s", what, got, row.want)
		}
	}
	if n := s.city.log.count("link up", "peer=nanming"); n != lower {
		t.Errorf("%d links came up", n-lower)
	}
	tree, err := s.city.civil.Tree(t.Context())
	if err != nil || len(tree.Children) != 2 {
		t.Fatalf("got %+v, %v", tree, err)
	}
	for _, c := range tree.Children {
		if want := c.Name == "yunyan.guiyang.guizhou"; c.Linked != want {
			t.Errorf("%s is linked: %t, want %t", c.Name, c.Linked, want)
		}
	}
	s.city.grew(t, before, nil)
	in.link(t) // and so a neighbour comes in
	s.county.open(t)
	linked(t, s.county.civil, "guiyang.guizhou")
	s.sound(t)
}

// turnedAway dials and tells how the connection ended.
func (i *intruder) turnedAway(t *testing.T, dial *tlsconf.Config) string {
	t.Helper()
	q, err := i.dial(t, dial)
	if err != nil {
		return ended(err)
	}
	return closes(t, q)
}

// TestHostileProofs sends malformed requests for chains and rosters, and malformed news, over the
// link, with the county's own keys. Each gets a problem, the tree stays as it was, and the same
// requests in the right form are answered.
func TestHostileProofs(t *testing.T) {
	s := newScene(t)
	in := s.insider(t)
	s.county.stop()
	q := in.link(t)
	before := s.city.kinds(t)
	const county = "nanming.guiyang.guizhou"
	names := func(n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf("c%d.guiyang.guizhou", i))
		}
		return all
	}
	for what, row := range map[string]struct {
		frame []byte
		want  string
	}{
		"the chain of nobody":            {asked(t, 5, []any{"", 0, 1000, 0}), "bad-request"},
		"of a name that is none":         {asked(t, 5, []any{"Guiyang..guizhou", 0, 1000, 0}), "bad-request"},
		"of one that never joined":       {asked(t, 5, []any{"yunyan.guiyang.guizhou", 0, 1000, 0}), "place-not-joined"},
		"its key sets from a number on":  {asked(t, 5, []any{"yunyan.guiyang.guizhou", 0, 1000, 1}), "unreachable"},
		"its own key sets from a number": {asked(t, 5, []any{county, 0, 1000, uint64(1<<64 - 1)}), "unreachable"},
		"key sets from below 0 on":       {asked(t, 5, []any{county, 0, 1000, -1}), "bad-request"},
		"a chain for a number":           {asked(t, 5, 7), "bad-request"},
		"a chain with a member more":     {asked(t, 5, []any{county, 0, 1000, 0, 1}), "bad-request"},
		"news of nothing":                {asked(t, 6, 7), "bad-request"},
		"news of a name that is none":    {asked(t, 6, []string{"-"}), "bad-request"},
		"too much news":                  {asked(t, 6, names(door.MaxStale+1)), "bad-request"},
		"a roster later than a name":     {asked(t, 7, "guizhou"), "bad-request"},
		"a roster later than a fraction": {encoded(t, []any{7, []byte{0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0}}), "bad-request"},
		"an operation to come":           {asked(t, 8, 0), "bad-request"},
		"its own chain":                  {asked(t, 5, []any{"guiyang.guizhou", 600_000, 1000, 0}), "ok"},
		"news of itself":                 {asked(t, 6, []string{county}), "ok"},
		"news of all":                    {asked(t, 6, names(door.MaxStale)), "ok"},
		"a roster later than all":        {asked(t, 7, uint64(1)<<63), "ok"},
	} {
		frames, err := exchange(t, q, framed(nil, row.frame))
		got := fmt.Sprint(err)
		if err == nil && len(frames) == 1 {
			got = codeOf(t, frames[0])
		}
		if got != row.want {
			t.Errorf("%s: got %s, want %s", what, got, row.want)
		}
	}
	s.city.grew(t, before, nil)
	if got := in.ask(t, q, in.letter(t).frame(t)); !strings.HasPrefix(got, "served ") {
		t.Errorf("a request as it must be: got %s", got)
	}
	s.sound(t)
}
