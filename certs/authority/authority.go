// Package authority holds a jurisdiction's own keys on one machine, and is the only place where private keys are.
//
// It makes, keeps and uses four: the key of the jurisdiction's CA, the signing key with which the replica signs for the
// jurisdiction, the log key with which it signs checkpoints and key sets, and the decryption key. Callers get public
// keys, certificates and signatures; none of the four is ever returned or logged. What is handed out, to TLS, is the key of
// a link's identity, which is made for an hour and is in no file. A folder holds
//
//	ca.crt  ca.key                  ECDSA P-256 root of the trust domain spiffe://NAME, 10 years
//	signing.crt  signing.key        Ed25519, 1 year, spiffe://NAME/signing/r1, issued by the CA
//	log.key  decryption.key         Ed25519 without expiry; X-Wing (crypto/hpke MLKEM768-X25519)
//
// as PEM, keys with mode 0600 in a folder of mode 0700. Each file is written whole, flushed and renamed, and made only if
// it is missing, so Create repeated after a crash at any moment finishes what was begun and changes nothing that exists.
package authority

import (
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// Terms of the certificates. Both begin Backdated earlier, so that a neighbour's slow clock takes them.
const (
	CATerm      = 10 * 365 * 24 * time.Hour
	SigningTerm = 365 * 24 * time.Hour
	Backdated   = 5 * time.Minute
)

// ErrNoKeys is returned by Open when the folder does not hold a complete set of keys.
var ErrNoKeys = errors.New("no complete set of keys")

// Authority signs for one replica of one jurisdiction. It may be used by many goroutines.
type Authority struct {
	dir        string
	name       identity.Jurisdiction
	replica    identity.Replica
	ca         *x509.Certificate
	signing    *x509.Certificate
	signingKey ed25519.PrivateKey
	logKey     ed25519.PrivateKey
	decryption hpke.PrivateKey
}

// Create makes what is missing in dir and opens it.
func Create(dir string, name identity.Jurisdiction, r identity.Replica, now time.Time) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create authority: %w", err)
	}
	m := maker{dir: dir, name: name, replica: r, now: now}
	for _, step := range []func() error{m.caKey, m.caCert, m.signingKey, m.signingCert, m.logKey, m.decryptionKey} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("create authority: %w", err)
		}
	}
	return Open(dir, name, r)
}

// Open reads the keys in dir and checks that they belong together and to the replica of the jurisdiction.
func Open(dir string, name identity.Jurisdiction, r identity.Replica) (*Authority, error) {
	a := &Authority{dir: dir, name: name, replica: r}
	var err error
	if a.ca, err = readCert(filepath.Join(dir, caCertFile)); err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if a.signing, err = readCert(filepath.Join(dir, signingCertFile)); err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if a.signingKey, err = readEd25519(filepath.Join(dir, signingKeyFile)); err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if a.logKey, err = readEd25519(filepath.Join(dir, logKeyFile)); err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if a.decryption, err = readDecryption(filepath.Join(dir, decryptionKeyFile)); err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	return a, a.check()
}

func (a *Authority) check() error {
	id := signingID(a.name, a.replica).String()
	switch {
	case len(a.signing.URIs) != 1 || a.signing.URIs[0].String() != id:
		return fmt.Errorf("open authority: the signing certificate is not that of %s", id)
	case !a.signingKey.Public().(ed25519.PublicKey).Equal(a.signing.PublicKey):
		return errors.New("open authority: signing key and certificate do not belong together")
	}
	if err := a.signing.CheckSignatureFrom(a.ca); err != nil {
		return fmt.Errorf("open authority: signing certificate: %w", err)
	}
	return nil
}

// Name returns the jurisdiction that is signed for.
func (a *Authority) Name() identity.Jurisdiction { return a.name }

// Replica returns the replica that signs.
func (a *Authority) Replica() identity.Replica { return a.replica }

// LogPublic returns the public log key.
func (a *Authority) LogPublic() ed25519.PublicKey { return a.logKey.Public().(ed25519.PublicKey) }

// SignLog signs with the log key (Ed25519): checkpoints, receipts and key sets.
func (a *Authority) SignLog(message []byte) []byte { return ed25519.Sign(a.logKey, message) }

// SigningCert returns the signing certificate (DER).
func (a *Authority) SigningCert() []byte { return a.signing.Raw }

// SignStatement signs with the signing key (Ed25519) for the jurisdiction.
func (a *Authority) SignStatement(message []byte) []byte { return ed25519.Sign(a.signingKey, message) }

// FirstKeySet returns number 1 of a jurisdiction with this one replica, signed, and its pin.
func (a *Authority) FirstKeySet(epoch uint64) (signed []byte, pin trust.Pin, err error) {
	set := trust.KeySet{
		Name: a.name, Epoch: epoch, Number: 1, DecryptionKey: a.decryption.PublicKey().Bytes(),
		Replicas: []trust.ReplicaKeys{{
			Replica: a.replica, CACert: a.ca.Raw, SigningCert: a.signing.Raw, LogKey: a.LogPublic(),
		}},
	}
	if _, err := set.Encode(); err != nil {
		return nil, trust.Pin{}, fmt.Errorf("make first key set: %w", err)
	}
	signature := trust.Signature{Replica: a.replica, Sig: a.SignLog(set.SigningInput())}
	signed, err = trust.Assemble(set, []trust.Signature{signature})
	return signed, set.Pin(), err
}
