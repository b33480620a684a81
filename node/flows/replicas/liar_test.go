package replicas

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"

	"xietong/certs/trust"
	"xietong/node/ground/host"
)

// liar is one replica of three in bad hands, which does not lead.
type liar struct {
	*machine
	other *machine // that it asks for its signature
}

// signed returns a key set that follows the newest, signed by a majority: by the liar, and by the
// one that it asks.
func (l liar) signed(change func(*trust.KeySet)) ([]byte, error) {
	newest := newestOf(l.t, l.other)
	next := following(newest, newest.Replicas...)
	next.Revokes = false
	change(&next)
	var all []trust.Signature
	for _, r := range newest.Replicas {
		for _, m := range []*machine{l.machine, l.other} {
			if m.replica != r.Replica {
				continue
			}
			sig, err := m.SignKeySet(l.t.Context(), l.replica, next)
			if err != nil && m == l.machine {
				return nil, fmt.Errorf("by itself: %w", err)
			}
			if err != nil {
				return nil, err
			}
			all = append(all, trust.Signature{Replica: r.Replica, Sig: sig})
		}
	}
	return trust.Assemble(next, all)
}

// liars returns a group of three at a root, one of which lies.
func liars(t *testing.T) (all []*machine, l liar) {
	t.Helper()
	all = withClocks(t, 3)
	leader := leaderOf(t, all)
	for _, m := range all {
		switch {
		case m == leader:
		case l.machine == nil:
			l.machine = m
		default:
			l.other = m
		}
	}
	return all, l
}

// TestOneOfThreeHurriesNobody (K07): one replica of three asks another one to sign the next key set
// again and again. Nobody signs one that changes nothing; and of those with another recovery key no
// more than an administrator could have made, and one.
func TestOneOfThreeHurriesNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, l := liars(t)
		if _, err := l.signed(func(*trust.KeySet) {}); !errors.Is(err, host.ErrKeySet) {
			t.Errorf("word for word: %v", err)
		}
		made := 0
		for range 20 {
			public, _, err := ed25519.GenerateKey(nil)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := l.signed(func(k *trust.KeySet) { k.RecoveryKey = public })
			if err != nil {
				if !errors.Is(err, host.ErrKeySet) {
					t.Error(err)
				}
				break
			}
			if err := l.other.Lacked(t.Context(), signed); err != nil {
				t.Fatal(err)
			}
			made++
		}
		if made == 0 || made > 4 {
			t.Errorf("%d key sets were signed at once", made)
		}
	})
}

// TestAKeySetThatNobodyPublished (S09i): a key set that a majority signed, and that one replica in
// bad hands, or one that led and ended, published nowhere, is shown to the others of a root. They
// publish it, and go on: it proves none of them to be old.
func TestAKeySetThatNobodyPublished(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		all, l := liars(t)
		public, _, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		before := newestOf(t, l.other)
		signed, err := l.signed(func(k *trust.KeySet) { k.RecoveryKey = public })
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if m != l.machine {
				if err := m.Lacked(t.Context(), signed); err != nil || m.Questioned() != nil {
					t.Errorf("%s: %v, in question: %v", m.replica, err, m.Questioned())
				}
			}
		}
		if got := newestOf(t, l.other); got.Number != before.Number+1 || string(got.RecoveryKey) != string(public) {
			t.Errorf("the newest key set is number %d, want %d", got.Number, before.Number+1)
		}
		if _, err := l.other.note(t.Context(), "after"); err != nil {
			t.Error(err)
		}
	})
}
