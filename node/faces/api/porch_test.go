package api

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// wasTold is what a client of a crowd was told.
type wasTold struct {
	status int // 0: the connection ended without an answer
	again  string
	title  string
	took   time.Duration
}

// crowd has so many clients ask at the same moment, and returns what each was told.
func (s *served) crowd(n int) []wasTold {
	out, began := make([]wasTold, n), time.Now()
	var all sync.WaitGroup
	for i := range out {
		all.Go(func() {
			c := s.ask(strings.Replace(hello, "\r\n\r\n", "\r\nAccept-Language: zh\r\n\r\n", 1))
			if c == nil {
				return
			}
			defer c.Close()
			a, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				return
			}
			var p client.Problem
			body, _ := io.ReadAll(a.Body) // what is lost of it is no problem
			_ = json.Unmarshal(body, &p)  // an answer is no problem either
			out[i] = wasTold{a.StatusCode, a.Header.Get("Retry-After"), p.Title, time.Since(began)}
		})
	}
	all.Wait()
	return out
}

// TestCrowdIsRefused (M3, M03c): all places are taken for minutes, and ten thousand clients come at
// once. Each is told, in its language and within seconds, that the node is busy and when to come
// again; none is served, and none ends without an answer. When the places are free all are served
// again.
func TestCrowdIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/long" {
				<-release
			}
			greets(w, r)
		}))
		long := make([]net.Conn, maxConnections)
		for i := range long {
			long[i] = s.ask(strings.Replace(hello, "/", "/long", 1))
		}
		synctest.Wait()
		for i, a := range s.crowd(10_000) {
			want := wasTold{text.Status(text.Overloaded), fmt.Sprint(failure.RetryAfter.Seconds()), text.Explain(text.Zh, text.Overloaded, nil).Title, a.took}
			if a != want || a.took > 5*time.Second {
				t.Errorf("client %d: got %+v, want %+v within 5 s", i, a, want)
				break
			}
		}
		close(release)
		for _, c := range long {
			c.Close()
		}
		for i, a := range s.crowd(maxConnections) {
			if a.status != http.StatusOK {
				t.Errorf("after it, client %d: got %+v", i, a)
			}
		}
		if _, err := s.end(); err != nil {
			t.Error(err)
		}
	})
}

// TestSilentOnThePorch: more clients than the porch holds come, say nothing, and read nothing. They
// hold it for seconds; whoever comes then is told that the node is busy.
func TestSilentOnThePorch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
		for range maxConnections {
			defer s.ask(hello).Close()
		}
		synctest.Wait()
		for range maxWaiting + maxToRefuse + maxRefused {
			if c := s.ask(""); c != nil {
				defer c.Close()
			}
		}
		time.Sleep(waitWithin + (maxWaiting+maxToRefuse+maxRefused)/maxRefused*refuseWithin)
		if got := s.crowd(1)[0]; got.status != text.Status(text.Overloaded) {
			t.Errorf("got %+v, want that the node is busy", got)
		}
		close(release)
		if _, err := s.end(); err != nil {
			t.Error(err)
		}
	})
}

// TestHalfRequestsEndForOthers (M03d): as many connections as have a place begin a request and end
// no header. Others are served after the second for which each of these is sure of its place.
func TestHalfRequestsEndForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, http.HandlerFunc(greets))
		half := strings.TrimSuffix(hello, "\r\n")
		for range maxConnections {
			defer s.ask(half).Close()
		}
		synctest.Wait()
		for i, a := range s.crowd(maxConnections) {
			if a.status != http.StatusOK || a.took < beginWithin || a.took > 2*beginWithin {
				t.Errorf("client %d: got %+v, want it served after %s", i, a, beginWithin)
				break
			}
		}
		if _, err := s.end(); err != nil {
			t.Error(err)
		}
	})
}

// oneOnly is a listener of one connection, that breaks then.
type oneOnly struct{ net.Conn }

func (b *oneOnly) Accept() (c net.Conn, err error) {
	if c, b.Conn = b.Conn, nil; c == nil {
		err = errBroken
	}
	return c, err
}

func (b *oneOnly) Close() error   { return nil }
func (b *oneOnly) Addr() net.Addr { return nil }

var errBroken = errors.New("the listener is broken")

// TestNobodyWaitsAtABrokenListener (R21-12): the listener breaks for good while somebody waits for
// a place. They are let go of.
func TestNobodyWaitsAtABrokenListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine, theirs := net.Pipe()
		r := newRoom(&oneOnly{theirs}, 0)
		if _, err := r.Accept(); !errors.Is(err, errBroken) {
			t.Fatalf("got %v", err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		_ = mine.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := mine.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("it still waits: %v", err)
		}
	})
}

// crowd is a listener that gives connections, and in between an error.
type crowd struct {
	come   chan arrival
	closed chan struct{}
}

func (c crowd) Accept() (net.Conn, error) {
	select {
	case a := <-c.come:
		return a.conn, a.err
	case <-c.closed:
		return nil, net.ErrClosed
	}
}

func (c crowd) Close() error   { close(c.closed); return nil }
func (c crowd) Addr() net.Addr { return &net.UnixAddr{Name: "crowd", Net: "unix"} }

// TestOutOfDescriptorsForAMoment: net/http calls Accept again after an error that passes. Whoever
// waits for a place waits on; after one that does not pass nobody waits any more.
func TestOutOfDescriptorsForAMoment(t *testing.T) {
	for err, stays := range map[error]int{syscall.EMFILE: 1, syscall.EINVAL: 0} {
		l := crowd{make(chan arrival, 3), make(chan struct{})}
		r := newRoom(l, 1)
		first, _ := net.Pipe()
		waits, _ := net.Pipe()
		l.come <- arrival{first, nil}
		l.come <- arrival{waits, nil}
		l.come <- arrival{nil, &net.OpError{Op: "accept", Err: err}}
		if _, err := r.Accept(); err != nil {
			t.Fatal(err)
		}
		if _, got := r.Accept(); !errors.Is(got, err) || len(r.waiting) != stays {
			t.Errorf("%v: got %v, and %d wait, want %d", err, got, len(r.waiting), stays)
		}
		_ = r.Close()
	}
}
