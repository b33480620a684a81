package host

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/paper"
	"xietong/certs/trust"
)

// TestPaperIsShownBeforeItCounts: a crash between making the recovery key and keeping its public
// part leaves no key that nobody was shown: the next attempt shows another, which is the one that
// counts. Once one counts, no other is shown, and the answer says which it is.
func TestPaperIsShownBeforeItCounts(t *testing.T) {
	dir := t.TempDir()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	show := func(k *paper.Key) error {
		shown = append(shown, trust.RecoveryFingerprint(k.Public()))
		if _, err := os.Stat(filepath.Join(dir, certsFolder, "recovery.pub")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the public part is kept before it was shown: %v", err)
		}
		if len(shown) == 1 {
			return errors.New("killed")
		}
		return nil
	}
	if _, err := Make(dir, name, New{Now: time.Now(), Paper: show}); err == nil {
		t.Fatal("made, though nobody could be shown the key")
	}
	second, err := Make(dir, name, New{Now: time.Now(), Paper: show})
	if err != nil || !second.Papered || second.Recovery != shown[1] || shown[0] == shown[1] {
		t.Errorf("got %+v, %v, want the second of %q", second, err, shown)
	}
	third, err := Make(dir, name, New{Now: time.Now(), Paper: show})
	if err != nil || third.Papered || third.Recovery != shown[1] || len(shown) != 2 {
		t.Errorf("again: got %+v, %v, shown %q, want the same and no other paper", third, err, shown)
	}
}

// TestRecoveryStatementIsHandedOn: the own statement goes along with the own key sets, also after a
// restart, and stands in no receipt.
func TestRecoveryStatementIsHandedOn(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	defer h.Close()
	pin, err := h.Pin()
	if err != nil {
		t.Fatal(err)
	}
	statement, err := trust.SignRecovery(pin, func([]byte) []byte { return make([]byte, ed25519.SignatureSize) })
	if err != nil {
		t.Fatal(err)
	}
	if err := h.KeepRecovery(statement); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		levels, _, err := h.Chain(t.Context())
		if err != nil || !bytes.Equal(levels[len(levels)-1].Recovery, statement) {
			t.Fatalf("got %v, %v, want the statement", levels, err)
		}
		h.recovery.Store(nil)
		if err := h.readRecovery(); err != nil {
			t.Fatal(err)
		}
	}
	other, err := trust.ParsePin(strings.Replace(pin.String(), "keys/1/", "keys/2/", 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.checkRecovery(pin); err != nil {
		t.Errorf("the own statement: got %v", err)
	}
	if part, ok := errors.AsType[*PartError](h.checkRecovery(other)); !ok || part.Part != PartRecovery {
		t.Errorf("the statement of another key set: got %v", part)
	}
	for _, bad := range [][]byte{nil, make([]byte, len(statement)), statement[:len(statement)/2], append(statement, 0)} {
		if err := os.WriteFile(filepath.Join(dir, recoveryFile), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if part, ok := errors.AsType[*PartError](h.readRecovery()); !ok || part.Part != PartRecovery {
			t.Errorf("%x: got %v", bad, part)
		}
	}
}

// TestPaperAtOnce: whoever missed the paper when the jurisdiction was made has another at once, and
// two in an hour; a try makes nothing, and is refused where the change would be.
func TestPaperAtOnce(t *testing.T) {
	clock := &setClock{at: began}
	h := openWith(t, t.TempDir(), clock.now, 0)
	defer h.Close()
	change := func(c Change) (uint64, error) {
		id, err := identity.NewMessage()
		if err != nil {
			t.Fatal(err)
		}
		return h.NewKeys(t.Context(), id, c)
	}
	for number := uint64(2); number <= 3; number++ {
		public, _, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, try := range []bool{true, false} {
			if got, err := change(Change{Recovery: public, Try: try}); err != nil || got != number {
				t.Fatalf("paper %d, try %t: got number %d, %v", number, try, got, err)
			}
		}
		renew(t, h, everybody)
		if sets, err := h.published(t.Context()); err != nil || uint64(len(sets)) != number || !bytes.Equal(sets[number-1].RecoveryKey, public) {
			t.Fatalf("paper %d: %d key sets, %v", number, len(sets), err)
		}
		if _, err := change(Change{}); !tooSoon(err) {
			t.Errorf("another key without a paper, within the hour: got %v", err)
		}
	}
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, try := range []bool{true, false} {
		if _, err := change(Change{Recovery: public, Try: try}); !tooSoon(err) {
			t.Errorf("a paper too many, try %t: got %v", try, err)
		}
	}
	clock.set(began.Add(RenewAfter + time.Minute))
	if _, err := change(Change{Recovery: public}); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func tooSoon(err error) bool {
	e, ok := errors.AsType[*KeysError](err)
	return ok && !e.Again.IsZero()
}
