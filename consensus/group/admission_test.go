package group

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"xietong/consensus/state"
)

const kindWait state.Kind = 1001

// stuck starts a group whose state applies nothing until release is called.
func stuck(t *testing.T) (n *node, release func()) {
	t.Helper()
	reached, gate := make(chan struct{}, 1), make(chan struct{})
	r := registry()
	r.Register(kindWait, state.Idempotent, func(*state.Tx, []byte) ([]byte, error) {
		reached <- struct{}{}
		<-gate
		return nil, nil
	})
	n, err := startAs(t.TempDir(), 1, nil, r, state.Options{}, replica(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.close() })
	if err := n.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	waits := make(chan error, 1)
	go func() {
		_, err := n.Propose(context.Background(), state.Command{Kind: kindWait, Clock: 1000})
		waits <- err
	}()
	<-reached
	return n, func() {
		close(gate)
		if err := <-waits; err != nil {
			t.Error(err)
		}
	}
}

// TestManyClientsAtOnce has 10,000 clients propose 40 kB each while the disk does not move (M3).
// What is under way is bounded in bytes, everybody else is refused at once, and nothing that was
// admitted is lost.
func TestManyClientsAtOnce(t *testing.T) {
	const clients, size = 10_000, 40_000
	n, release := stuck(t)
	body := make([]byte, size)
	const admitted = min(maxUnderWay-kept-1, (maxUnderWayLen-keptLen)/size)
	outcome := make(chan error, clients)
	for range clients {
		go func() {
			_, err := n.Propose(context.Background(), state.Command{Kind: kindNote, Clock: 1000, Body: body})
			outcome <- err
		}()
	}
	for range clients - admitted {
		if err := <-outcome; !errors.Is(err, ErrBusy) || !errors.Is(err, ErrNotDone) {
			t.Fatalf("got %v, want ErrBusy: %d bytes are under way", err, n.admission.len)
		}
	}
	if n.admission.len != admitted*size || n.admission.len > maxUnderWayLen {
		t.Errorf("%d bytes are under way, want %d", n.admission.len, admitted*size)
	}
	if err := n.admission.take(state.KindCheckpointLine, 1<<10); err != nil {
		t.Errorf("a checkpoint: %v", err)
	}
	n.admission.give(1 << 10)
	release()
	for range admitted {
		if err := <-outcome; err != nil {
			t.Errorf("admitted, and then %v", err)
		}
	}
	if n.admission.number != 0 || n.admission.len != 0 || n.sent.len != 0 {
		t.Errorf("at the end %d commands and %d bytes are under way, %d with raft", n.admission.number, n.admission.len, n.sent.len)
	}
}

// TestRaftGetsBoundedBytes checks that what is with raft, and so the buffer of its log, is bounded
// however much is admitted, and that one entry passes that is longer than the bound.
func TestRaftGetsBoundedBytes(t *testing.T) { synctest.Test(t, raftGetsBoundedBytes) }

func raftGetsBoundedBytes(t *testing.T) {
	s, stop := newSent(), make(chan struct{})
	for range maxSentLen / (1 << 20) {
		if !s.add(1<<20, stop) {
			t.Fatal("there is room, and it was not given")
		}
	}
	passed := make(chan bool)
	go func() { passed <- s.add(1, stop) }()
	synctest.Wait()
	select {
	case <-passed:
		t.Fatal("more is with raft than may be")
	default:
	}
	s.done(1 << 20)
	if !<-passed {
		t.Error("something was answered, and there is no room")
	}
	close(stop)
	if s.add(maxSentLen, stop) {
		t.Error("the group closed, and more is with raft than may be")
	}
	if !newSent().add(2*maxSentLen, stop) {
		t.Error("an entry longer than the bound never passes")
	}
}

// TestRefusedCommandIsNotReplicated proposes a long command on which its handler fails. It is
// refused before raft has it; a short one is refused where it is applied.
func TestRefusedCommandIsNotReplicated(t *testing.T) {
	r := registry()
	r.Register(kindWait, state.Idempotent, func(_ *state.Tx, body []byte) ([]byte, error) {
		return nil, errors.New("a body that the handler does not take")
	})
	n, err := startAs(t.TempDir(), 1, nil, r, state.Options{}, replica(1))
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	if err := n.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	for length, replicated := range map[int]bool{1: true, 2 * tryAbove: false} {
		before := n.raft.LastIndex()
		got, err := n.Propose(t.Context(), state.Command{Kind: kindWait, Clock: 1000, Body: make([]byte, length)})
		if err != nil || got.Code != state.CodeFailed {
			t.Errorf("%d bytes: got %+v, %v, want code %d", length, got, err, state.CodeFailed)
		}
		if (n.raft.LastIndex() > before) != replicated {
			t.Errorf("%d bytes: raft's log went from %d to %d", length, before, n.raft.LastIndex())
		}
	}
	if n.admission.number != 0 {
		t.Errorf("%d commands are under way", n.admission.number)
	}
}
