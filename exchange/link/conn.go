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
	frame   int // bytes of a frame
	serving int // streams that are served at once; any other gets CodeBusy
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
	ofLinks = bounds{frame: MaxFrame, serving: 128, slowest: 16 << 10} // a line of 128 kbit/s
	ofDoor  = bounds{frame: MaxKnock, serving: 16}
)

// Conn is one connection, of a link or at the door. Many goroutines may use it.
type Conn struct {
	quic    *quic.Conn
	bounds  bounds
	mu      sync.Mutex
	retired bool          // the connection takes no new exchange
	served  chan struct{} // closed when serving has ended; nil before it begins
	open    int           // exchanges under way, in both directions
	idle    time.Time     // when the last exchange ended
	heard   time.Time     // when the last frame of the other side came
}

func newConn(q *quic.Conn, b bounds) *Conn { return &Conn{quic: q, bounds: b, idle: time.Now()} }

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
// until the answer ends. It returns ErrFrame for a malformed frame, the cause of ctx if ctx ended,
// the error of each, or an *Error.
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
	for _, frame := range frames {
		err = errors.Join(err, writeFrame(s, frame, c.bounds.frame))
	}
	if err == nil {
		_ = s.Close() // fails if the other side gave the stream up; the read below gets the reason
	}
	for err == nil {
		var frame []byte
		frame, err = readFrame(s, c.bounds.frame)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			break
		}
		c.hear()
		if err := each(frame); err != nil {
			abandon(s, CodeCancelled)
			return err
		}
	}
	abandon(s, CodeCancelled)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return explain(err)
}

// abandon gives up both halves of a stream; a half that has ended already stays as it is.
func abandon(s *quic.Stream, code Code) {
	s.CancelRead(quic.StreamErrorCode(code))
	s.CancelWrite(quic.StreamErrorCode(code))
}

// answers holds the functions that answer the streams of a connection: a request, or a hello (nil
// where none is expected).
type answers struct {
	room    func() (leave func(), ok bool) // called before a stream is read; nil: always room
	request func(ctx context.Context, request []byte, write func([]byte) error) error
	hello   func(heard []byte) (said []byte, err error)
}

// serve answers the streams that the other side opens, until the connection ends and every stream
// is answered.
func (c *Conn) serve(a *answers) {
	c.mu.Lock()
	if c.retired {
		c.mu.Unlock()
		return
	}
	served := make(chan struct{})
	c.served = served
	c.mu.Unlock()
	var workers sync.WaitGroup
	defer close(served)
	defer workers.Wait()
	serving := make(chan struct{}, c.bounds.serving)
	for {
		s, err := c.quic.AcceptStream(c.quic.Context())
		if err != nil {
			return
		}
		select {
		case serving <- struct{}{}:
			workers.Go(func() {
				defer func() { <-serving }()
				if err := c.take(s, a); err != nil {
					abandon(s, codeOf(err))
				}
			})
		default:
			abandon(s, CodeBusy)
		}
	}
}

var errBusy = &CodeError{CodeBusy, errors.New("too much at once")}

// take answers a stream if there is room for it.
func (c *Conn) take(s *quic.Stream, a *answers) error {
	if !c.begin() {
		return &CodeError{CodeReplaced, errRetired}
	}
	defer c.ended()
	if a.room != nil {
		leave, ok := a.room()
		if !ok {
			return errBusy
		}
		defer leave()
	}
	return c.answer(s, a)
}

func (c *Conn) answer(s *quic.Stream, a *answers) error {
	request, err := c.readRequest(s)
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: none", ErrFrame)
	case err != nil:
		return err
	case len(request) == 0 && a.hello != nil:
		return answerHello(s, a.hello)
	case len(request) == 0 || a.request == nil:
		return fmt.Errorf("%w: not expected here", ErrFrame)
	}
	if err := atEnd(s); err != nil {
		return err
	}
	err = a.request(s.Context(), request, func(frame []byte) error {
		if err := s.SetWriteDeadline(time.Now().Add(takenWithin + c.bounds.longer(len(frame)))); err != nil {
			return err
		}
		return writeFrame(s, frame, c.bounds.frame)
	})
	if err != nil {
		return err
	}
	return s.Close()
}

// readRequest reads the first frame of a stream. It gives up a frame that comes in more slowly than
// over the slowest line.
func (c *Conn) readRequest(s *quic.Stream) ([]byte, error) {
	deadline := time.Now().Add(firstFrameWithin)
	if err := s.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	n, err := readLength(s, c.bounds.frame)
	if err != nil {
		return nil, err
	}
	if longer := c.bounds.longer(n); longer > 0 {
		if err := s.SetReadDeadline(deadline.Add(longer)); err != nil {
			return nil, err
		}
	}
	request, err := readData(s, n)
	if err == nil {
		c.hear()
	}
	return request, err
}

// answerHello judges a hello, and answers with one.
func answerHello(s *quic.Stream, hello func([]byte) ([]byte, error)) error {
	heard, err := readFrame(s, MaxHello)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: no hello", ErrFrame)
	}
	if err == nil {
		err = atEnd(s)
	}
	if err != nil {
		return err
	}
	said, err := hello(heard)
	if err != nil {
		return &CodeError{CodeRefused, err}
	}
	if err := writeFrame(s, said, MaxHello); err != nil {
		return err
	}
	return s.Close()
}
