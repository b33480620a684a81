package group

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

// fetched is a cluster whose log is short, and whose replicas fill one another.
type fetched struct {
	*cluster
	mu      sync.Mutex
	opened  []string // who was asked for a filling, by whom
	wrap    func(from uint32, s io.ReadWriteCloser) io.ReadWriteCloser
	serving sync.WaitGroup
}

func inFetched(t *testing.T, f func(t *testing.T, c *fetched)) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		x := &fetched{cluster: c}
		c.tune = func(_ uint32, rc *raft.Config) {
			rc.TrailingLogs, rc.SnapshotThreshold, rc.SnapshotInterval = 16, 8, 20*time.Millisecond
		}
		c.change = func(n uint32, config *Config) {
			config.Segment = 8 << 10 // entries are gone once their file is
			config.Fetch = func(ctx context.Context, from identity.Replica) (io.ReadWriteCloser, error) {
				return x.open(ctx, n, from)
			}
		}
		f(t, x)
		x.serving.Wait()
	})
}

// down closes a replica. It holds no lock while it waits: the replica may be about to open a
// stream.
func (x *fetched) down(n uint32) {
	x.Helper()
	x.mu.Lock()
	node := x.nodes[n]
	delete(x.nodes, n)
	x.mu.Unlock()
	if err := node.close(); err != nil {
		x.Errorf("close replica %d: %v", n, err)
	}
}

// open opens a stream from replica n to another one, which serves it.
func (x *fetched) open(ctx context.Context, n uint32, from identity.Replica) (io.ReadWriteCloser, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.opened = append(x.opened, from.String())
	source := x.nodes[from.Number()]
	if source == nil {
		return nil, errors.New("it is away")
	}
	there, back := newWire(x.network, replica(n), from), newWire(x.network, from, replica(n))
	mine := &pipeConn{in: back, out: there, self: replica(n), peer: from}
	theirs := &pipeConn{in: there, out: back, self: from, peer: replica(n)}
	x.serving.Go(func() { _ = source.Serve(context.Background(), theirs) })
	if x.wrap != nil {
		return x.wrap(from.Number(), mine), nil
	}
	return mine, nil
}

func long(name string, i int) string {
	return fmt.Sprintf("%s-%d-%s", name, i, strings.Repeat("x", 300))
}

// away closes a follower, writes more than the logs keep, and returns the follower's number and
// what was written.
func (x *fetched) away(leader *node, entries int) (number uint32, written []string) {
	x.Helper()
	number = x.others(leader)[0].number()
	for i := range 20 {
		written = append(written, long("before", i))
		x.put(leader, written[i])
	}
	x.reached(x.nodes[number], leader)
	x.down(number)
	for i := range entries {
		written = append(written, long("away", i))
		x.put(leader, written[len(written)-1])
	}
	time.Sleep(time.Second) // snapshots are taken
	first, err := leader.logs.FirstIndex()
	if err != nil || first < 30 {
		x.Fatalf("the leader's log begins at %d, %v", first, err)
	}
	return number, written
}

func (x *fetched) reached(n, leader *node) {
	x.Helper()
	index, err := leader.ReadIndex(x.Context())
	if err == nil {
		err = n.Reached(x.within(5*time.Minute), index)
	}
	if err != nil {
		x.Fatalf("replica %d: %v\n%s", n.number(), err, n.log.String())
	}
}

func (x *fetched) back(n uint32) {
	x.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.up(n)
}

// agree checks that all replicas are at one place and have the same, by their digests.
func (x *fetched) agree(leader *node, written []string) {
	x.Helper()
	x.same(written)
	if _, err := leader.Propose(x.Context(), mark()); err != nil {
		x.Fatal(err)
	}
	var want state.Mark
	for _, n := range append([]*node{leader}, x.others(leader)...) {
		x.reached(n, leader)
		err := n.store.View(func(r *state.Reader) error {
			got, ok := r.LastMark()
			if n == leader {
				want = got
			}
			if !ok || !got.Same(want) || len(want.Digest) == 0 {
				x.Errorf("replica %d found %+v, want %+v", n.number(), got, want)
			}
			return nil
		})
		if err != nil {
			x.Error(err)
		}
	}
}

