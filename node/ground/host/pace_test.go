package host

import (
	"errors"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
)

// TestRevocationsArePaced (A11b): whoever reaches the socket asks for a revocation every minute for
// a day, and the node is started anew meanwhile. Two come at once and four in the day; each refusal
// says when the next is possible, and then it is.
func TestRevocationsArePaced(t *testing.T) {
	clock := &setClock{at: began}
	dir := t.TempDir()
	h := openWith(t, dir, clock.now, 0)
	defer func() { h.Close() }()
	var made []time.Duration
	for minute := range 24 * 60 {
		clock.set(began.Add(time.Duration(minute) * time.Minute))
		if revoke(t, h) == nil {
			made = append(made, clock.now().Sub(began))
			if err := h.Close(); err != nil { // the pace is not in memory
				t.Fatal(err)
			}
			h = openWith(t, dir, clock.now, 0)
		}
		if len(made) > 4 {
			t.Fatalf("revocations after %v: more than four in a day", made)
		}
	}
	if len(made) != 4 || made[1] >= time.Hour || made[2] < time.Hour || made[3] < 2*time.Hour {
		t.Errorf("revocations after %v, want two at once, and one more after each hour", made)
	}
	var waits []time.Duration
	for range 4 {
		e, slow := errors.AsType[*KeysError](revoke(t, h))
		if !slow || e.Again.IsZero() {
			t.Fatalf("refused by %v, want one that says when", e)
		}
		waits = append(waits, e.Again.Sub(clock.now()))
		clock.set(e.Again)
		if err := revoke(t, h); err != nil {
			t.Fatalf("when the refusal said: %v", err)
		}
	}
	if longest := 7 * day; waits[1] != day || waits[2] != longest || waits[3] != longest {
		t.Errorf("the next is possible after %v, want never later than a week", waits)
	}
}

// TestRenewalsArePaced (A11): an hourly `keys renew` is slowed too, and holds up no revocation.
func TestRenewalsArePaced(t *testing.T) {
	clock := &setClock{at: began}
	h := openWith(t, t.TempDir(), clock.now, 0)
	defer h.Close()
	made := 0
	for hour := range 30 * 24 {
		clock.set(began.Add(time.Duration(hour+1) * time.Hour))
		id, err := identity.NewMessage()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.NewKeys(t.Context(), id, Change{}); err == nil {
			made++
			renew(t, h, everybody)
		}
		if made > 10 {
			t.Fatalf("%d renewals in %d hours", made, hour)
		}
	}
	if err := revoke(t, h); err != nil {
		t.Errorf("a revocation after %d renewals: %v", made, err)
	}
}

// TestLongChainLeavesNoTrace (A11c): a receipt that its own verifier would refuse for its length is
// refused here, and a chain that could not be read again is not kept.
func TestLongChainLeavesNoTrace(t *testing.T) {
	h := openWith(t, t.TempDir(), (&setClock{at: began}).now, 0)
	defer h.Close()
	pin := pinOf(t, h)
	for what, length := range map[string]int{"fits": ledger.MaxReceiptLen - 100<<10, "does not": ledger.MaxReceiptLen} {
		a := &above{Root: pin.String(), Levels: []trust.Level{{KeySets: [][]byte{make([]byte, length)}}}}
		h.above.Store(a)
		h.endorsed.Store(&trust.Endorsement{Number: 1})
		receipt, err := h.Receipt(t.Context(), 0)
		_, long := errors.AsType[*ChainError](err)
		if fits := what == "fits"; fits != (err == nil) || fits == long || len(receipt) > ledger.MaxReceiptLen {
			t.Errorf("a receipt that %s: %d bytes, %v", what, len(receipt), err)
		}
		if _, long := errors.AsType[*ChainError](h.keepAbove(a, []trust.Link{{}})); long != (what == "does not") {
			t.Errorf("a chain that %s: refused %t", what, long)
		}
	}
}
