package api

import (
	"cmp"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// Bounds of the bodies that are held at once. A body is counted before it is read: by its stated
// length, or as the longest where it states none. An import, which is read as it comes, counts as
// one body.
const (
	maxBodies    = 2048
	maxBodiesLen = 32 << 20 // bytes
)

// A body must come: a client that stops in the middle would hold its room, and every client's. The
// node waits this long for all of it, and a second more for each piece that has come.
const (
	bodyWithin = 30 * time.Second
	bodyPiece  = 64 << 10 // bytes
)

// awaited is a body that must come. The time that its reader takes for other things does not count.
// Until its end was read there is always a deadline: what a handler leaves of a body, the server
// reads by itself, before it sends the answer.
type awaited struct {
	io.ReadCloser
	deadline func(time.Time) error
	left     time.Duration
	answered bool // by failEarly
}

func newAwaited(w http.ResponseWriter, body io.ReadCloser) *awaited {
	a := &awaited{body, http.NewResponseController(w).SetReadDeadline, bodyWithin, false}
	_ = a.deadline(time.Now().Add(a.left)) // nothing that has deadlines, as in tests
	return a
}

func (a *awaited) Read(p []byte) (n int, err error) {
	began := time.Now()
	if err := a.deadline(began.Add(a.left)); err != nil {
		return a.ReadCloser.Read(p) // nothing that has deadlines, as in tests
	}
	n, err = a.ReadCloser.Read(p)
	a.left += time.Duration(n)*time.Second/bodyPiece - time.Since(began)
	if err == io.EOF {
		_ = a.deadline(time.Time{}) // the connection is watched while the request is handled
	}
	return n, err
}

// drop reads and drops, within bodyWithin, what is left of a body whose request was answered before
// all of it came: a connection that ends while its client writes takes the answer with it. A client
// that reads the answer sends no more, and ends the connection.
func (a *awaited) drop() {
	if a.answered && a.deadline(time.Now().Add(bodyWithin)) == nil {
		_, _ = io.Copy(io.Discard, a.ReadCloser) // the client has its answer, or is gone
	}
}

// bodies counts the bodies that are held. It is no budget.Places, which shares in parts: whoever
// reaches the socket may say that it is anybody. Commands under way are counted alike, with a part
// kept for checkpoints, in consensus/group, which imports nothing of exchange.
type bodies struct {
	mu          sync.Mutex
	number, len int
}

func (b *bodies) take(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.number == maxBodies || b.len+n > maxBodiesLen {
		return false
	}
	b.number, b.len = b.number+1, b.len+n
	return true
}

func (b *bodies) give(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.number, b.len = b.number-1, b.len-n
}

// maxHeld bounds what the answers of all requests under way take, in bytes. Whoever asks for a long
// one waits until there is room, and waits no longer when its client goes.
const maxHeld = 256 << 20

// held has what a request holds for its answer given back when that is written.
func (s *server) held(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, done := s.answering.Open(r.Context())
		defer done()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// admit refuses a request whose body there is no room for, before anything of it is read.
func (s *server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := bodyLen(r.URL.Path)
		if r.ContentLength >= 0 {
			n = int(min(r.ContentLength, int64(n)))
		}
		if n > 0 {
			body := newAwaited(w, r.Body)
			r.Body = body
			defer body.drop() // it holds no room any more
			if !s.bodies.take(n) {
				s.failEarly(w, r, callerOf(r), failure.Overloaded(nil))
				return
			}
			defer s.bodies.give(n)
		}
		next.ServeHTTP(w, r)
	})
}

// retryAfter returns the header that says when to try again, as the sentence of the problem does,
// or nil for a problem that does not go away by waiting.
func retryAfter(err error) http.Header {
	f := failure.Of(err)
	if f.Code != text.Overloaded && f.Code != text.Busy {
		return nil
	}
	seconds := cmp.Or(f.Args["again"], f.Args["seconds"])
	if n, err := strconv.ParseUint(seconds, 10, 32); err != nil || n == 0 { // another jurisdiction's word
		seconds = strconv.Itoa(int(failure.RetryAfter.Seconds()))
	}
	return http.Header{"Retry-After": {seconds}}
}

// refuse is problemOf as an error.
func (s *server) refuse(c Caller, err error) error {
	p := s.problemOf(c, err)
	if header := retryAfter(err); header != nil {
		return huma.ErrorWithHeaders(p, header)
	}
	return p
}
