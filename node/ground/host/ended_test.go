package host

import (
	"errors"
	"testing"

	"xietong/certs/canon"
	"xietong/consensus/ledger"
	"xietong/node/ground/book"
)

// TestActsUnderEndedKeys: the clock of a running node was far behind, or the machine slept, and the
// certificate in use has ended before the next upkeep looks at it (D16). What is signed with it can
// never be proven, so it is not signed; after the renewal it is, and its receipt verifies.
func TestActsUnderEndedKeys(t *testing.T) {
	clock := &setClock{at: began}
	h := openWith(t, t.TempDir(), clock.now, 0)
	defer h.Close()
	clock.set(began.Add(400 * day))
	act, err := h.Act(testHead(), "application/json", []byte(village))
	if e, ok := errors.AsType[*EndedError](err); !ok || act.Sealed != nil {
		t.Fatalf("got %v, %v, want *EndedError", e, err)
	}
	if all := h.Trouble(); len(all) != 1 || !errors.As(all[0], new(*EndedError)) {
		t.Errorf("trouble: got %v, want *EndedError", all)
	}
	renew(t, h, nobody)
	renew(t, h, nobody)
	add(t, h)
	got := keep(t, h, entryCount(t, h)-1)
	if _, err := ledger.VerifyReceipt(got.receipt, got.preimage, pinOf(t, h)); err != nil {
		t.Errorf("after the renewal: %v", err)
	}
}

// TestClockSetBackBeforeEnded: the ledger was written while the clock was ahead, and by its time
// the keys in use have ended. What is wrong is the clock, and an act and the trouble tell that.
func TestClockSetBackBeforeEnded(t *testing.T) {
	clock := &setClock{at: began}
	h := openWith(t, t.TempDir(), clock.now, 0)
	defer h.Close()
	note, err := h.Note("application/json", []byte(village))
	if err != nil {
		t.Fatal(err)
	}
	body, err := canon.Marshal(testBody{Statement: note})
	if err != nil {
		t.Fatal(err)
	}
	clock.set(began.Add(400 * day))
	if _, err := h.Propose(t.Context(), kindTest, book.Request{}, body); err != nil {
		t.Fatal(err)
	}
	clock.set(began)
	_, act := h.Act(testHead(), "application/json", []byte(village))
	for what, err := range map[string]error{"act": act, "trouble": errors.Join(h.Trouble()...)} {
		if errors.As(err, new(*EndedError)) || !errors.As(err, new(*ClockError)) {
			t.Errorf("%s: got %v, want *ClockError", what, err)
		}
	}
}
