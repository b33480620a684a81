package authority

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"xietong/certs/paper"
)

// Recovery makes the recovery key of key set number 1, unless dir names one. The private part is
// given to show, once, and wiped when show returns; what dir keeps is the public part alone, and
// not before show has returned: so a folder names no key whose paper nobody was shown. After a
// crash in between, the same call makes and shows another key, and the first paper is void. shown
// is false where dir named a key before. With a nil show nobody gets the private part.
func Recovery(dir string, show func(*paper.Key) error) (public ed25519.PublicKey, shown bool, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, false, fmt.Errorf("make recovery key: %w", err)
	}
	public, err = readPublic(filepath.Join(dir, recoveryFile))
	if err == nil || !errors.Is(err, ErrNoKeys) {
		return public, false, err
	}
	key, err := paper.New()
	if err != nil {
		return nil, false, fmt.Errorf("make recovery key: %w", err)
	}
	defer key.Wipe()
	if show != nil {
		if err := show(key); err != nil {
			return nil, false, fmt.Errorf("show recovery key: %w", err)
		}
	}
	m := maker{dir: dir, number: 1}
	if err := m.recoveryKey(key.Public()); err != nil {
		return nil, false, fmt.Errorf("make recovery key: %w", err)
	}
	return key.Public(), show != nil, nil
}

// KeepRecovery writes recovery.pub anew where it is missing or damaged, or names another key: what
// key set number 1 lists is known from the ledger. It reports whether it wrote it.
func (a *Authority) KeepRecovery(public ed25519.PublicKey) (written bool, err error) {
	path := filepath.Join(a.dir, recoveryFile)
	if have, err := readPublic(path); err == nil && have.Equal(public) {
		return false, nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("keep recovery key: %w", err)
	}
	if err := (maker{dir: a.dir, number: 1}).recoveryKey(public); err != nil {
		return false, fmt.Errorf("keep recovery key: %w", err)
	}
	return true, nil
}

// recoveryKey keeps the public part of a recovery key.
func (m maker) recoveryKey(public ed25519.PublicKey) error {
	return m.once(recoveryFile, func() (*pem.Block, error) {
		der, err := x509.MarshalPKIXPublicKey(public)
		return &pem.Block{Type: "PUBLIC KEY", Bytes: der}, err
	})
}
