package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"xietong/certs/identity"
)

var errDisk = errors.New("input/output error")

// history stands for raft's log, which does not end with the process.
type history struct {
	testing.TB
	entries [][][]byte
	results []Result
	ids     []identity.Message
}

func newHistory(t testing.TB, entries int) *history {
	h := &history{TB: t}
	for i := range entries {
		a, b := newID(t), newID(t)
		h.ids = append(h.ids, a, b)
		h.entries = append(h.entries, [][]byte{
			command(t, kindNote, a, fmt.Sprintf("a %d", i)), command(t, kindOnce, b, fmt.Sprintf("b %d", i)),
		})
	}
	s := openStore(t, filepath.Join(t.TempDir(), "state.db")) // a store without a fault
	for i, e := range h.entries {
		h.results = append(h.results, s.Apply(uint64(i+1), 1, e)...)
	}
	return h
}

// replay applies the whole log, as raft does at a start.
func (h *history) replay(s *Store) {
	for i, e := range h.entries {
		for j, r := range s.Apply(uint64(i+1), 1, e) {
			if want := h.results[2*i+j]; r.Code != want.Code || string(r.Data) != string(want.Data) {
				h.Errorf("entry %d: got %+v, want %+v", i+1, r, want)
			}
		}
	}
}

// check compares a store with one that had no fault, and applies all commands again under their old
// ids.
func (h *history) check(s *Store) {
	h.Helper()
	n := uint64(len(h.entries))
	for i := range h.entries {
		again := s.Apply(n+1+uint64(i), 1, h.entries[i])
		if first := h.results[2*i]; !again[0].Replayed || string(again[0].Data) != string(first.Data) || again[1].Code != CodeSeen {
			h.Errorf("entry %d asked again: got %+v", i+1, again)
		}
	}
	clean := openStore(h, filepath.Join(h.TempDir(), "state.db"))
	h.replay(clean)
	if got, want := rootOf(h, s), rootOf(h, clean); got != want {
		h.Errorf("got root %s, want %s", got, want)
	}
}

