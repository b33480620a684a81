package envelope

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"sync"
)

// Bounds of the signatures of batches that are remembered as good.
const (
	maxRoots   = 64   // of one key
	maxSigners = 2048 // keys
)

// roots remembers signatures of batches that fit, so that each is verified once and not once for
// each member. It says nothing about whether a key is believed: that is judged for every message,
// and before. A signer makes it forget only the signer's own. Many goroutines may use it; a nil one
// remembers nothing.
type roots struct {
	mu   sync.Mutex
	good map[[ed25519.PublicKeySize]byte][][32]byte // last used last
}

// verify reports whether the signature of a batch fits.
func (r *roots) verify(key ed25519.PublicKey, message, signature []byte) bool {
	if r == nil {
		return ed25519.Verify(key, message, signature)
	}
	by := [ed25519.PublicKeySize]byte(key)
	name := sha256.Sum256(append(slices.Clip(message), signature...)) // a signature has one length
	if r.has(by, name) {
		return true
	}
	if !ed25519.Verify(key, message, signature) {
		return false
	}
	r.add(by, name)
	return true
}

func (r *roots) has(by [ed25519.PublicKeySize]byte, name [32]byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.good[by], name)
}

func (r *roots) add(by [ed25519.PublicKeySize]byte, name [32]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.good[by]
	switch {
	case slices.Contains(all, name):
		return
	case len(all) == maxRoots:
		all = slices.Delete(all, 0, 1)
	case len(all) == 0 && len(r.good) >= maxSigners:
		for some := range r.good { // no signer can choose which
			delete(r.good, some)
			break
		}
	}
	r.good[by] = append(all, name)
}
