package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/tlsconf"
)

// bounds are the limits of a connection, which depend on its use.
type bounds struct {
	frame   int // bytes of a frame of a request
	answer  int // bytes of a frame of an answer
	serving int // requests that are served at once; any other gets CodeBusy
	spare   int // further streams that are read at once, so that a hello comes through
	slowest int // slowest line in bytes a second that a long frame gets time for; 0: no extra time
}

// longer returns the time that a frame of n bytes may take beyond that of a short one.
func (b bounds) longer(n int) time.Duration {
	if b.slowest == 0 {
		return 0
	}
	return time.Duration(n) * time.Second / time.Duration(b.slowest)
}

var (
	ofLinks = bounds{frame: MaxFrame, answer: MaxFrame, serving: MaxServing, spare: 8, slowest: 16 << 10} // a line of 128 kbit/s
	ofDoor  = bounds{frame: MaxKnock, answer: MaxFrame, serving: 16}
)

// Conn is one connection, of a link or at the door. Many goroutines may use it.
type Conn struct {
	quic    *quic.Conn
	bounds  bounds
	hold    *hold         // of the neighbour's bytes, from before the first exchange; nil at the door
	doubted chan struct{} // a token for each doubt whether frames come through
	mu      sync.Mutex
	retired bool          // the connection takes no new exchange
	served  chan struct{} // closed when serving has ended; nil before it begins
	open    int           // exchanges under way, in both directions
	idle    time.Time     // when the last exchange ended
	heard   time.Time     // when the last frame of the other side came
	silent  *time.Timer   // ends the connection when no frame came for long; nil: nothing does
	pulse   pulse
}

func newConn(q *quic.Conn, b bounds) *Conn {
	return &Conn{quic: q, bounds: b, doubted: make(chan struct{}, 1), idle: time.Now()}
}

// TLS returns what the handshake agreed on.
func (c *Conn) TLS() tlsconf.State { return c.quic.ConnectionState().TLS }

// Binding returns 32 bytes that only the two ends of this connection know (RFC 8446 §7.5).
func (c *Conn) Binding() ([32]byte, error) {
	state := c.TLS()
	data, err := state.ExportKeyingMaterial("EXPORTER-xietong-join/1", nil, 32)
	if err != nil {
		return [32]byte{}, fmt.Errorf("bind to connection: %w", err)
	}
	return [32]byte(data), nil
}

// Close ends the connection and waits until the exchanges that it serves have ended.
func (c *Conn) Close(code Code) {
	c.mu.Lock()
	c.retired = true
	served := c.served
	c.mu.Unlock()
	c.end(code)
	if served != nil {
		<-served
	}
}

// end ends the connection, and does not wait for the exchanges that it serves.
func (c *Conn) end(code Code) { c.quic.CloseWithError(quic.ApplicationErrorCode(code), "") }

func (c *Conn) alive() bool { return c.quic.Context().Err() == nil }

// begin counts an exchange and reports true, unless the connection was retired. The caller then
// ends the exchange with ended.
func (c *Conn) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retired {
		return false
	}
	c.open++
	return true
}

func (c *Conn) ended() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	c.idle = time.Now()
}

// retire retires the connection, which takes no new exchange then, if none was under way for the
// time quiet. It reports whether the connection is retired.
func (c *Conn) retire(quiet time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == 0 && time.Since(c.idle) >= quiet {
		c.retired = true
	}
	return c.retired
}

// hear notes that a frame of the other side came.
func (c *Conn) hear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = time.Now()
	if c.silent != nil {
		c.silent.Reset(silentFor)
	}
}

// expect ends the connection when no frame comes for silentFor, from now on.
func (c *Conn) expect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = time.AfterFunc(silentFor, func() { c.end(CodeSilent) })
}

// expectNoMore takes back expect.
func (c *Conn) expectNoMore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.silent != nil {
		c.silent.Stop()
		c.silent = nil
	}
}

func (c *Conn) lastHeard() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard
}

// unsentError says why an exchange could not begin: nothing was sent.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

var errRetired = errors.New("the connection takes no more")

// Exchange sends one frame, which must not be empty, and gives each frame of the answer to each,
// until the answer ends. It returns ErrFrame for a malformed frame and for an answer of more frames
// than maxFrames, the cause of ctx if ctx ended, the error of each, or an *Error.
func (c *Conn) Exchange(ctx context.Context, request []byte, each func(frame []byte) error) error {
	if len(request) == 0 {
		return fmt.Errorf("%w: an empty request", ErrFrame)
	}
	return c.exchange(ctx, each, request)
}

// exchange sends the frames on a stream of their own and reads the answer. On every error it
// abandons both halves of the stream: an unread half would count against the neighbour's stream
// limit for ever.
func (c *Conn) exchange(ctx context.Context, each func(frame []byte) error, frames ...[]byte) error {
	if !c.begin() {
		return &unsentError{&Error{Ended, true, errRetired}}
	}
	defer c.ended()
	s, err := c.quic.OpenStreamSync(ctx)
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return &unsentError{explain(err)}
	}
	stop := context.AfterFunc(ctx, func() { abandon(s, CodeCancelled) })
	defer stop()
	if len(frames[0]) == 0 {
		first(s)
	}
	began := time.Now()
	for _, frame := range frames {
		err = errors.Join(err, writeFrame(s, frame, c.bounds.frame))
	}
	var refused error
	if err == nil {
		_ = s.Close() // fails if the other side gave the stream up; the read below gets the reason
		refused, err = c.readAnswer(s, each)
	}
	switch {
	case err == nil && refused == nil:
		return nil
	case refused == nil:
		c.doubt(ctx, err, began)
	}
	abandon(s, CodeCancelled)
	switch {
	case refused != nil:
		return refused
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return explain(err)
}

// readAnswer gives each frame of an answer to each. It returns the error of each apart from that of
// the stream.
func (c *Conn) readAnswer(s *quic.Stream, each func(frame []byte) error) (refused, err error) {
	for range maxFrames {
		h := c.hold.more()
		frame, err := c.readFrame(s, h, c.bounds.answer, time.Time{})
		if err == nil {
			c.hear()
			refused = each(frame)
		}
		switch h.end(); {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil || refused != nil:
			return refused, err
		}
	}
	return nil, fmt.Errorf("%w: an answer of more than %d frames", ErrFrame, maxFrames)
}

// doubt notes that an exchange, which began at the time, may have failed because what is as long as
// it does not come through. Whoever says hello on the connection then tries at once.
func (c *Conn) doubt(ctx context.Context, err error, began time.Time) {
	late := errors.Is(context.Cause(ctx), context.DeadlineExceeded)
	stream, ok := errors.AsType[*quic.StreamError](err)
	if cut := ok && Code(stream.ErrorCode) == CodeSilent; !cut && (!late || c.lastHeard().After(began)) {
		return
	}
	c.suspect()
}

// suspect has whoever says hello on the connection try at once.
func (c *Conn) suspect() {
	select {
	case c.doubted <- struct{}{}:
	default:
	}
}

// abandon gives up both halves of a stream; a half that has ended already stays as it is.
func abandon(s *quic.Stream, code Code) {
	s.CancelRead(quic.StreamErrorCode(code))
	s.CancelWrite(quic.StreamErrorCode(code))
}
