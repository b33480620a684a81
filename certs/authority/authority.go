// Package authority holds a jurisdiction's own keys on one machine, and is the only place where
// private keys are.
//
// It makes, keeps, renews and uses four private keys: the key of the jurisdiction's CA, the signing
// key with which the replica signs for the jurisdiction, the log key with which it signs
// checkpoints, receipts and key sets, and the decryption key. Callers get public keys, certificates
// and signatures; the package never logs one of the four, and lets one alone out: the decryption
// key, which all replicas of a jurisdiction share, sealed to another of them (HandOver). Two
// private keys it hands out and keeps in no file: that of a link's identity, which is made for an
// hour, to TLS; and the recovery key (see paper), once, to whoever prints it. A folder holds
//
//	ca.crt  ca.key                  ECDSA P-256 root of the trust domain spiffe://NAME, 10 years
//	signing.crt  signing.key        Ed25519, 1 year, spiffe://NAME/signing/r1, issued by the CA
//	log.key  decryption.key         Ed25519 without expiry; X-Wing (crypto/hpke MLKEM768-X25519)
//	recovery.pub                    the public part of the recovery key (Ed25519), which number 1 lists; a further replica may lack it
//	ca-9.crt  signing-9.key  …      the files that key set number 9 is the first to list; those of number 1 have no number
//	in-use                          which key set is in use; without this file: number 1
//
// in PEM (but in-use in CBOR), each file with mode 0600, in a folder of mode 0700. Each file is
// written whole, flushed and renamed. Create makes a file only if it is missing, so a second Create
// after a crash at any moment finishes the work of the first and changes nothing that exists.
//
// # Renewal
//
// The certificates are renewed at half their life, and the decryption key once a year; the log key
// has no expiry and stays. A key set lists new keys before they are used, because a neighbour
// refuses the signatures and identities of a key that it does not know:
//
//  1. Next makes the keys of the next number when a key is due. signing-N.crt is made last: once it
//     exists, number N is complete and is not changed any more. From now on a sender that learns of
//     the new decryption key may use it too.
//  2. The caller publishes the key set as an entry of its ledger. Only the ledger tells whether a
//     key set that is not in use yet was published.
//  3. Use writes in-use, and from then on signs and issues with the keys of number N. A restart
//     continues with number N.
//  4. Use removes the files of the former CA and signing key, and so does Open after a crash.
//     Forget removes the file of the former decryption key, 31 days later.
//
// in-use is the deterministic CBOR array
//
//	["xietong keys in use", 1, number of the key set,
//	 number in the names of the CA's files, of the signing key's files, of the decryption key's file,
//	 [[number of a former decryption key's file, until when it is kept (ms since 1970 UTC)] …]]
package authority

import (
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// Terms of the certificates and keys. A certificate begins Backdated before it is made, so that a
// neighbour with a slow clock accepts it.
const (
	CATerm         = 10 * 365 * 24 * time.Hour
	SigningTerm    = 365 * 24 * time.Hour
	DecryptionTerm = 365 * 24 * time.Hour
	Backdated      = 5 * time.Minute
	// FormerFor is how long a replaced decryption key stays usable: a message lives for 30 days.
	FormerFor = 31 * 24 * time.Hour
)

// ErrNoKeys is returned by Open when the folder does not hold a complete set of keys.
var ErrNoKeys = errors.New("no complete set of keys")

// Authority signs for one replica of one jurisdiction. It may be used by many goroutines.
type Authority struct {
	dir     string
	name    identity.Jurisdiction
	replica identity.Replica
	logKey  ed25519.PrivateKey

	mu         sync.RWMutex // guards the fields below; a file in use is removed only while it is held
	journal    journal
	ca         *x509.Certificate
	signer     *Signer
	decryption map[[sha256.Size]byte]held // by the hash of the public key
}

// held is a decryption key on this machine.
type held struct {
	number uint64 // in the name of its file
	key    hpke.PrivateKey
}

// Signer is a signing key together with its certificate.
type Signer struct {
	cert *x509.Certificate
	key  ed25519.PrivateKey
}

// Format writes nothing private, for any verb, so that a value that slips into a log gives no key
// away.
func (s *Signer) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "signer %s", s.cert.URIs[0]) }

// SigningCert returns the signing certificate (DER).
func (s *Signer) SigningCert() []byte { return s.cert.Raw }

// SignStatement signs with the signing key (Ed25519) for the jurisdiction.
func (s *Signer) SignStatement(message []byte) []byte { return ed25519.Sign(s.key, message) }

// Create makes the missing files of key set number 1 in dir, and opens dir. It makes nothing when
// in-use exists, that is, when a later key set is in use. Without a call of Recovery before, nobody
// gets the private part of the recovery key.
func Create(dir string, name identity.Jurisdiction, r identity.Replica, now time.Time) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create authority: %w", err)
	}
	if _, found, err := readJournal(dir); err != nil || found {
		return Open(dir, name, r)
	}
	if _, _, err := Recovery(dir, nil); err != nil {
		return nil, fmt.Errorf("create authority: %w", err)
	}
	m := maker{dir: dir, name: name, replica: r, now: now, number: 1, ca: 1}
	for _, step := range []func() error{m.caKey, m.caCert, m.signingKey, m.signingCert, m.logKey, m.decryptionKey} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("create authority: %w", err)
		}
	}
	return Open(dir, name, r)
}

