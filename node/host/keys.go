package host

import (
	"context"
	"crypto/hpke"

	"xietong/certs/authority"
	"xietong/consensus/state"
)

// KeySets returns the jurisdiction's signed key sets, from number 1.
func (h *Host) KeySets(ctx context.Context) (signed [][]byte, err error) {
	err = h.View(ctx, func(r *state.Reader) error {
		signed, _ = r.KeySets()
		return nil
	})
	return signed, err
}

// LinkSource issues the identities with which this replica stands on links.
func (h *Host) LinkSource() *authority.Source { return h.links }

// SigningCert returns the certificate (DER) of the key that SignStatement signs with.
func (h *Host) SigningCert() []byte { return h.authority.SigningCert() }

// SignStatement signs for the jurisdiction.
func (h *Host) SignStatement(message []byte) []byte { return h.authority.SignStatement(message) }

// SignLog signs with this replica's log key.
func (h *Host) SignLog(message []byte) []byte { return h.authority.SignLog(message) }

// Decapsulate opens an encapsulation to one of the jurisdiction's decryption keys.
func (h *Host) Decapsulate(key [32]byte, enc, info []byte) (*hpke.Recipient, error) {
	return h.authority.Decapsulate(key, enc, info)
}
