package host

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/group"
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
			line := state.CheckpointLine{Replica: h.Replica(), Mark: state.Mark{Index: 1 << 40, Size: 1}, Note: []byte("x\n\n— x\n")}
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

// TestLogThatFailsStopsTheReplica: raft's log cannot begin its next file. The host says so to its
// owner, and the next opening has what was acknowledged.
func TestLogThatFailsStopsTheReplica(t *testing.T) {
	dir := t.TempDir()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, name, time.Now(), 16); err != nil { // the files of a log are small where many share a disk
		t.Fatal(err)
	}
	told := make(chan error, 16)
	o := Options{
		Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Hosted: 16, Fatal: func(err error) { told <- err },
	}
	h, err := Open(t.Context(), dir, name, o)
	if err != nil {
		t.Fatal(err)
	}
	path, away := filepath.Join(dir, "wal"), filepath.Join(dir, "away")
	if err := os.Rename(path, away); err != nil {
		t.Fatal(err)
	}
	added := uint64(0)
	for err == nil && added < 100 {
		var act book.Statement
		if act, err = h.Act(testHead(), "application/json", []byte(strings.Repeat("民", 10_000))); err != nil {
			t.Fatal(err)
		}
		body, other := canon.Marshal(testBody{Statement: act})
		if other != nil {
			t.Fatal(other)
		}
		if _, err = h.Propose(t.Context(), kindTest, book.Request{}, body); err == nil {
			added++
		}
	}
	if err := <-told; !errors.Is(err, group.ErrLogFailed) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("told %v, want %v", err, group.ErrLogFailed)
	}
	if err := errors.Join(h.Close(), os.Rename(away, path)); err != nil {
		t.Fatal(err)
	}
	if h, err = Open(t.Context(), dir, name, o); err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	err = h.View(t.Context(), func(r *state.Reader) error {
		if got := r.Size(); got < added {
			t.Errorf("%d entries, want at least the %d that were acknowledged", got, added)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
