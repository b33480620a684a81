package link

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/tlsconf"
)

// narrow lets pass only packets of at most limit bytes, from now on.
func narrow(limit *atomic.Int64, parties ...*party) {
	for _, p := range parties {
		p.wire.says.Store(func(packet []byte) bool { return int64(len(packet)) <= limit.Load() })
	}
}

// leastPath is the UDP payload that every path of QUIC passes (RFC 9000 §14): 1228 bytes with the
// headers of IPv4 and UDP.
const leastPath = 1200

// TestPathOfLeastSize (P05): a link comes up over a path that passes 1,228 bytes and no more, and
// carries what is long.
func TestPathOfLeastSize(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		var limit atomic.Int64
		limit.Store(leastPath)
		narrow(&limit, city, county)
		end := county.keep(city, func(err error) { t.Errorf("no link: %v", err) })
		time.Sleep(time.Minute)
		if _, err := county.ask(city, strings.Repeat("x", 100<<10)); err != nil {
			t.Errorf("100 KiB: %v", err)
		}
		end()
		w.close(county, city)
	})
}

// TestPathShrinks: a path whose limit falls to 1,228 bytes under a running link costs no call.
func TestPathShrinks(t *testing.T) {
	linked(t, func(w *world, city, county *party) {
		var limit atomic.Int64
		limit.Store(1452)
		narrow(&limit, city, county)
		failed := 0
		for n := range 90 {
			if n == 30 {
				limit.Store(leastPath)
			}
			if _, err := county.ask(city, strings.Repeat("x", 20<<10)); err != nil {
				failed++
			}
			time.Sleep(time.Second)
		}
		if failed > 0 {
			t.Errorf("%d of 90 calls failed", failed)
		}
	})
}

// TestPathTooSmall (P06): a path that passes only small packets any more is no link: within seconds
// both sides say so, although short calls still come through, and when the path is whole again, so
// is the link.
func TestPathTooSmall(t *testing.T) {
	for what, both := range map[string]bool{"both ways": true, "down only": false} {
		linked(t, func(w *world, city, county *party) {
			time.Sleep(30 * time.Second)
			var limit atomic.Int64
			limit.Store(1100)
			if narrow(&limit, city); both {
				narrow(&limit, county)
			}
			began := time.Now()
			for county.socket.Up(county.name, city.name) || city.socket.Up(city.name, county.name) {
				county.ask(city, "short")
				if time.Sleep(time.Second); time.Since(began) > 30*time.Second {
					_, err := city.ask(county, strings.Repeat("x", 20<<10))
					t.Errorf("%s: still up after %s, while a call of 20 KiB gives: %v", what, time.Since(began), err)
					break
				}
			}
			time.Sleep(30 * time.Second)
			limit.Store(1452)
			time.Sleep(longestPause + 5*time.Second)
			if _, err := city.ask(county, strings.Repeat("x", 20<<10)); err != nil {
				t.Errorf("%s: when the path is whole again: %v", what, err)
			}
		})
	}
}

// TestEveryAddressIsTried: the dialler tries every address in turn, tells the reason of each, and
// begins with the one that led there last.
func TestEveryAddressIsTried(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		d := county.dialler(city, nil, nil)
		dead := []net.Addr{from("192.0.2.98:7400"), from("192.0.2.99:7400")}
		d.Addresses = func(context.Context) ([]net.Addr, error) { return dead, nil }
		_, err := county.socket.connect(context.Background(), d, nil, nil)
		if err == nil || !strings.Contains(err.Error(), "192.0.2.98:7400: no-answer") || !strings.Contains(err.Error(), "192.0.2.99:7400: no-answer") {
			t.Errorf("none there: got %v, want both", err)
		}
		d.Addresses = func(context.Context) ([]net.Addr, error) { return append(dead, city.addr), nil }
		for _, last := range []net.Addr{nil, city.addr} {
			county.dialled.Store(0)
			l, err := county.socket.connect(context.Background(), d, last, nil)
			if want := map[bool]int32{true: 3, false: 1}[last == nil]; err != nil || county.dialled.Load() != want {
				t.Fatalf("after %v: got %v with %d attempts, want %d", last, err, county.dialled.Load(), want)
			}
			l.conn.Close(CodeClosing)
			county.socket.leave(l.conn)
		}
		county.bundles.Remove(city.name)
		if _, err := county.socket.connect(context.Background(), d, nil, nil); reason(err) != NotTrusted {
			t.Errorf("the reason of whoever answers comes first: got %v", err)
		}
		w.close(county, city)
	})
}

// TestFullSlowLine: over a line of 200 kbit/s that forty long answers fill, hello is still in time:
// the link is not given up, and all come through.
func TestFullSlowLine(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		city.serve = func(_ context.Context, _ tlsconf.Peer, _ []byte, write func([]byte) error) error {
			return write(make([]byte, 35<<10))
		}
		city.wire.says.Store(func([]byte) bool { time.Sleep(50 * time.Millisecond); return true })
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
				defer cancel()
				if err := county.socket.Exchange(ctx, county.name, city.name, []byte("much"), func([]byte) error { return nil }); err != nil {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if got := county.dialled.Load(); got != 1 {
			t.Errorf("dialled %d times", got)
		}
		city.wire.says.Store(func([]byte) bool { return true })
	})
}
