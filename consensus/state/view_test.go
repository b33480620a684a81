package state

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// inTime runs f and reports whether it ended within so long.
func inTime(within time.Duration, f func()) bool {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
		return true
	case <-time.After(within):
		return false
	}
}

// TestLongestReaderStopsNobody (M2) holds a view open while a commit must enlarge the map of the
// file, which was made short. The commit, new views and commands wait for the view, and whoever
// asks where the state is does not. Then all of them end, and everything is there.
func TestLongestReaderStopsNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := Create(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path, noteRegistry(), Options{FlushEvery: time.Hour, mapLen: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	reading, read, ended := make(chan struct{}), make(chan struct{}), make(chan error, 3)
	go func() {
		ended <- s.View(func(r *Reader) error {
			close(reading)
			<-read
			if r.Size() != 0 {
				return fmt.Errorf("a view that began before sees %d entries", r.Size())
			}
			return nil
		})
	}()
	<-reading
	for i := range uint64(8) {
		s.Apply(i+1, 1, [][]byte{command(t, kindNote, newID(t), strings.Repeat("x", 300_000))})
	}
	go func() { s.Flush(); ended <- nil }()
	for inTime(20*time.Millisecond, func() { _ = s.View(func(*Reader) error { return nil }) }) {
	} // until the commit waits for the view, and so do others
	go func() {
		s.Apply(9, 1, [][]byte{command(t, kindNote, newID(t), "y")})
		ended <- nil
	}()
	if !inTime(5*time.Second, func() { s.Applied(); s.LastEntry(); s.Advanced() }) {
		t.Error("nobody hears where the state is, while a view is open")
	}
	close(read)
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if n := size(t, s); n != 9 {
		t.Errorf("%d entries are there, want 9", n)
	}
}

// TestViewMissesNoCommit has the open transaction go into the file when a view has just begun to
// read the file as it was before. The view shows all that was applied.
func TestViewMissesNoCommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := Create(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	commits, began := 0, func() {}
	s, err := Open(path, noteRegistry(), Options{FlushEvery: time.Hour, began: func() { began() }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Apply(1, 1, [][]byte{command(t, kindNote, newID(t), "x")})
	began = func() {
		if commits++; commits == 1 {
			s.Flush()
		}
	}
	if err := s.View(func(r *Reader) error {
		if r.Size() != 1 || r.Leaf(0) == nil {
			return fmt.Errorf("%d entries, and the first is %x", r.Size(), r.Leaf(0))
		}
		return nil
	}); err != nil || commits != 2 {
		t.Errorf("%v, after %d beginnings", err, commits)
	}
}

// TestMapIsLongEnough checks that no file outgrows its map in a while, however many there are and
// however long it is, and that all maps have room in an address space of 47 bits.
func TestMapIsLongEnough(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := Create(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ hosted, least int }{{0, 256 << 30}, {1, 256 << 30}, {98, 128 << 30}, {3000, 4 << 30}} {
		got := mapFor(row.hosted)
		if got < row.least || got*max(row.hosted, 1) > 1<<45 {
			t.Errorf("%d files: a map of %d bytes, want %d or more", row.hosted, got, row.least)
		}
		db, _, err := openFile(path, nil, false, got)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
