package group

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

const kindNote state.Kind = 1000

func registry() *state.Registry {
	r := state.NewRegistry()
	r.Register(kindNote, state.Idempotent, func(tx *state.Tx, body []byte) ([]byte, error) {
		if string(body) == "refuse" {
			return nil, &state.Refusal{Code: 99}
		}
		_, err := tx.Append(ledger.Head{Kind: ledger.KindRecord}, ledger.PlainEvidence(ledger.Commit(body)), body)
		return body, err
	})
	return r
}

func TestMain(m *testing.M) {
	if isChild() {
		child(os.Getenv(childEnv))
		return
	}
	goleak.VerifyTestMain(m)
}

// node is one replica with its store.
type node struct {
	*Group
	store *state.Store
	log   *lockedWriter
}

// quick elects sooner than raft does by itself, and not so soon that a busy machine loses its
// leader.
func quick(c *raft.Config) {
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = 400*time.Millisecond, 400*time.Millisecond, 300*time.Millisecond
	c.CommitTimeout = 5 * time.Millisecond
}

func replica(n uint32) identity.Replica {
	r, err := identity.NewReplica(n)
	if err != nil {
		panic(err)
	}
	return r
}

// start opens replica n of the voters in dir; streams nil is a group of one.
func start(dir string, n uint32, streams Streams, voters ...identity.Replica) (*node, error) {
	return startAs(dir, n, streams, registry(), state.Options{}, voters...)
}

func startAs(dir string, n uint32, streams Streams, r *state.Registry, o state.Options, voters ...identity.Replica) (*node, error) {
	return startWith(dir, n, streams, r, o, func(*Config) {}, voters...)
}