// Open reads the keys in dir and checks that they belong together and to the replica of the
// jurisdiction. It continues with the key set that was last used. The error wraps ErrNoKeys when a
// file is missing.
func Open(dir string, name identity.Jurisdiction, r identity.Replica) (*Authority, error) {
	a := &Authority{dir: dir, name: name, replica: r}
	j, _, err := readJournal(dir)
	if err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if a.logKey, err = readEd25519(filepath.Join(dir, logKeyFile)); err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if a.ca, a.signer, err = a.read(j.CA, j.Signing); err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	if err := a.readDecryption(j); err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	a.journal = j
	if err := a.tidy(); err != nil {
		return nil, fmt.Errorf("open authority: %w", err)
	}
	return a, nil
}

// read reads the CA certificate and the signing key with the given numbers, and checks that they
// belong together.
func (a *Authority) read(caNumber, signingNumber uint64) (ca *x509.Certificate, s *Signer, err error) {
	s = &Signer{}
	if ca, err = readCert(filepath.Join(a.dir, fileOf(caCertFile, caNumber))); err != nil {
		return nil, nil, err
	}
	if s.cert, err = readCert(filepath.Join(a.dir, fileOf(signingCertFile, signingNumber))); err != nil {
		return nil, nil, err
	}
	if s.key, err = readEd25519(filepath.Join(a.dir, fileOf(signingKeyFile, signingNumber))); err != nil {
		return nil, nil, err
	}
	id := signingID(a.name, a.replica).String()
	switch {
	case len(s.cert.URIs) != 1 || s.cert.URIs[0].String() != id:
		return nil, nil, fmt.Errorf("%w: the signing certificate is not that of %s", ErrOtherKeys, id)
	case !s.key.Public().(ed25519.PublicKey).Equal(s.cert.PublicKey):
		return nil, nil, &FileError{filepath.Join(a.dir, fileOf(signingKeyFile, signingNumber)), errors.New("it is not the key of its certificate")}
	}
	if err := s.cert.CheckSignatureFrom(ca); err != nil {
		return nil, nil, &FileError{filepath.Join(a.dir, fileOf(signingCertFile, signingNumber)), fmt.Errorf("the CA's certificate did not issue it: %w", err)}
	}
	return ca, s, nil
}

// Format writes nothing private, for any verb, so that a value that slips into a log gives no key
// away.
func (a *Authority) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "authority %s %s", a.name, a.replica) }

// Name returns the jurisdiction that a signs for.
func (a *Authority) Name() identity.Jurisdiction { return a.name }

// Replica returns the replica that signs.
func (a *Authority) Replica() identity.Replica { return a.replica }

// LogPublic returns the public log key.
func (a *Authority) LogPublic() ed25519.PublicKey { return a.logKey.Public().(ed25519.PublicKey) }

// SignLog signs with the log key (Ed25519): checkpoints, receipts and key sets.
func (a *Authority) SignLog(message []byte) []byte { return ed25519.Sign(a.logKey, message) }

// Signer returns the signing key in use. A caller must use one Signer for a whole statement,
// because the key may be renewed between two calls of Signer.
func (a *Authority) Signer() *Signer {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.signer
}

// SigningCert returns the signing certificate in use (DER).
func (a *Authority) SigningCert() []byte { return a.Signer().SigningCert() }

// SignStatement signs with the signing key in use (Ed25519) for the jurisdiction.
func (a *Authority) SignStatement(message []byte) []byte { return a.Signer().SignStatement(message) }

// FirstKeySet returns the signed key set number 1 of a jurisdiction that has this one replica, and
// its pin. It fails once a later key set is in use.
func (a *Authority) FirstKeySet(epoch uint64) (signed []byte, pin trust.Pin, err error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.journal.Number != 1 {
		return nil, trust.Pin{}, fmt.Errorf("make first key set: the keys of number %d are in use", a.journal.Number)
	}
	recovery, err := readPublic(filepath.Join(a.dir, recoveryFile))
	if err != nil {
		return nil, trust.Pin{}, fmt.Errorf("make first key set: %w", err)
	}
	set := trust.KeySet{
		Name: a.name, Epoch: epoch, Number: 1, DecryptionKey: a.publicDecryption(1), RecoveryKey: recovery,
		Replicas: []trust.ReplicaKeys{{
			Replica: a.replica, CACert: a.ca.Raw, SigningCert: a.signer.cert.Raw, LogKey: a.LogPublic(),
		}},
	}
	if _, err := set.Encode(); err != nil {
		return nil, trust.Pin{}, fmt.Errorf("make first key set: %w", err)
	}
	signed, err = trust.Assemble(set, []trust.Signature{a.SignKeySet(set)})
	return signed, set.Pin(), err
}

// SignKeySet signs a key set with the log key.
func (a *Authority) SignKeySet(k trust.KeySet) trust.Signature {
	return trust.Signature{Replica: a.replica, Sig: a.SignLog(k.SigningInput())}
}
