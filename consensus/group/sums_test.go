package group

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"

	"xietong/consensus/state"
)

// behind makes a folder whose state has applied the first of some commands, and whose log has them
// all, as after a loss of power.
func behind(t *testing.T, dir string) (commands []state.Command) {
	t.Helper()
	stateFile, older := filepath.Join(dir, "state.db"), filepath.Join(t.TempDir(), "older.db")
	for round := range 2 {
		n, _ := leading(t, dir, func(*Config) {})
		for range 1 + 19*round {
			c := command("village")
			if _, err := n.Propose(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			commands = append(commands, c)
		}
		n.end(t)
		if round == 0 {
			copyTo(t, stateFile, older)
		}
	}
	copyTo(t, older, stateFile)
	return commands
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err = errors.Join(err, os.WriteFile(to, data, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// TestFlippedBitOfTheLog (M5, D06) flips one bit after the other of raft's log, whose entries the
// state has not applied yet. Either the opening says that the log is damaged, or all commands are
// there: what was changed is never applied. The last batch alone may be lost, because nothing tells
// it from one that was cut short.
func TestFlippedBitOfTheLog(t *testing.T) {
	dir := t.TempDir()
	commands := behind(t, dir)
	files, err := filepath.Glob(filepath.Join(dir, walFolder, "*.wal"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got %q, %v", files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	used := len(whole)
	for used > 0 && whole[used-1] == 0 {
		used--
	}
	lastBatch := used - 2*used/len(commands) // and what raft itself wrote behind it
	step := 29
	if testing.Short() {
		step = 101
	}
	told := 0
	for at := 0; at < used; at += step {
		changed := append([]byte{}, whole...)
		changed[at] ^= 1 << (at % 8)
		copied := filepath.Join(t.TempDir(), "copy")
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(copied, walFolder, filepath.Base(files[0])), changed, 0o600); err != nil {
			t.Fatal(err)
		}
		n, err := startWith(copied, 1, nil, registry(), state.Options{}, func(c *Config) {
			c.Segment, c.Fatal = 64<<10, func(err error) { t.Errorf("byte %d: the replica ended: %v", at, err) }
		}, replica(1))
		if err != nil {
			_, damaged := errors.AsType[*state.DamageError](err)
			if !damaged && !errors.Is(err, ErrLogMismatch) {
				t.Errorf("byte %d: open: got %v", at, err)
			}
			told++
			_ = n.store.Close()
			continue
		}
		if err := n.WaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
		kept := commands
		if at >= lastBatch {
			kept = commands[:len(commands)-1]
		}
		n.mustHave(t, kept)
		n.end(t)
	}
	if told < used/step*3/4 {
		t.Errorf("of %d flips %d were told", used/step, told)
	}
}

// inMemory is raft's log in memory.
type inMemory struct{ *raft.InmemStore }

func (inMemory) IsMonotonic() bool { return true }
func (inMemory) Close() error      { return nil }

// TestChangedInTheLog changes an entry after it was written, as in a file that the library has
// closed and checks no more: the entry is not given to anybody, and the replica ends.
func TestChangedInTheLog(t *testing.T) {
	for what, change := range map[string]func(*raft.Log){
		"data": func(l *raft.Log) { l.Data[0] ^= 1 }, "term": func(l *raft.Log) { l.Term++ },
		"type": func(l *raft.Log) { l.Type ^= 1 }, "checksum": func(l *raft.Log) { l.Extensions[3] ^= 0x80 },
	} {
		var ended error
		kept := inMemory{raft.NewInmemStore()}
		logs := summed{kept, newFailing(func(err error) { ended = err }), "wal"}
		entry := &raft.Log{Index: 1, Term: 7, Data: []byte("village")}
		if err := logs.StoreLog(entry); err != nil {
			t.Fatal(err)
		}
		if err := logs.GetLog(1, new(raft.Log)); err != nil {
			t.Fatal(err)
		}
		change(entry) // the store in memory keeps what it was given
		err := logs.GetLog(1, new(raft.Log))
		if _, ok := errors.AsType[*state.DamageError](err); !ok || ended == nil {
			t.Errorf("%s: got %v, and the replica ended with %v", what, err, ended)
		}
	}
}

// TestStateOfAnotherTime (L3): the state has applied an entry of the log's index, of another term.
func TestStateOfAnotherTime(t *testing.T) {
	dir := t.TempDir()
	behind(t, dir)
	store, err := state.Open(filepath.Join(dir, "state.db"), registry(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	index, term := store.Applied()
	store.Apply(index+3, term+7, nil)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	n, err := startWith(dir, 1, nil, registry(), state.Options{}, func(c *Config) { c.Segment = 64 << 10 }, replica(1))
	if !errors.Is(err, ErrLogMismatch) {
		t.Errorf("open: got %v, want %v", err, ErrLogMismatch)
	}
	_ = n.store.Close()
}

// TestChangedOnItsWay: an entry that comes with another checksum is not stored, and stops nobody.
func TestChangedOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logs, err := wal.Open(t.TempDir(), wal.WithSegmentSize(64<<10))
		if err != nil {
			t.Fatal(err)
		}
		defer logs.Close()
		s := Config{}.logOf(logs, newFailing(func(err error) { t.Errorf("the replica ended: %v", err) }))
		sent := logEntry(1)
		sent.Extensions = sumOf(sent)
		changed := *sent
		changed.Data = []byte("another")
		if err := s.StoreLog(&changed); err == nil {
			t.Error("an entry was stored that is another than was sent")
		}
		if err := s.StoreLog(sent); err != nil {
			t.Errorf("the entry itself: %v", err)
		}
		var got raft.Log
		if err := s.GetLog(1, &got); err != nil || string(got.Data) != string(sent.Data) {
			t.Errorf("got %q, %v", got.Data, err)
		}
	})
}

// TestDamageBeforeWholeBatches flips each bit of a log's last file but of its last batch, whose
// entries hold what looks like the ends of batches. Damage is told wherever a batch follows that is
// whole; a file that only ends in a write that was cut short is well.
func TestDamageBeforeWholeBatches(t *testing.T) {
	like := bytes.Repeat([]byte{frameCommit, 0, 0, 0, 7, 7, 7, 7}, 40)
	for what, payload := range map[string][]byte{"plain": []byte("village"), "like the end of a batch": like, "and moved on": like[4:]} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			logs, err := wal.Open(dir, wal.WithSegmentSize(64<<10))
			if err != nil {
				t.Fatal(err)
			}
			for index := range uint64(6) {
				l := logEntry(index + 1)
				l.Data = payload
				if err := logs.StoreLog(l); err != nil {
					t.Fatal(err)
				}
			}
			if err := logs.Close(); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, "*.wal"))
			if err != nil || len(files) != 1 {
				t.Fatalf("got %q, %v", files, err)
			}
			flipsAreTold(t, files[0])
		})
	}
}

