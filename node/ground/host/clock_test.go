package host

import (
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// setClock is a clock that the test sets.
type setClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *setClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *setClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = t
}

// openWith is open with another clock and another minimum of free disk space.
func openWith(t *testing.T, dir string, now func() time.Time, minFree uint64) *Host {
	t.Helper()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, name, now(), 1); err != nil {
		t.Fatal(err)
	}
	o := Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: now, MinFree: minFree}
	h, err := Open(t.Context(), dir, name, o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func try(t *testing.T, h *Host) error {
	t.Helper()
	act, err := h.Act(testHead(), "application/json", []byte(village))
	if err != nil {
		return err
	}
	body, err := canon.Marshal(testBody{Statement: act})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Propose(t.Context(), kindTest, book.Request{}, body)
	return err
}

func entryCount(t *testing.T, h *Host) (n uint64) {
	t.Helper()
	if err := h.View(t.Context(), func(r *state.Reader) error { n = r.Size(); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestClockSetBack checks that under a clock that is behind the ledger writing goes on, after an
// entry that says so, and a start succeeds; that it stops only where the clock is more than three
// days behind, and goes on by itself; and that reading always goes on, receipts of the newest entry
// included.
func TestClockSetBack(t *testing.T) {
	const day = 24 * time.Hour
	start := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	clock := &setClock{at: start}
	dir := t.TempDir()
	h := openWith(t, dir, clock.now, 0)
	corrections := 0
	for i, row := range []struct {
		at        time.Duration // after start
		corrects  bool
		behind    time.Duration // 0: taken
		corrected bool          // told then
		restart   bool
	}{
		{at: 0},
		{at: -MaxBehind},
		{at: -MaxBehind - time.Second, corrects: true, corrected: true},
		{at: -time.Hour, corrects: true, corrected: true, restart: true},
		{at: -time.Minute, corrected: true},
		{at: time.Minute},
		{at: 30 * day}, // no entry for a month
		{at: 27*day - time.Second, behind: 3*day + time.Second},
		{at: 0, behind: 30 * day},
		{at: 0, behind: 30 * day, restart: true},
		{at: 27 * day, corrects: true, corrected: true},
		{at: 30*day - MaxBehind, corrected: true, restart: true},
		{at: 31 * day},
	} {
		clock.set(start.Add(row.at))
		if row.restart {
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			h = openWith(t, dir, clock.now, 0)
		}
		before := entryCount(t, h)
		err := try(t, h)
		wrong, refused := errors.AsType[*ClockError](err)
		switch {
		case row.behind == 0 && err != nil:
			t.Errorf("row %d: got %v, want it taken", i, err)
		case row.behind != 0 && (!refused || !wrong.Beyond || wrong.Ahead != -row.behind):
			t.Errorf("row %d: got %v, want a clock %s behind", i, err, row.behind)
		case row.behind != 0 && entryCount(t, h) != before:
			t.Errorf("row %d: refused, and the ledger grew", i)
		}
		if row.corrects {
			corrections++
		}
		if got := entriesOf(t, h, ledger.KindClockCorrected); got != corrections {
			t.Errorf("row %d: %d entries tell of a correction, want %d", i, got, corrections)
		}
		all := errors.Join(h.Trouble()...)
		if told := errors.As(all, new(*ClockError)); told != (row.behind != 0) {
			t.Errorf("row %d: a clock %s behind is trouble: %t", i, row.behind, told)
		}
		if told := errors.As(all, new(*CorrectedError)); told != row.corrected {
			t.Errorf("row %d: a correction is told: %t", i, told)
		}
		if _, err := h.Receipt(t.Context(), entryCount(t, h)-1); err != nil {
			t.Errorf("row %d: receipt of the newest entry: %v", i, err)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

func entriesOf(t *testing.T, h *Host, kind ledger.Kind) (n int) {
	t.Helper()
	err := h.View(t.Context(), func(r *state.Reader) error {
		for index := range r.Size() {
			leaf, err := ledger.DecodeLeaf(r.Leaf(index))
			if err != nil {
				return err
			}
			if leaf.Head.Kind == kind {
				n++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestFullDisk checks that the refusal says how much space is free and needed, and that reading
// goes on.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	if _, err := h.Receipt(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	const needed = 1 << 62
	h = openWith(t, dir, time.Now, needed)
	defer h.Close()
	err := try(t, h)
	full, ok := errors.AsType[*group.SpaceError](err)
	if !ok || !errors.Is(err, group.ErrDiskFull) || !errors.Is(err, group.ErrNotDone) ||
		full.Dir != dir || full.Needed != needed || full.Free == 0 {
		t.Errorf("got %v, %+v", err, full)
	}
	if _, err := h.Receipt(t.Context(), 1); err != nil || entryCount(t, h) != 2 {
		t.Errorf("reading stopped: %v", err)
	}
}
