package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/loglimit"
	"xietong/node/ground/text"
)

// served is an API that is served on pipes, with what it logs.
type served struct {
	t     *testing.T
	pipes pipes
	log   bytes.Buffer
	stop  context.CancelFunc
	ended chan error
}

// serve serves the handler until the test, or the bubble, ends.
func serve(t *testing.T, h http.Handler) *served {
	s := &served{t: t, pipes: pipes{make(chan net.Conn), make(chan struct{})}, ended: make(chan error, 1)}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	logger := loglimit.New(slog.New(slog.NewTextHandler(&s.log, nil)))
	go func() {
		s.ended <- Serve(ctx, Serving{Listener: s.pipes, Handler: h, Logger: logger})
		close(s.ended)
	}()
	return s
}

// end stops the API, and returns how long it took and what Serve returned.
func (s *served) end() (took time.Duration, err error) {
	began := time.Now()
	s.stop()
	err = <-s.ended
	return time.Since(began), err
}

// ask opens a connection and sends something over it. If nobody takes it for longer than a client
// waits for a place, the connection is nil.
func (s *served) ask(sent string) net.Conn {
	ours, theirs := net.Pipe()
	select {
	case s.pipes.made <- theirs:
	case <-time.After(waitWithin + time.Second):
		return nil
	}
	if sent == "" {
		return ours
	}
	ours.SetWriteDeadline(time.Now().Add(waitWithin + time.Second))
	if _, err := io.WriteString(ours, sent); err != nil {
		ours.Close()
		return nil
	}
	return ours
}

// answer reads the status of an answer; 0: the connection has ended.
func (s *served) answer(c net.Conn) int {
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, a.Body)
	return a.StatusCode
}

// hasEnded reports whether the other end has closed the connection.
func hasEnded(c net.Conn) bool {
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := io.Copy(io.Discard, c)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

// stillOpen returns how many of the connections the other end has not closed.
func stillOpen(all []net.Conn) (n int) {
	for _, c := range all {
		if !hasEnded(c) {
			n++
		}
	}
	return n
}

const hello = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

var greets = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })

// TestSilentConnections: ten times as many clients as there is room for ask once each, and then
// keep their connections and say nothing. Whoever comes later is served at once: the oldest of the
// silent ones end (A14). The rest end within seconds (A14e).
func TestSilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, greets)
		var silent []net.Conn
		for range 10 * maxConnections {
			c := s.ask(hello)
			if c == nil || s.answer(c) != http.StatusOK {
				t.Fatalf("client %d is not served", len(silent))
			}
			silent = append(silent, c)
		}
		if held := stillOpen(silent); held > maxConnections {
			t.Errorf("%d connections are held, want at most %d", held, maxConnections)
		}
		if hasEnded(silent[len(silent)-1]) {
			t.Error("the newest was ended, and not the oldest")
		}
		time.Sleep(idleWithin)
		if held := stillOpen(silent); held > 0 {
			t.Errorf("after %v of silence %d connections are held, want none", idleWithin, held)
		}
		for range 2 * maxConnections {
			if s.ask("") == nil {
				t.Fatal("a client that says nothing waits for others of its kind")
			}
		}
		if c := s.ask(hello); c == nil || s.answer(c) != http.StatusOK {
			t.Error("beside those that never said anything nobody is served")
		}
		if _, err := s.end(); err != nil {
			t.Error(err)
		}
	})
}

// TestCrowd: twice as many clients as there is room for come at the same moment. All are served.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, greets)
		var all sync.WaitGroup
		var served atomic.Int32
		for range 2 * maxConnections {
			all.Go(func() {
				if c := s.ask(hello); c != nil && s.answer(c) == http.StatusOK {
					served.Add(1)
				}
			})
		}
		all.Wait()
		if served.Load() != 2*maxConnections {
			t.Errorf("%d of %d were served", served.Load(), 2*maxConnections)
		}
		s.end()
	})
}

// TestSilentInTheMiddle (A14c): clients fill the room with requests of which the body never comes,
// where nobody reads it, and with answers that they do not read. All of them are given up.
func TestSilentInTheMiddle(t *testing.T) {
	d := open(t)
	reading := d.server.admit(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			w.Write(make([]byte, 1<<20))
		case "/":
			w.Write(make([]byte, 1<<13)) // its header is written at once, when the server reads what is left of the body
		default:
			d.handler.ServeHTTP(w, r)
		}
	}))
	for what, sent := range map[string]string{
		"a body that nobody wants": "POST /v1/nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
		"a body of a reading":      "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
		"an answer":                "GET /long HTTP/1.1\r\nHost: x\r\n\r\n",
	} {
		t.Run(what, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { silentInTheMiddle(t, reading, sent) }) })
	}
}

// silentInTheMiddle sends the same over as many connections as there are places, and no more.
func silentInTheMiddle(t *testing.T, h http.Handler, sent string) {
	s := serve(t, h)
	defer s.end()
	var silent []net.Conn
	for range maxConnections {
		c := s.ask(sent)
		if c == nil {
			t.Fatalf("nobody takes connection %d", len(silent))
		}
		defer c.Close()
		silent = append(silent, c)
	}
	time.Sleep(2 * bodyWithin)
	if held := stillOpen(silent); held > 0 {
		t.Errorf("%v later %d connections are held, want none", 2*bodyWithin, held)
	}
	if c := s.ask(hello); c == nil || s.answer(c) == 0 {
		t.Errorf("%v later nobody is served", 2*bodyWithin)
	}
}

