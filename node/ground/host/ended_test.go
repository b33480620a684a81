package host

import (
	"errors"
	"testing"

	"xietong/consensus/ledger"
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
	renew(t, h, nobody)
	renew(t, h, nobody)
	add(t, h)
	got := keep(t, h, entryCount(t, h)-1)
	if _, err := ledger.VerifyReceipt(got.receipt, got.preimage, pinOf(t, h)); err != nil {
		t.Errorf("after the renewal: %v", err)
	}
}
