package host

import (
	"errors"
	"log/slog"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/state"
)

// TestScrubTellsWhatDecayed flips a bit of an encrypted content, while nothing is open. The node
// starts, the scrub names the entry within its round, and Trouble tells it from then on, once.
func TestScrubTellsWhatDecayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		h := open(t, dir)
		name := h.Name()
		for range 20 { // the first ones are read at the start, too
			add(t, h)
		}
		var sealed []byte
		err := errors.Join(h.Look(func(r *state.Reader) error { sealed = r.Sealed(18); return nil }), h.Close())
		if err != nil {
			t.Fatal(err)
		}
		flip(t, dir, sealed, 5)
		h, err = Open(t.Context(), dir, name, Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		if told := h.told(); told != nil {
			t.Errorf("before the scrub: %v", told)
		}
		time.Sleep(scrubFirst + time.Minute)
		first := h.told()
		if first == nil || first.Kept != "sealed 18" || first.Values != 1 || first.Others || time.Since(first.Since) > time.Minute {
			t.Fatalf("after a round: got %+v", first)
		}
		time.Sleep(2 * scrubEvery)
		if again := h.told(); again == nil || !reflect.DeepEqual(again, first) {
			t.Errorf("after more rounds: got %+v, want %+v", again, first)
		}
		if _, err := h.Mend(t.Context()); err == nil {
			t.Error("a replica that is alone was mended")
		}
	})
}

// told returns what is told of decay.
func (h *Host) told() *DecayedError {
	for _, err := range h.Trouble() {
		if decayed, ok := errors.AsType[*DecayedError](err); ok {
			return decayed
		}
	}
	return nil
}
