package envelope

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"xietong/certs/identity"
)

const (
	bodyInfo    = "xietong/1 body"
	keyLen      = 32
	tagLen      = 16
	encLen      = 1120      // bytes of an X-Wing encapsulation (draft-connolly-cfrg-xwing-kem)
	encapsulate = time.Hour // how long one encapsulation is used
)

// exporter is an *hpke.Sender or an *hpke.Recipient.
type exporter interface {
	Export(context string, length int) ([]byte, error)
}

// Recipient encrypts to one decryption key. One encapsulation serves for an hour of messages, and
// for as much longer as the clock is set back meanwhile. Many goroutines may use it.
type Recipient struct {
	public hpke.PublicKey
	key    [32]byte // SHA-256 of public
	now    func() time.Time
	mu     sync.Mutex
	enc    []byte
	hash   [32]byte // of enc
	sender exporter
	until  time.Time
}

// NewRecipient returns the recipient with the decryption key of a key set.
func NewRecipient(public []byte, now func() time.Time) (*Recipient, error) {
	key, err := hpke.MLKEM768X25519().NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("read decryption key: %w", err)
	}
	return &Recipient{public: key, key: sha256.Sum256(public), now: now}, nil
}

// encapsulation returns the encapsulation of this hour, its hash, and the export of its context.
func (r *Recipient) encapsulation() (enc, hash []byte, sender exporter, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.sender == nil || !now.Before(r.until) {
		if r.enc, r.sender, err = hpke.NewSender(r.public, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(bodyInfo)); err != nil {
			return nil, nil, nil, fmt.Errorf("encrypt message: %w", err)
		}
		r.hash, r.until = sha256.Sum256(r.enc), now.Add(encapsulate)
	}
	hash = bytes.Clone(r.hash[:])
	return r.enc, hash, r.sender, nil
}

// seal encrypts the plaintext of a message whose header and statement are made.
func (r *Recipient) seal(e Envelope, plain []byte) (Envelope, error) {
	enc, hash, sender, err := r.encapsulation()
	if err != nil {
		return Envelope{}, err
	}
	gcm, err := cipherOf(sender, exportContext(e.header.ID, e.Hash()))
	if err != nil {
		return Envelope{}, fmt.Errorf("encrypt message: %w", err)
	}
	aad := sha256.Sum256(e.outer)
	e.encapsulation, e.reference, e.body = enc, hash, gcm.Seal(plain[:0], make([]byte, gcm.NonceSize()), plain, aad[:])
	return e, nil
}

// exportContext is the exporter context of a message's key. The hash covers the statement, which
// commits to the salt and the content: two messages that differ never have one key, not even if
// their origin is copied while it runs, and gives one id and one salt twice.
func exportContext(id identity.Message, hash [32]byte) string {
	b := id.Bytes()
	return bodyInfo + string(b[:]) + string(hash[:])
}

// cipherOf derives the key of one message.
func cipherOf(from exporter, context string) (cipher.AEAD, error) {
	key, err := from.Export(context, keyLen)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