// TestFetch lets a replica come back that was away for longer than the logs reach. It is filled
// while writes go on, has what the others have, also after a restart, and follows from the log.
func TestFetch(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.up(1, 2, 3)
		leader := x.leader()
		n, written := x.away(leader, 200)
		stop, stopped := make(chan struct{}), make(chan []string)
		go func() {
			var more []string
			for i := 0; ; i++ {
				select {
				case <-stop:
					stopped <- more
					return
				default:
				}
				body := long("on", i)
				if _, err := leader.Propose(t.Context(), command(body)); err != nil {
					t.Error(err)
				}
				more = append(more, body)
				time.Sleep(10 * time.Millisecond)
			}
		}()
		x.back(n)
		x.reached(x.nodes[n], leader)
		close(stop)
		written = append(written, <-stopped...)
		x.agree(leader, written)
		x.again(x.nodes[n], leader)
		if len(x.opened) == 0 || x.opened[0] != leader.config.Replica.String() {
			t.Errorf("filled from %q, want the leader first", x.opened)
		}
		x.down(n)
		opened := len(x.opened)
		x.back(n)
		x.put(leader, "after")
		x.agree(leader, append(written, "after"))
		x.again(x.nodes[n], leader)
		if len(x.opened) != opened {
			t.Error("it was filled again after a restart")
		}
		if log := x.nodes[n].log.String(); strings.Contains(log, "level=ERROR") {
			t.Errorf("it tells of an error:\n%s", log)
		}
	})
}

// again checks that a replica which was filled in use agrees with a leader that heard no answer to
// what followed the snapshot, and sends it once more.
func (x *fetched) again(n, leader *node) {
	x.Helper()
	data, err := n.logs.Get(behindKey)
	if err != nil || len(data) != 16 {
		x.Fatalf("behind: got %x, %v", data, err)
	}
	again := raft.AppendEntriesRequest{
		RPCHeader: header(leader.config.Replica), Term: leader.raft.CurrentTerm(),
		PrevLogEntry: binary.BigEndian.Uint64(data), PrevLogTerm: binary.BigEndian.Uint64(data[8:]),
	}
	id, address := names(n.config.Replica)
	var answer raft.AppendEntriesResponse
	for range 10 { // streams of before a restart may be left
		if err = leader.transport.AppendEntries(id, address, &again, &answer); err == nil {
			break
		}
	}
	if err != nil || !answer.Success {
		x.Errorf("what followed the snapshot, once more: got %v, %v", answer.Success, err)
	}
}

// ending is a stream that ends after so many bytes.
type ending struct {
	io.ReadWriteCloser
	left int
}

func (e *ending) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := e.ReadWriteCloser.Read(p[:min(len(p), e.left)])
	e.left -= n
	return n, err
}

// TestFetchFromAnother: the source, which leads, ends in the middle of a filling; another one goes
// on.
func TestFetchFromAnother(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.up(1, 2, 3)
		leader := x.leader()
		n, written := x.away(leader, 100)
		asked := map[uint32]int{}
		x.wrap = func(from uint32, s io.ReadWriteCloser) io.ReadWriteCloser {
			asked[from]++
			if from == leader.number() {
				return &ending{s, 6000}
			}
			return s
		}
		x.back(n)
		x.reached(x.nodes[n], leader)
		x.agree(leader, written)
		if len(asked) != 2 {
			t.Errorf("asked %v", asked)
		}
	})
}

// TestFetchBroken ends the stream of every source after every so many bytes. In the end the replica
// has what the others have.
func TestFetchBroken(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.up(1, 2, 3)
		leader := x.leader()
		n, written := x.away(leader, 60)
		left, broken := 0, 0
		x.wrap = func(_ uint32, s io.ReadWriteCloser) io.ReadWriteCloser {
			left += 3000
			broken++
			return &ending{s, left}
		}
		x.back(n)
		x.reached(x.nodes[n], leader)
		x.agree(leader, written)
		if broken < 3 {
			t.Errorf("it was broken off %d times", broken-1)
		}
	})
}

// TestFetchStands: a stream on which nothing comes is closed, and the next source is asked.
func TestFetchStands(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.up(1, 2, 3)
		leader := x.leader()
		n, written := x.away(leader, 60)
		x.wrap = func(from uint32, s io.ReadWriteCloser) io.ReadWriteCloser {
			if from == leader.number() {
				return &silent{s, make(chan struct{}), sync.Once{}}
			}
			return s
		}
		x.back(n)
		x.reached(x.nodes[n], leader)
		x.agree(leader, written)
		if log := x.nodes[n].log.String(); !strings.Contains(log, "nothing came for 1m0s") {
			t.Error("it is not told that nothing came")
		}
	})
}

type silent struct {
	io.ReadWriteCloser
	closed chan struct{}
	once   sync.Once
}

