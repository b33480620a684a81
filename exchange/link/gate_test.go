package link

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
)

func from(format string, a ...any) *net.UDPAddr {
	addr, err := net.ResolveUDPAddr("udp", fmt.Sprintf(format, a...))
	if err != nil {
		panic(err)
	}
	return addr
}

// TestSources checks the sources: an address of IPv4, a /64 network of IPv6, and all other
// addresses together.
func TestSources(t *testing.T) {
	for _, row := range []struct {
		a, b net.Addr
		same bool
	}{
		{from("192.0.2.1:1"), from("192.0.2.1:2"), true},
		{from("192.0.2.1:1"), from("192.0.2.2:1"), false},
		{from("192.0.2.1:1"), from("[::ffff:192.0.2.1]:1"), true},
		{from("[2001:db8::1]:1"), from("[2001:db8::ffff:2]:1"), true},
		{from("[2001:db8::1]:1"), from("[2001:db8:0:1::1]:1"), true},
		{from("[2001:db8::1]:1"), from("[2001:db8:1::1]:1"), false},
		{from("192.0.2.1:1"), &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 9}, true},
		{&net.UnixAddr{Name: "a"}, &net.UnixAddr{Name: "b"}, true},
		{&net.UnixAddr{Name: "a"}, from("192.0.2.1:1"), false},
	} {
		if got := sourceOf(row.a) == sourceOf(row.b); got != row.same {
			t.Errorf("%s and %s: one source %t, want %t", row.a, row.b, got, row.same)
		}
	}
	if got := sourceOf(&net.UnixAddr{Name: "a"}); got != (source{}) {
		t.Errorf("no IP address: got %s", got)
	}
}

// takeAll takes of a kind until it is refused, and returns the number that it got.
func takeAll(g *gate, k kind, s source, now time.Time) (n int) {
	for g.take(k, s, now) {
		n++
	}
	return n
}

// TestShares checks that one source gets at most its share, and that a new source gets in after
// many others have taken all they can.
func TestShares(t *testing.T) {
	now := time.Now()
	for k := range kinds {
		for _, sources := range []int{1, 2, 4, 10} {
			g := newGate()
			for took := true; took; { // by turns, as much as they can
				took = false
				for n := range sources {
					took = g.take(k, sourceOf(from("192.0.2.%d:1", n)), now) || took
				}
			}
			free, want := most[strangers][k]-g.held(k), float64(most[strangers][k])/(1+float64(sources)*fraction[k])
			if float64(free) > want || float64(free) < want-float64(sources) {
				t.Errorf("kind %d: %d sources leave %d of %d free, want about %.0f", k, sources, free, most[strangers][k], want)
			}
			if got := takeAll(g, k, sourceOf(from("192.0.2.99:1")), now); got == 0 {
				t.Errorf("kind %d: %d sources shut out who comes anew", k, sources)
			}
			for n := range 255 {
				takeAll(g, k, sourceOf(from("198.51.100.%d:1", n)), now)
			}
			if got := g.held(k); got > most[strangers][k] {
				t.Errorf("kind %d: %d are held, more than %d", k, got, most[strangers][k])
			}
		}
	}
}

// TestRates checks that the spent part of a burst comes back with time, and never more than the
// burst.
func TestRates(t *testing.T) {
	now := time.Now()
	for k := range kinds {
		l := ofOne[k]
		g, s := newGate(), sourceOf(from("192.0.2.1:1"))
		spend := func() (n int) {
			for g.take(k, s, now) {
				g.give(k, s)
				if n++; n > 1000 {
					t.Fatalf("kind %d: no end", k)
				}
			}
			return n
		}
		if got := spend(); got != int(l.burst) {
			t.Errorf("kind %d: %d at once, want %v", k, got, l.burst)
		}
		now = now.Add(3 * time.Second)
		if got, want := spend(), min(int(3*l.perSecond), int(l.burst)); got != want {
			t.Errorf("kind %d: %d after three seconds, want %d", k, got, want)
		}
		now = now.Add(time.Hour)
		if got := spend(); got != int(l.burst) {
			t.Errorf("kind %d: %d after an hour, want %v", k, got, l.burst)
		}
		if now = now.Add(-time.Minute); g.take(k, s, now) {
			t.Errorf("kind %d: a clock that goes back gives", k)
		}
	}
}

// TestAtEase checks when new clients must prove their address first: once unproved addresses hold
// their share of handshakes, or of the door.
func TestAtEase(t *testing.T) {
	for _, k := range []kind{shaking, knocking} {
		g, now := newGate(), time.Now()
		n := 0
		for ; g.atEase(now); n++ {
			if !g.take(k, source{}, now) {
				t.Fatalf("kind %d: at ease after %d, and refused", k, n)
			}
		}
		if g.take(k, source{}, now) || n == 0 {
			t.Errorf("kind %d: not at ease after %d, and not refused", k, n)
		}
		if !g.take(k, sourceOf(from("192.0.2.1:1")), now) {
			t.Errorf("kind %d: who has proved its address is refused", k)
		}
	}
}

