package authority

import (
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// ErrNotOurKey is returned for an encapsulation to a decryption key that this jurisdiction does not
// hold, or holds no more.
var ErrNotOurKey = errors.New("encrypted to another decryption key")

// Decapsulate opens an HPKE encapsulation (RFC 9180: base mode, X-Wing, HKDF-SHA-256, AES-256-GCM)
// to the decryption key whose SHA-256 is key: the one in use, one that was made to follow it, or a
// former one that Forget has not removed yet (see FormerFor). The private key stays in this
// package; the recipient that is returned opens only messages under this encapsulation. The error
// is ErrNotOurKey for any other key.
func (a *Authority) Decapsulate(key [32]byte, enc, info []byte) (*hpke.Recipient, error) {
	a.mu.RLock()
	h, ok := a.decryption[key]
	a.mu.RUnlock()
	if !ok {
		return nil, ErrNotOurKey
	}
	r, err := hpke.NewRecipient(enc, h.key, hpke.HKDFSHA256(), hpke.AES256GCM(), info)
	if err != nil {
		return nil, fmt.Errorf("decapsulate: %w", err)
	}
	return r, nil
}

// readDecryption reads the usable decryption keys: the one in use, those of numbers to come, and
// the former ones, whose files may be gone already.
func (a *Authority) readDecryption(j journal) error {
	files, err := os.ReadDir(a.dir)
	if err != nil {
		return err
	}
	all := map[[sha256.Size]byte]held{}
	read := func(n uint64) error {
		key, err := readDecryption(filepath.Join(a.dir, fileOf(decryptionKeyFile, n)))
		if err == nil {
			all[sha256.Sum256(key.PublicKey().Bytes())] = held{n, key}
		}
		return err
	}
	if err := read(j.Decryption); err != nil {
		return err
	}
	for _, f := range files {
		n, ok := numberOf(decryptionKeyFile, f.Name())
		if !ok || n <= j.Decryption && !slices.ContainsFunc(j.Former, func(f former) bool { return f.Number == n }) {
			continue
		}
		if err := read(n); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	a.decryption = all
	return nil
}

// publicDecryption returns the public decryption key of the file with the number, or nil.
func (a *Authority) publicDecryption(number uint64) []byte {
	for _, h := range a.decryption {
		if h.number == number {
			return h.key.PublicKey().Bytes()
		}
	}
	return nil
}
