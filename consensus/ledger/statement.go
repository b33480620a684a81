package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"

	"github.com/fxamacker/cbor/v2"
)

// COSE labels and values of this package: RFC 9052 §3.1 (1, 4), RFC 9360 §2 (34), RFC 9995 (258,
// 259), RFC 9942 (395, 396, -1); algorithms EdDSA (-8) and SHA-256 (-16) of the IANA COSE registry.
const (
	algEdDSA  = -8
	algSHA256 = -16
	tagSign1  = 18

	statementContext = "xietong/1 statement"
)

// StatementSigner signs for a jurisdiction; certs/authority is one.
type StatementSigner interface {
	SigningCert() []byte // DER
	SignStatement(message []byte) []byte
}

// statementHeader is the protected header of an act: EdDSA, the certificate's hash, and a hash
// envelope.
type statementHeader struct {
	Alg         int64      `cbor:"1,keyasint"`
	Cert        certByHash `cbor:"34,keyasint"`
	PayloadHash int64      `cbor:"258,keyasint"`
	ContentType string     `cbor:"259,keyasint"`
}

type certByHash struct {
	_    struct{} `cbor:",toarray"`
	Alg  int64
	Hash []byte
}

// sign1 is the array inside tag 18 (RFC 9052 §4.2).
type sign1 struct {
	_           struct{} `cbor:",toarray"`
	Protected   []byte
	Unprotected map[int64]cbor.RawMessage
	Payload     []byte
	Signature   []byte
}

// statement is a decoded act.
type statement struct {
	header     statementHeader
	protected  []byte
	commitment Commitment
	signature  []byte
}

// Sign makes the evidence of an act: the signer states the head and commits to the payload. The
// error wraps ErrMalformed when the content type is missing or longer than MaxContentTypeLen.
func Sign(log identity.Log, head Head, contentType string, c Commitment, signer StatementSigner) (Evidence, error) {
	cert := sha256.Sum256(signer.SigningCert())
	h := statementHeader{
		Alg: algEdDSA, Cert: certByHash{Alg: algSHA256, Hash: cert[:]}, PayloadHash: algSHA256, ContentType: contentType,
	}
	protected := mustEncode(h)
	s := sign1{
		Protected: protected, Unprotected: map[int64]cbor.RawMessage{}, Payload: c[:],
		Signature: signer.SignStatement(toBeSigned(protected, statedFor(log, head), c[:])),
	}
	checked, err := s.statement(h)
	if err != nil {
		return Evidence{}, err
	}
	return Evidence{raw: mustEncode(cbor.Tag{Number: tagSign1, Content: s}), commitment: c, statement: &checked}, nil
}

// toBeSigned returns the Sig_structure of RFC 9052 §4.4.
func toBeSigned(protected, external, payload []byte) []byte {
	return mustEncode([]any{"Signature1", protected, external, payload})
}

func decodeSign1(data []byte) (sign1, error) {
	var s sign1
	if err := canon.UnmarshalTagged(data, MaxLeafLen, tagSign1, &s); err != nil {
		return sign1{}, err
	}
	if s.Protected == nil || s.Unprotected == nil || s.Signature == nil {
		return sign1{}, errors.New("null, where only the payload may be detached")
	}
	return s, nil
}

func decodeStatement(data []byte) (statement, error) {
	s, err := decodeSign1(data)
	if err != nil {
		return statement{}, malformed("statement", err)
	}
	var h statementHeader
	if err := canon.Unmarshal(s.Protected, MaxLeafLen, &h); err != nil {
		return statement{}, malformed("statement header", err)
	}
	return s.statement(h)
}

// statement checks the form of an act, whether it was made here or decoded.
func (s sign1) statement(h statementHeader) (statement, error) {
	switch {
	case h.Alg != algEdDSA || h.PayloadHash != algSHA256 || h.Cert.Alg != algSHA256 || len(h.Cert.Hash) != sha256.Size:
		return statement{}, malformed("statement header", errors.New("an algorithm that is not this format's"))
	case h.ContentType == "" || len(h.ContentType) > MaxContentTypeLen:
		return statement{}, malformed("statement header", errors.New("content type missing or too long"))
	case len(s.Unprotected) != 0 || len(s.Payload) != len(Commitment{}) || len(s.Signature) != ed25519.SignatureSize:
		return statement{}, malformed("statement", errors.New("not a hash envelope without unprotected header"))
	}
	return statement{header: h, protected: s.Protected, commitment: Commitment(s.Payload), signature: s.Signature}, nil
}

// VerifyStatement verifies the act in a leaf of log. One of the key sets must list the signing
// certificate of the act, and the certificate must have been valid at the entry's time. The log of
// a later epoch has the acts of the earlier ones too: each was signed for the log of its own epoch,
// which is that of a key set that lists its certificate. A leaf without an act is refused: see
// Evidence.Signed. The error wraps ErrMalformed or ErrNotProven.
func VerifyStatement(log identity.Log, l Leaf, sets ...trust.KeySet) error {
	_, err := signedFor(log, l, sets)
	return err
}

// signedFor verifies as VerifyStatement does, and returns the log for which the act was signed.
func signedFor(log identity.Log, l Leaf, sets []trust.KeySet) (of identity.Log, err error) {
	s := l.Evidence.statement
	if s == nil {
		return of, fmt.Errorf("%w: the entry is no signed act", ErrNotProven)
	}
	failed := fmt.Errorf("%w: signed with a certificate that no key set of the chain lists", ErrNotProven)
	last := uint64(0)
	for _, keys := range sets {
		cert, listed, err := keys.SigningCert(s.header.Cert.Hash)
		if err != nil {
			return of, malformed("signing certificate", err)
		}
		if !listed || keys.Epoch == last {
			continue
		}
		if last = keys.Epoch; keys.Epoch > log.Epoch() {
			return of, fmt.Errorf("%w: a key set of epoch %d for a log of epoch %d", ErrNotProven, keys.Epoch, log.Epoch())
		}
		if of, err = identity.NewLog(log.Jurisdiction(), keys.Epoch); err != nil {
			return of, malformed("log", err)
		}
		if failed = s.verify(of, l.Head, cert); failed == nil {
			return of, nil
		}
	}
	return identity.Log{}, failed
}

func (s statement) verify(log identity.Log, h Head, cert trust.SigningCert) error {
	switch {
	case cert.Key == nil:
		return malformed("signing certificate", errors.New("not an Ed25519 key"))
	case !cert.InForce(time.UnixMilli(int64(h.Time))):
		return fmt.Errorf("%w: the signing certificate was not valid at the entry's time", ErrNotProven)
	case !ed25519.Verify(cert.Key, toBeSigned(s.protected, statedFor(log, h), s.commitment[:]), s.signature):
		return fmt.Errorf("%w: the signature of the act does not fit", ErrNotProven)
	}
	return nil
}
