package envelope

import "xietong/certs/trust"

// Signed returns the two parts of a message that prove, also without the body, what its origin
// signed: the outer header and the statement. The caller must change neither.
func (e Envelope) Signed() (outer, statement []byte) { return e.outer, e.statement }

// VerifySigned verifies the two parts that Signed returned, without the body: it proves that the
// origin, whose key sets are given, signed a message with this header and a body whose preimage has
// the commitment as its SHA-256. It does not compare the message with the time now, so a message
// that expired long ago passes; but key set and certificate must have counted when the message was
// issued.
func VerifySigned(outer, statement []byte, keys []trust.Believed) (h Header, commitment [32]byte, err error) {
	if h, err = decodeHeader(outer); err != nil {
		return Header{}, commitment, err
	}
	s, err := decodeStatement(statement)
	if err != nil {
		return Header{}, commitment, err
	}
	if err := s.verify(outer, h, keys, nil); err != nil {
		return Header{}, commitment, err
	}
	return h, [32]byte(s.Payload), nil
}
