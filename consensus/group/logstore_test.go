package group

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"

	"xietong/consensus/state"
)

// full is a log whose disk is full for some writes of entries, counted from the moment it is armed.
type full struct {
	logStore
	armed  *atomic.Bool
	writes *atomic.Int64
	fails  func(write int64) bool
}

func (f full) StoreLogs(logs []*raft.Log) error {
	if f.armed.Load() && f.fails(f.writes.Add(1)) {
		return &fs.PathError{Op: "write", Path: "next.wal", Err: syscall.ENOSPC}
	}
	return f.logStore.StoreLogs(logs)
}

// leading opens a group of one, which tells told why it must end.
func leading(t *testing.T, dir string, change func(*Config)) (n *node, told chan error) {
	t.Helper()
	told = make(chan error, 16)
	n, err := startWith(dir, 1, nil, registry(), state.Options{}, func(c *Config) {
		c.Segment, c.Fatal = 64<<10, func(err error) { told <- err }
		change(c)
	}, replica(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return n, told
}

func (n *node) end(t *testing.T) {
	t.Helper()
	if err := errors.Join(n.Close(), n.store.Close()); err != nil {
		t.Error(err)
	}
}

// TestFailedWriteEndsTheReplica: after the first write of raft's log that failed the replica says
// why, once, and acknowledges nothing more, also where the next write would succeed: what is on
// disk is known again only when the log is opened. The next start has all that was acknowledged.
func TestFailedWriteEndsTheReplica(t *testing.T) {
	for what, fails := range map[string]func(int64) bool{
		"for ever": func(int64) bool { return true },
		"once":     func(write int64) bool { return write == 1 },
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			var armed atomic.Bool
			n, told := leading(t, dir, func(c *Config) {
				c.onDisk = func(l logStore) logStore { return full{l, &armed, new(atomic.Int64), fails} }
			})
			kept, lost := command("kept"), command("lost")
			if _, err := n.Propose(t.Context(), kept); err != nil {
				t.Fatal(err)
			}
			armed.Store(true)
			if _, err := n.Propose(t.Context(), lost); !errors.Is(err, ErrUnknownOutcome) {
				t.Errorf("the write that failed: got %v, want %v", err, ErrUnknownOutcome)
			}
			if err := <-told; !errors.Is(err, syscall.ENOSPC) || !errors.Is(err, ErrLogFailed) {
				t.Errorf("told %v, want %v", err, syscall.ENOSPC)
			}
			if err := n.WaitReady(t.Context()); !errors.Is(err, state.ErrFailed) || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("wait: got %v, want %v", err, state.ErrFailed)
			}
			for range 3 {
				if _, err := n.Propose(t.Context(), command("later")); err == nil {
					t.Error("a command was acknowledged after a write had failed")
				}
			}
			n.end(t)
			if len(told) != 0 {
				t.Errorf("told again: %v", <-told)
			}
			n, _ = leading(t, dir, func(*Config) {})
			defer n.end(t)
			n.mustHave(t, []state.Command{kept})
			if _, err := n.Propose(t.Context(), lost); err != nil {
				t.Errorf("repeated after the start: %v", err)
			}
		})
	}
}

// mustHave checks that every command was applied: repeated, it makes no entry.
func (n *node) mustHave(t *testing.T, commands []state.Command) {
	t.Helper()
	size := func() (size uint64) {
		if err := n.store.View(func(r *state.Reader) error { size = r.Size(); return nil }); err != nil {
			t.Fatal(err)
		}
		return size
	}
	before := size()
	for _, c := range commands {
		if _, err := n.Propose(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if got := size(); got != before || before < uint64(len(commands)) {
		t.Errorf("%d entries before %d commands were repeated, %d after it", before, len(commands), got)
	}
}

// TestNextFileCannotBegin: raft-wal cannot begin its next file, for a moment. Left alone it refuses
// every entry for ever ("segment is sealed") in a process that lives. The replica ends with the
// error of the file in place of that, and the next start repairs the log; what a full disk leaves
// of the next file is no obstacle.
func TestNextFileCannotBegin(t *testing.T) {
	for what, left := range map[string][]byte{"nothing is left": nil, "an empty file is left": {}, "zeros are left": make([]byte, 4096)} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			n, told := leading(t, dir, func(*Config) {})
			path, away := filepath.Join(dir, walFolder), filepath.Join(dir, "away")
			if err := os.Rename(path, away); err != nil {
				t.Fatal(err)
			}
			var kept []state.Command
			var failed error
			for failed == nil && len(kept) < 1000 {
				c := command(fmt.Sprintf("%01000d", len(kept)))
				if _, failed = n.Propose(t.Context(), c); failed == nil {
					kept = append(kept, c)
				}
			}
			if err := os.Rename(away, path); err != nil {
				t.Fatal(err)
			}
			if failed == nil {
				t.Fatal("the log never began its next file")
			}
			at, ok := errors.AsType[*fs.PathError](<-told)
			if !ok || filepath.Dir(at.Path) != path {
				t.Fatalf("told %v, want the file that could not begin", at)
			}
			n.end(t)
			if left != nil {
				if err := os.WriteFile(at.Path, left, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			n, _ = leading(t, dir, func(*Config) {})
			defer n.end(t)
			n.mustHave(t, kept)
		})
	}
}

// closes is a log that panics where it is read after it was closed, as raft-wal may.
type closes struct {
	logStore
	closed bool
}

func (c *closes) FirstIndex() (uint64, error) {
	if c.closed {
		panic("read while it is closed")
	}
	return 1, nil
}

func (c *closes) GetLog(index uint64, l *raft.Log) error {
	_, err := c.FirstIndex()
	l.Index = index
	return err
}

func (c *closes) Close() error { c.closed = true; return nil }

// TestReadAfterClose: a leader measures its log in a goroutine that nobody waits for. It is told
// that the log was closed.
func TestReadAfterClose(t *testing.T) {
	g := &guarded{logStore: &closes{}}
	var l raft.Log
	if first, err := g.FirstIndex(); first != 1 || err != nil {
		t.Errorf("first index %d, %v", first, err)
	}
	if err := g.GetLog(3, &l); l.Index != 3 || err != nil {
		t.Errorf("entry %d, %v", l.Index, err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := g.FirstIndex(); !errors.Is(err, wal.ErrClosed) {
		t.Errorf("first index: got %v", err)
	}
	if err := g.GetLog(3, &l); !errors.Is(err, wal.ErrClosed) {
		t.Errorf("entry: got %v", err)
	}
}
