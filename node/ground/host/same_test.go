package host

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/consensus/state"
)

// TestSameKeysOnce (S14k): the same change of keys under the same id is made once, also after a
// restart and after others; any other change under the id is refused, and so is one that would
// carry another recovery key.
func TestSameKeysOnce(t *testing.T) {
	clock := &setClock{at: began.Add(2 * time.Hour)}
	dir := t.TempDir()
	h := openWith(t, dir, clock.now, 0)
	defer func() { h.Close() }()
	paper, other := public(t), public(t)
	asked := []struct {
		id     identity.Message
		change Change
		number uint64
	}{
		{newID(t), Change{Recovery: paper}, 2},
		{newID(t), Change{Revoke: true}, 3},
		{newID(t), Change{Revoke: true, Recovery: paper}, 4},
	}
	for round := range 3 {
		for i, a := range asked {
			if n, err := h.NewKeys(t.Context(), a.id, a.change); err != nil || n != a.number {
				t.Errorf("round %d, change %d: got number %d, %v, want %d", round, i, n, err, a.number)
			}
			renew(t, h, everybody)
			for _, c := range []Change{{}, {Recovery: paper}, {Recovery: other}, {Revoke: true}, {Revoke: true, Recovery: paper}} {
				if same := c.Revoke == a.change.Revoke && c.Recovery.Equal(a.change.Recovery); same {
					continue
				}
				if n, err := h.NewKeys(t.Context(), a.id, c); !isReused(err) {
					t.Errorf("round %d: revoke %t, paper %t under the id of change %d: got number %d, %v, want it refused", round, c.Revoke, c.Recovery != nil, i, n, err)
				}
			}
		}
		if got := len(sets(t, h, pinOf(t, h))); got != 4 {
			t.Errorf("round %d: %d key sets, want 4", round, got)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		h = openWith(t, dir, clock.now, 0)
	}
}

func newID(t *testing.T) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func public(t *testing.T) ed25519.PublicKey {
	t.Helper()
	p, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func isReused(err error) bool {
	refusal, refused := errors.AsType[*state.Refusal](err)
	return refused && refusal.Code == state.CodeIDReused
}

// TestAnotherPaperStandsThere: a key set of an earlier attempt, whose outcome was unknown, has the
// number by the time of the next attempt. The same key set is a success; one that carries another
// recovery key, or none, is refused, and nobody is told that this paper counts.
func TestAnotherPaperStandsThere(t *testing.T) {
	paper, other := public(t), public(t)
	for what, row := range map[string]struct {
		first, next ed25519.PublicKey
		same        bool
	}{
		"the same paper": {paper, paper, true},
		"another paper":  {paper, other, false},
		"no paper":       {nil, paper, false},
	} {
		h := openWith(t, t.TempDir(), (&setClock{at: began.Add(2 * time.Hour)}).now, 0)
		before, now, err := h.renewable(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		attempt := func(recovery ed25519.PublicKey) error {
			q, err := h.request(newID(t), Change{Recovery: recovery})
			if err == nil {
				_, err = h.publishNext(t.Context(), q, before, now, authority.Wanted, recovery)
			}
			return err
		}
		if err := attempt(row.first); err != nil {
			t.Fatal(what, err)
		}
		err = attempt(row.next)
		e, waits := errors.AsType[*KeysError](err)
		if row.same != (err == nil) || !row.same && (!waits || e.Pending != 2) {
			t.Errorf("%s: got %v, want success %t", what, err, row.same)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPaperNamesItsKeySet: before anything is made, whoever prints a paper is told the number
// of the key set that will name its key, also where keys that were made and never published are
// published first, so that they are revoked, too.
func TestPaperNamesItsKeySet(t *testing.T) {
	for what, row := range map[string]struct {
		begun, revoke bool
		want          uint64
	}{
		"renewed":                     {false, false, 2},
		"revoked":                     {false, true, 2},
		"renewed, as one was begun":   {true, false, 2},
		"revoked, while one is begun": {true, true, 3},
	} {
		h := openWith(t, t.TempDir(), (&setClock{at: began}).now, 0)
		if row.begun {
			if _, _, err := h.authority.Next(sets(t, h, pinOf(t, h))[0], began, began, authority.Wanted); err != nil {
				t.Fatal(err)
			}
		}
		change := Change{Revoke: row.revoke, Recovery: public(t), Try: true}
		told, err := h.NewKeys(t.Context(), newID(t), change)
		if err != nil || told != row.want {
			t.Errorf("%s: the paper names number %d, %v, want %d", what, told, err, row.want)
		}
		change.Try = false
		if made, err := h.NewKeys(t.Context(), newID(t), change); err != nil || made != row.want {
			t.Errorf("%s: made number %d, %v, want %d", what, made, err, row.want)
		}
		for _, k := range sets(t, h, pinOf(t, h)) {
			if names := change.Recovery.Equal(ed25519.PublicKey(k.RecoveryKey)); names != (k.Number == row.want) {
				t.Errorf("%s: number %d names the key of the paper: %t", what, k.Number, names)
			}
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
