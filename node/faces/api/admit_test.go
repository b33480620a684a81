package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"xietong/consensus/group"
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

// TestRetryAfter checks that a write for which the group has no room is told when to try again.
func TestRetryAfter(t *testing.T) {
	err := open(t).server.refuse(Caller{}, fmt.Errorf("propose: %w: %w", group.ErrNotDone, group.ErrBusy))
	told, ok := err.(interface{ GetHeaders() http.Header })
	if !ok || told.GetHeaders().Get("Retry-After") != "2" {
		t.Errorf("got %v", err)
	}
}
