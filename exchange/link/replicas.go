package link

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// Deadlines and bounds of the connections among replicas.
const (
	deadAfter     = time.Second            // a connection from which nothing comes for this long has ended
	aliveEvery    = 250 * time.Millisecond // a quiet one is asked whether it lives
	replicaPause  = 2 * time.Second        // longest between attempts: a handshake inside one site costs little
	wantedFor     = time.Minute            // a connection that was lost is dialled for this long after the last Dial
	replicaWindow = 2 << 20                // bytes under way on a connection: a line of 1 Gbit/s and 16 ms, and four streams of maxWindow
	maxChannels   = 4                      // open connections of one replica in one direction: newest, replaced, dying
	maxOfUse      = 128                    // streams that this side opens at once to one replica for one use
	maxOfOther    = 2 * maxOfUse           // of one replica here: it may open the next before this side has closed the last
	maxReading    = 64                     // streams of a connection whose first byte is waited for
)

// ReplicaOptions describe the streams among the replicas of one hosted jurisdiction.
type ReplicaOptions struct {
	Local identity.Jurisdiction
	Self  identity.Replica
	// TLS returns the configuration for dialling another replica of Local.
	TLS func(to identity.Replica) *tlsconf.Config
	// Addresses returns the addresses of a replica in the order of the attempts. It is called
	// before each attempt, so a replica may move.
	Addresses func(ctx context.Context, to identity.Replica) ([]net.Addr, error)
	// Recheck judges the other side of an open connection anew, of either direction. An error
	// closes the connection.
	Recheck func(tlsconf.State) error
}

// Replicas are the streams among the replicas of one hosted jurisdiction. Many goroutines may use
// them.
type Replicas struct {
	socket  *Socket
	o       ReplicaOptions
	ctx     context.Context
	stop    context.CancelFunc
	workers sync.WaitGroup

	mu     sync.Mutex
	came   *sync.Cond // a stream came, or something was closed
	closed bool       // no new worker begins, except from a running one
	others map[identity.Replica]*other
	layers [uses]*Streams
	// passing are the requests under way that other replicas pass on, by neighbour.
	passing map[identity.Jurisdiction]int
}

// other is another replica, as this one knows it. The mutex of Replicas guards it.
type other struct {
	id       identity.Replica
	memory   *memory    // what it holds here
	channels []*channel // that are open, in both directions
	open     [uses]int  // streams that it opened and that are not closed here
	heard    time.Time  // the last packet of the connections that have ended

	kept    bool          // by Keep
	wanted  time.Time     // when it was last dialled
	keeping bool          // a worker keeps a connection to it
	current *channel      // what was dialled last and taken by it; it may have ended
	why     error         // why there is none, until the next attempt begins
	told    bool          // the log says that there is none
	failed  error         // why the last attempt failed; nil: it did not
	failing time.Time     // since when attempts fail
	changed chan struct{} // closed when current or why has changed
	alive   chan struct{} // a token when the replica came by itself
}

// Replicas begins to take streams of other replicas of a hosted jurisdiction. The caller closes the
// result with Close, or the socket does.
func (s *Socket) Replicas(o ReplicaOptions) *Replicas {
	r := &Replicas{socket: s, o: o, others: map[identity.Replica]*other{}, passing: map[identity.Jurisdiction]int{}}
	r.came = sync.NewCond(&r.mu)
	r.ctx, r.stop = context.WithCancel(s.ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.closed = s.closed; !s.closed {
		s.replicas[o.Local] = r
		asks := r.For(UsePass)
		r.workers.Go(func() { r.passes(asks) })
	}
	return r
}

// replicasOf returns the streams of a hosted jurisdiction, or nil.
func (s *Socket) replicasOf(local identity.Jurisdiction) *Replicas {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replicas[local]
}

// takeReplica serves an incoming connection of another replica until it ends.
func (s *Socket) takeReplica(q *quic.Conn, local identity.Jurisdiction) {
	peer, err := tlsconf.PeerOf(q.ConnectionState().TLS)
	r := s.replicasOf(local)
	if r == nil || err != nil || peer.Jurisdiction != local {
		q.CloseWithError(quic.ApplicationErrorCode(CodeRefused), "")
		return
	}
	if err := r.serve(q, peer.Replica); err != nil {
		s.o.Logger.Warn("replica refused", "jurisdiction", local.String(), "replica", peer.Replica.String(), "error", err)
		q.CloseWithError(quic.ApplicationErrorCode(codeOf(err)), "")
	}
}

// Keep keeps a connection to each of the replicas from now on, until the next Keep. One to another
// replica is made when it is dialled; once lost, it is not made anew when nobody dials for a
// minute.
func (r *Replicas) Keep(to ...identity.Replica) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, o := range r.others {
		o.kept = slices.Contains(to, id)
	}
	for _, id := range to {
		if id != r.o.Self {
			o := r.other(id)
			o.kept = true
			r.keep(o)
		}
	}
}

// Reachable reports whether a connection with the replica is open, of either direction. It was
// heard within about a second then.
func (r *Replicas) Reachable(id identity.Replica) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.others[id]
	return o != nil && slices.ContainsFunc(o.channels, (*channel).usable)
}

// Heard returns when a packet of the replica last came, to a quarter of a second. It is the zero
// time if there was no connection with it since the socket was opened.
func (r *Replicas) Heard(id identity.Replica) (heard time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.others[id]; o != nil {
		heard = o.heard
		for _, c := range o.channels {
			heard = later(heard, c.lastHeard())
		}
	}
	return heard
}

// Recheck judges every open connection anew, after the key sets have changed, and closes those that
// are refused, with all streams on them.
func (r *Replicas) Recheck() {
	for _, c := range r.open() {
		if err := r.o.Recheck(c.quic.ConnectionState().TLS); err != nil {
			r.socket.o.Logger.Warn("replica closed", "jurisdiction", r.o.Local.String(), "replica", c.with.id.String(), "error", err)
			c.end(CodeWithdrawn)
		}
	}
}

// open returns all connections that are open.
func (r *Replicas) open() (all []*channel) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.others {
		all = append(all, o.channels...)
	}
	return all
}

// Close ends all connections, tells the other replicas so, and waits until all goroutines have
// ended. Accept and Dial of every use return net.ErrClosed from then on.
func (r *Replicas) Close() error {
	r.socket.mu.Lock()
	if r.socket.replicas[r.o.Local] == r {
		delete(r.socket.replicas, r.o.Local)
	}
	r.socket.mu.Unlock()
	r.mu.Lock()
	r.closed = true
	r.came.Broadcast()
	r.mu.Unlock()
	for _, c := range r.open() {
		c.end(CodeClosing)
	}
	r.stop()
	r.workers.Wait()
	return nil
}

// other returns what is known of a replica. The caller holds r.mu.
func (r *Replicas) other(id identity.Replica) *other {
	o, ok := r.others[id]
	if !ok {
		o = &other{id: id, memory: newMemory(0), changed: make(chan struct{}), alive: make(chan struct{}, 1)}
		r.others[id] = o
	}
	return o
}

// change wakes those who wait for a change. The caller holds the mutex.
func (o *other) change() {
	close(o.changed)
	o.changed = make(chan struct{})
}
