package group

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// Bounds of what other replicas open here.
const (
	// maxStreams bounds the streams of one replica: raft uses about six at once. Beyond it the
	// oldest is closed, which is most likely one that its replica knows no more.
	maxStreams = 16
	// maxPeers bounds the replicas that were ever heard since the start.
	maxPeers    = 64
	acceptPause = time.Second // after an Accept that failed
)

// maxLeap is how far the term of a message may be ahead of this replica's. Each election takes one:
// a message of the last term there is would end elections for good.
const maxLeap = 1 << 20

// errLeap is what a replica is told whose term is too far ahead.
var errLeap = errors.New("the term of this message is too far ahead")

// errOtherReplica is what a replica is told that sent a message in the name of another.
var errOtherReplica = errors.New("this message bears the name of another replica than the stream on which it came")

// transport carries raft's messages over Streams. The library's transport does not say on which
// stream a message came. So there is one for all that is sent, and one more for each replica that
// sends: what that one receives must bear the name of the replica, else its streams are closed.
type transport struct {
	*raft.NetworkTransport // of what is sent

	streams  Streams
	logger   hclog.Logger
	failing  *failing // raft's log, without which this replica must not lead
	mute     func() bool
	store    *state.Store             // nil: of a transport without a group
	stats    func() map[string]string // of raft; nil: it has not begun
	answers  *answers
	ahead    *ahead // nil: of a transport without a group
	receives chan raft.RPC
	gone     chan identity.Replica // a replica whose last stream has ended
	stop     <-chan struct{}
	end      context.CancelFunc // closes stop
	workers  sync.WaitGroup
	closing  sync.Once
	closed   error

	mu        sync.Mutex
	term      func() uint64                               // of this replica
	leading   func(other raft.ServerID, term uint64) bool // nil: raft has not begun
	heartbeat func(raft.RPC)
	peers     map[identity.Replica]*peer
}

func newTransport(c Config, logger hclog.Logger, failing *failing, ahead *ahead) *transport {
	streams := c.Streams
	if streams == nil {
		streams = newNobody()
	}
	life, end := context.WithCancel(context.Background())
	t := &transport{
		streams: streams, logger: logger, failing: failing, answers: newAnswers(),
		receives: make(chan raft.RPC), gone: make(chan identity.Replica, maxPeers), stop: life.Done(), end: end, peers: map[identity.Replica]*peer{}, mute: c.Mute,
		store: c.Store, ahead: ahead,
	}
	t.NetworkTransport = newNetwork(&outgoing{newNobody(), life, c.Replica, streams}, logger)
	t.workers.Go(t.acceptLoop)
	return t
}

func newNetwork(layer raft.StreamLayer, logger hclog.Logger) *raft.NetworkTransport {
	return raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: layer, MaxPool: maxPool, Timeout: transportTimeout, Logger: logger, MsgpackUseNewTimeFormat: true,
	})
}

// outgoing is the stream layer of what is sent: it accepts nothing.
type outgoing struct {
	*nobody
	life    context.Context
	self    identity.Replica
	streams Streams
}

// Accept implements net.Listener.
func (o *outgoing) Accept() (net.Conn, error) {
	_, _, err := o.nobody.Accept()
	return nil, err
}

// Addr implements net.Listener.
func (o *outgoing) Addr() net.Addr { return replicaAddr(o.self.String()) }

// Dial implements raft.StreamLayer.
func (o *outgoing) Dial(address raft.ServerAddress, within time.Duration) (net.Conn, error) {
	to, err := identity.ParseReplica(string(address))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(o.life, within)
	defer cancel()
	return o.streams.Dial(ctx, to)
}

func (t *transport) acceptLoop() {
	for {
		conn, from, err := t.streams.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			t.logger.Error("no stream could be accepted", "error", err)
			select {
			case <-time.After(acceptPause):
			case <-t.stop:
				return
			}
		default:
			t.take(conn, from)
		}
	}
}

// take hands a stream to the transport of its replica, which it makes at the first one.
func (t *transport) take(conn net.Conn, from identity.Replica) {
	t.mu.Lock()
	p := t.peers[from]
	if p == nil && len(t.peers) < maxPeers && !t.stopped() {
		p = newPeer(from, t)
		t.peers[from] = p
	}
	t.mu.Unlock()
	if p == nil || string(t.LocalAddr()) == from.String() {
		conn.Close()
		return
	}
	p.take(conn)
}

