// Package link carries frames between neighbours over QUIC, on one UDP socket.
//
// The lower level dials the upper level, and both open streams on that connection, so a county behind NAT without any
// inbound rule is fully reachable. A link is one connection between a hosted jurisdiction and a replica of a neighbour. It
// is up once both have judged the other's hello, which the dialler sends on the first stream: TLS alone lets a dialler
// believe that it is connected before the other side has judged its certificate.
//
// A stream carries one exchange: one frame from whoever opened it, any number of frames back. A frame is its length in 4
// bytes, big-endian, and that many bytes of anything: 00 00 00 02 68 69 is "hi". An empty frame announces a hello, which
// follows it and is answered by one. The end of the answer is the end of the stream; an answer that failed is a reset with
// one of the codes of this package. Nothing is sent before the handshake is complete (no 0-RTT), because what is sent
// changes state.
//
// The dialler says hello again every ten seconds. So both know how the other stands, and a listener that was killed and
// started anew answers with a stateless reset, which it does not to the small packets of QUIC's own keep-alive.
//
// A link is replaced long before its certificates end: a new connection is made, and the old one is closed when its last
// stream has ended. Addresses mean nothing here; only identities do. The package knows no envelope, and builds no
// tls.Config: certs/tlsconf does.
package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// Deadlines and bounds of a link.
const (
	firstFrameWithin = 5 * time.Second // from the beginning of a stream, or of a connection
	maxIdle          = 30 * time.Second
	helloEvery       = 10 * time.Second
	keepAlive        = 15 * time.Second // of links that were replaced, on which nobody says hello any more
	handshakeWithin  = 5 * time.Second
	maxStreams       = 256             // that a neighbour may have open
	maxServing       = 128             // of these, that are served at once; the others are told that we are busy
	maxWindow        = 4 << 20         // bytes that a neighbour may have under way
	quietBefore      = 6 * time.Second // a replaced link is closed after so long without a stream
)

// Handler is a hosted jurisdiction, as its neighbours meet it.
type Handler interface {
	// Hello is what this side says first and every few seconds, at most MaxHello bytes.
	Hello() []byte
	// Greet judges what the neighbour said. An error refuses the link, or ends it.
	Greet(peer tlsconf.Peer, hello []byte) error
	// Serve answers one request with any number of frames. ctx ends when nobody waits for the answer any more. An error
	// resets the stream, with the code of a *CodeError if it is one.
	Serve(ctx context.Context, peer tlsconf.Peer, request []byte, write func(frame []byte) error) error
}

// quicConfig returns the settings of every connection.
func quicConfig() *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout: handshakeWithin, MaxIdleTimeout: maxIdle, KeepAlivePeriod: keepAlive,
		MaxIncomingStreams: maxStreams, MaxIncomingUniStreams: -1, Allow0RTT: false,
		InitialStreamReceiveWindow: 64 << 10, MaxStreamReceiveWindow: 2 << 20,
		InitialConnectionReceiveWindow: 256 << 10, MaxConnectionReceiveWindow: maxWindow,
	}
}

// Conn is one connection, of whichever protocol. Its methods may be used by many goroutines.
type Conn struct {
	quic    *quic.Conn
	most    int // bytes of a frame
	serving chan struct{}
	workers sync.WaitGroup
	mu      sync.Mutex
	open    int       // exchanges under way, in both directions
	idle    time.Time // when the last one ended
	heard   time.Time // when the other side last said something
}

func newConn(q *quic.Conn, most int) *Conn {
	return &Conn{quic: q, most: most, serving: make(chan struct{}, maxServing), idle: time.Now()}
}

// TLS returns what the handshake agreed on.
func (c *Conn) TLS() tlsconf.State { return c.quic.ConnectionState().TLS }

// Binding returns 32 bytes that both ends of this connection know, and nobody else (RFC 8446 §7.5).
func (c *Conn) Binding() ([32]byte, error) {
	state := c.TLS()
	data, err := state.ExportKeyingMaterial("EXPORTER-xietong-join/1", nil, 32)
	if err != nil {
		return [32]byte{}, fmt.Errorf("bind to connection: %w", err)
	}
	return [32]byte(data), nil
}

// Close ends the connection and waits for what it served.
func (c *Conn) Close(code Code) {
	c.quic.CloseWithError(quic.ApplicationErrorCode(code), "")
	c.workers.Wait()
}

func (c *Conn) began(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open += n
	c.idle = time.Now()
}

// hear notes that the other side said something.
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

// quiet returns for how long no exchange was under way.
func (c *Conn) quiet() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open > 0 {
		return 0
	}
	return time.Since(c.idle)
}

