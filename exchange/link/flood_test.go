package link

import (
	"context"
	"encoding/binary"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/quicvarint"
	"github.com/quic-go/quic-go/testutils/simnet"

	"xietong/certs/tlsconf"
)

// TestFloodAtTheDoor floods the door, first from one address and then from many. All the while the
// neighbour's link stays up, and can come up anew. An honest joiner gets in beside one flooder, and
// after many flooders.
func TestFloodAtTheDoor(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county, joiner := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20), w.party("yunyan.guiyang.guizhou", 30)
		w.trust(city, county)
		w.open(city, true)
		w.open(joiner, false)
		var floods []*party
		for n := range byte(3) {
			floods = append(floods, w.party("flood.guizhou", 100+n))
			w.open(floods[n], false)
		}
		before := rest(t, city)
		end := flood(city, floods[:1])
		time.Sleep(5 * time.Second)
		if err := joiner.knock(city); err != nil {
			t.Errorf("the joiner, beside one flooder: %v", err)
		}
		end()
		end = flood(city, floods)
		time.Sleep(5 * time.Second)
		if got := city.socket.gate.held(knocking); got < most[strangers][knocking]/2 {
			t.Errorf("%d connections at the door of %d: this is no flood", got, most[strangers][knocking])
		}
		w.open(county, false)
		w.linksAndAsks(city, county, 10*time.Second)
		end()
		began := time.Now()
		for joiner.knock(city) != nil {
			if time.Since(began) > doorOpen+10*time.Second {
				t.Fatal("the joiner did not get in after the flood")
			}
			time.Sleep(time.Second)
		}
		w.close(floods...)
		w.returns(city, before)
		w.close(joiner, county, city)
	})
}

// TestFloodOfHandshakes floods the city with unfinished handshakes, from forged addresses and from
// some true ones. The neighbour's link still comes up.
func TestFloodOfHandshakes(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		before := rest(t, city)
		forged := &quic.Transport{Conn: &forger{router: w.router, closed: make(chan struct{})}}
		var silent []*party
		for n := range byte(3) {
			silent = append(silent, w.party("flood.guizhou", 100+n))
			w.open(silent[n], false)
			silent[n].wire.says.Store(isFirst)
		}
		var peak atomic.Int64
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		shake := func(tr *quic.Transport) {
			for ctx.Err() == nil {
				tr.Dial(ctx, city.addr, county.Dial(city.name), quicConfig(firstWindow))
				peak.Store(max(peak.Load(), int64(city.socket.gate.held(shaking))))
				pause(ctx, 2)
			}
		}
		for range 100 {
			wg.Go(func() { shake(forged) })
		}
		for _, p := range silent {
			for range 70 {
				wg.Go(func() { shake(p.socket.transport) })
			}
		}
		time.Sleep(3 * time.Second)
		if got, want := city.socket.gate.held(shaking), most[strangers][shaking]/2; got < want { // the share of four sources
			t.Errorf("%d handshakes under way, fewer than %d: this is no flood", got, want)
		}
		w.open(county, false)
		w.linksAndAsks(city, county, 10*time.Second)
		cancel()
		wg.Wait()
		if got := int(peak.Load()); got > most[strangers][shaking] {
			t.Errorf("%d handshakes were under way, more than %d", got, most[strangers][shaking])
		}
		forged.Conn.Close()
		forged.Close()
		w.close(silent...)
		w.returns(city, before)
		w.close(county, city)
	})
}

// TestLongAnswerAtTheDoor: a chain of eight levels comes through the door, which takes no request
// of that length (A11).
func TestLongAnswerAtTheDoor(t *testing.T) {
	inWorld(t, func(w *world) {
		city, joiner := w.party("guiyang.guizhou", 7), w.party("yunyan.guiyang.guizhou", 30)
		city.answers = make([]byte, MaxFrame)
		w.open(city, true)
		w.open(joiner, false)
		c, err := joiner.socket.Dial(context.Background(), city.addr, tlsconf.DialJoin(city.name))
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		count := func(frame []byte) error { n = len(frame); return nil }
		if err := c.Exchange(context.Background(), []byte("chain?"), count); err != nil || n != MaxFrame {
			t.Errorf("an answer of %d bytes, %v; want %d", n, err, MaxFrame)
		}
		if err := c.Exchange(context.Background(), make([]byte, MaxKnock+1), count); err == nil {
			t.Error("a request longer than MaxKnock was taken")
		}
		c.Close(CodeClosing)
		w.close(joiner, city)
	})
}

// TestDoorIsBounded checks the bounds of one connection at the door: its exchanges at once, and its
// time.
func TestDoorIsBounded(t *testing.T) {
	inWorld(t, func(w *world) {
		city, joiner := w.party("guiyang.guizhou", 7), w.party("yunyan.guiyang.guizhou", 30)
		release := make(chan struct{})
		city.knocked = func(ctx context.Context) error {
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		w.open(city, true)
		w.open(joiner, false)
		began := time.Now()
		c, err := joiner.socket.Dial(context.Background(), city.addr, tlsconf.DialJoin(city.name))
		if err != nil {
			t.Fatal(err)
		}
		results := make(chan error, 2*ofDoor.serving)
		ask := func() {
			results <- c.Exchange(context.Background(), []byte("time?"), func([]byte) error { return nil })
		}
		for range ofDoor.serving + 5 {
			go ask()
		}
		time.Sleep(time.Second)
		if got := city.socket.gate.held(asking); got != ofDoor.serving {
			t.Errorf("%d exchanges at once, want %d", got, ofDoor.serving)
		}
		close(release)
		busy := 0
		for range ofDoor.serving + 5 {
			if err := <-results; reason(err) == Busy {
				busy++
			} else if err != nil {
				t.Errorf("got %v", err)
			}
		}
		if busy != 5 {
			t.Errorf("%d were told that we are busy, want 5", busy)
		}
		city.knocked = func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }
		if ask(); reason(<-results) != Ended || time.Since(began).Round(time.Second) != doorOpen {
			t.Errorf("the connection lasted %s, want %s", time.Since(began), doorOpen)
		}
		if got := city.socket.gate.held(knocking) + city.socket.gate.held(asking); got != 0 {
			t.Errorf("%d are still held", got)
		}
		w.close(joiner, city)
	})
}

