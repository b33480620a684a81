package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/certs/identity"
)

// node serves h on the socket of a new data directory, which it returns.
func node(t *testing.T, h http.Handler) string {
	t.Helper()
	dir := t.TempDir()
	serve(t, dir, h)
	return dir
}

func serve(t *testing.T, dir string, h http.Handler) {
	t.Helper()
	path, release, err := SocketPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: h}}
	server.Start()
	t.Cleanup(server.Close)
}

// dial returns a client that never waits between attempts and remembers how long it would have.
func dial(t *testing.T, dir string, o Options) (*Client, *[]time.Duration) {
	t.Helper()
	var waits []time.Duration
	c := Dial(dir, o)
	c.wait = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
	t.Cleanup(c.Close)
	return c, &waits
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, p Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func TestRequests(t *testing.T) {
	var got []string
	var body string
	dir := node(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = append(got, r.Method+" "+r.RequestURI), string(b)
		_, err := identity.ParseMessage(r.Header.Get("Idempotency-Key"))
		if wants := r.Method == http.MethodPost; wants != (err == nil) {
			t.Errorf("%s %s: Idempotency-Key %q", r.Method, r.RequestURI, r.Header.Get("Idempotency-Key"))
		}
		for name, want := range map[string]string{
			"Xietong-Jurisdiction": "nanming.guiyang.guizhou", "Xietong-Agency": "civil-affairs", "Accept-Language": "zh",
		} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", r.RequestURI, name, got, want)
			}
		}
		answer(w, struct{}{})
	}))
	c, _ := dial(t, dir, Options{In: "nanming.guiyang.guizhou", As: "civil-affairs", Language: "zh"})
	ctx := t.Context()
	operations := []struct {
		want, body string
		call       func() error
	}{
		{"GET /v1/status", "", func() error { _, err := c.Status(ctx); return err }},
		{"GET /v1/ledger/checkpoint", "", func() error { _, err := c.Checkpoint(ctx); return err }},
		{"GET /v1/ledger/entries/7", "", func() error { _, err := c.Entry(ctx, 7); return err }},
		{"GET /v1/ledger/entries/7/receipt", "", func() error { _, err := c.Receipt(ctx, 7); return err }},
		{"POST /v1/agencies", `{"code":"a","title":"民政局"}`, func() error { _, err := c.AddAgency(ctx, NewAgency{Code: "a", Title: "民政局"}); return err }},
		{"GET /v1/agencies?limit=200", "", func() error { _, err := c.Agencies(ctx); return err }},
		{
			"POST /v1/datasets",
			`{"code":"d","title":"","category":"","purposes":null,"schema":{},"key":"k","not_secret":false}`,
			func() error {
				_, err := c.PublishDataset(ctx, NewDataset{Code: "d", Key: "k", Schema: json.RawMessage("{}")})
				return err
			},
		},
		{"GET /v1/datasets?limit=200", "", func() error { _, err := c.Datasets(ctx); return err }},
		{"GET /v1/datasets/a%2F..", "", func() error { _, err := c.Dataset(ctx, "a/.."); return err }},
		{"POST /v1/datasets/d/records", `{"record":{"k":1}}`, func() error {
			_, err := c.PutRecord(ctx, "d", PutRecord{json.RawMessage(`{"k":1}`)})
			return err
		}},
		{"POST /v1/datasets/d/retractions", `{"key":"1","reason":"错"}`, func() error {
			_, err := c.RetractRecord(ctx, "d", Retraction{"1", "错"})
			return err
		}},
		{"POST /v1/datasets/d/history", `{"key":"1"}`, func() error { _, err := c.RecordHistory(ctx, "d", "1"); return err }},
		{"POST /v1/query", `{"dataset":"d","where":{"n":3},"purpose":"p"}`, func() error {
			q := Query{Dataset: "d", Where: map[string]json.RawMessage{"n": json.RawMessage("3")}, Use: Use{Purpose: "p"}}
			_, err := c.Query(ctx, q)
			return err
		}},
		{"POST /v1/verify", `{"dataset":"d","key":"1","field":"f","value":"v"}`, func() error {
			_, err := c.Verify(ctx, Verification{Dataset: "d", Key: "1", Field: "f", Value: json.RawMessage(`"v"`)})
			return err
		}},
		{"GET /v1/grants", "", func() error { _, err := c.Grants(ctx, WantedGrants{}); return err }},
		{"POST /v1/grants/9/revocation", `{"reason":"r"}`, func() error { _, err := c.RevokeGrant(ctx, 9, Revocation{Reason: "r"}); return err }},
	}
	for _, o := range operations {
		got, body = nil, ""
		if err := o.call(); err != nil {
			t.Errorf("%s: %v", o.want, err)
		}
		if len(got) != 1 || got[0] != o.want || body != o.body {
			t.Errorf("got %v %s, want %s %s", got, body, o.want, o.body)
		}
	}
}

func TestProblem(t *testing.T) {
	want := Problem{Title: "refused", Status: 403, Detail: "not shared", Code: "use-refused", Where: "d", Do: "read art 15"}
	dir := node(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { refuse(w, want) }))
	c, waits := dial(t, dir, Options{})
	_, err := c.Query(t.Context(), Query{Dataset: "d"})
	var got *Problem
	if !errors.As(err, &got) || !reflect.DeepEqual(*got, want) {
		t.Fatalf("got %v, want %v", err, &want)
	}
	if got := got.Error(); got != "not shared (d); read art 15" {
		t.Errorf("got %q", got)
	}
	if len(*waits) != 0 {
		t.Error("a refusal was tried again")
	}
}

