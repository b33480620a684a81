package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

// newGroup returns the first n replicas of a jurisdiction, which trust one another.
func newGroup(t testing.TB, name string, n uint32) []*node {
	t.Helper()
	set := trust.KeySet{Name: place(t, name)}
	var all []*node
	for i := range n {
		r, err := identity.NewReplica(i + 1)
		if err != nil {
			t.Fatal(err)
		}
		p := &node{name: set.Name, bundles: &Bundles{}, clock: start}
		if p.keys, err = authority.Create(t.TempDir(), p.name, r, start); err != nil {
			t.Fatal(err)
		}
		signed, pin, err := p.keys.FirstKeySet(1)
		if err != nil {
			t.Fatal(err)
		}
		own, err := trust.Walk(pin, [][]byte{signed})
		if err != nil {
			t.Fatal(err)
		}
		set.Replicas = append(set.Replicas, own[0].Replicas...)
		now := func() time.Time { return p.clock }
		p.Party = Party{SVID: authority.NewSource(p.keys, now), Bundles: p.bundles, Now: now}
		all = append(all, p)
	}
	for _, p := range all {
		p.sets = []trust.KeySet{set}
		p.trusts(t, all[0])
	}
	return all
}

// casOf returns the CA of a replica in a key set.
func casOf(set trust.KeySet, of identity.Replica) (all []*x509.Certificate) {
	for _, k := range set.Replicas {
		if ca, err := x509.ParseCertificate(k.CACert); err == nil && k.Replica == of {
			all = append(all, ca)
		}
	}
	return all
}

// local returns the replica as it takes connections: it admits those with the numbers.
func (n *node) local(admitted ...uint32) Local {
	return Local{
		Party: n.Party, Admits: func(Peer) error { return errors.New("no neighbours") },
		AdmitsReplica: func(r identity.Replica) ([]*x509.Certificate, error) {
			for _, a := range admitted {
				if r.Number() == a {
					return casOf(n.sets[0], r), nil
				}
			}
			return nil, errors.New("not listed")
		},
	}
}

func (n *node) listenForReplicas(admitted ...uint32) *tls.Config {
	return Listen(func(name identity.Jurisdiction) (Local, bool) { return n.local(admitted...), name == n.name }, n.Now)
}

// TestReplicas (K03): the two ends know each other, and an open connection is judged anew.
func TestReplicas(t *testing.T) {
	all := newGroup(t, "guiyang.guizhou", 3)
	r1, r2 := all[0], all[1]
	client, server, err, serverErr := shake(t, r1.DialReplica(r1.name, r2.keys.Replica()), r2.listenForReplicas(1, 2))
	if err != nil || serverErr != nil {
		t.Fatal(err, serverErr)
	}
	for what, row := range map[string]struct {
		state tls.ConnectionState
		want  uint32
	}{"the dialler": {client, 2}, "the listener": {server, 1}} {
		peer, err := PeerOf(row.state)
		if err != nil || peer.Replica.Number() != row.want || peer.Jurisdiction != r1.name || row.state.NegotiatedProtocol != Raft {
			t.Errorf("%s sees %+v, %v over %s", what, peer, err, row.state.NegotiatedProtocol)
		}
	}
	// S2: an open connection is judged by who is admitted now.
	if err := r2.local(1).VerifyReplica(server); err != nil {
		t.Errorf("judged anew: %v", err)
	}
	if err := r2.local(3).VerifyReplica(server); !errors.Is(err, ErrNotReplica) {
		t.Errorf("after it was removed: got %v, want ErrNotReplica", err)
	}
	r2.clock = start.Add(authority.LinkTerm + time.Second)
	if err := r2.local(1).VerifyReplica(server); !errors.Is(err, ErrIdentity) {
		t.Errorf("after its end: got %v, want ErrIdentity", err)
	}
}

