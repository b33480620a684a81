package group

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
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
	x.mu.Lock()
	x.down(number)
	x.mu.Unlock()
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
		x.mu.Lock()
		x.down(n)
		x.mu.Unlock()
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
			x.mu.Lock()
			x.down(n)
			x.mu.Unlock()
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
				x.mu.Lock()
				x.down(n)
				x.mu.Unlock()
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
			c.CheckFilled = func(state.Published, [][]byte) error {
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

// TestNewReplicaIsFilled: a replica that has nothing is filled by Serve, adopted, added and
// promoted while the others write.
func TestNewReplicaIsFilled(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.up(1, 2, 3)
		leader := x.leader()
		var written []string
		for i := range 100 {
			written = append(written, long("old", i))
			x.put(leader, written[i])
		}
		stream, err := x.open(t.Context(), 4, leader.config.Replica)
		if err != nil {
			t.Fatal(err)
		}
		filled, err := state.Fill(t.Context(), stream, state.FillConfig{Dir: x.dir(4), Log: testLog(t), Registry: registry(), Source: "r1"})
		if err != nil {
			t.Fatal(err)
		}
		stream.Close()
		x.installed(4, leader)
		x.up(4)
		if err := leader.Add(t.Context(), replica(4)); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			written = append(written, long("new", i))
			x.put(leader, written[len(written)-1])
		}
		if err := leader.Promote(x.within(time.Minute), replica(4)); err != nil {
			t.Fatal(err)
		}
		x.agree(leader, written)
		if filled.Size != 100 || len(x.opened) != 1 {
			t.Errorf("filled up to %+v, by %q", filled, x.opened)
		}
		if got := x.nodes[4].show(); got != "r1 r2 r3 r4" {
			t.Errorf("members: %s", got)
		}
	})
}

// installed puts in place what was filled for a new replica, and makes its log.
func (x *fetched) installed(n uint32, leader *node) {
	x.Helper()
	path := x.dir(n) + "/state.db"
	if err := state.Install(path, testLog(x.T)); err != nil {
		x.Fatal(err)
	}
	store, err := state.Open(path, registry(), state.Options{})
	if err != nil {
		x.Fatal(err)
	}
	c := leader.config
	c.Dir, c.Replica, c.Store = x.dir(n), replica(n), store
	if err := Adopt(c); err != nil {
		x.Fatal(err)
	}
	if err := store.Close(); err != nil {
		x.Fatal(err)
	}
}

// TestSnapshotOfNothing: a leader's snapshot that comes without data is not taken for one that was
// installed (the library takes it so).
func TestSnapshotOfNothing(t *testing.T) {
	n := alone1(t, t.TempDir())
	defer n.close()
	before, _ := n.store.Applied()
	s, err := n.snapshots().Create(1, before+1000, 1, raft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); !errors.Is(err, ErrFetchNeeded) {
		t.Errorf("got %v, want ErrFetchNeeded", err)
	}
	if applied, _ := n.store.Applied(); applied != before {
		t.Errorf("applied %d, want %d", applied, before)
	}
}

// TestServeIsBounded: so many replicas are filled at once, and a closing group waits for none.
func TestServeIsBounded(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.up(1, 2, 3)
		leader := x.leader()
		var open []io.Closer
		for range serveAtOnce {
			s, err := x.open(t.Context(), 2, leader.config.Replica)
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, s)
		}
		time.Sleep(time.Second)
		if err := leader.Serve(t.Context(), nothing{}); !errors.Is(err, ErrBusy) {
			t.Errorf("one more: got %v, want ErrBusy", err)
		}
		if err := leader.close(); err != nil {
			t.Error(err)
		}
		delete(x.nodes, leader.number())
		x.serving.Wait()
		if err := leader.Serve(t.Context(), nothing{}); !errors.Is(err, state.ErrClosed) {
			t.Errorf("after it closed: got %v", err)
		}
		for _, s := range open {
			s.Close()
		}
	})
}

type nothing struct{ bytes.Buffer }

func (nothing) Read([]byte) (int, error)    { return 0, io.EOF }
func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) Close() error                { return nil }

// TestLogIsKeptForWhoIsFilled: while a replica is filled from another one, and for a minute after it,
// the log of that one is cut off later.
func TestLogIsKeptForWhoIsFilled(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.tune = nil
		x.up(1, 2, 3)
		leader := x.leader()
		kept := func(when string, want uint64) {
			t.Helper()
			synctest.Wait()
			leader.members.mu.Lock()
			defer leader.members.mu.Unlock()
			if got := leader.members.trailing; got != want {
				t.Errorf("%s %d entries are kept, want %d", when, got, want)
			}
		}
		kept("before", trailingLogs)
		s, err := x.open(t.Context(), 2, leader.config.Replica)
		if err != nil {
			t.Fatal(err)
		}
		kept("meanwhile", trailingServed)
		s.Close()
		time.Sleep(keepServed / 2)
		kept("soon after", trailingServed)
		time.Sleep(keepServed)
		kept("later", trailingLogs)
	})
}

// TestOfferedMarker: a replica that lags is offered an early entry of the log, at which the
// configuration of the marker was in force already; where there is none, the marker itself.
func TestOfferedMarker(t *testing.T) {
	logs := raft.NewInmemStore()
	for i := uint64(20); i <= 110; i++ {
		if err := logs.StoreLog(&raft.Log{Index: i, Term: i / 10}); err != nil {
			t.Fatal(err)
		}
	}
	for name, row := range map[string]struct {
		logs          raft.LogStore
		index, config uint64
		want          uint64
	}{
		"early":                     {logs, 100, 1, 40},
		"a later configuration":     {logs, 100, 90, 90},
		"the newest configuration":  {logs, 100, 100, 100},
		"the log begins behind":     {logs, 15, 1, 15},
		"the log begins there":      {logs, 20, 1, 20},
		"no log":                    {nil, 100, 1, 100},
		"an empty log":              {raft.NewInmemStore(), 100, 1, 100},
		"a log that ends before it": {logs, 1000, 1, 1000},
	} {
		m := state.Marker{Index: row.index, Term: 77, ConfigurationIndex: row.config}
		got := (&snapshots{logs: row.logs}).offered(m)
		term := row.want / 10
		if row.want == row.index {
			term = 77
		}
		if got.Index != row.want || got.Term != term || got.ConfigurationIndex != row.config {
			t.Errorf("%s: got %d of term %d, want %d of term %d", name, got.Index, got.Term, row.want, term)
		}
	}
}

// TestConfigurationAt: a source says which configuration was in force at any entry that it has,
// before and after a change, and before and after its snapshot.
func TestConfigurationAt(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.tune = nil
		x.up(1, 2, 3)
		leader := x.leader()
		x.put(leader, "three")
		three, _ := leader.store.Applied()
		if err := leader.Add(t.Context(), replica(4)); err != nil {
			t.Fatal(err)
		}
		x.put(leader, "four")
		four, _ := leader.store.Applied()
		for _, when := range []string{"from the log", "from the marker"} {
			for index, want := range map[uint64]int{three: 3, four: 4} {
				data, at, err := leader.configurationAt(index)
				if err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				if got := len(raft.DecodeConfiguration(data).Servers); got != want || at > index {
					t.Errorf("%s: got %d replicas since %d, want %d", when, got, at, want)
				}
			}
			if err := leader.Snapshot(); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := leader.configurationAt(1 << 40); err == nil {
			t.Error("an entry that is not there has a configuration")
		}
	})
}
