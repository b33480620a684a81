package authority

import (
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"fmt"
)

// ErrNotOurKey is returned for an encapsulation to a decryption key that is not, or no more, of this jurisdiction.
var ErrNotOurKey = errors.New("encrypted to another decryption key")

// Decapsulate opens an HPKE encapsulation (RFC 9180: base mode, X-Wing, HKDF-SHA-256, AES-256-GCM) to the decryption key
// with the given SHA-256. The private key stays here; what is returned serves for the messages under this encapsulation.
func (a *Authority) Decapsulate(key [32]byte, enc, info []byte) (*hpke.Recipient, error) {
	if sha256.Sum256(a.decryption.PublicKey().Bytes()) != key {
		return nil, ErrNotOurKey
	}
	r, err := hpke.NewRecipient(enc, a.decryption, hpke.HKDFSHA256(), hpke.AES256GCM(), info)
	if err != nil {
		return nil, fmt.Errorf("decapsulate: %w", err)
	}
	return r, nil
}
