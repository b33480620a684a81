package host

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// TestFatalStopsTheReplica checks that a replica whose state differs from the majority reports it,
// acknowledges nothing more, can be closed, and stops again whenever it is opened.
func TestFatalStopsTheReplica(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	h.stop() // this replica must not sign the size of the line below
	add(t, h)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	name := h.Name()
	for round := range 3 {
		told := make(chan error, 16)
		ctx, cancel := context.WithCancel(t.Context())
		h, err := Open(ctx, dir, name, Options{
			Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
			Fatal: func(err error) {
				told <- err
				cancel()
			},
		})
		if (err == nil) != (round == 0) {
			t.Fatalf("round %d: open: got %v", round, err)
		}
		if round == 0 {
			line := state.CheckpointLine{Replica: h.Replica(), Size: 1, Root: make([]byte, 32), Note: []byte("x\n\n— x\n")}
			body, err := canon.Marshal(line)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.Propose(ctx, state.KindCheckpointLine, book.Request{}, body); err == nil {
				t.Error("the line was acknowledged")
			}
			if err := h.Close(); !errors.Is(err, state.ErrDiverged) {
				t.Errorf("close: got %v, want ErrDiverged", err)
			}
		}
		err = <-told
		d, ok := errors.AsType[*state.DivergedError](err)
		if !ok || d.Size != 1 || d.Log != h.Log() {
			t.Errorf("round %d: told %v", round, err)
		}
		cancel()
	}
}
