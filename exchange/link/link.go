// Package link carries frames between neighbours, and streams between replicas, over QUIC, on one
// UDP socket.
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
// The frame of a hello is its length in 2 bytes, big-endian, the hello, and zero bytes up to 2,400.
// The end of the answer is the end of the stream; a failed answer is a reset with one of the codes
// of this package. A request must come in within five seconds plus its time over a line of 128
// kbit/s, or it is given up; a frame of an answer that does not come in, or is not read, within a
// minute more is given up too, and so is an answer of more than 64 frames. No data is sent before
// the handshake is complete (no 0-RTT), because data changes state.
//
// Packets are 1,200 bytes, always: what QUIC asks of every path. The dialler says hello again every
// ten seconds, and at once where an exchange came to nothing in time. A hello and its answer fill
// packets, so a link is up only while calls of ordinary size come through: whose hello gets no
// answer twice, within five seconds each, gives the link up and dials anew. A listener gives up a
// link without a frame for 35 seconds. So each side knows the state of the other, and a listener
// that was killed and started anew answers with a stateless reset, which it does not send in answer
// to the small packets of QUIC's own keep-alive.
//
// A neighbour that dies is noticed by whoever waits for it. When no packet came for half a second
// while an exchange waits, this side asks for a sign of life: it opens a stream and gives it up at
// once, which the QUIC of the other side acknowledges, however long the answer takes. A link on
// which no packet came for 2.25 seconds, and over a long line for eight round trips, is doubted: an
// exchange takes another link where there is one, those that wait go over another link too, once,
// and the dialler tries the other addresses of the neighbour. The exchange that waits is not given
// up meanwhile, and the first packet ends the doubt: who was stopped for a while, or has no other
// replica, loses nothing. On an idle link there is no packet of this. What is asked over a link may
// so be asked twice, of two replicas: it must be what does nothing a second time (see relay and
// door).
//
// Each replica of the lower level keeps one link to one replica of the upper level. A replica
// without a link to a neighbour, or with one that is doubted, asks the other replicas of its
// jurisdiction which of them has one, and passes its request to the first that says so. That one
// asks no further one. So each replica reaches each neighbour while any of them has a link.
//
// A link is replaced long before its certificates end: the dialler makes a new connection, and the
// old one is closed after its last stream has ended. No request is lost, because an exchange that
// could not begin on one link goes over the next.
//
// What a neighbour makes this side hold is bounded, in connections and in bytes (see memory): the
// windows of its connections, the streams that are read, what has come of a frame, and what it does
// not read of an answer. Bytes are taken before memory is, and given back by the deadlines above. A
// neighbour at its bound is told that it is too much, and takes nothing from the share of another.
//
// Replicas of one hosted jurisdiction exchange streams of bytes instead, over xietong-raft/1 (see
// Replicas and Streams). Each keeps a connection to each other one and opens streams on it, so two
// that dial at once do not meet. The first byte of a stream is its Use: 01 68 69 is a stream of
// raft that says "hi". A connection begins with a greeting, the stream 00 that is answered by 00: a
// hello judges nothing more here, because both ends are of one jurisdiction. A connection from
// which no packet comes for a second is given up, with its streams; it is dialled again after at
// most two seconds, and as soon as the other comes by itself. Until then Dial fails at once. What
// replaces a connection takes the new streams; the old one goes on until its asks and fetches have
// ended. Packets have 1,200 bytes here too: inside one site larger ones would do, but who knows
// that a site is one? What one replica holds here has a bound of its own, of which nothing is lent.
//
// Strangers meet bounds before they cost anything. The door, the protocol xietong-join/1, is open
// to every client, and a handshake begins before the client has proved its identity. So the gate
// counts handshakes under way, connections at the door and exchanges at the door, in all and for
// each source address, at a time and by rate. What all together get is shared equally among those
// who want more, so that nobody shuts the others out by coming more often. All addresses that are
// not proved count as one source. While that source is at its bounds, new clients must prove their
// address first (Retry, RFC 9000 §8.1.2), which costs the listener nothing. A connection at the
// door ends after a minute. A client over a bound is told so before the costly part of the
// handshake: by CONNECTION_REFUSED, or at the door by the alert user_canceled. Addresses from which
// a link was up have bounds of their own, of which strangers take nothing: the door is also the way
// back for a child whose link is refused. Whoever was invited has no such reserve, as nothing that
// comes before the handshake proves an invitation.
//
// Beyond that, addresses mean nothing here; only identities do. The package knows no envelope, and
// builds no tls.Config: package tlsconf does.
package link

