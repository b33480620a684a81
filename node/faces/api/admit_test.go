package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/exchange/budget"
	"xietong/exchange/relay"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// slow is a body that comes when its gate opens.
type slow struct {
	gate <-chan struct{}
	io.Reader
}

func (s slow) Read(p []byte) (int, error) {
	<-s.gate
	return s.Reader.Read(p)
}

// TestManyBodiesAtOnce (M03) has 10,000 clients send 40 kB each at the same time (M3). The bodies
// that are held are bounded in bytes; everybody else is told when to try again, before a byte is
// read.
func TestManyBodiesAtOnce(t *testing.T) {
	d := open(t)
	synctest.Test(t, func(t *testing.T) {
		const clients, size = 10_000, 40_000
		const most = maxBodiesLen / size
		gate := make(chan struct{})
		answers := make([]*httptest.ResponseRecorder, clients)
		var all sync.WaitGroup
		for i := range answers {
			answers[i] = httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, "/v1/agencies", slow{gate, strings.NewReader(strings.Repeat(" ", size))})
			r.ContentLength = size
			all.Go(func() { d.handler.ServeHTTP(answers[i], r) })
		}
		synctest.Wait()
		if held := &d.server.bodies; held.number != most || held.len != most*size {
			t.Errorf("%d bodies of %d bytes are held, want %d", held.number, held.len, most)
		}
		close(gate)
		all.Wait()
		refused := 0
		for _, a := range answers {
			var p client.Problem
			if err := json.Unmarshal(a.Body.Bytes(), &p); err != nil {
				t.Fatal(err)
			}
			if p.Code == string(text.Overloaded) {
				if refused++; a.Code != http.StatusServiceUnavailable || a.Header().Get("Retry-After") != "2" {
					t.Fatalf("got status %d, Retry-After %q", a.Code, a.Header().Get("Retry-After"))
				}
			}
		}
		if refused != clients-most {
			t.Errorf("%d were refused, want %d", refused, clients-most)
		}
	})
	if d.server.bodies.number != 0 || d.server.bodies.len != 0 {
		t.Errorf("at the end %d bodies are held", d.server.bodies.number)
	}
}

// TestRetryAfter checks that a request for which there is no room is told when to try again: after
// the time of the node itself, or of the jurisdiction that has no room, if that says one.
func TestRetryAfter(t *testing.T) {
	server := open(t).server
	busy := func(again string) error {
		return &relay.Problem{Code: uint16(relay.Busy), Args: []string{"guiyang.guizhou", again}}
	}
	for want, err := range map[string]error{
		"2": fmt.Errorf("propose: %w: %w", group.ErrNotDone, group.ErrBusy), "40": busy("40"), "": text.Fail(text.IDSeen, nil, nil),
	} {
		if got := retryAfter(err).Get("Retry-After"); got != want {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
	if got := retryAfter(busy("soon")).Get("Retry-After"); got != "" {
		t.Errorf("of a time that is none, which is not told: got %q", got)
	}
	told, ok := server.refuse(Caller{}, busy("40")).(interface{ GetHeaders() http.Header })
	if !ok || told.GetHeaders().Get("Retry-After") != "40" {
		t.Errorf("got %v, without the header", told)
	}
}

// pipes is a listener whose connections are pipes in memory.
type pipes struct {
	made   chan net.Conn
	closed chan struct{}
}

func (l pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.made:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipes) Close() error   { close(l.closed); return nil }
func (l pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// TestSilentClients (A03) has clients begin requests and say nothing more, as many as there is room
// for. For a while everybody else is refused; then the silent ones are given up.
func TestSilentClients(t *testing.T) {
	d := open(t)
	synctest.Test(t, func(t *testing.T) {
		l := pipes{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: d.handler}
		var serving sync.WaitGroup
		serving.Go(func() { server.Serve(l) })
		ask := func(sent string) net.Conn {
			ours, theirs := net.Pipe()
			l.made <- theirs
			if _, err := io.WriteString(ours, sent); err != nil {
				t.Fatal(err)
			}
			return ours
		}
		status := func() int {
			c := ask("POST /v1/agencies HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
			defer c.Close()
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			return answer.StatusCode
		}
		var silent []net.Conn
		for range maxBodiesLen / maxBodyLen {
			silent = append(silent, ask(fmt.Sprintf("POST /v1/query HTTP/1.1\r\nHost: x\r\n%s: %s\r\n%s: water\r\nContent-Length: %d\r\n\r\n{",
				client.HeaderIdempotency, must(identity.NewMessage()), client.HeaderAgency, maxBodyLen)))
		}
		synctest.Wait()
		if got := status(); got != http.StatusServiceUnavailable {
			t.Errorf("while they are waited for: got %d, want %d", got, http.StatusServiceUnavailable)
		}
		time.Sleep(bodyWithin + 2*time.Second)
		if got := status(); got == http.StatusServiceUnavailable {
			t.Errorf("%v later: got %d, want that the silent clients were given up", bodyWithin, got)
		}
		for _, c := range silent {
			c.Close()
		}
		server.Close()
		serving.Wait()
		time.Sleep(time.Second) // in which the server lets go of the connections
	})
	if d.server.bodies.number != 0 {
		t.Errorf("at the end %d bodies are held", d.server.bodies.number)
	}
}

// unread is a client that reads nothing of its answer until its gate opens.
type unread struct {
	http.ResponseWriter
	gate <-chan struct{}
}

func (u unread) Write(b []byte) (int, error) {
	<-u.gate
	return u.ResponseWriter.Write(b)
}

// TestLongAnswersTakeRoom (M03b): what an answer may take is counted before anything is read, until
// it is written. Clients that do not read, or that go at once, make no more of them; a record by
// its key, and another agency, are served meanwhile.
func TestLongAnswersTakeRoom(t *testing.T) {
	d := open(t)
	d.server.answering = budget.NewRoom(64)
	list := func(ctx context.Context, as, key string, w http.ResponseWriter) {
		r := httptest.NewRequestWithContext(ctx, "POST", "/v1/query", bytes.NewReader(must(json.Marshal(client.Query{Dataset: "villages", Key: key, Use: use}))))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(client.HeaderIdempotency, must(identity.NewMessage()).String())
		r.Header.Set(client.HeaderAgency, as)
		d.handler.ServeHTTP(w, r)
	}
	synctest.Test(t, func(t *testing.T) {
		used := func(when string, want int) {
			t.Helper()
			if synctest.Wait(); d.uses(t) != want {
				t.Errorf("%s: %d uses, want %d", when, d.uses(t), want)
			}
		}
		gate := make(chan struct{})
		var all sync.WaitGroup
		all.Go(func() { list(t.Context(), "water", "", unread{httptest.NewRecorder(), gate}) })
		used("one does not read", 1)
		ctx, gone := context.WithCancel(t.Context())
		for range 100 {
			all.Go(func() { list(ctx, "water", "", httptest.NewRecorder()) })
		}
		used("a hundred wait", 1)
		list(t.Context(), "water", "1", httptest.NewRecorder())
		used("a record by its key", 2)
		list(t.Context(), "civil-affairs", "", httptest.NewRecorder())
		used("another agency", 3)
		gone()
		synctest.Wait()
		close(gate)
		all.Wait()
		used("those that waited are gone", 3)
		list(t.Context(), "water", "", httptest.NewRecorder())
		used("there is room again", 4)
	})
}
