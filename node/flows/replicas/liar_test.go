package replicas

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"xietong/certs/trust"
	"xietong/consensus/state"
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

// hurries has one key set after the other signed and published, each with the change of its number,
// until one is refused: no more are signed at once than an administrator could have made, and one.
func (l liar) hurries(change func(n int64, k *trust.KeySet)) {
	t := l.t
	t.Helper()
	made := 0
	for n := range int64(20) {
		if err := l.other.Linearize(t.Context()); err != nil { // it lags behind nobody
			t.Fatal(err)
		}
		signed, err := l.signed(func(k *trust.KeySet) { change(n, k) })
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
}

// anotherRecovery gives a key set another recovery key.
func anotherRecovery(t testing.TB, k *trust.KeySet) {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	k.RecoveryKey = public
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
		l.hurries(func(_ int64, k *trust.KeySet) { anotherRecovery(t, k) })
	})
}

// certificateOf returns a certificate of the liar's own making.
func certificateOf(t *testing.T, serial int64, from, to time.Time) []byte {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: from, NotAfter: to,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: make([]byte, 3600)}},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// TestOneOfThreeIsNotAlwaysDue (K07): one replica of three lists certificates of its own making,
// which are past their half life already. It is not due by that.
func TestOneOfThreeIsNotAlwaysDue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		_, l := liars(t)
		l.hurries(func(n int64, k *trust.KeySet) {
			if n == 0 { // at once, as an administrator may have it, once
				anotherRecovery(t, k)
			}
			at := slices.IndexFunc(k.Replicas, func(r trust.ReplicaKeys) bool { return r.Replica == l.replica })
			k.Replicas = slices.Clone(k.Replicas)
			der := certificateOf(t, n+1, time.Now().Add(-365*24*time.Hour), time.Now().Add(24*time.Hour))
			k.Replicas[at].SigningCert, k.Replicas[at].CACert = der, der
		})
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

// TestOneOfThreeBringsNobody (K08): one replica of three, which does not lead, has a machine of its
// own invited and admitted, and another one noted as removed, by commands that any replica may
// propose. Nobody signs the key set in which its machine takes the place of that one, nor one in
// which it comes beside them.
func TestOneOfThreeBringsNobody(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		all, l := liars(t)
		leader := leaderOf(t, all)
		invited, err := Invite(t.Context(), l.Host, newID(t), time.Now().Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		puppet := keysOf(t, invited.Replica).Keys()
		if err := Admit(t.Context(), l.Host, invited.Secret, puppet, nil); err != nil {
			t.Fatal(err)
		}
		if err := SetStage(t.Context(), l.Host, newID(t), leader.replica, Removed); err != nil {
			t.Fatal(err)
		}
		if err := l.other.Linearize(t.Context()); err != nil {
			t.Fatal(err)
		}
		newest := newestOf(t, l.other)
		others := slices.DeleteFunc(slices.Clone(newest.Replicas), func(r trust.ReplicaKeys) bool { return r.Replica == leader.replica })
		for what, listed := range map[string][]trust.ReplicaKeys{
			"in its place": append(others, puppet), "beside them": append(slices.Clone(newest.Replicas), puppet), "without it": slices.Clip(others)[:2],
		} {
			for _, by := range []*machine{l.machine, leader} { // the one that leads may not swap two either
				next := following(newest, listed...)
				next.Revokes = false
				_, err := l.other.SignKeySet(t.Context(), by.replica, next)
				if mine := by == leader && what != "in its place"; !mine && !errors.Is(err, host.ErrKeySet) {
					t.Errorf("%s, by %s: got %v", what, by.replica, err)
				}
			}
		}
	})
}

// TestMembersThatNobodyPublished (S09i): a key set that lists a further replica, which was
// admitted, was signed by a majority and published nowhere; somebody shows it to the others of a
// root. They publish it, and go on.
func TestMembersThatNobodyPublished(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		all := withClocks(t, 3)
		leader := leaderOf(t, all)
		fourth := further(t, all[0].in, all[0]) // admitted, and has no vote
		defer fourth.down()
		newest := newestOf(t, leader)
		var keys *trust.ReplicaKeys
		if err := leader.Look(func(r *state.Reader) error { keys = Keys(r, fourth.replica); return nil }); err != nil {
			t.Fatal(err)
		}
		next := following(newest, append(slices.Clone(newest.Replicas), *keys)...)
		next.Revokes = false
		var sigs []trust.Signature
		for _, m := range all {
			sig, err := m.SignKeySet(t.Context(), leader.replica, next)
			if err != nil {
				t.Fatal(err)
			}
			sigs = append(sigs, trust.Signature{Replica: m.replica, Sig: sig})
		}
		signed, err := trust.Assemble(next, sigs[:2])
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if err := m.Lacked(t.Context(), signed); err != nil || m.Questioned() != nil {
				t.Errorf("%s: %v, in question: %v", m.replica, err, m.Questioned())
			}
		}
		if got := newestOf(t, leader); got.Number != next.Number || len(got.Replicas) != 4 {
			t.Errorf("the newest key set is number %d, of %d replicas", got.Number, len(got.Replicas))
		}
	})
}
