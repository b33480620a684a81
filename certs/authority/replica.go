package authority

import (
	"cmp"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

// CreateReplica makes the missing keys of a further replica in dir, and opens dir: a CA, a signing
// key and a log key of its own. It makes no decryption key, which all replicas share, and no
// recovery key. What it returns can sign with the log key and issue the identity of links, by which
// the others know the replica; Take gives it the decryption keys, and Use what else it needs.
func CreateReplica(dir string, name identity.Jurisdiction, r identity.Replica, now time.Time) (*Authority, error) {
	m := maker{dir: dir, name: name, replica: r, now: now, number: 1, ca: 1}
	for _, step := range []func() error{m.caKey, m.caCert, m.signingKey, m.signingCert, m.logKey} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("create replica's keys: %w", err)
		}
	}
	a, err := openWithout(dir, name, r)
	if err != nil {
		return nil, fmt.Errorf("create replica's keys: %w", err)
	}
	return a, nil
}

// openWithout opens the folder of a replica that may have no decryption key yet.
func openWithout(dir string, name identity.Jurisdiction, r identity.Replica) (*Authority, error) {
	a, err := Open(dir, name, r)
	if !errors.Is(err, ErrNoKeys) {
		return a, err
	}
	a = &Authority{dir: dir, name: name, replica: r, decryption: map[[sha256.Size]byte]held{}}
	if a.journal, _, err = readJournal(dir); err != nil {
		return nil, err
	}
	if a.logKey, err = readEd25519(filepath.Join(dir, logKeyFile)); err != nil {
		return nil, err
	}
	a.ca, a.signer, err = a.read(a.journal.CA, a.journal.Signing)
	return a, err
}

// ReplicaIn returns the replica whose signing certificate is in use in dir.
func ReplicaIn(dir string) (identity.Replica, error) {
	j, _, err := readJournal(dir)
	if err != nil {
		return identity.Replica{}, err
	}
	cert, err := readCert(filepath.Join(dir, fileOf(signingCertFile, j.Signing)))
	if err != nil {
		return identity.Replica{}, err
	}
	if len(cert.URIs) != 1 {
		return identity.Replica{}, fmt.Errorf("%w: a signing certificate of %d identities", ErrOtherKeys, len(cert.URIs))
	}
	return identity.ParseReplica(strings.TrimPrefix(cert.URIs[0].Path, "/signing/"))
}

// Keys returns the public keys of this replica that are in use, as a key set lists them.
func (a *Authority) Keys() trust.ReplicaKeys {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return trust.ReplicaKeys{Replica: a.replica, CACert: a.ca.Raw, SigningCert: a.signer.cert.Raw, LogKey: a.LogPublic()}
}

// Decrypts reports whether the private part of a decryption key is here.
func (a *Authority) Decrypts(public []byte) bool {
	a.mu.RLock()
	defer a.mu.RUnlock()
	_, ok := a.decryption[sha256.Sum256(public)]
	return ok
}

// handed is what one replica hands another: the decryption keys that are usable, by the number in
// the name of their file.
type handed struct {
	_      struct{} `cbor:",toarray"`
	InUse  uint64   // the number of the one in use
	Keys   []handedKey
	Former []former
}

type handedKey struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Key    []byte
}

// MaxHandedOver bounds what HandOver returns, in bytes.
const MaxHandedOver = 64 << 10

// Receiver is the key to which one replica seals what it hands another. It is made for one
// hand-over, and kept in no file.
type Receiver struct{ key hpke.PrivateKey }

// NewReceiver makes a key for one hand-over.
func NewReceiver() (*Receiver, error) {
	key, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("make key for hand-over: %w", err)
	}
	return &Receiver{key}, nil
}

// Public returns the public key.
func (r *Receiver) Public() []byte { return r.key.PublicKey().Bytes() }

// Format writes nothing private, for any verb.
func (r *Receiver) Format(f fmt.State, _ rune) { fmt.Fprint(f, "receiver") }

// infoOf binds a hand-over to the replica that receives it.
func infoOf(name identity.Jurisdiction, to identity.Replica) []byte {
	return []byte("xietong/1 decryption keys\n" + name.String() + "\n" + to.String() + "\n")
}

// HandOver seals the usable decryption keys to the public key of the replica's Receiver. The caller
// has made sure that it is a replica of this jurisdiction.
func (a *Authority) HandOver(to identity.Replica, public []byte) ([]byte, error) {
	key, err := hpke.MLKEM768X25519().NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("hand over keys: %w", err)
	}
	a.mu.RLock()
	data, err := a.handed()
	a.mu.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("hand over keys: %w", err)
	}
	sealed, err := hpke.Seal(key, hpke.HKDFSHA256(), hpke.AES256GCM(), infoOf(a.name, to), data)
	if err != nil {
		return nil, fmt.Errorf("hand over keys: %w", err)
	}
	return sealed, nil
}

// handed returns the usable decryption keys. The caller holds the lock.
func (a *Authority) handed() ([]byte, error) {
	h := handed{InUse: a.journal.Decryption, Former: slices.Clone(a.journal.Former)}
	for _, d := range a.decryption {
		data, err := d.key.Bytes()
		if err != nil {
			return nil, err
		}
		h.Keys = append(h.Keys, handedKey{Number: d.number, Key: data})
	}
	slices.SortFunc(h.Keys, func(x, y handedKey) int { return cmp.Compare(x.Number, y.Number) })
	return canon.Marshal(h)
}

// Take keeps the decryption keys that another replica handed over to the Receiver. Keys that are
// here already stay.
func (a *Authority) Take(r *Receiver, sealed []byte) error {
	if len(sealed) > MaxHandedOver {
		return fmt.Errorf("take keys: %d bytes, more than %d", len(sealed), MaxHandedOver)
	}
	data, err := hpke.Open(r.key, hpke.HKDFSHA256(), hpke.AES256GCM(), infoOf(a.name, a.replica), sealed)
	if err != nil {
		return fmt.Errorf("take keys: %w", err)
	}
	var h handed
	if err := canon.Unmarshal(data, MaxHandedOver, &h); err != nil {
		return fmt.Errorf("take keys: %w", err)
	}
	if len(h.Keys) > maxFormer+2 || len(h.Former) > maxFormer {
		return fmt.Errorf("take keys: %d keys, more than %d", len(h.Keys), maxFormer+2)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.keep(h); err != nil {
		return fmt.Errorf("take keys: %w", err)
	}
	return nil
}

// keep writes the keys; Use writes later which of them are in use and which are former ones. A
// replica that has a key set in use already keeps its own word on that. The caller holds the lock.
func (a *Authority) keep(h handed) error {
	all := maps.Clone(a.decryption)
	for _, k := range h.Keys {
		key, err := hpke.MLKEM768X25519().NewPrivateKey(k.Key)
		if err != nil {
			return fmt.Errorf("key of number %d: %w", k.Number, err)
		}
		m := maker{dir: a.dir, name: a.name, replica: a.replica, number: k.Number}
		err = m.once(fileOf(decryptionKeyFile, k.Number), func() (*pem.Block, error) { return &pem.Block{Type: hpkePEM, Bytes: k.Key}, nil })
		if err != nil {
			return err
		}
		all[sha256.Sum256(key.PublicKey().Bytes())] = held{k.Number, key}
	}
	if a.decryption = all; a.journal.Number == 1 {
		a.journal.Decryption, a.journal.Former = h.InUse, h.Former
	}
	return nil
}
