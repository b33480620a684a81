package envelope

import (
	"crypto/ed25519"

	"xietong/certs/trust"
)

// Signed returns the two parts of a message that prove what its origin signed, also without the body: the outer header and
// the statement. The caller changes neither.
func (e Envelope) Signed() (outer, statement []byte) { return e.outer, e.statement }

// VerifySigned verifies what Signed returned, for whoever has no body: that the origin, whose key sets are given, signed a
// message with this header and a body whose preimage has the commitment as its SHA-256. It knows no time, so it holds for
// messages that ended long ago; the certificate was in force when the message was issued.
func VerifySigned(outer, statement []byte, keys []trust.KeySet) (h Header, commitment [32]byte, err error) {
	if h, err = decodeHeader(outer); err != nil {
		return Header{}, commitment, err
	}
	s, header, err := decodeStatement(statement)
	if err != nil {
		return Header{}, commitment, err
	}
	key, err := signingKey(header.Cert.Hash, keys, h)
	if err != nil {
		return Header{}, commitment, err
	}
	if !ed25519.Verify(key, toBeSigned(s.Protected, outer, s.Payload), s.Signature) {
		return Header{}, commitment, ErrSignature
	}
	return h, [32]byte(s.Payload), nil
}
