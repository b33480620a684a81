package trust

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"
)

// TestSigningCert asks twice for each certificate: the second time its parsed form is kept.
func TestSigningCert(t *testing.T) {
	a, b := newMember(t, 1), newMember(t, 2)
	k := set(t, nil, a, b)
	for _, m := range []member{a, b, a, b} {
		hash := sha256.Sum256(m.keys.SigningCert)
		got, listed, err := k.SigningCert(hash[:])
		if err != nil || !listed || !got.Key.Equal(ed25519.PublicKey(m.keys.LogKey)) {
			t.Errorf("%s: got %v, %v, %v", m.keys.Replica, got, listed, err)
		}
		for at, want := range map[time.Time]bool{time.Unix(-1, 0): false, time.Unix(0, 0): true, time.Unix(1, 0): true, time.Unix(2, 0): false} {
			if got.InForce(at) != want {
				t.Errorf("in force at %s: got %v, want %v", at, !want, want)
			}
		}
	}
	stranger := newMember(t, 1)
	hash := sha256.Sum256(stranger.keys.SigningCert)
	set(t, nil, stranger).SigningCert(hash[:])
	for what, hash := range map[string][]byte{"one of another key set, which is kept": hash[:], "none": nil, "a part": hash[:31]} {
		if got, listed, err := k.SigningCert(hash); listed || err != nil {
			t.Errorf("%s: got %v, %v, %v, want none", what, got, listed, err)
		}
	}
}

// TestSigningCertOfNoUse checks that the answer for a certificate that cannot verify anything is
// the same each time.
func TestSigningCertOfNoUse(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	other, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	malformed := []byte("no certificate")
	for range 2 {
		hash := sha256.Sum256(other)
		got, listed, err := KeySet{Replicas: []ReplicaKeys{{SigningCert: other}}}.SigningCert(hash[:])
		if got.Key != nil || !listed || err != nil {
			t.Errorf("a P-256 key: got %v, %v, %v, want no key", got, listed, err)
		}
		hash = sha256.Sum256(malformed)
		if _, listed, err = (KeySet{Replicas: []ReplicaKeys{{SigningCert: malformed}}}).SigningCert(hash[:]); !listed || !errors.Is(err, ErrInvalid) {
			t.Errorf("malformed: got %v, %v, want ErrInvalid", listed, err)
		}
	}
}

// TestParsedIsBounded fills the store of parsed certificates from four goroutines at once.
func TestParsedIsBounded(t *testing.T) {
	p := &parsed{byDER: map[string]parsedCert{}}
	der := func(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for n := range maxParsed + 10 {
				p.keep(string(der(n)), parsedCert{cert: SigningCert{Key: ed25519.PublicKey(der(n))}})
				p.get(der(n))
			}
		})
	}
	group.Wait()
	if len(p.byDER) != maxParsed || len(p.order) != maxParsed {
		t.Errorf("got %d and %d kept, want %d", len(p.byDER), len(p.order), maxParsed)
	}
	for _, name := range p.order {
		if got := string(p.byDER[name].cert.Key); got != name {
			t.Errorf("got %x for %x", got, name)
		}
	}
}
