// Package link carries frames between neighbours over QUIC, on one UDP socket.
//
// The lower level dials the upper level, and both open streams on that connection, so a county
// behind NAT without any inbound rule is fully reachable. A link is one connection between a hosted
// jurisdiction and a replica of a neighbour. A link is up once both sides have accepted the other's
// hello; the dialler sends its hello on the first stream. The hello is needed because with TLS
// alone a dialler believes that it is connected before the other side has judged its certificate.
//
// A stream carries one exchange: one frame from the side that opened it, and any number of frames
// back. A frame is its length in 4 bytes, big-endian, and that many bytes of any content: 00 00 00
// 02 68 69 is "hi". An empty frame announces a hello in the next frame; the answer is a hello too.
// The end of the answer is the end of the stream; a failed answer is a reset with one of the codes
// of this package. A request must come in within five seconds plus its time over a line of 128
// kbit/s, or it is given up; an answer that the other side does not read in time is given up too.
// No data is sent before the handshake is complete (no 0-RTT), because data changes state.
//
// The dialler says hello again every ten seconds. So each side knows the state of the other, and a
// listener that was killed and started anew answers with a stateless reset, which it does not send
// in answer to the small packets of QUIC's own keep-alive.
//
// A link is replaced long before its certificates end: the dialler makes a new connection, and the
// old one is closed after its last stream has ended. No request is lost, because an exchange that
// could not begin on one link goes over the next.
//
// Strangers meet bounds before they cost anything. The door, the protocol xietong-join/1, is open
// to every client, and a handshake begins before the client has proved its identity. So the gate
// counts handshakes under way, connections at the door and exchanges at the door, in all and for
// each source address. All addresses that are not proved count as one source. While that source is
// at its bounds, new clients must prove their address first (Retry, RFC 9000 §8.1.2), which costs
// the listener nothing. A connection at the door ends after a minute. A client over a bound is told
// so before the costly part of the handshake: by CONNECTION_REFUSED, or at the door by the alert
// user_canceled. The bounds of the door do not concern neighbours, and some handshakes are reserved
// for addresses from which a link was up before.
//
// Beyond that, addresses mean nothing here; only identities do. The package knows no envelope, and
// builds no tls.Config: package tlsconf does.
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
	firstFrameWithin = 5 * time.Second // from the start of a stream or link; plus bounds.longer
	takenWithin      = time.Minute     // to take a frame of an answer; plus bounds.longer
	maxIdle          = 30 * time.Second
	helloEvery       = 10 * time.Second
	keepAlive        = 15 * time.Second // of replaced links, which carry no hello any more
	handshakeWithin  = 5 * time.Second  // longest without a packet; twice that in all
	maxStreams       = 256              // streams that a neighbour may have open
	maxWindow        = 4 << 20          // bytes that a neighbour may have under way
	maxConns         = 6                // with one replica: newest, three replaced, two spare
	quietBefore      = 6 * time.Second  // a replaced link is closed when quiet for this time
)

// Handler answers the neighbours of a hosted jurisdiction.
type Handler interface {
	// Hello returns the hello of this side, at most MaxHello bytes. It is called for every hello.
	Hello() []byte
	// Greet judges the hello of the neighbour. An error refuses the link, or ends it.
	Greet(peer tlsconf.Peer, hello []byte) error
	// Serve answers one request with any number of frames. ctx ends when nobody waits for the
	// answer any more. An error resets the stream; a *CodeError gives the code.
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
	replaced bool      // a newer link goes to the same replica; under the socket's mutex
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
