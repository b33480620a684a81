package authority

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

func second(t *testing.T) identity.Replica {
	t.Helper()
	r, err := identity.NewReplica(2)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestHandOver lets a second replica join after two renewals: it uses the key set that lists it,
// opens what is encrypted to every usable key of the jurisdiction, also after a crash in between,
// and nothing that was sealed to another hand-over opens.
func TestHandOver(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	first, set := renewed(t, now)
	dir := t.TempDir()
	joined, err := CreateReplica(dir, first.Name(), second(t), now)
	if err != nil {
		t.Fatal(err)
	}
	next := set
	hash := set.Hash()
	next.Number, next.Previous = set.Number+1, hash[:]
	next.Replicas = []trust.ReplicaKeys{first.Keys(), joined.Keys()}
	if err := joined.Use(next, now); err == nil {
		t.Fatal("it uses a key set whose decryption key it does not have")
	}
	receiver, other := receiverOf(t), receiverOf(t)
	sealed, err := first.HandOver(second(t), receiver.Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := joined.Take(other, sealed); err == nil {
		t.Error("what was sealed to another key opens")
	}
	for i := range sealed {
		if i%97 == 0 && joined.Take(receiver, flipped(sealed, i)) == nil {
			t.Errorf("byte %d is flipped, and it opens", i)
		}
	}
	for range 2 { // a crash before Use: the same again
		if joined, err = CreateReplica(dir, first.Name(), second(t), now); err != nil {
			t.Fatal(err)
		}
		if err := joined.Take(receiver, sealed); err != nil {
			t.Fatal(err)
		}
	}
	if err := joined.Use(next, now); err != nil {
		t.Fatal(err)
	}
	again, err := Open(dir, first.Name(), second(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Check(next); err != nil {
		t.Error(err)
	}
	if len(first.decryption) < 2 || len(again.decryption) != len(first.decryption) {
		t.Errorf("it holds %d decryption keys, the first replica %d", len(again.decryption), len(first.decryption))
	}
	for sum, h := range first.decryption {
		if got, ok := again.decryption[sum]; !ok || got.number != h.number {
			t.Errorf("the decryption key of number %d is not there", h.number)
		}
	}
	if got, want := again.journal.Former, first.journal.Former; len(got) != len(want) || got[0] != want[0] {
		t.Errorf("former keys %v, want %v", got, want)
	}
}

// TestHandedToAnother (K03b) seals for one replica, and another one takes it.
func TestHandedToAnother(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	first, _ := renewed(t, now)
	third, err := identity.NewReplica(3)
	if err != nil {
		t.Fatal(err)
	}
	joined, err := CreateReplica(t.TempDir(), first.Name(), second(t), now)
	if err != nil {
		t.Fatal(err)
	}
	receiver := receiverOf(t)
	sealed, err := first.HandOver(third, receiver.Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := joined.Take(receiver, sealed); err == nil {
		t.Error("r2 takes what was sealed for r3")
	}
	if bytes.Contains(sealed, privateOf(t, first)) {
		t.Error("the key travels in clear")
	}
}

func receiverOf(t *testing.T) *Receiver {
	t.Helper()
	r, err := NewReceiver()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// renewed is a first replica whose keys were all made anew once.
func renewed(t *testing.T, now time.Time) (*Authority, trust.KeySet) {
	t.Helper()
	name, err := identity.ParseJurisdiction("guizhou")
	if err != nil {
		t.Fatal(err)
	}
	r, err := identity.NewReplica(1)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Create(t.TempDir(), name, r, now)
	if err != nil {
		t.Fatal(err)
	}
	signed, _, err := a.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	set, err := trust.Reopen(signed)
	if err != nil {
		t.Fatal(err)
	}
	next, _, err := a.Next(set, now, now, Revoke)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Use(next, now); err != nil {
		t.Fatal(err)
	}
	return a, next
}

func privateOf(t *testing.T, a *Authority) []byte {
	t.Helper()
	data, err := a.decryption[sha256.Sum256(a.publicDecryption(a.journal.Decryption))].key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func flipped(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 1
	return data
}
