package group

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
)

// stranger returns a transport over the streams of a replica that runs no group.
func (c *cluster) stranger(n uint32) *transport {
	config := Config{Replica: replica(n), Streams: c.network.layer(replica(n))}
	return newTransport(config, adaptLogger(slog.New(slog.DiscardHandler), nil, nil), newFailing(nil), nil)
}

func header(r identity.Replica) raft.RPCHeader {
	return raft.RPCHeader{ProtocolVersion: raft.ProtocolVersionMax, ID: []byte(r.String()), Addr: []byte(r.String())}
}

// TestMessagesBearTheirSender: a message in the name of another replica than the one whose stream
// it came on is refused, of every kind, and changes nothing; the stream is closed.
func TestMessagesBearTheirSender(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2)
		leader := c.leader()
		liar := c.stranger(3)
		defer liar.Close()
		id, to := names(leader.config.Replica)
		term := leader.raft.CurrentTerm() + 10
		other := header(c.others(leader)[0].config.Replica)
		mixed := header(replica(3))
		mixed.Addr = other.Addr
		for what, ask := range map[string]func(h raft.RPCHeader) error{
			"a heartbeat": func(h raft.RPCHeader) error {
				return liar.AppendEntries(id, to, &raft.AppendEntriesRequest{RPCHeader: h, Term: term}, new(raft.AppendEntriesResponse))
			},
			"entries": func(h raft.RPCHeader) error {
				return liar.AppendEntries(id, to, &raft.AppendEntriesRequest{RPCHeader: h, Term: term, LeaderCommitIndex: 1}, new(raft.AppendEntriesResponse))
			},
			"a vote": func(h raft.RPCHeader) error {
				return liar.RequestVote(id, to, &raft.RequestVoteRequest{RPCHeader: h, Term: term, LeadershipTransfer: true}, new(raft.RequestVoteResponse))
			},
			"a pre-vote": func(h raft.RPCHeader) error {
				return liar.RequestPreVote(id, to, &raft.RequestPreVoteRequest{RPCHeader: h, Term: term}, new(raft.RequestPreVoteResponse))
			},
			"a snapshot": func(h raft.RPCHeader) error {
				r := &raft.InstallSnapshotRequest{RPCHeader: h, Term: term, SnapshotVersion: 1, Size: 3}
				return liar.InstallSnapshot(id, to, r, new(raft.InstallSnapshotResponse), strings.NewReader("abc"))
			},
			"a call to campaign": func(h raft.RPCHeader) error {
				return liar.TimeoutNow(id, to, &raft.TimeoutNowRequest{RPCHeader: h}, new(raft.TimeoutNowResponse))
			},
		} {
			for name, h := range map[string]raft.RPCHeader{"another's name": other, "another's address": mixed, "no name": {ProtocolVersion: raft.ProtocolVersionMax}} {
				if err := ask(h); err == nil {
					t.Errorf("%s with %s was taken", what, name)
				}
				if got := leader.raft.CurrentTerm(); got >= term || !leader.Leads() {
					t.Fatalf("%s with %s moved the term to %d", what, name, got)
				}
				if n := leader.transport.open(replica(3)); n != 0 {
					t.Errorf("%s with %s: %d streams of the liar are open", what, name, n)
				}
			}
		}
		if err := liar.RequestPreVote(id, to, &raft.RequestPreVoteRequest{RPCHeader: header(replica(3)), Term: term}, new(raft.RequestPreVoteResponse)); err != nil {
			t.Errorf("in its own name: %v", err)
		}
		c.put(leader, "goes on")
	})
}

// open returns how many streams another replica has here.
func (t *transport) open(r identity.Replica) int {
	t.mu.Lock()
	p := t.peers[r]
	t.mu.Unlock()
	if p == nil {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// TestStreamsOfAReplicaAreBounded: beyond the bound the oldest is closed, and the newest works. A
// replica opens none to itself.
func TestStreamsOfAReplicaAreBounded(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2)
		leader := c.leader()
		layer := c.network.layer(replica(3))
		var conns []net.Conn
		for range 10 * maxStreams {
			conn, err := layer.Dial(c.Context(), leader.config.Replica)
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, conn)
		}
		time.Sleep(time.Second)
		if n := leader.transport.open(replica(3)); n != maxStreams {
			t.Errorf("%d streams are open, want %d", n, maxStreams)
		}
		for i, open := range map[int]bool{0: false, len(conns) - 1: true} {
			if err := conns[i].SetReadDeadline(time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := conns[i].Read(make([]byte, 1)); errors.Is(err, net.ErrClosed) == open {
				t.Errorf("stream %d: %v", i, err)
			}
		}
		mirror := &pipeLayer{network: c.network, self: leader.config.Replica, closed: make(chan struct{})}
		if _, err := mirror.Dial(c.Context(), leader.config.Replica); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if n := leader.transport.open(leader.config.Replica); n != 0 {
			t.Errorf("%d streams to itself are open", n)
		}
		c.put(leader, "goes on")
	})
}

// TestCloseWaitsForNobody: a replica closes at once while the others do not answer.
func TestCloseWaitsForNobody(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		leader := c.leader()
		c.put(leader, "0")
		c.network.freeze(leader.config.Replica)
		time.Sleep(50 * time.Millisecond)
		began := time.Now()
		c.down(leader.number())
		if took := time.Since(began); took > 100*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}
