package link

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/tlsconf"
)

// waiting sends a request whose answer does not come, and returns the errors of both ends.
func waiting(asker, server *party) (asked, served chan error) {
	asked, served = make(chan error, 1), make(chan error, 1)
	server.serve = func(ctx context.Context, _ tlsconf.Peer, _ []byte, _ func([]byte) error) error {
		<-ctx.Done()
		served <- context.Cause(ctx)
		return context.Cause(ctx)
	}
	go func() {
		asked <- asker.socket.Exchange(context.Background(), asker.name, server.name, []byte("wait"), func([]byte) error { return nil })
	}()
	time.Sleep(time.Second)
	return asked, served
}

// TestWithdrawnWhileAsked checks rule S2 for exchanges under way: when a neighbour is no longer
// trusted, its exchanges in both directions end at once, at both ends, and both ends get the
// reason.
func TestWithdrawnWhileAsked(t *testing.T) {
	for what, ask := range map[string]func(city, county *party) (asked, served chan error){
		"the county asks": func(city, county *party) (asked, served chan error) { return waiting(county, city) },
		"the city asks":   func(city, county *party) (asked, served chan error) { return waiting(city, county) },
	} {
		linked(t, func(_ *world, city, county *party) {
			asked, served := ask(city, county)
			city.bundles.Remove(county.name)
			withdrawn := time.Now()
			city.socket.Recheck()
			err := <-asked
			<-served
			if took := time.Since(withdrawn); took > time.Second {
				t.Errorf("%s: it ended after %s", what, took)
			}
			want := map[string]Reason{"the county asks": NotKnown, "the city asks": NotTrusted}[what]
			if reason(err) != want {
				t.Errorf("%s: got %v, want %s", what, err, want)
			}
		})
	}
}

// TestWithdrawnAfterReplacement checks rule S2 for replaced links on which a long answer is still
// under way.
func TestWithdrawnAfterReplacement(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		asked, served := waiting(city, county)
		old := city.link(county)
		time.Sleep(replaceAfter + replaceJitter + time.Minute)
		if city.link(county) == old || !old.conn.alive() || county.dialled.Load() != 2 {
			t.Fatalf("the link was not replaced, or the old one ended; dialled %d times", county.dialled.Load())
		}
		city.bundles.Remove(county.name)
		city.socket.Recheck()
		if err := <-asked; reason(err) != NotTrusted {
			t.Errorf("got %v, want %s", err, NotTrusted)
		}
		<-served
		if old.conn.alive() {
			t.Error("the old link is alive")
		}
	})
}

// TestGoesOnWhileItCannotBeReplaced: nobody can be asked for the address when it is time to replace
// a link. The link goes on, beat by beat, and is replaced as soon as it can be; only then, and not
// after a link that broke, the new one is said to replace another.
func TestGoesOnWhileItCannotBeReplaced(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		var away atomic.Bool
		ups := make(chan bool, 16)
		d := county.dialler(city, func(err error) { t.Errorf("told as failed: %v", err) }, func(_ tlsconf.Peer, replaces bool) { ups <- replaces })
		where := d.Addresses
		d.Addresses = func(ctx context.Context) ([]net.Addr, error) {
			if away.Load() {
				return nil, errors.New("no name server")
			}
			return where(ctx)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); county.socket.Keep(ctx, d) }()
		if <-ups {
			t.Error("the first link replaces another")
		}
		away.Store(true)
		time.Sleep(replaceAfter + replaceJitter + 2*silentFor)
		if got, err := city.ask(county, "still here?"); err != nil {
			t.Errorf("while it cannot be replaced: got %q, %v", got, err)
		}
		away.Store(false)
		if !<-ups {
			t.Error("the replacement is said to replace nothing")
		}
		time.Sleep(provenAfter)
		if got, err := city.ask(county, "again?"); err != nil {
			t.Errorf("after it was replaced: got %q, %v", got, err)
		}
		county.link(city).conn.Close(CodeClosing)
		if <-ups {
			t.Error("what comes after a link that broke is said to replace it")
		}
		cancel()
		<-done
		w.close(city, county)
	})
}

// TestEndsWithItsCertificate checks rule S2: a connection ends with the certificate of its
// neighbour, also if the neighbour keeps it open, and with all exchanges on it.
func TestEndsWithItsCertificate(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		l, err := county.socket.connect(context.Background(), county.dialler(city, nil, nil), nil, nil) // this link is never replaced
		if err != nil {
			t.Fatal(err)
		}
		county.socket.add(l)
		county.socket.start(l, county)
		ends := tlsconf.Ends(l.conn.TLS())
		if left := time.Until(ends); left < authority.LinkTerm/2 || left > authority.LinkTerm {
			t.Fatalf("the certificate ends in %s", left)
		}
		done := make(chan struct{})
		go func() { // says hello all the while, as a dialler that never replaces its link
			for l.conn.sayHello(context.Background(), l.peer, county) == nil {
				time.Sleep(helloEvery)
			}
			close(done)
		}()
		asked, served := waiting(city, county)
		err = <-asked
		<-served
		if off := time.Since(ends).Abs(); off > time.Second || reason(err) != NotTrusted && reason(err) != NotKnown {
			t.Errorf("got %v, %s from the end of the certificate", err, off)
		}
		<-done
		if _, err := city.ask(county, "x"); !errors.Is(err, ErrNoLink) {
			t.Errorf("afterwards: got %v, want ErrNoLink", err)
		}
		w.close(county, city)
	})
}
