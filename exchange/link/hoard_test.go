package link

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// forged shows an identity that the jurisdiction's CA signed, for whatever replica.
type forged struct{ svid *x509svid.SVID }

func (f forged) GetX509SVID() (*x509svid.SVID, error) { return f.svid, nil }

// as returns the party under the number of another replica, signed by its own CA.
func (p *party) as(replica int) *party {
	p.t.Helper()
	read := func(file string) []byte {
		data, err := os.ReadFile(filepath.Join(p.dir, file))
		if err != nil {
			p.t.Fatal(err)
		}
		block, _ := pem.Decode(data)
		return block.Bytes
	}
	ca, err := x509.ParseCertificate(read("ca.crt"))
	if err != nil {
		p.t.Fatal(err)
	}
	by, err := x509.ParsePKCS8PrivateKey(read("ca.key"))
	if err != nil {
		p.t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		p.t.Fatal(err)
	}
	id := &url.URL{Scheme: "spiffe", Host: p.name.String(), Path: fmt.Sprintf("/link/r%d", replica)}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(int64(replica)), URIs: []*url.URL{id}, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, BasicConstraintsValid: true,
	}, ca, key.Public(), by)
	if err != nil {
		p.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		p.t.Fatal(err)
	}
	spiffe, err := spiffeid.FromURI(id)
	if err != nil {
		p.t.Fatal(err)
	}
	other := &party{t: p.t, name: p.name, bundles: p.bundles, addr: p.addr, wire: p.wire, socket: p.socket, Party: p.Party}
	other.refuse.Store(refusal{})
	other.SVID = forged{&x509svid.SVID{ID: spiffe, Certificates: []*x509.Certificate{cert}, PrivateKey: key}}
	return other
}

// comes dials and says hello as a link does, and reports whether the link came up.
func (p *party) comes(to *party) (*quic.Conn, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	q, err := p.socket.transport.Dial(ctx, to.addr, p.Dial(to.name), quicConfig(firstWindow))
	if err != nil {
		return nil, false
	}
	c := newConn(q, ofLinks)
	_, err = One(func(each func([]byte) error) error { return c.exchange(ctx, each, []byte{}, says(p)) })
	return q, err == nil
}

// TestLinksOfReplicasThatAreNone (S10): a county with one replica comes 120 times, as r1001 to
// r1020.
func TestLinksOfReplicasThatAreNone(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		up := 0
		for n := range 120 {
			if _, ok := county.as(1001 + n/6).comes(city); ok {
				up++
			}
		}
		if up != 0 {
			t.Errorf("%d of 120 links of replicas outside the key set came up", up)
		}
		if _, ok := county.as(1).comes(city); !ok {
			t.Error("the one replica that there is does not come in")
		}
		w.close(county, city)
	})
}

// begins announces 1 MiB, sends a quarter of it, and counts what was taken.
func begins(s *quic.Stream, sent *atomic.Int64) {
	says := append(frame(MaxFrame, ""), make([]byte, 256<<10)...)
	for len(says) > 0 {
		wrote, err := s.Write(says[:min(len(says), 4<<10)])
		if sent.Add(int64(wrote)); err != nil {
			return
		}
		says = says[wrote:]
	}
}

// TestHoardOfUnfinishedFrames (S10b): a county opens what connections it gets, and on each many
// frames of 1 MiB that it never ends. What the city keeps of it is bounded, twenty others are
// served all the while, and by the deadline everything is given back.
func TestHoardOfUnfinishedFrames(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		var healthy []*party
		var ends []func()
		for n := range byte(20) {
			p := w.party(fmt.Sprintf("c%d.guiyang.guizhou", n), 30+n)
			w.trust(city, p)
			w.open(p, false)
			healthy = append(healthy, p)
			ends = append(ends, p.keep(city, func(err error) { t.Errorf("%s: %v", p.name, err) }))
		}
		const most = 20 << 20
		var conns []*quic.Conn
		var streams []*quic.Stream
		var sent [24 * 64]atomic.Int64
		for n := range 24 {
			q, ok := county.as(1 + n/6).comes(city)
			if !ok {
				continue
			}
			conns = append(conns, q)
			for range 64 {
				s, err := q.OpenStream()
				if err != nil {
					break
				}
				streams = append(streams, s)
				go begins(s, &sent[len(streams)-1])
			}
		}
		time.Sleep(20 * time.Second)
		held := int64(0)
		for n, s := range streams {
			if s.Context().Err() == nil {
				held += sent[n].Load()
			}
		}
		t.Logf("%d connections, %d streams", len(conns), len(streams))
		if held > most {
			t.Errorf("%d MiB of one county are held, more than %d", held>>20, most>>20)
		}
		served := 0
		for _, p := range healthy {
			if got, err := p.ask(city, string(make([]byte, 100<<10))); err == nil && len(got) > 100<<10 {
				served++
			}
		}
		if served != len(healthy) {
			t.Errorf("%d of %d others are served", served, len(healthy))
		}
		time.Sleep(firstFrameWithin + ofLinks.longer(MaxFrame))
		if got := city.memory(county); got > maxConns*(connCost+2*maxWindow) {
			t.Errorf("%d KiB are held after the deadline", got>>10)
		}
		for _, q := range conns {
			q.CloseWithError(0, "")
		}
		time.Sleep(time.Second)
		if got := city.memory(county); got != 0 {
			t.Errorf("%d bytes are held of a county without connections", got)
		}
		for _, end := range ends {
			end()
		}
		w.close(append(healthy, county, city)...)
	})
}