func flipsAreTold(t *testing.T, path string) {
	t.Helper()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var ends []int // of the batches
	for from, at := 0, walHeaderLen; ; from, at = ends[len(ends)-1], ends[len(ends)-1] {
		end := endOfBatch(whole, at)
		if end == 0 || !endsBatch(whole, from, end) {
			break
		}
		ends = append(ends, end+frameLen)
	}
	if len(ends) != 6 {
		t.Fatalf("%d batches", len(ends))
	}
	check := func(data []byte) error {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return checkTail(path)
	}
	for at := range ends[4] {
		changed := bytes.Clone(whole)
		changed[at] ^= 1 << (at % 8)
		if wellUpTo(changed) == ends[5] {
			continue // one of the three bytes of an end that nobody reads
		}
		if _, damaged := errors.AsType[*state.DamageError](check(changed)); !damaged {
			t.Errorf("byte %d, of batches that end at %v: not told", at, ends)
		}
	}
	for at := ends[4]; at <= ends[5]; at += 3 { // power was lost in the last write
		torn := bytes.Clone(whole)
		clear(torn[at:])
		if err := check(torn); err != nil {
			t.Errorf("cut at byte %d of batches that end at %v: got %v", at, ends, err)
		}
	}
}

// TestVerifyLog flips bits all over a stopped log. It is told wherever the log would not start with
// all that it has; nothing in the folder is changed.
func TestVerifyLog(t *testing.T) {
	dir := t.TempDir()
	n, _ := leading(t, dir, func(c *Config) { c.Segment = 4 << 10 }) // several files
	for range 150 {
		if _, err := n.Propose(t.Context(), command("village")); err != nil {
			t.Fatal(err)
		}
	}
	n.end(t)
	if err := VerifyLog(dir, state.LastEntry{}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, walFolder, "*.wal"))
	if err != nil || len(files) < 3 {
		t.Fatalf("got %q, %v", files, err)
	}
	slices.Sort(files)
	for i, path := range files[:len(files)-1] {
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for at := walHeaderLen; at < wellUpTo(whole); at += 97 {
			changed := bytes.Clone(whole)
			changed[at] ^= 1 << (at % 8)
			if wellUpTo(changed) == wellUpTo(whole) {
				continue // a byte that nobody reads
			}
			if err := os.WriteFile(path, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, damaged := errors.AsType[*state.DamageError](VerifyLog(dir, state.LastEntry{})); !damaged {
				t.Errorf("file %d, byte %d: not told", i, at)
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if _, damaged := errors.AsType[*state.DamageError](VerifyLog(dir, state.LastEntry{})); !damaged {
		t.Error("a file is missing: not told")
	}
	if err := os.RemoveAll(filepath.Join(dir, walFolder)); err != nil {
		t.Fatal(err)
	}
	if err := VerifyLog(dir, state.LastEntry{}); !errors.Is(err, ErrNoLog) {
		t.Errorf("no log: got %v", err)
	}
}

// TestLostEndIsInTheState (K9): the last batches of the log are lost, and the newest snapshot has
// them. The replica starts with all that was acknowledged, takes commands, and starts again.
func TestLostEndIsInTheState(t *testing.T) {
	dir := t.TempDir()
	n, _ := leading(t, dir, func(*Config) {})
	var commands []state.Command
	for range 20 {
		c := command("village")
		if _, err := n.Propose(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		commands = append(commands, c)
	}
	if err := n.Snapshot(); err != nil {
		t.Fatal(err)
	}
	n.end(t)
	files, err := filepath.Glob(filepath.Join(dir, walFolder, "*.wal"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got %q, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	clear(data[wellUpTo(data)/2:])
	if err := os.WriteFile(files[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		n, _ = leading(t, dir, func(*Config) {})
		n.mustHave(t, commands)
		c := command("later")
		if _, err := n.Propose(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		commands = append(commands, c)
		n.end(t)
	}
}

// TestTwoContinuations: of one copy that went on twice, the state of the one is put beside the log
// of the other, whose entry at the same index is another, of the same term. Nothing is applied.
func TestTwoContinuations(t *testing.T) {
	first := t.TempDir()
	n, _ := leading(t, first, func(*Config) {})
	if _, err := n.Propose(t.Context(), command("village")); err != nil {
		t.Fatal(err)
	}
	n.end(t)
	dirs := []string{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")}
	for i, dir := range dirs {
		if err := os.CopyFS(dir, os.DirFS(first)); err != nil {
			t.Fatal(err)
		}
		n, _ := leading(t, dir, func(*Config) {})
		for range 2 + i { // the log goes on beyond what the state has
			if _, err := n.Propose(t.Context(), command("one of its own")); err != nil {
				t.Fatal(err)
			}
		}
		n.end(t)
	}
	copyTo(t, filepath.Join(dirs[0], "state.db"), filepath.Join(dirs[1], "state.db"))
	n, err := startWith(dirs[1], 1, nil, registry(), state.Options{}, func(c *Config) { c.Segment = 64 << 10 }, replica(1))
	if !errors.Is(err, ErrLogMismatch) {
		t.Errorf("open: got %v, want %v", err, ErrLogMismatch)
	}
	if err := VerifyLog(dirs[1], n.store.LastEntry()); !errors.Is(err, ErrLogMismatch) {
		t.Errorf("verify: got %v, want %v", err, ErrLogMismatch)
	}
	_ = n.store.Close()
}

// TestLogOfAnEarlierTime: the log of an earlier run beside a state whose snapshot is of a later one
// is refused, although the state has all that is in it.
func TestLogOfAnEarlierTime(t *testing.T) {
	dir, early := t.TempDir(), filepath.Join(t.TempDir(), "wal")
	for run := range 2 {
		n, _ := leading(t, dir, func(*Config) {})
		for range 5 {
			if _, err := n.Propose(t.Context(), command("village")); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.Snapshot(); err != nil {
			t.Fatal(err)
		}
		n.end(t)
		if run == 0 {
			if err := os.CopyFS(early, os.DirFS(filepath.Join(dir, walFolder))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, walFolder)), os.CopyFS(filepath.Join(dir, walFolder), os.DirFS(early))); err != nil {
		t.Fatal(err)
	}
	n, err := startWith(dir, 1, nil, registry(), state.Options{}, func(c *Config) { c.Segment = 64 << 10 }, replica(1))
	if !errors.Is(err, ErrLogMismatch) {
		t.Errorf("open: got %v, want %v", err, ErrLogMismatch)
	}
	_ = n.store.Close()
}

// TestTermThatWasLost has the file of terms and votes forget the last ones, as where the disk did
// not keep them: the replica, which may have voted in them, does not open.
func TestTermThatWasLost(t *testing.T) {
	for _, applied := range []bool{false, true} {
		dir := t.TempDir()
		behind(t, dir) // the log alone has an entry of the last term
		if applied {
			n, _ := leading(t, dir, func(*Config) {})
			n.end(t)
		}
		logs, err := wal.Open(filepath.Join(dir, walFolder), wal.WithSegmentSize(64<<10))
		if err != nil {
			t.Fatal(err)
		}
		noted, err := logs.GetUint64(termKey)
		if err = errors.Join(err, logs.SetUint64(termKey, noted-1), logs.Close()); err != nil {
			t.Fatal(err)
		}
		n, err := startWith(dir, 1, nil, registry(), state.Options{}, func(c *Config) { c.Segment = 64 << 10 }, replica(1))
		if damage, ok := errors.AsType[*state.DamageError](err); !ok || filepath.Base(damage.File) != termFile {
			t.Errorf("open: got %v, want a damaged %s", err, termFile)
		}
		_ = n.store.Close()
	}
}