// Exchange sends one frame, which is not empty, and gives each frame of the answer to each, until the answer ends.
func (c *Conn) Exchange(ctx context.Context, request []byte, each func(frame []byte) error) error {
	if len(request) == 0 {
		return fmt.Errorf("%w: an empty request", ErrFrame)
	}
	return c.exchange(ctx, each, request)
}

// exchange sends the frames on a stream of their own and reads the answer. Whatever goes wrong, the stream is given back
// whole: a half that nobody reads would count against the neighbour's streams for ever.
func (c *Conn) exchange(ctx context.Context, each func(frame []byte) error, frames ...[]byte) error {
	s, err := c.quic.OpenStreamSync(ctx)
	if err != nil {
		return explain(err)
	}
	c.began(1)
	defer c.began(-1)
	stop := context.AfterFunc(ctx, func() { abandon(s, CodeCancelled) })
	defer stop()
	for _, frame := range frames {
		err = errors.Join(err, writeFrame(s, frame, c.most))
	}
	if err == nil {
		err = s.Close()
	}
	for err == nil {
		var frame []byte
		frame, err = readFrame(s, c.most)
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

// abandon gives up both halves of a stream; what has ended already stays as it is.
func abandon(s *quic.Stream, code Code) {
	s.CancelRead(quic.StreamErrorCode(code))
	s.CancelWrite(quic.StreamErrorCode(code))
}

// answers is what a connection does with what comes: a request, or a hello (nil where none is expected).
type answers struct {
	request func(ctx context.Context, request []byte, write func([]byte) error) error
	hello   func(heard []byte) (said []byte, err error)
}

// serve answers the streams that the other side opens, until the connection ends.
func (c *Conn) serve(a answers) {
	ctx := c.quic.Context()
	for {
		s, err := c.quic.AcceptStream(ctx)
		if err != nil {
			return
		}
		select {
		case c.serving <- struct{}{}:
		default:
			abandon(s, CodeBusy)
			continue
		}
		c.workers.Go(func() {
			defer func() { <-c.serving }()
			c.began(1)
			defer c.began(-1)
			if err := c.answer(s, a); err != nil {
				abandon(s, codeOf(err))
			}
		})
	}
}

func (c *Conn) answer(s *quic.Stream, a answers) error {
	if err := s.SetReadDeadline(time.Now().Add(firstFrameWithin)); err != nil {
		return err
	}
	request, err := readFrame(s, c.most)
	if err == nil {
		c.hear()
	}
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
	if err := a.request(s.Context(), request, func(frame []byte) error { return writeFrame(s, frame, c.most) }); err != nil {
		return err
	}
	return s.Close()
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

// Link is a connection with a neighbour whose hello was accepted.
type Link struct {
	conn  *Conn
	local identity.Jurisdiction
	peer  tlsconf.Peer
	since time.Time // when the hello was accepted
}

// sayHello says hello and judges the answer.
func (c *Conn) sayHello(ctx context.Context, peer tlsconf.Peer, h Handler) error {
	ctx, cancel := context.WithTimeout(ctx, firstFrameWithin)
	defer cancel()
	var heard [][]byte
	err := c.exchange(ctx, func(frame []byte) error {
		heard = append(heard, frame)
		if len(heard) > 1 || len(frame) > MaxHello {
			return fmt.Errorf("%w: no hello", ErrFrame)
		}
		return nil
	}, []byte{}, h.Hello())
	if err == nil && len(heard) == 0 {
		err = fmt.Errorf("%w: no hello", ErrFrame)
	}
	if err != nil {
		return fmt.Errorf("say hello: %w", err)
	}
	if err := h.Greet(peer, heard[0]); err != nil {
		return fmt.Errorf("judge hello: %w", err)
	}
	return nil
}

// hearHello waits for the dialler's first hello.
func (c *Conn) hearHello(ctx context.Context, peer tlsconf.Peer, h Handler) error {
	ctx, cancel := context.WithTimeout(ctx, firstFrameWithin)
	defer cancel()
	s, err := c.quic.AcceptStream(ctx)
	if err != nil {
		return &CodeError{CodeSilent, fmt.Errorf("wait for hello: %w", explain(err))}
	}
	if err := c.answer(s, answers{hello: helloOf(peer, h)}); err != nil {
		abandon(s, codeOf(err))
		return fmt.Errorf("answer hello: %w", err)
	}
	return nil
}

func helloOf(peer tlsconf.Peer, h Handler) func([]byte) ([]byte, error) {
	return func(heard []byte) ([]byte, error) {
		if err := h.Greet(peer, heard); err != nil {
			return nil, err
		}
		return h.Hello(), nil
	}
}
