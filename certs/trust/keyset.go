// Package trust says which keys sign for a jurisdiction. It holds the key set that lists them, the
// pin at which a verifier starts, and the walk from the pin to the key set.
//
// A key set is a numbered document of public keys. A majority of the replicas in number 1 sign it
// with their log keys. Every later number is signed by a majority of the replicas in the number
// before, and holds the hash of that number. So a verifier that knows one number can walk forward
// to any later one by the signatures and back to any earlier one by the hashes, and rotation never
// ends a pin. The package is pure: it holds no private key, does no I/O and reads no clock. It
// believes nothing that it did not verify, and between calls it keeps nothing but parsed
// certificates.
//
// A key set is deterministic CBOR (see canon):
//
//	{1: name, 2: epoch, 3: number, 4: [replica …], 5: decryption key, 6: hash of number-1 (absent in number 1),
//	 7: true where number-1 is revoked, otherwise absent, 8: recovery key (Ed25519, 32 bytes)}
//	replica = {1: "r1", 2: CA certificate (DER), 3: signing certificate (DER), 4: log key (Ed25519, 32 bytes)}
//
// with replicas in the order of their numbers. The hash of a key set is SHA-256 of these bytes. A
// key set travels signed, as
//
//	[key set (bstr), [["r1", signature (64 bytes)] …]]     signatures in the order of the replicas' numbers
//
// where each signature is Ed25519 by a log key over "xietong/1 key set\n" followed by the hash. A
// pin is the text
//
//	nanming.guiyang.guizhou/keys/1/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
//
// A parent endorses its child's key set (see Endorsement), so a verifier that pins the root can
// descend to any jurisdiction of the tree. A key set counts until an hour after the next one was
// endorsed (see Believed). The formats are in docs/ledger-format.md with examples.
package trust

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Limits of a key set.
const (
	MaxReplicas  = 9
	MaxKeySetLen = 64 << 10 // bytes of a signed key set
	// MaxHanded and MaxHandedLen bound the key sets that one jurisdiction hands another at once, in
	// number and in bytes. In all there is no limit: a chain goes on where the one before ended.
	MaxHanded    = 16
	MaxHandedLen = 64 << 10
	maxCertLen   = 4 << 10
	maxPublicLen = 4 << 10
)

// Hash is the SHA-256 hash of a key set.
type Hash [sha256.Size]byte

// ErrInvalid is wrapped by every error about a key set that is malformed, that lacks the signatures
// of the replicas that must sign it, or that the pin does not lead to.
var ErrInvalid = errors.New("invalid key set")

// ReplicaKeys are the public keys of one replica.
type ReplicaKeys struct {
	Replica     identity.Replica `cbor:"1,keyasint"`
	CACert      []byte           `cbor:"2,keyasint"` // DER
	SigningCert []byte           `cbor:"3,keyasint"` // DER
	LogKey      []byte           `cbor:"4,keyasint"` // Ed25519 public key
}

// Equal reports whether both name the same replica with the same keys, byte for byte.
func (k ReplicaKeys) Equal(o ReplicaKeys) bool {
	return k.Replica == o.Replica && bytes.Equal(k.CACert, o.CACert) &&
		bytes.Equal(k.SigningCert, o.SigningCert) && bytes.Equal(k.LogKey, o.LogKey)
}

// KeySet is a jurisdiction's numbered document of public keys.
type KeySet struct {
	Name          identity.Jurisdiction `cbor:"1,keyasint"`
	Epoch         uint64                `cbor:"2,keyasint"`
	Number        uint64                `cbor:"3,keyasint"`
	Replicas      []ReplicaKeys         `cbor:"4,keyasint"`
	DecryptionKey []byte                `cbor:"5,keyasint"`           // X-Wing public key
	Previous      []byte                `cbor:"6,keyasint,omitempty"` // Hash of number-1
	Revokes       bool                  `cbor:"7,keyasint,omitempty"` // nothing that number-1 signed counts any more: see Believed
	RecoveryKey   []byte                `cbor:"8,keyasint"`           // Ed25519 public key; the private one is on paper alone: see SignRecovery
}