// TestOtherReplicasAreRefused (K05): an identity must be of the jurisdiction, of another replica,
// of one that is admitted, and issued by its own CA; each fault alone is found in the handshake.
func TestOtherReplicasAreRefused(t *testing.T) {
	all := newGroup(t, "guiyang.guizhou", 3)
	r1, r2, r3 := all[0], all[1], all[2]
	county := newNode(t, "nanming.guiyang.guizhou")
	namesake := newGroup(t, "guiyang.guizhou", 1)[0]
	r2.trusts(t, county)
	county.trusts(t, r2)
	namesake.trusts(t, r2)
	mallory := newForger(t)
	r2.bundles.byName[r2.name].AddX509Authority(mallory.ca) // the CA of one of the replicas, in bad hands
	to := r2.keys.Replica()
	forged := func(id string, edit func(*x509.Certificate)) *tls.Config {
		p := r1.Party
		p.SVID = mallory.issue(t, func(c *x509.Certificate) {
			u, err := url.Parse(id)
			if err != nil {
				t.Fatal(err)
			}
			c.URIs = []*url.URL{u}
			edit(c)
		})
		return p.DialReplica(r2.name, to)
	}
	as := func(*x509.Certificate) {}
	otherwise := func(edit func(*tls.Config)) *tls.Config {
		c := r1.DialReplica(r2.name, to)
		edit(c)
		return c
	}
	for what, row := range map[string]struct {
		dial *tls.Config
		want error // nil: none
		any  bool  // an error of TLS itself
	}{
		"another replica":               {dial: r1.DialReplica(r2.name, to)},
		"another CA speaks for it":      {dial: forged("spiffe://guiyang.guizhou/link/r1", as), want: ErrNotReplica},
		"one that is not listed":        {dial: r3.DialReplica(r2.name, to), want: ErrNotReplica},
		"one that never was":            {dial: forged("spiffe://guiyang.guizhou/link/r9", as), want: ErrNotReplica},
		"this one itself":               {dial: r2.DialReplica(r2.name, to), want: ErrNotReplica},
		"a neighbour":                   {dial: county.DialReplica(r2.name, to), want: ErrNotReplica},
		"the CA for a neighbour":        {dial: forged("spiffe://nanming.guiyang.guizhou/link/r1", as), want: ErrIdentity},
		"another of the same name":      {dial: namesake.DialReplica(r2.name, to), want: ErrIdentity},
		"another hosted jurisdiction":   {dial: r1.DialReplica(county.name, to), want: ErrNotHosted},
		"a signing certificate":         {dial: forged("spiffe://guiyang.guizhou/signing/r1", as), want: ErrIdentity},
		"ended":                         {dial: forged("spiffe://guiyang.guizhou/link/r1", func(c *x509.Certificate) { c.NotAfter = start.Add(-time.Second) }), want: ErrIdentity},
		"a CA as leaf":                  {dial: forged("spiffe://guiyang.guizhou/link/r1", func(c *x509.Certificate) { c.IsCA = true }), want: ErrIdentity},
		"a replica as a neighbour":      {dial: r1.Dial(r2.name), want: ErrNotNeighbour},
		"no certificate":                {dial: otherwise(func(c *tls.Config) { c.GetClientCertificate = nil }), any: true},
		"a later version":               {dial: otherwise(func(c *tls.Config) { c.NextProtos = []string{"xietong-raft/2"} }), any: true},
		"TLS 1.2":                       {dial: otherwise(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 }), any: true},
		"no jurisdiction":               {dial: otherwise(func(c *tls.Config) { c.ServerName = "" }), want: ErrNotHosted},
		"raft, and the door before all": {dial: otherwise(func(c *tls.Config) { c.NextProtos = []string{Raft, Join} })}, // that is the door, where nobody is believed
	} {
		_, server, err, serverErr := shake(t, row.dial, r2.listenForReplicas(1, 2))
		switch {
		case row.any && errors.Join(err, serverErr) == nil, !row.any && !errors.Is(serverErr, row.want):
			t.Errorf("%s: got %v, %v, want %v", what, err, serverErr, row.want)
		case serverErr == nil && row.want == nil && !row.any && server.NegotiatedProtocol == Join && len(server.PeerCertificates) != 0:
			t.Errorf("%s: the door took a certificate", what)
		}
	}
}

// TestWhoDialsAReplicaBelievesNoOther: the other end must be the very replica that was dialled.
func TestWhoDialsAReplicaBelievesNoOther(t *testing.T) {
	all := newGroup(t, "guiyang.guizhou", 3)
	r1, r2, r3 := all[0], all[1], all[2]
	namesake := newGroup(t, "guiyang.guizhou", 2)[1]
	for what, row := range map[string]struct {
		listen *tls.Config
		want   error
	}{
		"it":                       {r2.listenForReplicas(1), nil},
		"another replica":          {r3.listenForReplicas(1), ErrNotReplica},
		"oneself":                  {r1.listenForReplicas(2), ErrNotReplica},
		"another of the same name": {namesake.listenForReplicas(1), ErrIdentity},
	} {
		if _, _, err, _ := shake(t, r1.DialReplica(r1.name, r2.keys.Replica()), row.listen); !errors.Is(err, row.want) {
			t.Errorf("%s answers: got %v, want %v", what, err, row.want)
		}
	}
	r1.clock = start.Add(70 * time.Minute)
	if _, _, err, _ := shake(t, r1.DialReplica(r1.name, r2.keys.Replica()), r2.listenForReplicas(1)); !errors.Is(err, ErrIdentity) {
		t.Errorf("a clock 70 minutes off: got %v, want ErrIdentity", err)
	}
}

// TestNoReplicasByDefault: a jurisdiction of one replica does not speak the protocol at all.
func TestNoReplicasByDefault(t *testing.T) {
	all := newGroup(t, "guiyang.guizhou", 2)
	r1, r2 := all[0], all[1]
	_, _, err, serverErr := shake(t, r1.DialReplica(r1.name, r2.keys.Replica()), r2.listenFor())
	if err == nil || serverErr == nil || !strings.Contains(err.Error(), "no application protocol") {
		t.Errorf("got %v, %v, want no application protocol", err, serverErr)
	}
	l := r2.local()
	l.AdmitsReplica = nil
	_, server, _, _ := shake(t, r1.DialReplica(r1.name, r2.keys.Replica()), r2.listenForReplicas(1))
	if err := l.VerifyReplica(server); !errors.Is(err, ErrNotReplica) {
		t.Errorf("where none is admitted: got %v, want ErrNotReplica", err)
	}
}

// TestReplicasAreNotResumed holds rule S1 among replicas: one that was removed is refused, also
// when it keeps a session.
func TestReplicasAreNotResumed(t *testing.T) {
	all := newGroup(t, "guiyang.guizhou", 2)
	r1, r2 := all[0], all[1]
	dial := r1.DialReplica(r1.name, r2.keys.Replica())
	dial.SessionTicketsDisabled, dial.ClientSessionCache = false, tls.NewLRUClientSessionCache(8)
	for range 2 {
		if client, _, err, serverErr := shake(t, dial, r2.listenForReplicas(1)); err != nil || serverErr != nil || client.DidResume {
			t.Fatalf("resumed %t, %v, %v", client.DidResume, err, serverErr)
		}
	}
	if _, _, _, err := shake(t, dial, r2.listenForReplicas()); !errors.Is(err, ErrNotReplica) {
		t.Errorf("after it was removed: got %v, want ErrNotReplica", err)
	}
}
