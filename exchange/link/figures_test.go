package link

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/tlsconf"
	"xietong/certs/trust"
)

var figures = flag.Bool("figures", false, "let TestFigures measure")

const (
	idleLinks = 500
	childEnv  = "XIETONG_TEST_CHILD" // the kind of connections, the directory of keys, the address
)

// TestFigures prints the cost of an idle neighbour for its parent, and the speed of exchanges, each
// beside quic-go alone with the same settings, over real sockets. It fails on wrong answers only,
// never on times.
func TestFigures(t *testing.T) {
	if !*figures {
		t.Skip("a measurement: run it with -figures")
	}
	dir := t.TempDir()
	bare := idle(t, dir, "bare", func(city *party, conn net.PacketConn) (count func() int, end func()) {
		transport := &quic.Transport{Conn: conn}
		listener, err := transport.Listen(city.listen(), quicConfig(guestWindow))
		if err != nil {
			t.Fatal(err)
		}
		conns := make(chan *quic.Conn, idleLinks)
		go func() {
			for {
				q, err := listener.Accept(context.Background())
				if err != nil {
					return
				}
				conns <- q
			}
		}()
		return func() int { return len(conns) }, func() { listener.Close(); transport.Close() }
	})
	ours := idle(t, dir, "links", func(city *party, conn net.PacketConn) (count func() int, end func()) {
		socket, err := Open(conn, city.options(true))
		if err != nil {
			t.Fatal(err)
		}
		return func() int { return len(socket.Links()) }, func() { socket.Close() }
	})
	t.Logf("idle, at the parent's end: %.1f KiB and %.1f goroutines a link; quic-go alone %.1f KiB and %.1f; ratio %.2f",
		ours.bytes/1024, ours.goroutines, bare.bytes/1024, bare.goroutines, ours.bytes/bare.bytes)
	for _, clients := range []int{1, 64} {
		echoes(t, dir, clients)
	}
}

// cost is the memory and the goroutines of one of many connections.
type cost struct{ bytes, goroutines float64 }

func inUse() cost {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return cost{float64(m.HeapAlloc + m.StackInuse), float64(runtime.NumGoroutine())}
}

// idle measures the cost of a connection for the listening end, while the other ends are in another
// process.
func idle(t *testing.T, dir, kind string, listen func(*party, net.PacketConn) (count func() int, end func())) cost {
	t.Helper()
	city := newParty(t, filepath.Join(dir, "city"), "guiyang.guizhou")
	for n := range idleLinks {
		county := newParty(t, filepath.Join(dir, fmt.Sprint(n)), countyName(n))
		if err := city.bundles.Set(trust.Always(county.sets...)); err != nil {
			t.Fatal(err)
		}
		city.trusted[county.name] = true
	}
	conn := loopback(t)
	defer conn.Close()
	count, end := listen(city, conn)
	defer end()
	before := inUse()
	child := exec.Command(os.Args[0], "-test.run=^TestFiguresChild$")
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %s", childEnv, kind, dir, conn.LocalAddr()))
	child.Stderr = os.Stderr
	stdin, err := child.StdinPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { stdin.Close(); child.Wait() }()
	for began := time.Now(); count() < idleLinks; time.Sleep(100 * time.Millisecond) {
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("%s: %d of %d connections after %s", kind, count(), idleLinks, time.Since(began))
		}
	}
	time.Sleep(2*helloEvery + time.Second) // the handshakes have given their memory back, and hellos were said
	after := inUse()
	if count() != idleLinks {
		t.Errorf("%s: %d connections, want %d", kind, count(), idleLinks)
	}
	return cost{(after.bytes - before.bytes) / idleLinks, (after.goroutines - before.goroutines) / idleLinks}
}

func countyName(n int) string { return fmt.Sprintf("c%d.guiyang.guizhou", n) }

