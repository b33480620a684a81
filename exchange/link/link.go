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
// one of the codes of this package. A request comes in within five seconds and what it takes over a line of 128 kbit/s, or
// is given up; so is an answer that nobody reads. Nothing is sent before the handshake is complete (no 0-RTT), because what
// is sent changes state.
//
// The dialler says hello again every ten seconds. So both know how the other stands, and a listener that was killed and
// started anew answers with a stateless reset, which it does not to the small packets of QUIC's own keep-alive.
//
// A link is replaced long before its certificates end: a new connection is made, and the old one is closed when its last
// stream has ended. No request is lost by that: an exchange that could not begin on one link goes over the next.
//
// Strangers meet bounds before they cost anything. The door, xietong-join/1, is open to whoever comes, and a handshake begins
// before anybody has shown who he is. So handshakes under way, connections and exchanges at the door are counted, in all and
// from each address, and those from addresses that nobody has proved count as from one. Where that one is at its bounds,
// newcomers prove their address first (Retry, RFC 9000 §8.1.2), which costs us nothing. A connection at the door ends after a
// minute. Whoever is over a bound is told so before the costly part of the handshake: by CONNECTION_REFUSED, or at the door by
// the alert user_canceled. The bounds of the door do not concern neighbours, and there is room for handshakes that only
// addresses get from which a link was up before.
//
// Beyond that, addresses mean nothing here; only identities do. The package knows no envelope, and builds no tls.Config:
// certs/tlsconf does.
package link

import (
	"context"
	"fmt"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// Deadlines and bounds of a link.
const (
	firstFrameWithin = 5 * time.Second // from the beginning of a stream, or of a connection; longer for a long frame
	takenWithin      = time.Minute     // for a frame of an answer, longer for a long one: who reads no answer holds no room
	maxIdle          = 30 * time.Second
	helloEvery       = 10 * time.Second
	keepAlive        = 15 * time.Second // of links that were replaced, on which nobody says hello any more
	handshakeWithin  = 5 * time.Second  // without a packet; twice that in all
	maxStreams       = 256              // that a neighbour may have open
	maxWindow        = 4 << 20          // bytes that a neighbour may have under way
	maxConns         = 6                // with one replica: three that were replaced, on which long answers end, and to spare
	quietBefore      = 6 * time.Second  // a replaced link is closed after so long without a stream
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

// Link is a connection with a neighbour whose hello was accepted.
type Link struct {
	conn     *Conn
	local    identity.Jurisdiction
	peer     tlsconf.Peer
	since    time.Time // when the hello was accepted
	replaced bool      // a newer one goes to the same replica; under the socket's mutex
}

func (l *Link) ends() ends { return ends{l.local, l.peer.Jurisdiction} }

// sayHello says hello and judges the answer.
func (c *Conn) sayHello(ctx context.Context, peer tlsconf.Peer, h Handler) error {
	ctx, cancel := context.WithTimeout(ctx, firstFrameWithin)
	defer cancel()
	heard, err := One(func(each func([]byte) error) error {
		return c.exchange(ctx, func(frame []byte) error {
			if len(frame) > MaxHello {
				return fmt.Errorf("%w: no hello", ErrFrame)
			}
			return each(frame)
		}, []byte{}, h.Hello())
	})
	if err != nil {
		return fmt.Errorf("say hello: %w", err)
	}
	if err := h.Greet(peer, heard); err != nil {
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
	if err := c.answer(s, &answers{hello: helloOf(peer, h)}); err != nil {
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