// TestReserve checks that earlier neighbours find room after strangers from many addresses have
// taken everything.
func TestReserve(t *testing.T) {
	g, now := newGate(), time.Now()
	g.linked(ends{}, from("192.0.2.1:7400"))
	g.linked(ends{}, &net.UnixAddr{Name: "a"}) // proves nothing
	for n := 0; g.held(shaking) < most[strangers][shaking]; n++ {
		takeAll(g, shaking, sourceOf(from("198.51.%d.%d:1", n>>8, n&0xff)), now)
	}
	if g.take(shaking, sourceOf(from("192.0.2.2:1")), now) || g.take(shaking, source{}, now) {
		t.Error("a stranger gets in beyond all")
	}
	if got := takeAll(g, shaking, sourceOf(from("192.0.2.1:9")), now); got == 0 || g.held(shaking) > most[strangers][shaking]+most[friends][shaking] {
		t.Errorf("the neighbour of before got %d", got)
	}
}

// TestSourcesAreBounded checks that the table is bounded, and keeps the sources that hold something
// or had a link.
func TestSourcesAreBounded(t *testing.T) {
	g, now := newGate(), time.Now()
	holder, linked := sourceOf(from("192.0.2.1:1")), sourceOf(from("192.0.2.2:1"))
	g.take(shaking, holder, now)
	g.linked(ends{}, from("192.0.2.2:1"))
	for n := range 10 * maxSources {
		s := sourceOf(from("[2001:db8:%x:%x::1]:1", n>>16, n&0xffff))
		if g.take(knocking, s, now) {
			g.give(knocking, s)
		}
		if len(g.sources) > maxSources {
			t.Fatalf("%d sources", len(g.sources))
		}
	}
	if g.sources[holder] == nil || g.sources[linked] == nil {
		t.Error("forgot who holds something, or who was linked")
	}
	for n := range 10 * maxSources { // a table full of neighbours makes room, too
		g.linked(ends{}, from("10.%d.%d.1:1", n>>8, n&0xff))
		if len(g.sources) > maxSources {
			t.Fatalf("%d sources", len(g.sources))
		}
	}
	g.give(shaking, holder)
	n := 0
	for class := range classes {
		for k := range kinds {
			n += most[class][k]
		}
	}
	if n >= maxSources {
		t.Errorf("%d may hold something at a time, %d are told apart", n, maxSources)
	}
}

// TestVisitorsGiveBack checks that a connection gives back everything when it ends, and takes
// nothing later.
func TestVisitorsGiveBack(t *testing.T) {
	g := newGate()
	ctx, cancel := context.WithCancel(context.Background())
	inner, err := g.first(ctx, &quic.ClientInfo{RemoteAddr: from("192.0.2.1:1"), AddrVerified: true})
	if err != nil {
		t.Fatal(err)
	}
	v, ok := visitorOf(inner)
	if !ok || v.from != sourceOf(from("192.0.2.1:9")) || g.all[strangers].now != [kinds]int{shaking: 1} {
		t.Fatalf("got %+v, %v", v, g.all[strangers].now)
	}
	if err := g.hello(inner, "xietong-join/1"); err != nil || g.all[strangers].now != [kinds]int{shaking: 1, knocking: 1} {
		t.Errorf("got %v, %v", err, g.all[strangers].now)
	}
	if v.take(knocking); g.all[strangers].now != [kinds]int{shaking: 1, knocking: 1} {
		t.Errorf("one connection knocks twice: %v", g.all[strangers].now)
	}
	v.leave(shaking)
	v.leave(shaking)
	if err := g.hello(inner, "xietong/1"); err != nil || g.all[strangers].now != [kinds]int{} {
		t.Errorf("got %v, %v", err, g.all[strangers].now)
	}
	cancel()
	v.leaveAll() // as the end of the context does, in its own time
	if g.all[strangers].now != [kinds]int{} || v.take(shaking) || g.hello(inner, "xietong-join/1") == nil {
		t.Errorf("after its end: %v", g.all[strangers].now)
	}
	if err := g.hello(context.Background(), "xietong-join/1"); err == nil {
		t.Error("a connection that was not counted may knock")
	}
	if _, err := g.first(context.Background(), &quic.ClientInfo{RemoteAddr: from("192.0.2.1:1")}); err != nil || g.sources[source{}].now[shaking] != 1 {
		t.Errorf("an address that is not proved: got %v", err)
	}
}
