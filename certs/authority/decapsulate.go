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

// ErrNotOurKey is returned for an encapsulation to a decryption key that is not, or no more, of this jurisdiction.
var ErrNotOurKey = errors.New("encrypted to another decryption key")

// Decapsulate opens an HPKE encapsulation (RFC 9180: base mode, X-Wing, HKDF-SHA-256, AES-256-GCM) to the decryption key
// with the given SHA-256: the one in use, one that was made to follow it, or one that it replaced less than FormerFor ago.
// The private key stays here; what is returned serves for the messages under this encapsulation.
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

// readDecryption reads the decryption keys that are usable: the one in use, those to come, and the former ones, whose
// files may be gone already.
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

// publicDecryption returns the public key of the file with the number, or nil.
func (a *Authority) publicDecryption(number uint64) []byte {
	for _, h := range a.decryption {
		if h.number == number {
			return h.key.PublicKey().Bytes()
		}
	}
	return nil
}
