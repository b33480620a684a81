package envelope

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

const (
	bodyInfo    = "xietong/1 body"
	keyLen      = 32
	tagLen      = 16
	encLen      = 1120             // bytes of an X-Wing encapsulation (draft-connolly-cfrg-xwing-kem)
	encapsulate = time.Hour        // how long one encapsulation is used
	maxCached   = 1024             // encapsulations that an Opener remembers
	maxSealed   = MaxContent + 256 // bytes of a preimage
)

type sealedBody struct {
	_          struct{} `cbor:",toarray"`
	Enc        []byte
	Ciphertext []byte
}

// exporter is an *hpke.Sender.
type exporter interface {
	Export(context string, length int) ([]byte, error)
}

// Recipient encrypts to one decryption key. One encapsulation serves for an hour of messages. The
// key of a message is derived from the encapsulation and the message's id, so one Recipient must
// never seal two messages with one id: a repeated id needs a new Recipient. Many goroutines may use
// it.
type Recipient struct {
	public hpke.PublicKey
	key    [32]byte // SHA-256 of public
	now    func() time.Time
	mu     sync.Mutex
	enc    []byte
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

// sealedLen returns the bytes of a sealedBody, because the outer header holds that length before
// the body is encrypted.
func (r *Recipient) sealedLen(plain int) int {
	return 1 + canon.StringLen(encLen) + canon.StringLen(plain+tagLen)
}

func (r *Recipient) seal(id identity.Message, outer, plain []byte) ([]byte, error) {
	enc, key, err := r.messageKey(id)
	if err != nil {
		return nil, fmt.Errorf("encrypt message: %w", err)
	}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, fmt.Errorf("encrypt message: %w", err)
	}
	aad := sha256.Sum256(outer)
	return mustEncode(sealedBody{Enc: enc, Ciphertext: gcm.Seal(nil, make([]byte, gcm.NonceSize()), plain, aad[:])}), nil
}

// messageKey derives the key of one message.
func (r *Recipient) messageKey(id identity.Message) (enc, key []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.sender == nil || !now.Before(r.until) {
		if r.enc, r.sender, err = hpke.NewSender(r.public, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte(bodyInfo)); err != nil {
			return nil, nil, err
		}
		r.until = now.Add(encapsulate)
	}
	key, err = r.sender.Export(exportContext(id), keyLen)
	return r.enc, key, err
}

func exportContext(id identity.Message) string {
	b := id.Bytes()
	return bodyInfo + string(b[:])
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Decapsulator holds the destination's private keys; certs/authority is one.
type Decapsulator interface {
	// Decapsulate opens an encapsulation to the decryption key that has key as its SHA-256.
	Decapsulate(key [32]byte, enc, info []byte) (*hpke.Recipient, error)
}

// Opener decrypts the messages that were sent to one jurisdiction. It remembers the newest
// encapsulations, up to maxCached, so that a repeated one costs one decapsulation. Many goroutines
// may use it.
type Opener struct {
	keys   Decapsulator
	mu     sync.Mutex
	cached map[[32]byte]*hpke.Recipient
	order  [][32]byte // oldest first
}

// NewOpener returns an opener with the private keys of d.
func NewOpener(d Decapsulator) *Opener {
	return &Opener{keys: d, cached: map[[32]byte]*hpke.Recipient{}}
}

func (o *Opener) open(e Envelope) ([]byte, error) {
	if o == nil {
		return nil, errors.New("nothing to decrypt it with")
	}
	var b sealedBody
	if err := canon.Unmarshal(e.body, MaxFrame, &b); err != nil {
		return nil, malformed("body", err)
	}
	if len(b.Enc) != encLen || len(b.Ciphertext) < tagLen || len(b.Ciphertext) > maxSealed {
		return nil, malformed("body", fmt.Errorf("an encapsulation of %d bytes, a ciphertext of %d", len(b.Enc), len(b.Ciphertext)))
	}
	key, err := o.messageKey([32]byte(e.header.DecryptionKey), b.Enc, e.header.ID)
	if err != nil {
		return nil, fmt.Errorf("decrypt message: %w", err)
	}
	gcm, err := newGCM(key)
	if err != nil {
		return nil, fmt.Errorf("decrypt message: %w", err)
	}
	aad := sha256.Sum256(e.outer)
	plain, err := gcm.Open(nil, make([]byte, gcm.NonceSize()), b.Ciphertext, aad[:])
	if err != nil {
		return nil, fmt.Errorf("decrypt message: %w", err)
	}
	return plain, nil
}

func (o *Opener) messageKey(key [32]byte, enc []byte, id identity.Message) ([]byte, error) {
	name := sha256.Sum256(append(key[:], enc...))
	o.mu.Lock()
	defer o.mu.Unlock()
	r := o.cached[name]
	if r == nil {
		var err error
		if r, err = o.keys.Decapsulate(key, enc, []byte(bodyInfo)); err != nil {
			return nil, err
		}
		if len(o.order) == maxCached {
			delete(o.cached, o.order[0])
			o.order = o.order[1:]
		}
		o.cached[name], o.order = r, append(o.order, name)
	}
	return r.Export(exportContext(id), keyLen)
}