// TestHoardOfUnreadAnswers (S10c): a county asks again and again for 1 MiB and reads nothing of it.
// What the city keeps for it is bounded, and others are served.
func TestHoardOfUnreadAnswers(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county, other := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20), w.party("yunyan.guiyang.guizhou", 30)
		w.trust(city, county)
		w.trust(city, other)
		var unread atomic.Int64
		city.serve = func(_ context.Context, peer tlsconf.Peer, _ []byte, write func([]byte) error) error {
			if peer.Jurisdiction != county.name {
				return write(make([]byte, MaxFrame))
			}
			unread.Add(MaxFrame)
			defer unread.Add(-MaxFrame)
			return write(make([]byte, MaxFrame))
		}
		w.open(city, true)
		w.open(county, false)
		w.open(other, false)
		end := other.keep(city, func(err error) { t.Errorf("the other: %v", err) })
		const most = 20 << 20
		var conns []*quic.Conn
		for range 6 {
			q, ok := county.as(1).comes(city)
			if !ok {
				continue
			}
			conns = append(conns, q)
			for range 32 {
				s, err := q.OpenStream()
				if err != nil {
					t.Fatal(err)
				}
				s.Write(frame(4, "much"))
				s.Close()
			}
		}
		time.Sleep(5 * time.Second)
		if got := unread.Load(); got > most {
			t.Errorf("%d MiB of answers wait for one county, more than %d", got>>20, most>>20)
		}
		for n := range 5 {
			if got, err := other.ask(city, "much"); err != nil || len(got) != MaxFrame {
				t.Errorf("the other, %d: got %d bytes, %v", n, len(got), err)
			}
		}
		for _, q := range conns {
			q.CloseWithError(0, "")
		}
		end()
		w.close(other, county, city)
	})
}

// TestEndlessAnswer: a neighbour that answers with frames without end, or with one that drips, is
// given up, also where the asker would wait for ever.
func TestEndlessAnswer(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		city.serve = func(_ context.Context, _ tlsconf.Peer, _ []byte, write func([]byte) error) error {
			for {
				if err := write([]byte("more")); err != nil {
					return err
				}
			}
		}
		frames, enough := 0, errors.New("enough for the test")
		err := county.socket.Exchange(context.Background(), county.name, city.name, []byte("x"), func([]byte) error {
			if frames++; frames > 10_000 {
				return enough
			}
			return nil
		})
		if !errors.Is(err, ErrFrame) {
			t.Errorf("without end: got %v after %d frames, want ErrFrame", err, frames)
		}
	})
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		q, _ := county.as(1).comes(city)
		done := make(chan struct{})
		go func() {
			defer close(done)
			s, err := q.AcceptStream(ctx)
			if err != nil {
				return
			}
			s.Write(frame(MaxFrame, ""))
			for err == nil {
				c := newConn(q, ofLinks) // says hello all the while
				_, err = One(func(each func([]byte) error) error { return c.exchange(ctx, each, []byte{}, says(county)) })
				time.Sleep(time.Second)
				s.Write([]byte{0})
			}
		}()
		began := time.Now()
		err := city.socket.Exchange(ctx, city.name, county.name, []byte("x"), func([]byte) error { return nil })
		if within := takenWithin + ofLinks.longer(MaxFrame); err == nil || time.Since(began) > within+2*time.Second {
			t.Errorf("a byte a second: got %v after %s, want an end after %s", err, time.Since(began), within)
		}
		q.CloseWithError(0, "")
		<-done
		w.close(county, city)
	})
}

// says returns the frame of the party's hello.
func says(p *party) []byte { return pad(p.Hello()) }

// TestSilentDialler: whoever says hello once and then nothing is no neighbour for long, although it
// answers every packet of QUIC.
func TestSilentDialler(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		q, _ := county.as(1).comes(city)
		began := time.Now()
		if !city.socket.Up(city.name, county.name) {
			t.Fatal("no link")
		}
		select {
		case <-q.Context().Done():
		case <-time.After(5 * time.Minute):
		}
		if took := time.Since(began); took > silentFor+time.Second || city.socket.Up(city.name, county.name) {
			t.Errorf("the link ended after %s, want %s", took, silentFor)
		}
		q.CloseWithError(0, "")
		w.close(county, city)
	})
}

// TestConnectionsOfAllReplicas: the replicas of a neighbour together have a bound too, and take
// nothing from another neighbour.
func TestConnectionsOfAllReplicas(t *testing.T) {
	s := &Socket{conns: map[*Conn]end{}}
	of := func(label string, replica int) end {
		e := endsOf(t, label)
		r, err := identity.NewReplica(uint32(replica))
		if err != nil {
			t.Fatal(err)
		}
		return end{e.local, tlsconf.Peer{Jurisdiction: e.peer, Replica: r}}
	}
	got := 0
	for n := range 100 {
		if e := of("nanming", 1+n%9); s.roomFor(e) {
			s.conns[&Conn{}] = e
			got++
		}
	}
	if got != maxConnsOfAll {
		t.Errorf("%d connections of one neighbour, want %d", got, maxConnsOfAll)
	}
	if !s.roomFor(of("yunyan", 1)) {
		t.Error("no room for another neighbour")
	}
}
