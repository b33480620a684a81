package host

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSettledAgain: that an epoch is settled is in the ledger, and then the place of the folder
// cannot be noted. The same again settles it, without a restart.
func TestSettledAgain(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	early := seen(t, h)
	closed(t, h)
	old := copyOf(t, dir)
	h = open(t, dir)
	add(t, h)
	later := seen(t, h)
	closed(t, h)

	h = open(t, old)
	defer func() { closed(t, h) }()
	_ = h.askOnce(t.Context(), told{seen: []Seen{later}})
	if _, err := h.BeginEpoch(t.Context(), newID(t), "r", Lost{From: early.Checkpoint.Size}); err != nil {
		t.Fatal(err)
	}
	full := filepath.Join(h.dir, placeFile+".new")
	if err := os.MkdirAll(filepath.Join(full, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := h.SettleEpoch(t.Context(), true); err == nil || signs(t, h) {
		t.Fatalf("the place was noted: %v", err)
	}
	if err := os.RemoveAll(full); err != nil {
		t.Fatal(err)
	}
	if _, lost, unsettled, err := h.Begun(t.Context()); err != nil || !unsettled || lost.Settled {
		t.Errorf("got unsettled %v, %+v, %v", unsettled, lost, err)
	}
	if err := h.SettleEpoch(t.Context(), true); err != nil || !signs(t, h) {
		t.Errorf("not settled: %v", err)
	}
	if _, _, unsettled, err := h.Begun(t.Context()); err != nil || unsettled {
		t.Errorf("unsettled %v, %v", unsettled, err)
	}
}