// TestLongAnswersGoOn: an answer that comes in pieces over minutes, and one that takes minutes to
// begin, are not taken for silence, even where there is no room for more connections.
func TestLongAnswersGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for range 5 {
				time.Sleep(idleWithin + bodyWithin)
				io.WriteString(w, "piece")
				if r.URL.Path == "/pieces" {
					http.NewResponseController(w).Flush()
				}
			}
		}))
		var all sync.WaitGroup
		var served atomic.Int32
		for n := range maxConnections {
			path := []string{"/", "/pieces"}[n%2]
			c := s.ask("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
			all.Go(func() {
				if a, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
					if body, err := io.ReadAll(a.Body); err == nil && len(body) == 25 {
						served.Add(1)
					}
				}
				c.Close()
			})
		}
		all.Wait()
		if served.Load() != maxConnections {
			t.Errorf("%d of %d long answers came", served.Load(), maxConnections)
		}
		s.end()
	})
}

// full is a listener on a machine whose descriptors are all taken.
type full struct{ pipes }

func (l full) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
		return nil, &net.OpError{Op: "accept", Net: "unix", Err: syscall.EMFILE}
	}
}

// TestServerLogsThroughTheLogger: what the HTTP server has to say stands in the node's log, with a
// constant message, and is bounded like all that others cause.
func TestServerLogsThroughTheLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		ctx, stop := context.WithCancel(context.Background())
		l := full{pipes{make(chan net.Conn), make(chan struct{})}}
		ended := make(chan error)
		go func() {
			ended <- Serve(ctx, Serving{Listener: l, Handler: greets, Logger: loglimit.New(slog.New(slog.NewTextHandler(&log, nil)))})
		}()
		time.Sleep(100 * time.Second)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		lines := strings.Count(log.String(), `level=WARN msg="api server" error="http: Accept error`)
		if lines == 0 || lines > loglimit.AtOnce+2 {
			t.Errorf("got %d lines, want 1 to %d:\n%.400s", lines, loglimit.AtOnce+2, log.String())
		}
	})
}

// useOf is a use of data by a client.
func useOf() string {
	const form = "POST /v1/query HTTP/1.1\r\nHost: x\r\n%s: %s\r\n%s: water\r\nContent-Length: 2\r\n\r\n{}"
	return fmt.Sprintf(form, client.HeaderIdempotency, must(identity.NewMessage()), client.HeaderAgency)
}

// TestGoneClientsHoldNoConnection (A14d): as many clients as there are places begin long uses and
// go. The uses go on, and others are served.
func TestGoneClientsHoldNoConnection(t *testing.T) {
	d := open(t)
	synctest.Test(t, func(t *testing.T) {
		var done atomic.Int32
		s := serve(t, d.server.again(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				time.Sleep(time.Minute)
				if r.Context().Err() == nil {
					done.Add(1)
				}
			}
		})))
		for range maxConnections {
			s.ask(useOf()).Close()
		}
		synctest.Wait()
		c := s.ask(hello)
		if c == nil || s.answer(c) != http.StatusOK {
			t.Error("nobody else is served")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if done.Load() != maxConnections {
			t.Errorf("%d of %d uses went on, want all", done.Load(), maxConnections)
		}
		if _, err := s.end(); err != nil {
			t.Error(err)
		}
	})
}

// TestEndedByAStop: what a client is told of a request that a stop ended is that it may try again.
func TestEndedByAStop(t *testing.T) {
	p := open(t).server.problemOf(Caller{}, fmt.Errorf("query: %w", context.Canceled))
	if p.Code != string(text.NotReady) || p.Status != http.StatusServiceUnavailable {
		t.Errorf("got %s, %d, want %s", p.Code, p.Status, text.NotReady)
	}
}

// TestStopEndsUses (A14b) stops a node while a hundred uses are under way whose clients have gone.
// That is no failure: they are ended, and none goes on when Serve has returned. What is just being
// recorded is recorded.
func TestStopEndsUses(t *testing.T) {
	d := open(t)
	synctest.Test(t, func(t *testing.T) {
		const uses = 100
		var begun, recorded atomic.Int32
		s := serve(t, d.server.again(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun.Add(1)
			<-r.Context().Done()
			time.Sleep(4 * time.Second) // as a use that is just being recorded
			recorded.Add(1)
		})))
		for range uses {
			s.ask(useOf()).Close()
		}
		synctest.Wait()
		if begun.Load() != uses {
			t.Fatalf("%d uses are under way, want %d", begun.Load(), uses)
		}
		took, err := s.end()
		if err != nil || took > time.Minute {
			t.Errorf("the stop took %v: %v", took, err)
		}
		if recorded.Load() != uses {
			t.Errorf("when Serve returned %d of %d uses were recorded", recorded.Load(), uses)
		}
		if want := `msg="requests ended by the stop" number=100`; !strings.Contains(s.log.String(), want) {
			t.Errorf("the log says %q, want %q", s.log.String(), want)
		}
		time.Sleep(useWithin + time.Minute) // in which what still goes on ends
	})
}