// Encode returns the bytes whose hash is the hash of the key set. The error wraps ErrInvalid when
// the key set is impossible.
func (k KeySet) Encode() ([]byte, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	return canon.Marshal(k)
}

// Hash returns the hash that pins and endorsements hold. It panics for a key set that Encode
// refuses.
func (k KeySet) Hash() Hash {
	data, err := k.Encode()
	if err != nil {
		panic(err)
	}
	return sha256.Sum256(data)
}

// Majority returns the number of distinct replicas that must agree.
func (k KeySet) Majority() int { return len(k.Replicas)/2 + 1 }

// LogKey returns the log key of a replica, or nil when the key set does not list it.
func (k KeySet) LogKey(r identity.Replica) ed25519.PublicKey {
	for _, keys := range k.Replicas {
		if keys.Replica == r {
			return keys.LogKey
		}
	}
	return nil
}

// Without returns the key set with those of its replicas alone whose log keys another one does not
// list. It is no key set that anybody signed.
func (k KeySet) Without(listed KeySet) KeySet {
	k.Replicas = slices.DeleteFunc(slices.Clone(k.Replicas), func(r ReplicaKeys) bool {
		return slices.ContainsFunc(listed.Replicas, func(l ReplicaKeys) bool { return bytes.Equal(l.LogKey, r.LogKey) })
	})
	return k
}

// check checks the rules that every key set must keep by itself.
func (k KeySet) check() error {
	switch {
	case k.Name.IsZero() || k.Epoch == 0 || k.Number == 0:
		return fmt.Errorf("%w: name, epoch and number are needed", ErrInvalid)
	case len(k.Replicas) == 0 || len(k.Replicas) > MaxReplicas:
		return fmt.Errorf("%w: %d replicas, not 1 to %d", ErrInvalid, len(k.Replicas), MaxReplicas)
	case len(k.DecryptionKey) == 0 || len(k.DecryptionKey) > maxPublicLen:
		return fmt.Errorf("%w: decryption key of %d bytes", ErrInvalid, len(k.DecryptionKey))
	case k.Number == 1 && k.Revokes:
		return fmt.Errorf("%w: number 1 revokes another", ErrInvalid)
	case (k.Number == 1) != (k.Previous == nil) || k.Previous != nil && len(k.Previous) != sha256.Size:
		return fmt.Errorf("%w: number %d with a hash of %d bytes before it", ErrInvalid, k.Number, len(k.Previous))
	}
	if err := checkKey(k.RecoveryKey); err != nil {
		return fmt.Errorf("%w: recovery key: %w", ErrInvalid, err)
	}
	return k.checkReplicas()
}

func (k KeySet) checkReplicas() error {
	seen := map[string]bool{}
	for i, r := range k.Replicas {
		switch {
		case r.Replica.IsZero() || i > 0 && r.Replica.Number() <= k.Replicas[i-1].Replica.Number():
			return fmt.Errorf("%w: replicas are not in order", ErrInvalid)
		case len(r.LogKey) != ed25519.PublicKeySize || seen[string(r.LogKey)]:
			return fmt.Errorf("%w: log key of %s is malformed or another's", ErrInvalid, r.Replica)
		case bytes.Equal(r.LogKey, k.RecoveryKey):
			return fmt.Errorf("%w: the log key of %s, which is on a machine, is the recovery key", ErrInvalid, r.Replica)
		}
		seen[string(r.LogKey)] = true
		if err := r.Check(); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrInvalid, r.Replica, err)
		}
	}
	return nil
}

