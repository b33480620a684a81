package envelope

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/trust"
)

// slow signs, counts, and waits before each signature until it may go on.
type slow struct {
	Signer
	n    atomic.Int32
	gate chan struct{}
}

func (s *slow) SignStatement(message []byte) []byte {
	s.n.Add(1)
	if s.gate != nil {
		<-s.gate
	}
	return s.Signer.SignStatement(message)
}

// batched seals one message, and while its signature is made n others, which wait.
func batched(t *testing.T, city, county party, n int) (all []Envelope, signatures int) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		signer := &slow{Signer: city, gate: make(chan struct{})}
		b := NewBatcher(func() Signer { return signer }, nil)
		all = make([]Envelope, n+1)
		var group sync.WaitGroup
		for i := range all {
			d, to := draft(t, city, county, fmt.Sprintf("%s %d", village, i)), county.to
			if i%3 == 1 {
				to = nil
			}
			group.Go(func() {
				var err error
				if all[i], err = b.Seal(t.Context(), d, to); err != nil {
					t.Error(err)
				}
			})
			if i == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		close(signer.gate)
		group.Wait()
		signatures = int(signer.n.Load())
		if b.signing || len(b.waiting) != 0 {
			t.Errorf("%d still wait", len(b.waiting))
		}
	})
	return all, signatures
}

// TestWhoWaitsIsSignedTogether checks that the first message is signed alone and at once, and that
// those that came meanwhile have one signature, at most MaxBatch of them.
func TestWhoWaitsIsSignedTogether(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	for n, want := range map[int]int{0: 1, 1: 2, 2: 2, 9: 2, MaxBatch: 2, MaxBatch + 1: 3, 2*MaxBatch + 5: 4} {
		all, signatures := batched(t, city, county, n)
		if signatures != want {
			t.Errorf("%d messages have %d signatures, want %d", n+1, signatures, want)
		}
		forms := map[uint64]int{}
		for i, e := range all {
			s, err := decodeStatement(e.statement)
			if err != nil {
				t.Fatal(err)
			}
			forms[s.header.Form]++
			m, err := Open(e, city.sets, NewOpener(county), now)
			if err != nil || string(m.Content) != fmt.Sprintf("%s %d", village, i) {
				t.Fatalf("message %d of %d: got %q, %v", i, len(all), m.Content, err)
			}
			if i == 50 { // all of 2,000 take long
				break
			}
		}
		if n > 1 && n < 50 && (forms[formSingle] != 1 || forms[formBatch] != n) {
			t.Errorf("of %d messages %d are single", n+1, forms[formSingle])
		}
	}
}

// TestTreeOfABatch compares root and paths with two independent implementations of RFC 9162.
func TestTreeOfABatch(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 13, 64, 100, 1023, 1024} {
		leaves, paths := make([][32]byte, n), make([][][]byte, n)
		var stored storedHashes
		for i := range leaves {
			data := []byte(fmt.Sprint("leaf ", i))
			leaves[i] = leafHash(data)
			hashes, err := tlog.StoredHashes(int64(i), data, &stored)
			if err != nil {
				t.Fatal(err)
			}
			stored = append(stored, hashes...)
		}
		root := treeOf(leaves, paths)
		if want, err := tlog.TreeHash(int64(n), &stored); err != nil || want != root {
			t.Errorf("%d leaves: got root %x, want %x, %v", n, root, want, err)
		}
		for i, leaf := range leaves {
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(i), uint64(n), leaf[:], paths[i], root[:]); err != nil {
				t.Errorf("leaf %d of %d: %v", i, n, err)
			}
			p := inclusion{Count: uint64(n), Index: uint64(i), Path: paths[i]}
			if got, ok := p.root(leaf); !ok || got != root {
				t.Errorf("leaf %d of %d leads to %x, %v", i, n, got, ok)
			}
			for _, path := range [][][]byte{p.Path[:max(len(p.Path)-1, 0)], append(p.Path, leaf[:])} {
				bad := inclusion{Count: p.Count, Index: p.Index, Path: path}
				if _, ok := bad.root(leaf); ok && len(path) != len(p.Path) {
					t.Errorf("leaf %d of %d: a path of %d hashes in place of %d", i, n, len(path), len(p.Path))
				}
			}
		}
	}
}

type storedHashes []tlog.Hash

func (s *storedHashes) ReadHashes(at []int64) (hashes []tlog.Hash, err error) {
	for _, i := range at {
		hashes = append(hashes, (*s)[i])
	}
	return hashes, nil
}