func (t *transport) stopped() bool {
	select {
	case <-t.stop:
		return true
	default:
		return false
	}
}

// Consumer implements raft.Transport.
func (t *transport) Consumer() <-chan raft.RPC { return t.receives }

// SetHeartbeatHandler implements raft.Transport.
func (t *transport) SetHeartbeatHandler(f func(raft.RPC)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.heartbeat = f
}

// receive hands a message of another replica to raft.
func (t *transport) receive(rpc raft.RPC) {
	select {
	case t.receives <- rpc:
	case <-t.stop:
		rpc.Respond(nil, raft.ErrTransportShutdown)
	}
}

// receiveHeartbeat hands a heartbeat to raft, past whatever waits.
func (t *transport) receiveHeartbeat(rpc raft.RPC) {
	t.mu.Lock()
	handle := t.heartbeat
	t.mu.Unlock()
	if handle == nil { // raft has not begun
		t.receive(rpc)
		return
	}
	handle(rpc)
}

// AppendEntries implements raft.Transport. Heartbeats come this way, and what the others answer to
// them is noted. The error of what carries the log comes when the replica is there again; see away.
func (t *transport) AppendEntries(id raft.ServerID, to raft.ServerAddress, a *raft.AppendEntriesRequest, answer *raft.AppendEntriesResponse) error {
	sent := t.answers.send()
	err := t.NetworkTransport.AppendEntries(id, to, a, answer)
	if err == nil {
		t.answers.note(id, a.Term, sent, answer)
	}
	if err != nil && carriesLog(a) {
		t.away(id, a.Term, sent)
	}
	return err
}

// AppendEntriesPipeline implements raft.Transport.
func (t *transport) AppendEntriesPipeline(id raft.ServerID, to raft.ServerAddress) (raft.AppendPipeline, error) {
	inner, err := t.NetworkTransport.AppendEntriesPipeline(id, to)
	if err != nil {
		return nil, err
	}
	return newPipeline(inner), nil
}

// RequestVote implements raft.Transport.
func (t *transport) RequestVote(id raft.ServerID, to raft.ServerAddress, a *raft.RequestVoteRequest, answer *raft.RequestVoteResponse) error {
	if t.muted() {
		return errMute
	}
	if err := t.failing.first(); err != nil {
		return err
	}
	return t.NetworkTransport.RequestVote(id, to, a, answer)
}

// RequestPreVote implements raft.WithPreVote.
func (t *transport) RequestPreVote(id raft.ServerID, to raft.ServerAddress, a *raft.RequestPreVoteRequest, answer *raft.RequestPreVoteResponse) error {
	if t.muted() {
		return errMute
	}
	if err := t.failing.first(); err != nil {
		return err
	}
	return t.NetworkTransport.RequestPreVote(id, to, a, answer)
}

// Close ends every stream and waits for all that runs on one.
func (t *transport) Close() error {
	t.closing.Do(func() {
		t.end()
		t.CloseStreams() // Close alone leaves the pooled streams open
		t.closed = errors.Join(t.NetworkTransport.Close(), t.streams.Close())
		t.mu.Lock()
		peers := t.peers
		t.peers = nil
		t.mu.Unlock()
		for _, p := range peers {
			p.close()
		}
		t.workers.Wait()
	})
	return t.closed
}

// leaps reports whether the term of a message is too far ahead.
func (t *transport) leaps(message any) bool {
	t.mu.Lock()
	own := t.term
	t.mu.Unlock()
	var term uint64
	switch m := message.(type) {
	case *raft.AppendEntriesRequest:
		term = m.Term
	case *raft.RequestVoteRequest:
		term = m.Term
	case *raft.RequestPreVoteRequest:
		term = m.Term
	case *raft.InstallSnapshotRequest:
		term = m.Term
	}
	return own != nil && term > own()+maxLeap
}

// began says how the term of raft is known and, once raft has begun, whom this replica leads.
func (t *transport) began(term func() uint64, leading func(raft.ServerID, uint64) bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.term, t.leading = term, leading
}

// has reports whether a replica has a stream open here.
func (t *transport) has(r identity.Replica) bool {
	t.mu.Lock()
	p := t.peers[r]
	t.mu.Unlock()
	if p == nil {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns) > 0
}
