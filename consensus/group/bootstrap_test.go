package group

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"xietong/consensus/state"
)

// made stops a group of one that has the given number of entries, and returns its folder and
// configuration. With snapshot the state also has a marker, and raft's log holds nothing before it.
func made(t *testing.T, entries int, snapshot bool) (dir string, c Config) {
	t.Helper()
	dir = t.TempDir()
	n := alone1(t, dir)
	settings := n.raft.ReloadableConfig()
	settings.TrailingLogs, settings.SnapshotInterval, settings.SnapshotThreshold = 0, snapshotsNever, 1
	if err := n.raft.ReloadConfig(settings); err != nil {
		t.Fatal(err)
	}
	for range entries {
		if _, err := n.Propose(t.Context(), command("village")); err != nil {
			t.Fatal(err)
		}
	}
	if snapshot {
		if err := n.Snapshot(); err != nil {
			t.Fatal(err)
		}
		if first, err := n.logs.FirstIndex(); err != nil || first == 1 {
			t.Fatalf("raft's log begins at %d, %v", first, err)
		}
		if _, err := n.Propose(t.Context(), command("behind the snapshot")); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.close(); err != nil {
		t.Fatal(err)
	}
	return dir, n.config
}

const snapshotsNever = 1 << 50

// TestBootstrapRepeats: Bootstrap makes a log anew that a crash left without entries, and never
// touches a log that holds an entry.
func TestBootstrapRepeats(t *testing.T) {
	for what, row := range map[string]struct {
		entries int
		spoil   func(dir string) error
		want    error
	}{
		"nothing":                {0, func(dir string) error { return os.RemoveAll(filepath.Join(dir, walFolder)) }, nil},
		"an empty folder":        {0, func(dir string) error { return emptied(filepath.Join(dir, walFolder)) }, nil},
		"a log without entries":  {0, func(dir string) error { return emptyLog(filepath.Join(dir, walFolder)) }, nil},
		"a leftover beside it":   {0, func(dir string) error { return os.MkdirAll(filepath.Join(dir, newFolder, "x"), 0o700) }, ErrBootstrapped},
		"a log with entries":     {3, func(string) error { return nil }, ErrBootstrapped},
		"a state without a log":  {3, func(dir string) error { return os.RemoveAll(filepath.Join(dir, walFolder)) }, ErrNoLog},
		"a state with an empty":  {3, func(dir string) error { return emptied(filepath.Join(dir, walFolder)) }, ErrLogMismatch},
		"a torn file of the log": {3, func(dir string) error { return os.Truncate(filepath.Join(dir, walFolder, "wal-meta.db"), 100) }, errAny},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			c := Config{}
			if row.entries > 0 {
				dir, c = made(t, row.entries, false)
			} else {
				c = fresh(t, dir)
			}
			if err := row.spoil(dir); err != nil {
				t.Fatal(err)
			}
			store, err := state.Open(filepath.Join(dir, "state.db"), registry(), state.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			c.Store = store
			switch err := Bootstrap(c, replica(1)); {
			case row.want == errAny && err == nil, row.want != errAny && !errors.Is(err, row.want):
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if row.want != nil {
				return
			}
			n, err := Open(c)
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			if err := n.WaitReady(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

var errAny = errors.New("any error")

// fresh makes an empty state and a bootstrapped log.
func fresh(t *testing.T, dir string) Config {
	t.Helper()
	n, err := start(dir, 1, nil, replica(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := n.close(); err != nil {
		t.Fatal(err)
	}
	os.Remove(filepath.Join(dir, "state.db")) // an election may have passed through it
	if err := state.Create(filepath.Join(dir, "state.db"), testLog(t)); err != nil {
		t.Fatal(err)
	}
	return n.config
}

func emptied(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Mkdir(dir, 0o700)
}

func emptyLog(dir string) error {
	if err := emptied(dir); err != nil {
		return err
	}
	logs, err := openLog(dir, Config{Logger: slog.New(slog.DiscardHandler)}, newFailing(nil))
	if err != nil {
		return err
	}
	return errors.Join(logs.SetUint64([]byte("CurrentTerm"), 1), logs.Close())
}

// TestOpenRefusesAnExchangedLog: a log and a state of different moments would lose entries in
// silence.
func TestOpenRefusesAnExchangedLog(t *testing.T) {
	for what, row := range map[string]struct {
		spoil func(t *testing.T, dir string) error
		want  error // nil: ErrLogMismatch
	}{
		"no log":       {func(_ *testing.T, dir string) error { return os.RemoveAll(filepath.Join(dir, walFolder)) }, ErrNoLog},
		"an empty log": {func(_ *testing.T, dir string) error { return emptyLog(filepath.Join(dir, walFolder)) }, nil},
		"a fresh state": {func(t *testing.T, dir string) error {
			path := filepath.Join(dir, "state.db")
			return errors.Join(os.Remove(path), state.Create(path, testLog(t)))
		}, nil},
		"an older log": {func(t *testing.T, dir string) error {
			older, _ := made(t, 1, false)
			return errors.Join(os.RemoveAll(filepath.Join(dir, walFolder)), os.Rename(filepath.Join(older, walFolder), filepath.Join(dir, walFolder)))
		}, nil},
	} {
		t.Run(what, func(t *testing.T) {
			dir, c := made(t, 20, what == "a fresh state")
			if row.want == nil {
				row.want = ErrLogMismatch
			}
			if err := row.spoil(t, dir); err != nil {
				t.Fatal(err)
			}
			store, err := state.Open(filepath.Join(dir, "state.db"), registry(), state.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			c.Store = store
			if n, err := Open(c); !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
				if err == nil {
					n.Close()
				}
			}
		})
	}
}

// TestGroupOfOneKeepsNoLog: after a snapshot the log of a group of one holds a few entries: nobody
// has to catch up, and the entries of an import are long.
func TestGroupOfOneKeepsNoLog(t *testing.T) {
	n := alone1(t, t.TempDir())
	for range 4 * trailingAlone {
		if _, err := n.Propose(t.Context(), command("village")); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.Snapshot(); err != nil {
		t.Fatal(err)
	}
	first, err := n.logs.FirstIndex()
	last, lastErr := n.logs.LastIndex()
	if err != nil || lastErr != nil || last-first > trailingAlone {
		t.Errorf("raft's log holds %d to %d, %v, %v; want at most %d entries", first, last, err, lastErr, trailingAlone+1)
	}
	if err := n.close(); err != nil {
		t.Error(err)
	}
}
