package relay

import (
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
)

// maxEvidence is more than the bytes of an outer header and a statement.
const maxEvidence = 4 << 10

// MaxAround is more than the bytes of an answer around its result: header, statement, hop header.
const MaxAround = 16 << 10

type evidence struct {
	_         struct{} `cbor:",toarray"`
	Outer     []byte
	Statement []byte
}

// Evidence returns the part of a message that a ledger keeps to prove later what the origin signed:
// [outer, statement] (see envelope). The SHA-256 of the evidence is the hash by which an answer
// names its request.
func Evidence(e envelope.Envelope) []byte {
	outer, statement := e.Signed()
	data, err := canon.Marshal(evidence{Outer: outer, Statement: statement})
	if err != nil {
		panic(err) // byte strings always have an encoding
	}
	return data
}

// VerifyEvidence proves that the origin in the header, whose key sets are given, signed a message
// with that header and a body whose preimage has the commitment as its SHA-256. It needs neither
// the body nor the time.
func VerifyEvidence(data []byte, keys []trust.Believed) (h envelope.Header, commitment [32]byte, err error) {
	var e evidence
	if err := canon.Unmarshal(data, maxEvidence, &e); err != nil {
		return envelope.Header{}, commitment, fmt.Errorf("verify evidence: %w", err)
	}
	if h, commitment, err = envelope.VerifySigned(e.Outer, e.Statement, keys); err != nil {
		return envelope.Header{}, commitment, fmt.Errorf("verify evidence: %w", err)
	}
	return h, commitment, nil
}