import (
	"context"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// MaxServing is how many requests of a connection are served at once. It is no part that anybody
// has: who answers them divides them among those behind the neighbour, and less of them than this.
const MaxServing = 512

// Deadlines and bounds of a link.
const (
	firstFrameWithin = 5 * time.Second // from the start of a stream or link; plus bounds.longer
	takenWithin      = time.Minute     // to take a frame of an answer; plus bounds.longer
	maxIdle          = 30 * time.Second
	helloEvery       = 10 * time.Second
	keepAlive        = 15 * time.Second // of replaced links, which carry no hello any more
	handshakeWithin  = 5 * time.Second  // longest without a packet; twice that in all
	silentFor        = 35 * time.Second // longest time without a frame of the dialler
	maxStreams       = 528              // streams that a connection may have open
	firstWindow      = 128 << 10        // bytes that may be under way on a connection that this side made,
	guestWindow      = 16 << 10         // or on one that somebody makes; they grow to
	maxWindow        = 512 << 10        // this, in the account of the neighbour (see memory)
	maxConns         = 6                // with one replica: newest, three replaced, two spare
	maxConnsOfAll    = 8                // with all replicas of a neighbour
	maxFrames        = 64               // of an answer
	quietBefore      = 6 * time.Second  // a replaced link is closed when quiet for this time
)

// packetSize is the size of every packet: the one that every path must carry (RFC 9000 §14). A
// larger one gains a fifth of the CPU for what is long, and fails on paths that are narrower, or
// become so.
const packetSize = 1200

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

// quicConfig returns the settings of a connection whose windows are of so many bytes at first. What
// a window bounds is the bytes of a stream. QUIC keeps those that come out of order as they came,
// until the ones before are there: of frames of one byte each, 161 bytes a byte. So the windows are
// as short as a line of 100 Mbit/s and 40 ms needs. That of a stream is shorter than that of its
// connection, so that one stream which nobody reads leaves room for the others.
func quicConfig(first uint64) *quic.Config {
	return &quic.Config{
		HandshakeIdleTimeout: handshakeWithin, MaxIdleTimeout: maxIdle, KeepAlivePeriod: keepAlive,
		MaxIncomingStreams: maxStreams, MaxIncomingUniStreams: -1, Allow0RTT: false,
		InitialStreamReceiveWindow: min(first*5/8, 64<<10), MaxStreamReceiveWindow: maxWindow,
		InitialConnectionReceiveWindow: first, MaxConnectionReceiveWindow: maxWindow,
		AllowConnectionWindowIncrease: grow,
		InitialPacketSize:             packetSize, DisablePathMTUDiscovery: true,
	}
}

// listenConfig returns the settings of a listener, for every protocol: the windows of a link grow
// to less than these (see window).
func listenConfig() *quic.Config {
	c := quicConfig(guestWindow)
	c.MaxConnectionReceiveWindow = replicaWindow
	return c
}

// Link is a connection with a neighbour whose hello was accepted.
type Link struct {
	conn     *Conn
	local    identity.Jurisdiction
	peer     tlsconf.Peer
	since    time.Time // see Info.Since
	dialled  bool      // by this side, which says hello
	up       time.Time // when this one was made; and until, by when it is to be replaced: of the side that dialled
	until    time.Time
	replaced bool // a newer link took its place; under the socket's mutex
}

func (l *Link) ends() ends { return ends{l.local, l.peer.Jurisdiction} }