func loopback(t testing.TB) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestFiguresChild runs the counties of TestFigures, in a process of their own.
func TestFiguresChild(t *testing.T) {
	kind, rest, ok := strings.Cut(os.Getenv(childEnv), " ")
	dir, address, _ := strings.Cut(rest, " ")
	if !ok {
		t.Skip("part of TestFigures")
	}
	city := newParty(t, filepath.Join(dir, "city"), "guiyang.guizhou")
	city.addr = from("%s", address)
	conn := loopback(t)
	defer conn.Close()
	socket, err := Open(conn, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for n := range idleLinks {
		county := newParty(t, filepath.Join(dir, fmt.Sprint(n)), countyName(n))
		if err := county.bundles.Set(trust.Always(city.sets...)); err != nil {
			t.Fatal(err)
		}
		if kind == "bare" {
			if _, err := socket.transport.Dial(context.Background(), city.addr, county.Dial(city.name), quicConfig(firstWindow)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		county.socket = socket
		socket.o.Logger = county.options(false).Logger
		defer county.keep(city, func(error) {})()
	}
	io.Copy(io.Discard, os.Stdin) // until the parent has measured
}

// echoes measures exchanges of 1 KiB over one link, and beside it streams of one connection of
// quic-go.
func echoes(t *testing.T, dir string, clients int) {
	t.Helper()
	city, county := newParty(t, filepath.Join(dir, "city"), "guiyang.guizhou"), newParty(t, filepath.Join(dir, "0"), countyName(0))
	(&world{t: t}).trust(city, county)
	city.serve = func(_ context.Context, _ tlsconf.Peer, request []byte, write func([]byte) error) error {
		return write(request)
	}
	defer overLoopback(t, city, county)()
	ctx := context.Background()
	said := bytes.Repeat([]byte("x"), 1024)
	ours := func() ([]byte, error) {
		var got []byte
		err := county.socket.Exchange(ctx, county.name, city.name, said, func(frame []byte) error { got = frame; return nil })
		return got, err
	}
	bare, end := bareEcho(t, city, county, said)
	defer end()
	var rates [2][]float64
	for range 3 { // by turns, because other work comes and goes
		rates[0] = append(rates[0], measure(t, "exchange", clients, said, ours))
		rates[1] = append(rates[1], measure(t, "quic-go alone", clients, said, bare))
	}
	slices.Sort(rates[0])
	slices.Sort(rates[1])
	t.Logf("%2d at once, ratio of the medians %.2f", clients, rates[0][1]/rates[1][1])
}

// overLoopback links a county to its city over real sockets, until end.
func overLoopback(t testing.TB, city, county *party) (end func()) {
	t.Helper()
	at, by := loopback(t), loopback(t)
	city.addr = at.LocalAddr().(*net.UDPAddr)
	var err, failed error
	city.socket, err = Open(at, city.options(true))
	county.socket, failed = Open(by, county.options(false))
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	up, done := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(done)
		county.socket.Keep(ctx, county.dialler(city, func(err error) { t.Error(err) }, func(tlsconf.Peer, bool) { close(up) }))
	}()
	<-up
	return func() {
		cancel()
		<-done
		if err := errors.Join(county.socket.Close(), city.socket.Close(), by.Close(), at.Close()); err != nil {
			t.Error(err)
		}
	}
}

// bareEcho returns an echo over quic-go alone: with as many sockets and the same settings, without
// frames and link.
func bareEcho(t *testing.T, city, county *party, said []byte) (echo func() ([]byte, error), end func()) {
	t.Helper()
	at, by := loopback(t), loopback(t)
	server, client := &quic.Transport{Conn: at}, &quic.Transport{Conn: by}
	listener, err := server.Listen(city.listen(), quicConfig(guestWindow))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		q, err := listener.Accept(context.Background())
		for err == nil {
			var s *quic.Stream
			if s, err = q.AcceptStream(context.Background()); err != nil {
				return
			}
			wg.Go(func() {
				if heard, err := io.ReadAll(s); err == nil {
					s.Write(heard)
				}
				s.Close()
			})
		}
	})
	q, err := client.Dial(context.Background(), at.LocalAddr(), county.Dial(city.name), quicConfig(firstWindow))
	if err != nil {
		t.Fatal(err)
	}
	echo = func() ([]byte, error) {
		s, err := q.OpenStreamSync(context.Background())
		if err != nil {
			return nil, err
		}
		if _, err := s.Write(said); err != nil {
			return nil, err
		}
		s.Close()
		return io.ReadAll(s)
	}
	return echo, func() {
		client.Close()
		listener.Close()
		server.Close()
		wg.Wait()
		at.Close()
		by.Close()
	}
}

// measure echoes for two seconds, prints the rate and the times, and returns the rate.
func measure(t *testing.T, what string, clients int, said []byte, echo func() ([]byte, error)) float64 {
	t.Helper()
	var mu sync.Mutex
	var times []time.Duration
	var wg sync.WaitGroup
	began := time.Now()
	for range clients {
		wg.Go(func() {
			for time.Since(began) < 2*time.Second {
				asked := time.Now()
				got, err := echo()
				took := time.Since(asked)
				if err != nil || !bytes.Equal(got, said) {
					t.Errorf("%s: got %d bytes, %v", what, len(got), err)
					return
				}
				mu.Lock()
				times = append(times, took)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	rate := float64(len(times)) / time.Since(began).Seconds()
	slices.Sort(times)
	t.Logf("%2d at once, %-14s %6.0f a second, p50 %s, p99 %s", clients, what+":", rate,
		times[len(times)/2].Round(time.Microsecond), times[len(times)*99/100].Round(time.Microsecond))
	return rate
}