func startWith(dir string, n uint32, streams Streams, r *state.Registry, o state.Options, change func(*Config), voters ...identity.Replica) (*node, error) {
	j, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		return nil, err
	}
	log, err := identity.NewLog(j, 1)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "state.db")
	if _, err := os.Stat(path); err != nil {
		if err := state.Create(path, log); err != nil {
			return nil, err
		}
	}
	store, err := state.Open(path, r, o)
	if err != nil {
		return nil, err
	}
	nd := &node{store: store, log: &lockedWriter{}}
	c := Config{Jurisdiction: j, Replica: replica(n), Dir: dir, Store: store, Streams: streams, Tune: quick,
		Logger: slog.New(slog.NewTextHandler(nd.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	if isChild() {
		c.Tune, c.Segment = small, 64<<10
	}
	change(&c)
	if _, err := os.Stat(filepath.Join(dir, walFolder)); err != nil {
		if err := Bootstrap(c, voters...); err != nil {
			return nil, err
		}
	}
	nd.Group, err = Open(c)
	return nd, err
}

type lockedWriter struct {
	mu sync.Mutex
	w  bytes.Buffer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (l *lockedWriter) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.String()
}

func (n *node) close() error { return errors.Join(n.Close(), n.store.Close()) }

func command(body string) state.Command {
	id, err := identity.NewMessage()
	if err != nil {
		panic(err)
	}
	now := uint64(time.Now().UnixMilli())
	return state.Command{Kind: kindNote, ID: id, Clock: now, Expires: now + 60_000, Body: []byte(body)}
}

func testLog(t *testing.T) identity.Log {
	t.Helper()
	log, err := identity.ParseLog("nanming.guiyang.guizhou/log/1")
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func alone1(t *testing.T, dir string) *node {
	t.Helper()
	n, err := start(dir, 1, nil, replica(1))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := n.WaitReady(ctx); err != nil {
		t.Fatalf("%v\n%s", err, n.log.String())
	}
	return n
}

func entries(t *testing.T, s *state.Store) (all []string) {
	t.Helper()
	err := s.View(func(r *state.Reader) error {
		for i := range r.Size() {
			all = append(all, string(r.Sealed(i)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestProposeReadRestart(t *testing.T) {
	dir := t.TempDir()
	n := alone1(t, dir)
	var want []string
	for i := range 300 {
		body := fmt.Sprintf("village %d", i)
		if got, err := n.Propose(t.Context(), command(body)); err != nil || string(got.Data) != body {
			t.Fatalf("propose: got %+v, %v", got, err)
		}
		want = append(want, body)
	}
	if got, err := n.Propose(t.Context(), command("refuse")); err != nil || got.Code != 99 {
		t.Errorf("refused: got %+v, %v", got, err)
	}
	if err := n.Linearize(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, n.store); len(got) != len(want) {
		t.Errorf("a linearizable read gave %d entries, want %d", len(got), len(want))
	}
	for round := range 3 {
		if round == 1 {
			if err := n.Snapshot(); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.close(); err != nil {
			t.Fatal(err)
		}
		n = alone1(t, dir)
		if err := n.Linearize(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := entries(t, n.store); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("round %d: after a restart there are %d entries, want %d", round, len(got), len(want))
		}
	}
	if err := n.close(); err != nil {
		t.Fatal(err)
	}
	if log := n.log.String(); strings.Contains(log, "pre-vote is disabled") {
		t.Error("pre-vote is disabled")
	}
}

func TestBootstrapOnce(t *testing.T) {
	dir := t.TempDir()
	n := alone1(t, dir)
	if err := n.close(); err != nil {
		t.Fatal(err)
	}
	store, err := state.Open(filepath.Join(dir, "state.db"), registry(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	c := n.config
	c.Store = store
	if err := Bootstrap(c, replica(1)); !errors.Is(err, raft.ErrCantBootstrap) {
		t.Errorf("a second bootstrap: got %v, want ErrCantBootstrap", err)
	}
}

func TestFullDiskIsRefusedBeforeAnythingIsProposed(t *testing.T) {
	n := alone1(t, t.TempDir())
	defer n.close()
	before := n.raft.LastIndex()
	n.config.MinFree = 1 << 62
	_, err := n.Propose(t.Context(), command("x"))
	if !errors.Is(err, ErrDiskFull) || !errors.Is(err, ErrNotDone) {
		t.Errorf("got %v, want ErrNotDone and ErrDiskFull", err)
	}
	if got := n.raft.LastIndex(); got != before {
		t.Errorf("raft's log grew from %d to %d", before, got)
	}
}

func TestForeignSnapshotIsRefused(t *testing.T) {
	n := alone1(t, t.TempDir())
	defer n.close()
	s, err := (&snapshots{store: n.store}).Create(1, 1000, 1, raft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("data")); !errors.Is(err, ErrFetchNeeded) {
		t.Errorf("got %v, want ErrFetchNeeded", err)
	}
	if err := s.Cancel(); err != nil {
		t.Fatal(err)
	}
	if list, err := (&snapshots{store: n.store}).List(); err != nil || len(list) != 0 {
		t.Errorf("after it was refused: got %v, %v", list, err)
	}
}

// TestThreeReplicas loses the leader twice and checks that nothing acknowledged is lost and all
// ledgers are equal.
func TestThreeReplicas(t *testing.T) {
	network := &pipes{nodes: map[raft.ServerAddress]*pipeLayer{}}
	voters := []identity.Replica{replica(1), replica(2), replica(3)}
	dirs, nodes := make([]string, 3), make([]*node, 3)
	up := func(i int) {
		n, err := start(dirs[i], uint32(i+1), network.layer(voters[i]), voters...)
		if err != nil {
			t.Fatal(err)
		}
		nodes[i] = n
	}
	for i := range nodes {
		dirs[i] = t.TempDir()
		up(i)
	}
	var acked []string
	for round := range 3 {
		leader := waitLeader(t, nodes)
		for i := range 50 {
			body := fmt.Sprintf("%d-%d", round, i)
			if _, err := nodes[leader].Propose(t.Context(), command(body)); err != nil {
				t.Fatal(err)
			}
			acked = append(acked, body)
		}
		if _, err := nodes[(leader+1)%3].Propose(t.Context(), command("x")); !errors.Is(err, ErrNotLeader) {
			t.Errorf("a follower took a command: %v", err)
		}
		if round < 2 {
			if err := nodes[leader].close(); err != nil {
				t.Fatal(err)
			}
			nodes[leader] = nil
			waitLeader(t, nodes)
			up(leader)
		}
	}
	leader := waitLeader(t, nodes)
	index, _ := nodes[leader].store.Applied()
	for i, n := range nodes {
		if err := n.store.WaitApplied(t.Context(), index); err != nil {
			t.Fatal(err)
		}
		if got := entries(t, n.store); strings.Join(got, " ") != strings.Join(acked, " ") {
			t.Errorf("replica %d: got %d entries, want the %d acknowledged", i+1, len(got), len(acked))
		}
	}
	for _, n := range nodes {
		if err := n.close(); err != nil {
			t.Error(err)
		}
	}
}

func waitLeader(t *testing.T, nodes []*node) int {
	t.Helper()
	for ctx := t.Context(); ctx.Err() == nil; time.Sleep(time.Millisecond) {
		for i, n := range nodes {
			if n != nil && n.Leads() {
				return i
			}
		}
	}
	t.Fatal("no leader")
	return -1
}

func BenchmarkPropose(b *testing.B) {
	for _, clients := range []int{1, 64, 256} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			n, err := start(b.TempDir(), 1, nil, replica(1))
			if err != nil {
				b.Fatal(err)
			}
			defer n.close()
			if err := n.WaitReady(b.Context()); err != nil {
				b.Fatal(err)
			}
			body := strings.Repeat("x", 512)
			b.SetParallelism((clients + 1) / 2)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := n.Propose(context.Background(), command(body)); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