// knock asks once at the door.
func (p *party) knock(to *party) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := p.socket.Dial(ctx, to.addr, tlsconf.DialJoin(to.name))
	if err != nil {
		return err
	}
	defer c.Close(CodeClosing)
	return c.Exchange(ctx, []byte("time?"), func([]byte) error { return nil })
}

// flood knocks again and again, and keeps every connection open.
func flood(at *party, from []*party) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, p := range from {
		for range 40 {
			wg.Go(func() {
				for ctx.Err() == nil {
					c, err := p.socket.Dial(ctx, at.addr, tlsconf.DialJoin(at.name))
					if err == nil {
						select {
						case <-c.quic.Context().Done():
						case <-ctx.Done():
						}
						c.Close(CodeClosing)
					}
					pause(ctx, 1)
				}
			})
		}
	}
	return func() { cancel(); wg.Wait() }
}

// linksAndAsks checks that a neighbour's link comes up in time and stays, and that both sides can
// ask each other for a while.
func (w *world) linksAndAsks(city, county *party, within time.Duration) {
	w.t.Helper()
	end := county.keep(city, func(err error) { w.t.Logf("the neighbour, on its way: %v", err) })
	defer end()
	began := time.Now()
	for !city.socket.Up(city.name, county.name) {
		if time.Since(began) > within {
			w.t.Fatalf("no link after %s", within)
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.t.Logf("the link is up after %s", time.Since(began))
	for range 5 {
		time.Sleep(time.Second)
		if _, err := county.ask(city, "up"); err != nil {
			w.t.Fatalf("up: %v", err)
		}
		if _, err := city.ask(county, "down"); err != nil {
			w.t.Fatalf("down: %v", err)
		}
	}
}

// isFirst reports whether a client's packet belongs to its first flight: an Initial packet (RFC
// 9000 §17.2.2) alone.
func isFirst(p []byte) bool {
	if p[0]&0xf0 != 0xc0 {
		return false
	}
	rest := p[5:]
	for range 2 { // the IDs of the connection
		rest = rest[1+rest[0]:]
	}
	token, n, err := quicvarint.Parse(rest)
	if err != nil {
		return false
	}
	rest = rest[n+int(token):]
	length, n, err := quicvarint.Parse(rest)
	return err == nil && len(rest) == n+int(length)
}

// held returns the number of a kind that is held.
func (g *gate) held(k kind) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all[strangers].now[k] + g.all[friends].now[k]
}

// used is the idle use of a party's process.
type used struct {
	goroutines int
	heap       uint64
}

func rest(t testing.TB, p *party) used {
	t.Helper()
	time.Sleep(time.Minute)
	for k := range kinds {
		if got := p.socket.gate.held(k); got != 0 {
			t.Errorf("%d of kind %d are held while nothing goes on", got, k)
		}
	}
	runtime.GC()
	runtime.GC() // the second run frees the memory of pools
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return used{runtime.NumGoroutine(), m.HeapAlloc}
}

// returns checks that the city's process uses no more than before, apart from the counties that are
// linked now.
func (w *world) returns(city *party, before used) {
	w.t.Helper()
	after := rest(w.t, city)
	w.t.Logf("goroutines %d, then %d; heap %d KiB, then %d KiB", before.goroutines, after.goroutines, before.heap>>10, after.heap>>10)
	if after.goroutines > before.goroutines+8 || after.heap > before.heap+4<<20 { // the network's own buffers stay
		w.t.Error("the flood left something behind")
	}
}

// forger is a packet connection that sends the packets of each handshake from an address of its
// own, and gets no answer.
type forger struct {
	router *simnet.PerfectRouter
	closed chan struct{}
}

func (f *forger) WriteTo(p []byte, addr net.Addr) (int, error) {
	id := binary.BigEndian.Uint16(p[6:]) // of the connection that the packet is for
	f.router.SendPacket(simnet.Packet{From: from("198.51.%d.%d:7400", 100+id>>8%2, id&0xff), To: addr, Data: append([]byte(nil), p...)})
	return len(p), nil
}

func (f *forger) ReadFrom([]byte) (int, net.Addr, error) { <-f.closed; return 0, nil, net.ErrClosed }
func (f *forger) Close() error                           { close(f.closed); return nil }
func (f *forger) LocalAddr() net.Addr                    { return from("198.51.100.1:7400") }
func (f *forger) SetDeadline(time.Time) error            { return nil }
func (f *forger) SetReadDeadline(time.Time) error        { return nil }
func (f *forger) SetWriteDeadline(time.Time) error       { return nil }
