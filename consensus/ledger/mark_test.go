package ledger

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"xietong/certs/identity"
)

// TestStateDigestIsSigned flips every byte of a signed digest: of what is signed, and of the
// signature.
func TestStateDigestIsSigned(t *testing.T) {
	log, err := identity.ParseLog("nanming.guiyang.guizhou/log/1")
	if err != nil {
		t.Fatal(err)
	}
	by := newSigner(t, log.Jurisdiction().String(), 1)
	d := StateDigest{Log: log, Index: 4711, Digest: bytes.Repeat([]byte{7}, 32)}
	signature, key := d.Sign(by), by.LogPublic()
	if !d.Verify(key, signature) {
		t.Fatal("the signature does not hold")
	}
	for i := range d.Digest {
		other := d
		other.Digest = slices.Clone(d.Digest)
		other.Digest[i] ^= 1
		if other.Verify(key, signature) {
			t.Errorf("byte %d of the digest is not signed", i)
		}
	}
	for i := range signature {
		other := slices.Clone(signature)
		other[i] ^= 1
		if d.Verify(key, other) {
			t.Errorf("byte %d of the signature does not count", i)
		}
	}
	next, err := identity.ParseLog("nanming.guiyang.guizhou/log/2")
	if err != nil {
		t.Fatal(err)
	}
	for what, other := range map[string]StateDigest{
		"another epoch": {next, d.Index, d.Digest}, "another index": {log, 4712, d.Digest}, "a shorter digest": {log, d.Index, d.Digest[:31]},
	} {
		if other.Verify(key, signature) {
			t.Errorf("%s counts as signed", what)
		}
	}
	if d.Verify(newSigner(t, log.Jurisdiction().String(), 2).LogPublic(), signature) || d.Verify(nil, signature) || d.Verify(key, nil) {
		t.Error("another key, no key or no signature counts")
	}
}

// TestDigestOfTheMajority counts lines over the listed replicas, each once; a line that does not
// hold is told.
func TestDigestOfTheMajority(t *testing.T) {
	f := small(t, 3)
	d := StateDigest{Log: f.log, Index: 7, Digest: bytes.Repeat([]byte{7}, 32)}
	line := func(s testSigner) DigestLine { return DigestLine{Replica: s.replica, Signature: d.Sign(s)} }
	one, two, three := line(f.signers[0]), line(f.signers[1]), line(f.signers[2])
	stranger := line(newSigner(t, f.log.Jurisdiction().String(), 4))
	forged := DigestLine{Replica: two.Replica, Signature: one.Signature}
	for what, row := range map[string]struct {
		lines []DigestLine
		holds bool
	}{
		"two of three": {[]DigestLine{one, three}, true}, "all": {[]DigestLine{three, one, two}, true},
		"none": {nil, false}, "one of three": {[]DigestLine{two}, false}, "one twice": {[]DigestLine{one, one}, false},
		"a stranger": {[]DigestLine{one, two, stranger}, false}, "another's signature": {[]DigestLine{one, forged}, false},
	} {
		if err := d.CheckMajority(row.lines, f.set); (err == nil) != row.holds || err != nil && !errors.Is(err, ErrNotProven) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}
