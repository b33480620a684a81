package group

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"

	"github.com/hashicorp/raft"
)

// poisoned returns the registry of replica n. When bad holds n, this replica applies the commands
// "poison" and "beside" in another way than the others: it appends another entry, or it keeps
// another value beside the same entry.
func poisoned(n uint32, bad *atomic.Uint32) *state.Registry {
	r := state.NewRegistry()
	r.Keep(state.Bucket{Name: "beside", MaxKey: 1, MaxValue: 8})
	r.Register(kindNote, state.Idempotent, func(tx *state.Tx, body []byte) ([]byte, error) {
		written, beside := body, "kept"
		if bad.Load() == n {
			switch string(body) {
			case "poison":
				written = []byte("something else")
			case "beside":
				beside = "lost"
			}
		}
		if err := tx.Put("beside", []byte("k"), []byte(beside)); err != nil {
			return nil, err
		}
		_, err := tx.Append(ledger.Head{Kind: ledger.KindRecord}, ledger.PlainEvidence(ledger.Commit(written)), written)
		return body, err
	})
	return r
}

// signer signs checkpoints with a key that these tests do not check.
type signer struct{ ed25519.PrivateKey }

func (s signer) LogPublic() ed25519.PublicKey { return s.Public().(ed25519.PublicKey) }
func (s signer) SignLog(m []byte) []byte      { return ed25519.Sign(s.PrivateKey, m) }

// bodyOf returns the command with the checkpoint line of replica number over the ledger of n.
func bodyOf(t *testing.T, n *node, number uint32) state.Command {
	t.Helper()
	line := state.CheckpointLine{Replica: replica(number)}
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = byte(number)
	by := signer{ed25519.NewKeyFromSeed(seed)}
	err := n.store.View(func(r *state.Reader) (err error) {
		line.Mark, _ = r.LastMark()
		c, err := line.Mark.Checkpoint(r.Log())
		if err != nil {
			return err
		}
		line.State = ledger.StateDigest{Log: r.Log(), Index: line.Mark.Index, Digest: line.Mark.Digest}.Sign(by)
		line.Note, err = ledger.SignCheckpoint(c, by)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	body, err := canon.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	return state.Command{Kind: state.KindCheckpointLine, Body: body}
}

// mark returns the command at which every replica notes what it is.
func mark() state.Command { return state.Command{Kind: state.KindMark, Body: []byte{0x80}} }

func keySet(t *testing.T) state.Command {
	t.Helper()
	evidence := ledger.PlainEvidence(ledger.Commit([]byte("key set")))
	body, err := canon.Marshal(state.KeySetChange{Number: 1, Replicas: []identity.Replica{replica(1), replica(2), replica(3)}, Signed: []byte("set"), Evidence: evidence})
	if err != nil {
		t.Fatal(err)
	}
	return state.Command{Kind: state.KindKeySet, Body: body}
}

// trio is three replicas, one of which can be made to diverge.
type trio struct {
	*testing.T
	how     string // the command that it applies in another way
	network *pipes
	voters  []identity.Replica
	dirs    []string
	nodes   []*node
	fatal   []chan error
	bad     atomic.Uint32
}

func (x *trio) up(i int) {
	x.Helper()
	told := make(chan error, 1)
	n, err := startAs(x.dirs[i], uint32(i+1), x.network.layer(x.voters[i]), poisoned(uint32(i+1), &x.bad),
		state.Options{Fatal: func(err error) { told <- err }}, x.voters...)
	if err != nil {
		x.Fatal(err)
	}
	x.nodes[i], x.fatal[i] = n, told
}

func (x *trio) propose(by int, c state.Command) error {
	x.Helper()
	_, err := x.nodes[by].Propose(x.Context(), c)
	return err
}

// TestDivergedReplicaStops lets one of three replicas, the leader or a follower, apply a command in
// another way than the others: its entry is another, or a value beside it (H2, D07). This replica
// stops when it is known what the majority signed, before and after a restart; the others go on.
func TestDivergedReplicaStops(t *testing.T) {
	for what, row := range map[string]struct {
		offset int
		how    string
	}{"the leader": {0, "poison"}, "a follower": {1, "poison"}, "the leader, beside": {0, "beside"}, "a follower, beside": {1, "beside"}} {
		t.Run(what, func(t *testing.T) {
			x := &trio{
				T: t, how: row.how, network: &pipes{nodes: map[raft.ServerAddress]*pipeLayer{}}, voters: []identity.Replica{replica(1), replica(2), replica(3)},
				dirs: make([]string, 3), nodes: make([]*node, 3), fatal: make([]chan error, 3),
			}
			for i := range x.nodes {
				x.dirs[i] = t.TempDir()
				x.up(i)
			}
			leader := waitLeader(t, x.nodes)
			bad := (leader + row.offset) % 3
			x.bad.Store(uint32(bad + 1))
			for _, c := range []state.Command{keySet(t), command("village"), command(row.how), mark()} {
				if err := x.propose(leader, c); err != nil {
					t.Fatal(err)
				}
			}
			index := x.nodes[leader].store.LastEntry().Index
			for i := range 3 { // the bad one signs first, so that its line stands before the majority's
				i = (bad + i) % 3
				if err := x.nodes[i].store.WaitApplied(t.Context(), index); err != nil {
					t.Fatal(err)
				}
				err := x.propose(leader, bodyOf(t, x.nodes[i], uint32(i+1)))
				if err != nil && (bad != leader || !errors.Is(err, ErrUnknownOutcome)) {
					t.Fatalf("line of replica %d: %v", i+1, err)
				}
			}
			x.checkStopped(bad, leader)
		})
	}
}

func (x *trio) checkStopped(bad, leader int) {
	t := x.T
	for round := range 2 {
		d, ok := errors.AsType[*state.DivergedError](<-x.fatal[bad])
		if !ok || d.Size != 3 {
			t.Errorf("replica %d was told %v", bad+1, d)
		}
		if err := x.nodes[bad].store.WaitApplied(t.Context(), 1<<40); !errors.Is(err, state.ErrFailed) {
			t.Errorf("a reader of replica %d waits for %v", bad+1, err)
		}
		if err := x.nodes[bad].close(); !errors.Is(err, state.ErrDiverged) {
			t.Errorf("close: got %v, want ErrDiverged", err)
		}
		x.nodes[bad] = nil
		leader = waitLeader(t, x.nodes)
		if err := x.propose(leader, command("after")); err != nil {
			t.Errorf("the others do not go on: %v", err)
		}
		if round == 0 {
			x.up(bad)
		}
	}
	index := x.nodes[leader].store.LastEntry().Index
	for i, n := range x.nodes {
		if n == nil {
			continue
		}
		if err := n.store.WaitApplied(t.Context(), index); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(entries(t, n.store), " "); got != " village "+x.how+" after after" {
			t.Errorf("replica %d has %q", i+1, got)
		}
		err := n.store.View(func(r *state.Reader) error {
			size, note := r.Checkpoint()
			if size != 3 || strings.Count(string(note), "\u2014") != 2 {
				t.Errorf("replica %d has the checkpoint %d\n%s", i+1, size, note)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	for _, n := range x.nodes {
		if n == nil {
			continue
		}
		if err := n.close(); err != nil {
			t.Error(err)
		}
	}
}
