package host

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// anewIn prepares a folder to go on with new keys in an epoch.
func anewIn(t *testing.T, dir string, epoch uint64, saw []byte) (Made, error) {
	t.Helper()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	return beginAnew(dir, name, epoch, Saw{Note: saw})
}

// beginAnew prepares a folder to go on with new keys in an epoch, where the parent saw something.
func beginAnew(dir string, name identity.Jurisdiction, epoch uint64, saw Saw) (Made, error) {
	parent, _ := name.Parent()
	return BeginAnew(dir, name, testRegistry(), func(*state.Reader, bool) (*Anew, error) {
		return &Anew{
			Now: time.Now(), Epoch: epoch, Parent: parent, Reason: "test",
			Saw: func([][]trust.KeySet) (Saw, error) { return saw, nil },
		}, nil
	})
}

// openAnewIn opens what was prepared.
func openAnewIn(t *testing.T, dir string) *Host {
	t.Helper()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(t.Context(), dir, name, Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Anew: true})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// undone takes back the last steps of BeginAnew in a folder, as a kill before them leaves it.
func undone(t *testing.T, dir string, steps int) {
	t.Helper()
	aside, certs, next := filepath.Join(dir, "before-2"), filepath.Join(dir, certsFolder), filepath.Join(dir, newCerts)
	for i, undo := range []func() error{
		func() error { return os.Rename(certs, next) },
		func() error { return os.Rename(filepath.Join(aside, certsFolder), certs) },
		func() error { return os.RemoveAll(aside) },
		func() error { return os.Remove(filepath.Join(dir, anewFile)) },
		func() error { return os.Remove(filepath.Join(next, "decryption.key")) },
	} {
		if i < steps {
			if err := undo(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestNotedBeforeItIsAlone: what is begun cannot be noted. The replica keeps the others, which may
// be alive, and stays where it was.
func TestNotedBeforeItIsAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nanming")
	h := open(t, dir)
	r2, err := identity.NewReplica(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Group().Add(t.Context(), r2); err != nil {
		t.Fatal(err)
	}
	want, _ := h.Members()
	closed(t, h)
	if err := os.MkdirAll(filepath.Join(dir, anewFile+".new", "x"), 0o700); err != nil { // where it would be written
		t.Fatal(err)
	}
	if _, err := anewIn(t, dir, 2, nil); err == nil {
		t.Fatal("it was noted")
	}
	h, err = Open(t.Context(), dir, h.Name(), Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, h)
	if got, _ := h.Members(); !slices.Equal(got, want) {
		t.Errorf("got members %v, want %v", got, want)
	}
}

// TestGoesOnAnew (Q03): a folder goes on with new keys, after a kill at any step and in as many
// attempts. Until that is ended nobody else opens it; what was recorded is there, the receipts of
// acts from before are by the keys of before, and those of later acts by the new ones. It can be
// done again.
func TestGoesOnAnew(t *testing.T) {
	first := filepath.Join(t.TempDir(), "nanming")
	h := open(t, first)
	before := pinOf(t, h)
	add(t, h)
	if _, _, err := h.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	old := h.Log()
	closed(t, h)
	for _, steps := range []int{0, 1, 2, 5} {
		dir := copyOf(t, first)
		made, err := anewIn(t, dir, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		undone(t, dir, steps)
		if steps < 4 { // the note is there
			_, err := Open(t.Context(), dir, old.Jurisdiction(), Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
			if _, refused := errors.AsType[*AnewError](err); !refused {
				t.Errorf("%d steps undone: got %v, want that it is not endorsed", steps, err)
			}
		}
		again, err := anewIn(t, dir, 2, nil)
		if err != nil || again.Recovery != made.Recovery {
			t.Fatalf("%d steps undone: got %+v, %v, want %+v", steps, again, err, made)
		}
		h := openAnewIn(t, dir)
		second := pinOf(t, h)
		checkAnew(t, h, before, second)
		closed(t, h)
		h = openAnewIn(t, dir) // it is not ended yet
		if err := h.EndAnew(); err != nil {
			t.Fatal(err)
		}
		closed(t, h)
		if _, err := os.Stat(filepath.Join(dir, anewFile)); !errors.Is(err, fs.ErrNotExist) {
			t.Error("the note is still there")
		}
		if steps > 0 {
			continue
		}
		if _, err := anewIn(t, dir, 9, nil); err != nil {
			t.Fatal(err)
		}
		h = openAnewIn(t, dir)
		checkAnew(t, h, before, second, pinOf(t, h))
		if err := h.EndAnew(); err != nil {
			t.Fatal(err)
		}
		closed(t, h)
		if _, err := anewIn(t, dir, 2, nil); err != nil { // the parent believed none since
			t.Fatal(err)
		}
		if h = openAnewIn(t, dir); h.Log().Epoch() != 10 {
			t.Errorf("after epoch 9 it goes on in epoch %d, want 10", h.Log().Epoch())
		}
		closed(t, h)
	}
}

// TestGoesOnAnewAfterAKill (B19-7): what is begun is on disk before the parent is told of it, and
// before the note goes. Where a kill leaves it in raft's log alone, the next attempt goes on with
// the chain that is there, also if its invitation names another epoch, and notes it; then another
// chain may begin.
func TestGoesOnAnewAfterAKill(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nanming")
	h := open(t, dir)
	before := pinOf(t, h)
	add(t, h)
	closed(t, h)
	began := func(epoch uint64) trust.Pin {
		t.Helper()
		if _, err := anewIn(t, dir, epoch, nil); err != nil {
			t.Fatal(err)
		}
		h := openAnewIn(t, dir)
		defer closed(t, h)
		pin := pinOf(t, h)
		var got trust.Pin
		_, err := BeginAnew(copyOf(t, dir), h.name, testRegistry(), func(r *state.Reader, _ bool) (a *Anew, err error) {
			got, err = FirstPin(r)
			return nil, err
		})
		if err != nil || got != pin {
			t.Errorf("a kill before the parent is told leaves the chain %s, %v, want %s", got, err, pin)
		}
		return pin
	}
	file := filepath.Join(dir, stateFile)
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	second := began(2)
	if err := os.WriteFile(file, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	if again := began(3); again != second || again == before {
		t.Errorf("after a kill: got the chain %s, want %s", again, second)
	}
	if third := began(3); third == second {
		t.Error("an invitation to another epoch, which is bound to no keys, goes on with those that were made for the one before")
	}
}

// checkAnew holds a ledger that goes on with the keys of the last chain of several, and settles it.
func checkAnew(t *testing.T, h *Host, chains ...trust.Pin) {
	t.Helper()
	pin := chains[len(chains)-1]
	if got := pinOf(t, h); got != pin {
		t.Errorf("it goes on with %s, want %s", got, pin)
	}
	if e, unsettled := h.Unsettled(); !unsettled || e.From != e.To || signs(t, h) {
		t.Errorf("the epoch is %+v, settled %v", e, !unsettled)
	}
	if err := h.SettleEpoch(t.Context(), h.Log().Epoch(), true); err != nil {
		t.Fatal(err)
	}
	add(t, h)
	var size uint64
	err := h.Look(func(r *state.Reader) error { size = r.Size(); return nil })
	if err != nil {
		t.Fatal(err)
	}
	for index := range size {
		receipt, err := h.Receipt(t.Context(), index)
		if err != nil {
			t.Fatalf("receipt of %d: %v", index, err)
		}
		var by []int
		for i, chain := range chains {
			if _, err := ledger.VerifyReceipt(receipt, nil, chain); err == nil {
				by = append(by, i)
			}
		}
		if len(by) != 1 || index == 1 && by[0] != 0 || index == size-1 && by[0] != len(chains)-1 {
			t.Errorf("entry %d of %d is proven by the chains %v", index, size, by)
		}
	}
}