func rootOf(t testing.TB, s *Store) (root string) {
	s.Flush()
	err := s.View(func(r *Reader) error {
		got, err := r.RootAt(r.Size())
		root = fmt.Sprintf("%x of %d", got, r.Size())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestFailedCommit lets each commit of a run fail, either not done or done and reported as failed,
// for every function that commits. The store must stop, change nothing more, and come back by
// raft's log to the same state and the same answers.
func TestFailedCommit(t *testing.T) {
	const entries = 6
	marker := Marker{Version: 1, Index: entries, Term: 1, Configuration: []byte("x"), ConfigurationIndex: 1}
	for who, commit := range map[string]func(*Store) error{
		"the flusher": func(s *Store) error { s.Flush(); return nil },
		"a snapshot":  func(s *Store) error { return s.SaveMarker(marker) },
		"apply":       func(s *Store) error { s.Apply(entries+1, 1, make([][]byte, 0)); return nil },
		"close":       func(s *Store) error { return s.Close() },
	} {
		for _, done := range []bool{false, true} {
			for at := range 3 { // the commit that fails
				t.Run(fmt.Sprintf("%s, done %v, commit %d", who, done, at), func(t *testing.T) {
					h := newHistory(t, entries)
					path := filepath.Join(t.TempDir(), "state.db")
					failed := h.fail(path, at, done, who, commit)
					s := openStore(t, path)
					if m, ok, err := s.Marker(); err != nil || ok && m.Index > s.meta.Index {
						t.Errorf("marker %+v is ahead of %d, %v", m, s.meta.Index, err)
					}
					if applied, _ := s.Applied(); (applied == failed) != done {
						t.Errorf("the file is at %d; the commit of %d was done: %v", applied, failed, done)
					}
					h.replay(s)
					h.check(s)
				})
			}
		}
	}
}

// fail runs a store until its commit number at fails, and returns the raft index that this commit
// would have reached.
func (h *history) fail(path string, at int, done bool, who string, commit func(*Store) error) uint64 {
	h.Helper()
	if err := Create(path, testLog(h)); err != nil {
		h.Fatal(err)
	}
	var told []error
	s, err := Open(path, noteRegistry(), Options{
		FlushEvery: 1 << 50, Fatal: func(err error) { told = append(told, err) },
		commit: func(tx *bolt.Tx) error {
			if at--; at >= 0 {
				return tx.Commit()
			}
			if done {
				return errors.Join(tx.Commit(), errDisk)
			}
			return errors.Join(tx.Rollback(), errDisk)
		},
	})
	if err != nil {
		h.Fatal(err)
	}
	for i, e := range h.entries {
		s.Apply(uint64(i+1), 1, e)
		if i == len(h.entries)-1 {
			break
		}
		s.Flush()
		if len(told) > 0 {
			return h.stopped(s, told, uint64(i+1))
		}
	}
	at = 0
	if who == "apply" {
		s.pending = MaxOpen
		err = nil
		commit(s)
		return h.stopped(s, told, uint64(len(h.entries)+1))
	}
	if err = commit(s); who != "the flusher" && !errors.Is(err, errDisk) {
		h.Errorf("got %v, want %v", err, errDisk)
	}
	if who == "close" {
		return uint64(len(h.entries))
	}
	return h.stopped(s, told, uint64(len(h.entries)))
}

// stopped checks that a failed store reported its failure once, changes nothing, answers readers,
// and closes.
func (h *history) stopped(s *Store, told []error, index uint64) uint64 {
	h.Helper()
	if len(told) != 1 || !errors.Is(told[0], errDisk) {
		h.Errorf("told %v, want %v once", told, errDisk)
	}
	if got := s.Apply(1000, 1, h.entries[0]); got != nil {
		h.Errorf("a store that failed answered %+v", got)
	}
	if err := s.SaveMarker(Marker{Index: 1000}); !errors.Is(err, ErrFailed) {
		h.Errorf("marker: got %v, want ErrFailed", err)
	}
	if err := s.WaitApplied(context.Background(), 1000); !errors.Is(err, ErrFailed) {
		h.Errorf("wait: got %v, want ErrFailed", err)
	}
	s.Flush()
	if err := s.View(func(r *Reader) error { return nil }); err != nil {
		h.Errorf("view: %v", err)
	}
	if err := s.Close(); !errors.Is(err, errDisk) {
		h.Errorf("close: got %v, want %v", err, errDisk)
	}
	return index
}

// metaPages is the length of the two pages that say where the newest commit and the one before it
// are. When the newest is damaged the file is at the one before, as after a torn write, and raft's
// log has the rest.
const metaPages = 2 * 4096

// TestVerifyOfDamagedFiles cuts the file off at every page and changes bytes all over it. Verify
// must return each time and must not take the damaged file for another ledger.
func TestVerifyOfDamagedFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	for index := uint64(1); index <= 600; index++ {
		s.Apply(index, 1, [][]byte{command(t, kindNote, identity.Message{}, "village")})
	}
	var pages int64
	s.Flush()
	s.db.View(func(tx *bolt.Tx) error { pages = tx.Size() / 4096; return nil })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	want, err := Verify(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found, named := 0, 0
	look := func(what string, at int64) {
		got, err := Verify(t.Context(), path, nil)
		if err != nil {
			found++
			if _, ok := errors.AsType[*BadEntryError](err); ok {
				named++
			}
		} else if (got.Root != want.Root || got.Entries != want.Entries) && at >= metaPages {
			t.Errorf("%s at %d: taken for a ledger of %d entries", what, at, got.Entries)
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	stride := int64(61)
	if testing.Short() {
		stride = 1021
	}
	for at := int64(0); at < pages*4096; at += stride {
		f.WriteAt([]byte{whole[at] ^ 0x10}, at)
		look("a byte changed", at)
		f.WriteAt(whole[at:at+1], at)
	}
	for n := pages - 1; n >= 0; n-- {
		if err := f.Truncate(n * 4096); err != nil {
			t.Fatal(err)
		}
		look("cut off", n*4096)
	}
	if found == 0 || named == 0 {
		t.Errorf("%d damages found, at %d of them an entry named", found, named)
	}
	t.Logf("%d pages, %d damages found, at %d of them an entry named", pages, found, named)
}

// fill makes a file of some pages.
func fill(s *Store, t *testing.T) {
	for index := uint64(1); index <= 600; index++ {
		s.Apply(index, 1, [][]byte{command(t, kindNote, identity.Message{}, "village")})
	}
	s.Flush()
}

// fullPages returns the numbers of pages that hold many values of a bucket.
func fullPages(t *testing.T, s *Store) (pages []int64) {
	t.Helper()
	err := s.db.View(func(tx *bolt.Tx) error {
		for id := 0; ; id++ {
			info, err := tx.Page(id)
			if err != nil || info == nil {
				return err
			}
			if info.Type == "leaf" && info.Count > 20 {
				pages = append(pages, int64(id))
			}
		}
	})
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	return pages
}

// TestDamagedPageUnderWrites: a page of the file is damaged under a store that runs. Whatever is
// written next, the store ends with an error that names the file, or the page was not met; nothing
// panics.
func TestDamagedPageUnderWrites(t *testing.T) {
	met := 0
	for n := 0; ; n++ {
		path := filepath.Join(t.TempDir(), "state.db")
		var ended error
		if err := Create(path, testLog(t)); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, noteRegistry(), Options{Fatal: func(err error) { ended = err }})
		if err != nil {
			t.Fatal(err)
		}
		fill(s, t)
		pages := fullPages(t, s)
		if n == len(pages) {
			s.Close()
			break
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		f.WriteAt(make([]byte, 4096), pages[n]*4096)
		f.Close()
		if s.Apply(601, 1, [][]byte{command(t, kindNote, identity.Message{}, "village")}) != nil {
			s.Flush()
		}
		if damage, ok := errors.AsType[*DamageError](ended); ok && damage.File == path {
			met++
		} else if ended != nil {
			t.Errorf("page %d: got %v", pages[n], ended)
		}
		s.Close()
	}
	if met == 0 {
		t.Error("no page was met")
	}
}

// TestDamagedPageUnderViews: a page of the file is damaged under a store that runs. A view that
// meets it ends with an error that names the file, and the store notes it; other views go on, and
// any other panic stays one.
func TestDamagedPageUnderViews(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := openStore(t, path)
	fill(s, t)
	pages := fullPages(t, s)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	whole, page := make([]byte, 4096), pages[len(pages)-1]
	if _, err := f.ReadAt(whole, page*4096); err != nil {
		t.Fatal(err)
	}
	f.WriteAt(make([]byte, 4096), page*4096)
	all := func(r *Reader) error {
		for name := range s.registry.buckets {
			r.Scan(name, nil, nil, func(_, _ []byte) bool { return true })
		}
		return nil
	}
	damage, ok := errors.AsType[*DamageError](s.View(all))
	if !ok || damage.File != path {
		t.Errorf("got %v, want the damage of %s", damage, path)
	}
	if got := s.Damaged(); got != damage {
		t.Errorf("noted %v, want %v", got, damage)
	}
	if err := s.View(func(*Reader) error { return nil }); err != nil {
		t.Errorf("another view: %v", err)
	}
	f.WriteAt(whole, page*4096)
	if err := s.View(all); err != nil {
		t.Errorf("mended: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("a panic that is not the file's was recovered")
		}
	}()
	s.View(func(*Reader) error { panic("a mistake") })
}
