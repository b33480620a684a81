package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"xietong/exchange/answers"
	"xietong/node/ground/text"
)

// Bounds of the answers that are kept for whoever lost one.
const (
	maxKept   = 64 << 20        // bytes, of all
	maxOne    = 8 << 20         // bytes of one
	useWithin = 3 * time.Minute // how long a use goes on, whether or not somebody waits, unless the node stops
)

// usePaths are the operations that use data. The state answers none of them a second time, so the
// answer that was lost between the node and the client is kept here.
var usePaths = []string{"/v1/query", "/v1/verify", "/v1/federated-query", "/v1/federated-rows", "/v1/questions/run"}

// hostingEndPath is where the hosting of a jurisdiction ends.
const hostingEndPath = "/v1/hosting/end"

// again serves the uses of data once for each key: the same request of the same agency under its
// key gets the same answer for ten minutes, and waits for it while the first one is being served. A
// use goes on when its client goes, because the client may come back for the answer. Another
// request under the key is refused as text.IDReused. Nothing is kept of a request that was not
// answered: it is a new one when it comes again. So is the end of a hosting served, which the node
// knows nothing of once it is done.
func (s *server) again(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callerOf(r)
		name, kept := s.keptFor(c, r.URL.Path)
		if _, noKey := c.key(); r.Method != http.MethodPost || !kept || noKey != nil {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyLen))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = text.Fail(text.Expired, nil, err)
		}
		if err != nil {
			s.fail(w, c, err)
			return
		}
		q := answers.Request{
			Owner: answers.Owner{Neighbour: name, Name: c.Agency}, Key: strings.Join([]string{name, c.Agency, c.Key}, "\n"),
			Hash: sha256.Sum256(slices.Concat([]byte(r.URL.Path+"\n"), body)),
		}
		before, again, err := s.answers.Do(r.Context(), q, s.node.Now(), func() (answers.Answer[*recorder], error) {
			ctx, cancel := goesOn(r.Context(), useWithin)
			defer cancel()
			rec := &recorder{to: w}
			r := r.WithContext(context.WithValue(ctx, recorderKey{}, rec))
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(rec, r)
			return rec.answer(), nil
		})
		switch {
		case errors.Is(err, answers.ErrOther):
			s.fail(w, c, text.Fail(text.IDReused, nil, err))
		case err != nil: // a stop ended the wait for the first one
			s.fail(w, c, err)
		case again:
			s.give(w, r, c, before)
		}
	})
}

// keptFor returns the jurisdiction in whose name the answer of a request is kept; false: it is not.
// Of one that is hosted no more it is the name that the caller gave.
func (s *server) keptFor(c Caller, path string) (name string, kept bool) {
	if path == hostingEndPath {
		return c.Jurisdiction, c.Jurisdiction != ""
	}
	h, err := s.at(c)
	if err != nil || !slices.Contains(usePaths, path) {
		return "", false
	}
	return h.Ledger.Name().String(), true
}

// give gives an answer once more, while what it rests on stands.
func (s *server) give(w http.ResponseWriter, r *http.Request, c Caller, kept *recorder) {
	if kept.stands != nil {
		if err := kept.stands(r.Context()); err != nil {
			s.fail(w, c, text.Fail(text.IDSeen, nil, err))
			return
		}
	}
	w.Header().Set("Content-Type", kept.contentType)
	w.WriteHeader(kept.status)
	_, _ = w.Write(kept.body.Bytes()) // the client may be gone
}

// recorder is a response that is written and kept. It takes every byte, also when the client is
// gone.
type recorder struct {
	to          http.ResponseWriter
	status      int
	contentType string
	body        bytes.Buffer
	long        bool // longer than maxOne: not kept
	used        bool // the id is used up, whatever the status says
	failed      bool // it is no answer, although the status was sent before
	stands      func(context.Context) error
}

type recorderKey struct{}

// rests notes on what the answer of a use at this node rests; it is noted of a refusal too, which
// uses up the id once records were read.
func rests(ctx context.Context, stands func(context.Context) error) {
	if rec, ok := ctx.Value(recorderKey{}).(*recorder); ok && stands != nil {
		rec.used, rec.stands = true, stands
	}
}

// useUp notes that a problem is the answer to a use that was recorded: the same request gets it
// again.
func useUp(ctx context.Context) {
	if rec, ok := ctx.Value(recorderKey{}).(*recorder); ok {
		rec.used = true
	}
}

// failed notes that an answer that had begun ends with a problem.
func failed(ctx context.Context) {
	if rec, ok := ctx.Value(recorderKey{}).(*recorder); ok {
		rec.failed = true
	}
}

func (r *recorder) answer() answers.Answer[*recorder] {
	r.to = nil
	return answers.Answer[*recorder]{Value: r, Size: r.body.Cap(), Keep: !r.long && (r.status == http.StatusOK && !r.failed || r.used)}
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.to.Header() }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status, r.contentType = status, r.to.Header().Get("Content-Type")
	}
	r.to.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(data []byte) (int, error) {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
	if r.long = r.long || r.body.Len()+len(data) > maxOne; r.long {
		r.body = bytes.Buffer{}
	} else {
		r.body.Write(data)
	}
	_, _ = r.to.Write(data)
	return len(data), nil
}

// FlushError implements the method of the same name of http.ResponseController.
func (r *recorder) FlushError() error {
	_ = http.NewResponseController(r.to).Flush()
	return nil
}

// Unwrap lets http.ResponseController set the deadlines of the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.to }