func TestNotUnderstood(t *testing.T) {
	tests := map[string]struct {
		status            int
		contentType, body string
	}{
		"error page":       {500, "text/html", "<h1>oops</h1>"},
		"error not JSON":   {400, "application/problem+json", "{"},
		"two problems":     {400, "application/problem+json", `{"title":"a","status":400,"code":"b"}{}`},
		"wrong type":       {400, "application/problem+json", `{"title":1,"status":400,"code":"b"}`},
		"no code":          {400, "application/problem+json", `{"title":"a","status":400}`},
		"another status":   {400, "application/problem+json", `{"title":"a","status":200,"code":"b"}`},
		"redirect":         {304, "", ""},
		"answer not JSON":  {200, "application/json", "{"},
		"answer of a type": {200, "text/plain", "{}"},
		"answer of an int": {200, "application/json", `{"version":1}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := node(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", test.contentType)
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			}))
			c, _ := dial(t, dir, Options{})
			if _, err := c.Status(t.Context()); !errors.Is(err, ErrNotUnderstood) {
				t.Errorf("got %v, want ErrNotUnderstood", err)
			}
		})
	}
}

func TestUnknownFieldsAreIgnored(t *testing.T) {
	dir := node(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, `{"$schema":"x","version":"v2","later":{}}`)
	}))
	c, _ := dial(t, dir, Options{})
	got, err := c.Status(t.Context())
	if err != nil || got.Version != "v2" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAnswerIsBounded(t *testing.T) {
	dir := node(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"version":"`+strings.Repeat("x", MaxAnswer)+`"}`)
	}))
	c, _ := dial(t, dir, Options{})
	if _, err := c.Status(t.Context()); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

// TestRetriesKeepTheKey loses the first answer, refuses the second attempt for now, and answers the
// third.
func TestRetriesKeepTheKey(t *testing.T) {
	var mu sync.Mutex
	var keys []string
	dir := node(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		if !strings.Contains(string(body), "民政局") {
			t.Errorf("attempt %d has body %q", len(keys)+1, body)
		}
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		switch len(keys) {
		case 1: // cut in the middle of the answer: net/http does not repeat this by itself
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"code"`)
		case 2:
			w.Header().Set("Retry-After", "2")
			refuse(w, Problem{Title: "busy", Status: 503, Code: "busy"})
		default:
			answer(w, Agency{Code: "a", Entry: "g/log/1/3"})
		}
	}))
	c, waits := dial(t, dir, Options{})
	got, err := c.AddAgency(t.Context(), NewAgency{Code: "a", Title: "民政局"})
	if err != nil || got.Entry != "g/log/1/3" {
		t.Fatalf("got %v, %v", got, err)
	}
	if len(keys) != 3 || keys[0] != keys[1] || keys[1] != keys[2] {
		t.Errorf("keys %v, want one key three times", keys)
	}
	if len(*waits) != 2 || (*waits)[1] != 2*time.Second {
		t.Errorf("waits %v, want the second to be 2s", *waits)
	}
	if _, err := c.AddAgency(t.Context(), NewAgency{Code: "a", Title: "民政局"}); err != nil || keys[3] == keys[0] {
		t.Errorf("a second call: key %q again, %v", keys[3], err)
	}
}

func TestRetriesEnd(t *testing.T) {
	attempts := 0
	dir := node(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		attempts++
		w.Header().Set("Retry-After", "9999")
		refuse(w, Problem{Title: "busy", Status: 429, Code: "busy"})
	}))
	c, waits := dial(t, dir, Options{})
	_, err := c.Status(t.Context())
	var p *Problem
	if !errors.As(err, &p) || p.Code != "busy" || attempts != maxAttempts {
		t.Errorf("got %v after %d attempts", err, attempts)
	}
	if got := *waits; len(got) != 2 || got[0] != maxWait {
		t.Errorf("waits %v, want at most %v each", got, maxWait)
	}
	c.wait = func(context.Context, time.Duration) error { return context.Canceled }
	if _, err := c.Status(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the wait", err)
	}
}

func TestNotRunning(t *testing.T) {
	stale := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(stale, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	for name, dir := range map[string]string{
		"no directory": filepath.Join(t.TempDir(), "none"),
		"no socket":    t.TempDir(),
		"nobody there": stale,
		"long path":    filepath.Join(t.TempDir(), strings.Repeat("d", 200)),
	} {
		c, waits := dial(t, dir, Options{})
		_, err := c.AddAgency(t.Context(), NewAgency{Code: "a", Title: "b"})
		if !errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), filepath.Join(dir, SocketName)) {
			t.Errorf("%s: got %v, want ErrNotRunning with the path", name, err)
		}
		if len(*waits) != 0 {
			t.Errorf("%s: tried again", name)
		}
	}
}

func TestLongPath(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("d", 200))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	serve(t, dir, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, Status{Version: "v1"}) }))
	c, _ := dial(t, dir, Options{})
	if got, err := c.Status(t.Context()); err != nil || got.Version != "v1" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := node(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	c, waits := dial(t, dir, Options{})
	if _, err := c.Status(ctx); !errors.Is(err, context.Canceled) || len(*waits) != 0 {
		t.Errorf("got %v, waits %v", err, *waits)
	}
}
