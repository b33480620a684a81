package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// dies is a node that does what it is asked, and ends before its answer is out: it leaves its
// socket, or only falls silent.
func dies(t *testing.T, leave bool, again http.HandlerFunc) string {
	t.Helper()
	var asked atomic.Int32
	dir := t.TempDir()
	serve(t, dir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if asked.Add(1) > 1 && again != nil {
			again(w, r)
			return
		}
		if leave {
			if err := os.Remove(filepath.Join(dir, SocketName)); err != nil {
				t.Error(err)
			}
		}
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}))
	return dir
}

// TestAnswerLostWithTheNode: a request was sent and done, and the node died before its answer was
// out (D01). The client tries again, and nobody listens. It must not say that nothing happened,
// whatever came of the later attempts; a request that reads may.
func TestAnswerLostWithTheNode(t *testing.T) {
	busy := func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, Problem{Title: "busy", Status: 503, Code: "busy"})
	}
	for what, dir := range map[string]string{
		"gone": dies(t, true, nil), "silent": dies(t, false, nil), "busy afterwards": dies(t, false, busy),
	} {
		c, _ := dial(t, dir, Options{})
		if _, err := c.AddAgency(t.Context(), NewAgency{Code: "a", Title: "b"}); !errors.Is(err, ErrUnknownOutcome) {
			t.Errorf("%s: got %v, want ErrUnknownOutcome", what, err)
		}
	}
	c, _ := dial(t, dies(t, true, nil), Options{})
	if _, err := c.QueryRows(t.Context(), RowsQuery{}, nil); !errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("rows: got %v, want ErrUnknownOutcome", err)
	}
	c, _ = dial(t, dies(t, true, nil), Options{})
	if _, err := c.Status(t.Context()); !errors.Is(err, ErrNotRunning) || errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("a request that reads: got %v, want ErrNotRunning", err)
	}
	refused := func(w http.ResponseWriter, _ *http.Request) { refuse(w, Problem{Title: "no", Status: 403, Code: "no"}) }
	c, _ = dial(t, dies(t, false, refused), Options{})
	_, err := c.AddAgency(t.Context(), NewAgency{Code: "a", Title: "b"})
	if p, ok := errors.AsType[*Problem](err); !ok || p.Code != "no" || errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("answered afterwards: got %v, want the answer", err)
	}
}

// TestAnswerLostOnAKeptConnection: the node answered before on the same connection. What net/http
// would do by itself then must not hide that a request was sent.
func TestAnswerLostOnAKeptConnection(t *testing.T) {
	dir := t.TempDir()
	serve(t, dir, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodGet {
			answer(w, Status{})
			return
		}
		if err := os.Remove(filepath.Join(dir, SocketName)); err != nil {
			t.Error(err)
		}
		panic(http.ErrAbortHandler)
	}))
	c, _ := dial(t, dir, Options{})
	if _, err := c.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AddAgency(t.Context(), NewAgency{Code: "a", Title: "b"}); !errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("got %v, want ErrUnknownOutcome", err)
	}
}

// TestAnswerOfALoadIsLost: the second pass of an import writes, so its end without an answer is an
// unknown outcome; the first one writes nothing.
func TestAnswerOfALoadIsLost(t *testing.T) {
	dir := node(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		if strings.HasSuffix(r.URL.Path, "/check") {
			answer(w, ImportCheck{FileHash: hashOf(content), Rows: 1, Good: 1})
			return
		}
		panic(http.ErrAbortHandler)
	}))
	c, _ := dial(t, dir, Options{})
	im := Import{Dataset: "d", Format: FormatCSV, File: bytes.NewReader([]byte("code\n1\n"))}
	if _, err := c.ImportRecords(t.Context(), im); !errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("got %v, want ErrUnknownOutcome", err)
	}
	dies := Dial(dir, Options{Transport: Transport(func(context.Context, string, string) (net.Conn, error) { return nil, ErrNotRunning })})
	if _, err := dies.ImportRecords(t.Context(), im); !errors.Is(err, ErrNotRunning) || errors.Is(err, ErrUnknownOutcome) {
		t.Errorf("nobody there: got %v, want ErrNotRunning alone", err)
	}
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
