package state

import (
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestMoverRests: the mover rests as long after its work while it writes the first file of a ledger
// as while it writes any other.
func TestMoverRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTwins(t, 1)
		x.reopen(Options{Unmoving: true})
		for _, blocks := range []uint64{256, 0} { // 0: no file is noted yet
			x.mu.Lock()
			x.meta.Size, x.meta.filed = 140_000, filed{Blocks: blocks}
			x.mu.Unlock()
			began := time.Now()
			if err := x.ease(time.Second); err != nil {
				t.Fatal(err)
			}
			if rested := time.Since(began); rested < moveRests*time.Second {
				t.Errorf("with files of %d blocks it rested for %s after a second of work", blocks, rested)
			}
		}
		x.mu.Lock()
		x.meta.Size, x.meta.filed = 0, filed{}
		x.mu.Unlock()
	})
}

// TestSwapWhileMoved has the state be filled anew from another replica, and swapped, at each step
// at which the mover writes a file. The mover notes no file that the new state has already, or that
// is not of its entries; every entry is found after that, and what is left to move is moved.
func TestSwapWhileMoved(t *testing.T) {
	for at := 0; ; at++ {
		f := newFillerWith(t, 300, inFilesOf(1))
		if _, err := f.fill(f.config(), nil); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(f.dir, "state.db")
		if err := Install(path, testLog(t)); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, poisonRegistry(), inFilesOf(1))
		if err != nil {
			t.Fatal(err)
		}
		own := &marked{t, s}
		for i := range 80 {
			bodies := []string{fmt.Sprintf("w %d a", i), "x a 1", "w 1 b", "w 2 c", "x b 2", "w 3 d", "w 4 e", "w 5 f"}
			f.source.write(f.index, bodies...)
			own.write(f.index, bodies...)
			f.index++
		}
		f.grow(10) // the source is ahead
		n, swapped := 0, false
		s.files.Step = func(_ string, do func() error) error {
			if n++; n-1 == at {
				swapped = true
				if _, err := f.fill(s.Filling("r2", 0), nil); err != nil {
					t.Fatal(err)
				}
				if err := s.Swap(); err != nil {
					t.Fatal(err)
				}
			}
			return do()
		}
		s.Flush()
		for more := true; more; {
			if more, err = s.move(func(time.Duration) error { return nil }); err != nil {
				t.Fatal(err)
			}
			if err := s.View(proveAll); err != nil {
				t.Errorf("step %d: after it: %v", at, err)
			}
		}
		s.files.Step = nil
		own.moveAll()
		if found := scrubbed(t, s, 1<<20); len(found) > 0 || s.Damaged() != nil {
			t.Errorf("step %d: a scrub found %v, %v", at, found, s.Damaged())
		}
		if err := s.View(proveAll); err != nil {
			t.Errorf("step %d: %v", at, err)
		}
		if swapped {
			sameContent(t, content(t, s), content(t, f.source.Store))
		}
		if want := s.meta.Size/256 - 1; s.meta.filed.Files != want || len(f.files()) != int(want) {
			t.Errorf("step %d: %d files are noted, %d there, want %d", at, s.meta.filed.Files, len(f.files()), want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if !swapped {
			if at < 8 {
				t.Errorf("there were %d steps", at)
			}
			break
		}
	}
}
