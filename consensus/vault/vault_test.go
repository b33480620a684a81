package vault

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func newKeystore(t testing.TB) (*Keystore, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keystore")
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	k, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return k, path
}

var payload = []byte(`{"code":"520102016001","name":"纪念塔社区"}`)

func TestSeal(t *testing.T) {
	k, path := newKeystore(t)
	c := sha256.Sum256(payload)
	sealed := k.Seal(c, payload)
	if bytes.Contains(sealed, payload[:8]) || len(sealed) != len(payload)+Overhead {
		t.Errorf("sealed: %d bytes, with plaintext %v", len(sealed), bytes.Contains(sealed, payload[:8]))
	}
	if bytes.Equal(sealed, k.Seal(c, payload)) {
		t.Error("two record keys are equal")
	}
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := again.Open(c, sealed); err != nil || !bytes.Equal(got, payload) {
		t.Errorf("open: got %q, %v", got, err)
	}
	for i := range sealed {
		sealed[i] ^= 1
		if _, err := k.Open(c, sealed); !errors.Is(err, ErrSealed) && !errors.Is(err, ErrDestroyed) {
			t.Errorf("byte %d flipped: got %v", i, err)
		}
		sealed[i] ^= 1
		if _, err := k.Open(c, sealed[:i]); err == nil {
			t.Errorf("cut after %d bytes and still opened", i)
		}
	}
	if _, err := k.Open(sha256.Sum256([]byte("another")), sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another commitment: got %v, want ErrSealed", err)
	}
	other, _ := newKeystore(t)
	if _, err := other.Open(c, sealed); !errors.Is(err, ErrSealed) {
		t.Errorf("another keystore: got %v, want ErrSealed", err)
	}
}

// TestDestroyed checks that Open returns ErrDestroyed for a payload whose key was dropped.
func TestDestroyed(t *testing.T) {
	k, _ := newKeystore(t)
	c := sha256.Sum256(payload)
	sealed := k.Seal(c, payload)
	for i := range k.shards {
		k.shards[i].generation++
	}
	if _, err := k.Open(c, sealed); !errors.Is(err, ErrDestroyed) {
		t.Errorf("got %v, want ErrDestroyed", err)
	}
}

func TestKeystoreFile(t *testing.T) {
	_, path := newKeystore(t)
	if err := Create(path); !errors.Is(err, ErrExists) {
		t.Errorf("a second keystore: got %v, want ErrExists", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %v, %v", info.Mode(), err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, len(magic) - 2, len(magic), len(whole) / 2, len(whole) - 1} {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1
		write(t, path, damaged)
		if _, err := Open(path); !errors.Is(err, ErrKeystore) {
			t.Errorf("byte %d flipped: got %v, want ErrKeystore", at, err)
		}
	}
	for _, n := range []int{0, 1, len(whole) - 1} {
		write(t, path, whole[:n])
		if _, err := Open(path); !errors.Is(err, ErrKeystore) {
			t.Errorf("%d bytes of it: got %v, want ErrKeystore", n, err)
		}
	}
	if err := Create(filepath.Join(path, "under-a-file")); err == nil {
		t.Error("a keystore was made where none can be")
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestMAC(t *testing.T) {
	k, path := newKeystore(t)
	again, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	a, b := []byte("a"), []byte("b")
	if k.MAC("key", a, b) != again.MAC("key", a, b) {
		t.Error("the same value has two MACs")
	}
	seen := map[[32]byte]string{}
	for what, mac := range map[string][32]byte{
		"a b": k.MAC("key", a, b), "ab": k.MAC("key", []byte("ab")), "b a": k.MAC("key", b, a),
		"ab and nothing": k.MAC("key", []byte("ab"), nil), "another domain": k.MAC("value", a, b),
	} {
		if other, ok := seen[mac]; ok {
			t.Errorf("%q and %q have one MAC", what, other)
		}
		seen[mac] = what
	}
}

func FuzzOpen(f *testing.F) {
	k, _ := newKeystore(f)
	c := sha256.Sum256(payload)
	f.Add(k.Seal(c, payload))
	f.Add([]byte{version})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if got, err := k.Open(c, sealed); err == nil && !bytes.Equal(got, payload) {
			t.Errorf("%x opened to %q", sealed, got)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	k, _ := newKeystore(b)
	data := make([]byte, 512)
	for b.Loop() {
		c := sha256.Sum256(data)
		if _, err := k.Open(c, k.Seal(c, data)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	k, _ := newKeystore(b)
	part := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		k.MAC("key", part)
	}
}

// TestHandOver hands a keystore to another replica: it opens what the first one sealed, the same
// may come again, another one never takes its place, and a flipped byte is refused.
func TestHandOver(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	if err := Create(first); err != nil {
		t.Fatal(err)
	}
	a, err := Open(first)
	if err != nil {
		t.Fatal(err)
	}
	handed := a.HandOver()
	for at := 0; at < len(handed); at += 997 {
		wrong := bytes.Clone(handed)
		wrong[at] ^= 1
		if err := Receive(second, wrong); !errors.Is(err, ErrKeystore) {
			t.Errorf("byte %d flipped: %v, want ErrKeystore", at, err)
		}
	}
	for range 2 {
		if err := Receive(second, handed); err != nil {
			t.Fatal(err)
		}
	}
	b, err := Open(second)
	if err != nil {
		t.Fatal(err)
	}
	c := sha256.Sum256([]byte("a salted payload"))
	if got, err := b.Open(c, a.Seal(c, []byte("payload"))); err != nil || string(got) != "payload" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := Create(filepath.Join(dir, "third")); err != nil {
		t.Fatal(err)
	}
	if err := Receive(filepath.Join(dir, "third"), handed); !errors.Is(err, ErrExists) {
		t.Errorf("in the place of another: %v, want ErrExists", err)
	}
}