// Check checks the log key and the two certificates, by themselves.
func (r ReplicaKeys) Check() error {
	if err := checkKey(r.LogKey); err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	for _, der := range [][]byte{r.CACert, r.SigningCert} {
		if len(der) > maxCertLen {
			return fmt.Errorf("a certificate of %d bytes", len(der))
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("certificate: %w", err)
		}
		if key, ok := cert.PublicKey.(ed25519.PublicKey); ok {
			if err := checkKey(key); err != nil {
				return fmt.Errorf("certificate: %w", err)
			}
		}
	}
	return nil
}

// DecodeKeySet decodes and checks the bytes that are hashed: what Encode returned. Nobody has
// signed them.
func DecodeKeySet(data []byte) (KeySet, error) {
	var k KeySet
	if err := canon.Unmarshal(data, MaxKeySetLen, &k); err != nil {
		return KeySet{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return k, k.check()
}

// Signature is one replica's signature of a key set.
type Signature struct {
	_       struct{} `cbor:",toarray"`
	Replica identity.Replica
	Sig     []byte
}

// signedKeySet is the form in which a key set travels.
type signedKeySet struct {
	_          struct{} `cbor:",toarray"`
	KeySet     []byte
	Signatures []Signature
}

// SigningInput returns the bytes that a replica's log key signs to sign the key set. It panics for
// a key set that Encode refuses.
func (k KeySet) SigningInput() []byte { return k.Hash().signingInput() }

func (h Hash) signingInput() []byte { return append([]byte("xietong/1 key set\n"), h[:]...) }

// Assemble returns the signed key set. It does not verify the signatures: Walk does.
func Assemble(k KeySet, signatures []Signature) ([]byte, error) {
	data, err := k.Encode()
	if err != nil {
		return nil, err
	}
	sorted := slices.SortedFunc(slices.Values(signatures), func(a, b Signature) int {
		return cmp.Compare(a.Replica.Number(), b.Replica.Number())
	})
	if sorted == nil {
		sorted = []Signature{} // null would be a second encoding of no signatures
	}
	return canon.Marshal(signedKeySet{KeySet: data, Signatures: sorted})
}

// opened is a signed key set, unverified.
type opened struct {
	KeySet
	hash       Hash // of the bytes that it was decoded from, which are its one encoding
	signatures []Signature
}

// open decodes a signed key set.
func open(data []byte) (opened, error) {
	var s signedKeySet
	if err := canon.Unmarshal(data, MaxKeySetLen, &s); err != nil {
		return opened{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if s.Signatures == nil {
		return opened{}, fmt.Errorf("%w: null, where no signatures are []", ErrInvalid)
	}
	for _, sig := range s.Signatures {
		if sig.Sig == nil {
			return opened{}, fmt.Errorf("%w: null, where the signature of %s belongs", ErrInvalid, sig.Replica)
		}
	}
	k, err := DecodeKeySet(s.KeySet)
	return opened{k, sha256.Sum256(s.KeySet), s.Signatures}, err
}

// verify checks that a majority of the signers' replicas signed k, and that no other replica did.
func (k opened) verify(signers KeySet) error {
	input, signatures := k.hash.signingInput(), k.signatures
	for i, s := range signatures {
		key := signers.LogKey(s.Replica)
		switch {
		case i > 0 && s.Replica.Number() <= signatures[i-1].Replica.Number():
			return fmt.Errorf("%w: signatures are not in order", ErrInvalid)
		case key == nil:
			return fmt.Errorf("%w: signed by %s, which is not listed", ErrInvalid, s.Replica)
		case !ed25519.Verify(key, input, s.Sig):
			return fmt.Errorf("%w: the signature of %s does not fit", ErrInvalid, s.Replica)
		}
	}
	if len(signatures) < signers.Majority() {
		return fmt.Errorf("%w: %d of %d replicas signed", ErrInvalid, len(signatures), len(signers.Replicas))
	}
	return nil
}

// Walk verifies consecutive signed key sets, oldest first, and returns them in the same order. One
// of them must be the pinned one. A verifier that pins number 3 believes number 4 because a
// majority of number 3 signed it, and number 2 because number 3 holds its hash. So signatures under
// keys that were replaced before the pin can still be verified. The first key set has no signatures
// unless it is number 1. Every error wraps ErrInvalid.
func Walk(pin Pin, signed [][]byte) ([]KeySet, error) {
	if len(signed) == 0 {
		return nil, fmt.Errorf("%w: none given", ErrInvalid)
	}
	var walked []KeySet
	var before opened
	for i, data := range signed {
		k, err := open(data)
		switch {
		case err != nil:
			return nil, err
		case i == 0 && (k.Name != pin.name || k.Number > pin.number), k.Number == pin.number && k.hash != pin.hash:
			return nil, fmt.Errorf("%w: %s number %d is not the pinned one", ErrInvalid, k.Name, k.Number)
		case i == 0:
			err = k.begins()
		default:
			err = k.follows(before)
		}
		if err != nil {
			return nil, err
		}
		walked, before = append(walked, k.KeySet), k
	}
	if last := walked[len(walked)-1]; last.Number < pin.number {
		return nil, fmt.Errorf("%w: %s number %d, the last, is not the pinned one", ErrInvalid, last.Name, last.Number)
	}
	return walked, nil
}

// Extend verifies signed key sets that follow one another and from, which the caller has verified,
// and returns them. Every error wraps ErrInvalid.
func Extend(from KeySet, signed [][]byte) (walked []KeySet, err error) {
	before := opened{KeySet: from, hash: from.Hash()}
	for _, data := range signed {
		k, err := open(data)
		if err == nil {
			err = k.follows(before)
		}
		if err != nil {
			return nil, err
		}
		walked, before = append(walked, k.KeySet), k
	}
	return walked, nil
}

// Begin returns signed key sets as a chain that begins with them: where the first is not number 1,
// it stands without its signatures, because no verifier of that chain could check them. It verifies
// nothing; the error wraps ErrInvalid where the first is malformed.
func Begin(signed [][]byte) ([][]byte, error) {
	if len(signed) == 0 {
		return signed, nil
	}
	var s signedKeySet
	var k KeySet
	err := canon.Unmarshal(signed[0], MaxKeySetLen, &s)
	if err == nil {
		err = canon.Unmarshal(s.KeySet, MaxKeySetLen, &k)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if k.Number == 1 || len(s.Signatures) == 0 {
		return signed, nil
	}
	s.Signatures = []Signature{}
	bare, err := canon.Marshal(s)
	if err != nil {
		return nil, err
	}
	return append([][]byte{bare}, signed[1:]...), nil
}

// Some returns how many of the key sets may be handed over at once, from the first on.
func Some(signed [][]byte) (n int) {
	for size := 0; n < min(len(signed), MaxHanded); n++ {
		if size += len(signed[n]); n > 0 && size > MaxHandedLen {
			break
		}
	}
	return n
}

// begins checks the signatures of the first key set of a walk. The replicas of number 1 sign number
// 1 themselves. A later number was signed with keys that the verifier may not know, so its
// signatures must be left out: otherwise they would be bytes that no verifier checks.
func (k opened) begins() error {
	if k.Number == 1 {
		return k.verify(k.KeySet)
	}
	if len(k.signatures) != 0 {
		return fmt.Errorf("%w: number %d begins the walk; its signatures cannot be checked and must be left out", ErrInvalid, k.Number)
	}
	return nil
}

func (k opened) follows(before opened) error {
	if k.Name != before.Name || k.Number != before.Number+1 || !bytes.Equal(k.Previous, before.hash[:]) || k.Epoch < before.Epoch {
		return fmt.Errorf("%w: %s number %d does not follow number %d", ErrInvalid, k.Name, k.Number, before.Number)
	}
	return k.verify(before.KeySet)
}
