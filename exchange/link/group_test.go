package link

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
)

// group is the replicas of one jurisdiction.
type group struct {
	t   testing.TB
	set trust.KeySet // of the CAs of all
	all []*member
	mu  sync.Mutex
	out map[identity.Replica]bool // no longer admitted
}

// member is one replica, at an address of its own.
type member struct {
	*party
	group    *group
	id       identity.Replica
	replicas *Replicas
	at       atomic.Pointer[net.UDPAddr] // where the others look for it
	asked    atomic.Int32                // how often its addresses were asked for
}

// newGroup makes n replicas; none is open.
func newGroup(t testing.TB, dir func() string, n uint32) *group {
	t.Helper()
	name, err := identity.ParseJurisdiction("guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	g := &group{t: t, set: trust.KeySet{Name: name}, out: map[identity.Replica]bool{}}
	for i := range n {
		id, _ := identity.NewReplica(i + 1)
		keys, err := authority.Create(dir(), name, id, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		signed, pin, err := keys.FirstKeySet(1)
		if err != nil {
			t.Fatal(err)
		}
		own, err := trust.Walk(pin, [][]byte{signed})
		if err != nil {
			t.Fatal(err)
		}
		g.set.Replicas = append(g.set.Replicas, own[0].Replicas...)
		p := &party{t: t, name: name, bundles: &tlsconf.Bundles{}, trusted: map[identity.Jurisdiction]bool{}}
		p.refuse.Store(refusal{})
		p.Party = tlsconf.Party{SVID: authority.NewSource(keys, time.Now), Bundles: p.bundles, Now: time.Now}
		g.all = append(g.all, &member{party: p, group: g, id: id})
	}
	for _, m := range g.all {
		m.sets = []trust.KeySet{g.set}
		if err := m.bundles.Set(trust.Always(g.set)); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func (m *member) local() tlsconf.Local {
	return tlsconf.Local{Party: m.Party, Admits: m.admits, AdmitsReplica: func(r identity.Replica) ([]*x509.Certificate, error) {
		m.group.mu.Lock()
		defer m.group.mu.Unlock()
		if m.group.out[r] || r.Number() > uint32(len(m.group.all)) {
			return nil, errors.New("not listed")
		}
		ca, err := x509.ParseCertificate(m.group.set.Replicas[r.Number()-1].CACert)
		return []*x509.Certificate{ca}, err
	}}
}

// listen opens the member's socket on the connection.
func (m *member) listen(conn net.PacketConn) {
	m.t.Helper()
	o := m.options(false)
	o.ResetKey = sha256.Sum256([]byte(m.id.String()))
	o.Logger = slog.New(slog.DiscardHandler)
	o.Listen = tlsconf.Listen(func(j identity.Jurisdiction) (tlsconf.Local, bool) { return m.local(), j == m.name }, time.Now)
	var err error
	if m.socket, err = Open(conn, o); err != nil {
		m.t.Fatal(err)
	}
	m.replicas = m.socket.Replicas(ReplicaOptions{
		Local: m.name, Self: m.id, Recheck: m.local().VerifyReplica,
		TLS: func(to identity.Replica) *tlsconf.Config { m.dialled.Add(1); return m.DialReplica(m.name, to) },
		Addresses: func(_ context.Context, to identity.Replica) ([]net.Addr, error) {
			other := m.group.all[to.Number()-1]
			other.asked.Add(1)
			return []net.Addr{other.at.Load()}, nil
		},
	})
}

func (w *world) openMember(m *member, host byte) {
	w.t.Helper()
	m.addr = &net.UDPAddr{IP: net.IPv4(192, 0, 2, host), Port: 7400}
	m.at.Store(m.addr)
	w.plug(m.party)
	m.listen(m.wire)
}

// inGroup runs f with three replicas that are open.
func inGroup(t *testing.T, f func(w *world, r1, r2, r3 *member)) {
	t.Helper()
	inWorld(t, func(w *world) {
		g := newGroup(w.t, w.t.TempDir, 3)
		for i, m := range g.all {
			w.openMember(m, byte(11+i))
		}
		f(w, g.all[0], g.all[1], g.all[2])
		for _, m := range g.all {
			w.close(m.party)
		}
	})
}

// echoes answers the streams for one use with what they say, until the end of what they say.
func (m *member) echoes(u Use) {
	l := m.replicas.For(u)
	go func() {
		for {
			c, _, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
}

// dial opens a stream within two seconds.
func (m *member) dial(u Use, to *member) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return m.replicas.For(u).Dial(ctx, to.id)
}

// mustDial opens a stream to one that is there.
func (m *member) mustDial(u Use, to *member) net.Conn {
	m.t.Helper()
	c, err := m.dial(u, to)
	if err != nil {
		m.t.Fatalf("%s dials %s: %v", m.id, to.id, err)
	}
	return c
}

// tells says something on a stream and waits for the echo.
func tells(c net.Conn, something string) error {
	if _, err := c.Write([]byte(something)); err != nil {
		return err
	}
	got := make([]byte, len(something))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if string(got) != something {
		return fmt.Errorf("got %.20q, want %.20q", got, something)
	}
	return nil
}

// asks opens a stream, says something, and waits for the echo and the end.
func (m *member) asks(u Use, to *member, something string) error {
	c, err := m.dial(u, to)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := tells(c, something); err != nil {
		return err
	}
	if err := c.(*stream).CloseWrite(); err != nil {
		return err
	}
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return fmt.Errorf("after the echo: got %d bytes, %v, want the end", n, err)
	}
	return nil
}

// drops lets the member's wire lose what which says, of what it sends.
func (m *member) drops(which func(packet []byte) bool) {
	m.wire.says.Store(func(p []byte) bool { return !which(p) })
}
