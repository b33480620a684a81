package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
)

// behind is a replica that is behind a source, and was filled beside its own state.
type behind struct {
	*filler
	own  *marked
	told []error
}

func newBehind(t *testing.T, change func(*Options)) *behind {
	t.Helper()
	b := &behind{filler: newFiller(t, 5)}
	path := filepath.Join(b.dir, "state.db")
	if err := Create(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	o := Options{FlushEvery: 1 << 50, Fatal: func(err error) { b.told = append(b.told, err) }}
	if change != nil {
		change(&o)
	}
	s, err := Open(path, poisonRegistry(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b.own = &marked{t, s}
	b.own.write(1, "x old 1")
	s.Flush()
	b.own.write(2, "x older 1") // applied, and not committed
	b.grow(100)
	if _, err := b.fill(b.config(), nil); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestSwap exchanges the file of a store that serves: views that run see the old state, later ones
// the new, and whoever waits hears of it. The store then goes on from the new one, and so does one
// that is opened anew.
func TestSwap(t *testing.T) {
	b := newBehind(t, nil)
	index, _ := b.source.Applied()
	advanced := b.own.Advanced()
	seen, swapped, viewing := "", make(chan error, 1), make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		err := b.own.View(func(r *Reader) error {
			close(viewing)
			<-advanced // the new state is shown
			seen = string(r.Get("x", []byte("old")))
			if got := r.Size(); got != 2 {
				t.Errorf("a view that ran shows %d entries, want 2", got)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-viewing
	go func() { swapped <- b.own.Swap() }()
	if err := b.own.WaitApplied(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	if got, want := size(t, b.own.Store), b.source.meta.Size; got != want {
		t.Errorf("a later view shows %d entries, want %d", got, want)
	}
	work.Wait()
	if err := <-swapped; err != nil {
		t.Fatal(err)
	}
	if seen != "1" {
		t.Errorf("a view that ran saw %q", seen)
	}
	for round := range 2 {
		sameContent(t, content(t, b.own.Store), content(t, b.source.Store))
		for range 3 {
			b.source.write(b.index, "x a 1")
			b.own.write(b.index, "x a 1")
			b.index++
		}
		sameContent(t, content(t, b.own.Store), content(t, b.source.Store))
		if got := b.own.Apply(3, 1, [][]byte{command(t, kindWrite, identity.Message{}, "x late 1")}); got != nil {
			t.Errorf("an entry that the new state has was applied again: %+v", got)
		}
		if round == 1 {
			break
		}
		if err := b.own.Close(); err != nil {
			t.Fatal(err)
		}
		s, err := Open(filepath.Join(b.dir, "state.db"), poisonRegistry(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		b.own = &marked{t, s}
	}
}

// TestAViewThatWaits (D30) has a view wait, as for a network, while the file that it reads is
// swapped, and while the store is closed. Both wait for it where a test in virtual time sees that,
// so time goes on; else view and store wait for one another for ever.
func TestAViewThatWaits(t *testing.T) {
	stands := time.AfterFunc(time.Minute, func() { panic("it stands still") }) // nothing in the bubble would say so
	defer stands.Stop()
	synctest.Test(t, func(t *testing.T) {
		for name, ends := range map[string]func(*Store) error{"swap": (*Store).Swap, "close": (*Store).Close} {
			b := newBehind(t, nil)
			viewing, seen := make(chan struct{}), make(chan error, 1)
			go func() {
				seen <- b.own.View(func(r *Reader) error {
					close(viewing)
					time.Sleep(time.Minute)
					if old := string(r.Get("x", []byte("old"))); old != "1" {
						t.Errorf("%s: a view that ran saw %q", name, old)
					}
					return nil
				})
			}()
			<-viewing
			began := time.Now()
			if err := ends(b.own.Store); err != nil || time.Since(began) != time.Minute {
				t.Errorf("%s took %s: %v", name, time.Since(began), err)
			}
			if err := <-seen; err != nil {
				t.Errorf("%s: a view that ran: %v", name, err)
			}
		}
	})
}

// TestSwapIsRefused where what was filled is not whole, not ahead, or not of the ledger; the store
// goes on as before.
func TestSwapIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		before func(*behind) error
		want   error
	}{
		"nothing was filled": {func(b *behind) error { return RemoveFilling(FillConfig{Dir: b.dir}) }, ErrNoState},
		"not ahead": {func(b *behind) error {
			index, _ := b.source.Applied()
			b.own.write(index, "x a 1")
			return nil
		}, ErrNotNewer},
		"not whole": {func(b *behind) error {
			stream := &fillFile{config: b.config(), path: filepath.Join(b.dir, FillFile), files: folderBeside(filepath.Join(b.dir, FillFile))}
			stream.config.step = func(_ string, do func() error) error { return do() }
			return errors.Join(stream.open(), stream.close())
		}, nil},
		"of another epoch": {func(b *behind) error {
			log, err := identity.ParseLog("nanming.guiyang.guizhou/log/2")
			path := filepath.Join(b.dir, FillFile)
			return errors.Join(err, os.Remove(path), Create(path, log))
		}, ErrOtherLog},
		"closed": {func(b *behind) error { return b.own.Close() }, ErrClosed},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBehind(t, nil)
			if err := row.before(b); err != nil {
				t.Fatal(err)
			}
			err := b.own.Swap()
			if err == nil || row.want != nil && !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if name != "closed" && string(value(t, b.own.Store, "x", "older")) != "1" {
				t.Error("the old state is gone")
			}
		})
	}
}

func value(t *testing.T, s *Store, bucket, key string) (v []byte) {
	t.Helper()
	if err := s.View(func(r *Reader) error { v = r.Get(bucket, []byte(key)); return nil }); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSwapFaults fails each step of the exchange, either not done or done and reported as failed.
// The store stops, because it is unknown which of the files is in its place. What is opened then is
// one state or the other, whole.
func TestSwapFaults(t *testing.T) {
	for _, step := range []string{"rename", "sync"} {
		for _, done := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, done %v", step, done), func(t *testing.T) {
				fail := func(do error) error {
					return errors.Join(do, errDisk)
				}
				b := newBehind(t, func(o *Options) {
					o.rename, o.syncDir = os.Rename, syncDir
					switch {
					case step == "rename" && done:
						o.rename = func(a, b string) error { return fail(os.Rename(a, b)) }
					case step == "rename":
						o.rename = func(string, string) error { return errDisk }
					case done:
						o.syncDir = func(p string) error { return fail(syncDir(p)) }
					default:
						o.syncDir = func(string) error { return errDisk }
					}
				})
				if err := b.own.Swap(); !errors.Is(err, errDisk) {
					t.Errorf("got %v, want %v", err, errDisk)
				}
				if err := b.own.WaitApplied(context.Background(), 1); !errors.Is(err, ErrFailed) || len(b.told) != 1 {
					t.Errorf("wait: got %v; told %v", err, b.told)
				}
				_ = b.own.Close() // it returns why the store stopped
				s, err := Open(filepath.Join(b.dir, "state.db"), poisonRegistry(), Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if step == "rename" && !done {
					if got := size(t, s); got != 1 {
						t.Errorf("the old state has %d committed entries, want 1", got)
					}
					return
				}
				sameContent(t, content(t, s), content(t, b.source.Store))
			})
		}
	}
}

// TestMarkerStays: raft takes snapshots by what it applied itself, and a state that was filled is
// further.
func TestMarkerStays(t *testing.T) {
	s := openStore(t, filepath.Join(t.TempDir(), "state.db"))
	for _, index := range []uint64{5, 9, 7} {
		if err := s.SaveMarker(Marker{Version: 1, Index: index, Term: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if m, ok, err := s.Marker(); err != nil || !ok || m.Index != 9 {
		t.Errorf("got %+v, %v, %v, want the marker of 9", m, ok, err)
	}
	if applied, _ := s.Applied(); applied != 9 {
		t.Errorf("applied %d, want 9", applied)
	}
}