func (s *silent) Read([]byte) (int, error) {
	<-s.closed
	return 0, io.ErrClosedPipe
}

func (s *silent) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.ReadWriteCloser.Close()
}

// TestFetchKilled: a replica that is being filled ends, at every so many bytes. It opens again with
// what it had, and goes on.
func TestFetchKilled(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.up(1, 2, 3)
		leader := x.leader()
		n, written := x.away(leader, 60)
		reached := make(chan struct{}, 1)
		for left := 100; left < 30_000; left += 5000 {
			x.wrap = func(_ uint32, s io.ReadWriteCloser) io.ReadWriteCloser {
				return &signalling{&ending{s, left}, reached}
			}
			x.back(n)
			select {
			case <-reached:
			case <-time.After(time.Minute):
			}
			x.down(n)
		}
		x.wrap = nil
		x.back(n)
		x.reached(x.nodes[n], leader)
		x.agree(leader, written)
	})
}

// TestKilledAfterItWasFilled: a replica ends as soon as its state was exchanged, before raft knows
// of it: its log ends long before the state. It opens again and follows, also a leader of a later
// term.
func TestKilledAfterItWasFilled(t *testing.T) {
	for _, elect := range []bool{false, true} {
		t.Run(fmt.Sprint("another leader ", elect), func(t *testing.T) {
			inFetched(t, func(t *testing.T, x *fetched) {
				x.up(1, 2, 3)
				leader := x.leader()
				n, written := x.away(leader, 60)
				x.back(n)
				before, _ := x.nodes[n].store.Applied()
				if err := x.nodes[n].store.WaitApplied(x.within(time.Minute), before+1); err != nil {
					t.Fatal(err)
				}
				if last, err := x.nodes[n].logs.LastIndex(); err != nil || last > before+1 {
					t.Errorf("raft's log ends at %d, %v, the old state at %d", last, err, before)
				}
				x.down(n)
				if elect {
					if err := leader.HandOver(t.Context()); err != nil {
						t.Fatal(err)
					}
					leader = x.leader()
					written = append(written, "elected")
					x.put(leader, "elected")
				}
				opened := len(x.opened)
				x.back(n)
				x.reached(x.nodes[n], leader)
				x.agree(leader, written)
				if len(x.opened) != opened {
					t.Error("it was filled again")
				}
			})
		})
	}
}

// TestNotOfAnUnknownTerm: a state of a term that this replica has not heard of is not put in place
// before it has.
func TestNotOfAnUnknownTerm(t *testing.T) {
	n := alone1(t, t.TempDir())
	defer n.close()
	if err := n.reachTerm(n.raft.CurrentTerm()); err != nil {
		t.Error(err)
	}
	waited := make(chan error, 1)
	go func() { waited <- n.reachTerm(n.raft.CurrentTerm() + 1) }()
	n.Group.end()
	if err := <-waited; !errors.Is(err, state.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

// signalling says when a stream has ended.
type signalling struct {
	*ending
	reached chan struct{}
}

func (s *signalling) Read(p []byte) (int, error) {
	n, err := s.ending.Read(p)
	if err != nil {
		select {
		case s.reached <- struct{}{}:
		default:
		}
	}
	return n, err
}

// TestFetchIsChecked: a source whose checkpoint is refused fills nobody, and the replica goes on
// asking.
func TestFetchIsChecked(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		refuse := errors.New("no majority signed it")
		change := x.cluster.change
		x.cluster.change = func(n uint32, c *Config) {
			change(n, c)
			c.CheckFilled = func(state.Published, [][]byte, uint64) error {
				x.mu.Lock()
				defer x.mu.Unlock()
				return refuse
			}
		}
		x.up(1, 2, 3)
		leader := x.leader()
		n, written := x.away(leader, 60)
		x.back(n)
		time.Sleep(time.Minute)
		if f := x.nodes[n].Filling(); f == nil || !strings.Contains(f.Error(), "being filled from another, 100 %") {
			t.Errorf("its filling: %v", f)
		}
		if got := entries(t, x.nodes[n].store); len(got) != 20 {
			t.Errorf("it has %d entries, want the 20 that it had", len(got))
		}
		x.mu.Lock()
		refuse = nil
		x.mu.Unlock()
		x.reached(x.nodes[n], leader)
		x.agree(leader, written)
		if f := x.nodes[n].Filling(); f != nil {
			t.Errorf("after it was filled: %v", f)
		}
	})
}