// TestEveryByteOfAMember flips each bit of a member of a batch, as a message and as evidence.
func TestEveryByteOfAMember(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	all, _ := batched(t, city, county, 5)
	o := NewOpener(county)
	for _, e := range all { // every root is known
		if _, err := Open(e, city.sets, o, now); err != nil {
			t.Fatal(err)
		}
	}
	e := all[3]
	data := must(e.Encode())
	signed := bytes.Index(data, e.outer)
	for i := signed; i < len(data); i++ {
		data[i] ^= 1 << (i % 8)
		changed, err := Decode(data)
		if err == nil {
			_, err = Open(changed, city.sets, o, now)
		}
		if err == nil {
			t.Errorf("byte %d of %d flipped and still taken", i, len(data))
		}
		data[i] ^= 1 << (i % 8)
	}
	outer, statement := e.Signed()
	if h, _, err := VerifySigned(outer, statement, city.sets); err != nil || h.ID != e.header.ID {
		t.Fatalf("as evidence: %v", err)
	}
	for _, part := range [][]byte{outer, statement} {
		for i := range part {
			part[i] ^= 1 << (i % 8)
			if _, _, err := VerifySigned(outer, statement, city.sets); err == nil {
				t.Errorf("as evidence, byte %d of %d flipped and still taken", i, len(part))
			}
			part[i] ^= 1 << (i % 8)
		}
	}
}

// TestRootOfARevokedKey opens a member of a batch whose signature is remembered, after the key was
// revoked: it is refused, because the key is looked up each time.
func TestRootOfARevokedKey(t *testing.T) {
	city, county, other := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou"), newParty(t, "guiyang.guizhou")
	all, _ := batched(t, city, county, 3)
	o := NewOpener(county)
	for _, e := range all[1:] {
		if _, err := Open(e, city.sets, o, now); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(o.roots.good); n != 1 {
		t.Fatalf("signatures of %d keys are remembered", n)
	}
	for what, sets := range map[string][]trust.Believed{"revoked": other.sets, "nobody believed": nil} {
		if _, err := Open(all[1], sets, o, now); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("%s: got %v, want ErrUnknownKey", what, err)
		}
	}
	// The certificate is listed, but the root was signed with another key than its own.
	s := must(decodeStatement(all[2].statement))
	s.header.Cert.Hash = must(decodeStatement(seal(t, draft(t, other, county, village), other, nil).statement)).header.Cert.Hash
	bad := all[2]
	bad.statement = statement(mustEncode(s.header), s.Unprotected, [32]byte(s.Payload), s.Signature)
	if _, err := Open(bad, other.sets, o, now); !errors.Is(err, ErrSignature) {
		t.Errorf("with another's certificate: got %v, want ErrSignature", err)
	}
}

// TestSignerEvictsOnlyItsOwnRoots has a signer make more batches than are remembered.
func TestSignerEvictsOnlyItsOwnRoots(t *testing.T) {
	good, evil := ed25519.NewKeyFromSeed(seed("good")), ed25519.NewKeyFromSeed(seed("evil"))
	r := roots{good: map[[ed25519.PublicKeySize]byte][][32]byte{}}
	verify := func(key ed25519.PrivateKey, n int) bool {
		message := batchToBeSigned([32]byte(seed(fmt.Sprint(n))), 2)
		return r.verify(key.Public().(ed25519.PublicKey), message, ed25519.Sign(key, message))
	}
	for n := range 10 * maxRoots {
		if !verify(evil, n) || n == 0 && !verify(good, 1) {
			t.Fatal("a good signature was refused")
		}
	}
	if a, b := len(r.good[keyOf(good)]), len(r.good[keyOf(evil)]); a != 1 || b != maxRoots {
		t.Errorf("%d of the one and %d of the other, want 1 and %d", a, b, maxRoots)
	}
	message := batchToBeSigned([32]byte(seed("1")), 2)
	if r.verify(good.Public().(ed25519.PublicKey), message, ed25519.Sign(evil, message)) || len(r.good[keyOf(good)]) != 1 {
		t.Error("the signature of another was taken")
	}
	for n := range maxSigners + 10 {
		r.add([ed25519.PublicKeySize]byte(seed(fmt.Sprint("key ", n))), [32]byte{})
	}
	if len(r.good) != maxSigners {
		t.Errorf("%d signers, want %d", len(r.good), maxSigners)
	}
}

func keyOf(key ed25519.PrivateKey) [ed25519.PublicKeySize]byte {
	return [ed25519.PublicKeySize]byte(key.Public().(ed25519.PublicKey))
}

// FuzzStatement checks that a statement in form is the only encoding of itself.
func FuzzStatement(f *testing.F) {
	w := newWorld()
	f.Add(w.request().make().statement)
	f.Add(w.member().make().statement)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := decodeStatement(data)
		if err != nil {
			return
		}
		unprotected := s.Unprotected
		if s.header.Form == formBatch {
			unprotected = s.proof.unprotected()
		}
		if again := statement(mustEncode(s.header), unprotected, [32]byte(s.Payload), s.Signature); !bytes.Equal(again, data) {
			t.Errorf("%x came back as %x", data, again)
		}
	})
}
