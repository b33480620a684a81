package trust

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// member is a replica with its log key.
type member struct {
	keys ReplicaKeys
	log  ed25519.PrivateKey
}

func newMember(t testing.TB, n uint32) member {
	t.Helper()
	public, log, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, public, log)
	if err != nil {
		t.Fatal(err)
	}
	r, err := identity.NewReplica(n)
	if err != nil {
		t.Fatal(err)
	}
	return member{ReplicaKeys{Replica: r, CACert: cert, SigningCert: cert, LogKey: public}, log}
}

func place(t testing.TB, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// set makes the key set of the members that follows before (nil: number 1).
func set(t testing.TB, before *KeySet, members ...member) KeySet {
	t.Helper()
	k := KeySet{Name: place(t, "nanming.guiyang.guizhou"), Epoch: 1, Number: 1, DecryptionKey: []byte{1}, RecoveryKey: paperOf("nanming").Public().(ed25519.PublicKey)}
	if before != nil {
		hash := before.Hash()
		k.Number, k.Previous = before.Number+1, hash[:]
	}
	for _, m := range members {
		k.Replicas = append(k.Replicas, m.keys)
	}
	return k
}

func sign(t testing.TB, k KeySet, by ...member) []byte {
	t.Helper()
	var sigs []Signature
	for _, m := range by {
		sigs = append(sigs, Signature{Replica: m.keys.Replica, Sig: ed25519.Sign(m.log, k.SigningInput())})
	}
	data, err := Assemble(k, sigs)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// nullSignatures is a signed key set that spells "no signatures" as null.
func nullSignatures(t testing.TB, k KeySet) []byte {
	t.Helper()
	data, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return signedAs(t, data)
}

// canonOf encodes a key set whatever it holds.
func canonOf(k KeySet) ([]byte, error) { return canon.Marshal(k) }

// signedAs puts signatures beside the bytes of a key set, whatever they are.
func signedAs(t testing.TB, keySet []byte, signatures ...Signature) []byte {
	t.Helper()
	signed, err := canon.Marshal(signedKeySet{KeySet: keySet, Signatures: signatures})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestWalk(t *testing.T) {
	a, b, c, x := newMember(t, 1), newMember(t, 2), newMember(t, 3), newMember(t, 4)
	one := set(t, nil, a)
	two := set(t, &one, a, b, c)
	three := set(t, &two, b, c, x)
	stray := set(t, &one, x)
	chain := func(sets ...[]byte) [][]byte { return sets }
	for _, row := range []struct {
		what string
		pin  Pin
		sets [][]byte
		want string // in the error; empty: it must hold
	}{
		{"number 1", one.Pin(), chain(sign(t, one, a)), ""},
		{"to number 3", one.Pin(), chain(sign(t, one, a), sign(t, two, a), sign(t, three, a, c)), ""},
		{"all signed", one.Pin(), chain(sign(t, one, a), sign(t, two, a), sign(t, three, a, b, c)), ""},
		{"from number 2", two.Pin(), chain(sign(t, two), sign(t, three, b, c)), ""},
		{"from before the pinned one", two.Pin(), chain(sign(t, one, a), sign(t, two, a), sign(t, three, a, c)), ""},
		{"up to the pinned one", three.Pin(), chain(sign(t, two), sign(t, three, b, c)), ""},
		{"nothing", one.Pin(), nil, "none given"},
		{"before the pinned one, and not up to it", three.Pin(), chain(sign(t, one, a), sign(t, two, a)), "not the pinned one"},
		{"another history", three.Pin(), chain(sign(t, one, a), sign(t, stray, a)), "not the pinned one"},
		{"another history of the pinned one", three.Pin(), chain(sign(t, one, a), sign(t, stray, a), sign(t, three, x)), "does not follow"},
		{"another number 2 after number 1", two.Pin(), chain(sign(t, one, a), sign(t, stray, a)), "not the pinned one"},
		{"a history that nobody signed", two.Pin(), chain(sign(t, one), sign(t, two, a)), "0 of 1"},
		{"not from the pin", one.Pin(), chain(sign(t, two)), "not the pinned one"},
		{"unsigned number 1", one.Pin(), chain(sign(t, one)), "0 of 1"},
		{"signed by a stranger", one.Pin(), chain(sign(t, one, a), sign(t, two, x)), "not listed"},
		{"signed by the new alone", one.Pin(), chain(sign(t, one, a), sign(t, two, b)), "not listed"},
		{"no majority", two.Pin(), chain(sign(t, two), sign(t, three, c)), "1 of 3"},
		{"one counted twice", two.Pin(), chain(sign(t, two), sign(t, three, c, c)), "not in order"},
		{"a number left out", one.Pin(), chain(sign(t, one, a), sign(t, three, b, c)), "does not follow"},
		{"another second", two.Pin(), chain(sign(t, stray)), "not the pinned one"},
		{"a third on another second", one.Pin(), chain(sign(t, one, a), sign(t, stray, a), sign(t, three, b, c)), "does not follow"},
		{"null in place of no signatures", two.Pin(), chain(nullSignatures(t, two)), "null"},
		{"stray signatures on the pinned one", two.Pin(), chain(sign(t, two, a)), "left out"},
	} {
		got, err := Walk(row.pin, row.sets)
		if row.want == "" && (err != nil || len(got) != len(row.sets)) {
			t.Errorf("%s: got %d sets, %v", row.what, len(got), err)
		}
		if row.want != "" && (!errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want ErrInvalid with %q", row.what, err, row.want)
		}
	}
}

// TestEveryByteCounts flips every byte of a walk and demands refusal.
func TestEveryByteCounts(t *testing.T) {
	a, b := newMember(t, 1), newMember(t, 2)
	one := set(t, nil, a)
	sets := [][]byte{sign(t, one, a), sign(t, set(t, &one, a, b), a)}
	for n, data := range sets {
		for i := range data {
			data[i] ^= 1
			if _, err := Walk(one.Pin(), sets); err == nil {
				t.Errorf("byte %d of number %d flipped and still taken", i, n+1)
			}
			data[i] ^= 1
		}
	}
}

func TestImpossibleKeySets(t *testing.T) {
	a, b := newMember(t, 1), newMember(t, 2)
	good := set(t, nil, a, b)
	for what, edit := range map[string]func(*KeySet){
		"no name":           func(k *KeySet) { k.Name = identity.Jurisdiction{} },
		"epoch 0":           func(k *KeySet) { k.Epoch = 0 },
		"number 0":          func(k *KeySet) { k.Number = 0 },
		"no replica":        func(k *KeySet) { k.Replicas = nil },
		"not in order":      func(k *KeySet) { k.Replicas = []ReplicaKeys{b.keys, a.keys} },
		"one twice":         func(k *KeySet) { k.Replicas = []ReplicaKeys{a.keys, a.keys} },
		"short log key":     func(k *KeySet) { k.Replicas[0].LogKey = k.Replicas[0].LogKey[1:] },
		"one key for two":   func(k *KeySet) { k.Replicas[0].LogKey = k.Replicas[1].LogKey },
		"no certificate":    func(k *KeySet) { k.Replicas[0].CACert = []byte{0} },
		"no decryption key": func(k *KeySet) { k.DecryptionKey = nil },
		"no recovery key":   func(k *KeySet) { k.RecoveryKey = nil },
		"recovery key 31":   func(k *KeySet) { k.RecoveryKey = k.RecoveryKey[1:] },
		"recovery key weak": func(k *KeySet) { k.RecoveryKey = smallOrder[1] },
		"recovery key twin": func(k *KeySet) { k.RecoveryKey = prime },
		"recovery key log":  func(k *KeySet) { k.RecoveryKey = k.Replicas[1].LogKey },
		"a hash before 1":   func(k *KeySet) { k.Previous = make([]byte, 32) },
		"number 2 alone":    func(k *KeySet) { k.Number = 2 },
	} {
		k := good
		k.Replicas = append([]ReplicaKeys(nil), good.Replicas...)
		edit(&k)
		if _, err := k.Encode(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", what, err)
		}
	}
}

func TestPin(t *testing.T) {
	pin := set(t, nil, newMember(t, 1)).Pin()
	if got, err := ParsePin(pin.String()); err != nil || got != pin {
		t.Errorf("got %v, %v, want %v", got, err, pin)
	}
	s := pin.String()
	for _, bad := range []string{"", s[1:] + "0", s + "0", s[:len(s)-1], strings.ToUpper(s), strings.Replace(s, "/1/", "/01/", 1), strings.Replace(s, "/1/", "/0/", 1), strings.Replace(s, "/keys/", "/log/", 1)} {
		if got, err := ParsePin(bad); err == nil {
			t.Errorf("%q: got %v, want an error", bad, got)
		}
	}
}

func FuzzWalk(f *testing.F) {
	a := newMember(f, 1)
	one := set(f, nil, a)
	f.Add(sign(f, one, a))
	f.Add(bytes.Repeat([]byte{0x82}, 40))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := Walk(one.Pin(), [][]byte{data}); err == nil && got[0].Hash() != one.Hash() {
			t.Errorf("another key set was taken: %x", data)
		}
	})
}

func FuzzParsePin(f *testing.F) {
	f.Add("nanming.guiyang.guizhou/keys/1/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := ParsePin(s); err == nil && p.String() != s {
			t.Errorf("%q came back as %q", s, p)
		}
	})
}
