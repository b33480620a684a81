package envelope

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"xietong/certs/canon"
	"xietong/certs/trust"
)

// COSE labels and values: RFC 9052 §3.1 (1), RFC 9360 §2 (34), RFC 9995 (258, 259); algorithms of
// the IANA COSE registry. -70001 is a label of this format (docs/protocol.md).
const (
	algEdDSA  = -8
	algSHA256 = -16
	tagSign1  = 18

	formSingle = 1
	formBatch  = 2

	messageContext = "xietong/1 message"
)

// Signer signs for the origin; certs/authority is one.
type Signer interface {
	SigningCert() []byte // DER
	SignStatement(message []byte) []byte
}

type protectedHeader struct {
	Alg         int64      `cbor:"1,keyasint"`
	Cert        certByHash `cbor:"34,keyasint"`
	PayloadHash int64      `cbor:"258,keyasint"`
	ContentType string     `cbor:"259,keyasint"`
	Form        uint64     `cbor:"-70001,keyasint"`
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

// Draft is a message that is to be sealed.
type Draft struct {
	Header      Header // without Size and DecryptionKey
	ContentType string
	Content     []byte
}

// Seal signs a message, and encrypts it to the recipient's key unless to is nil. It returns
// ErrMalformed for a header, content or content type beyond the limits.
func Seal(d Draft, by Signer, to *Recipient) (Envelope, error) {
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails
	return sealSalted(d, by, to, salt)
}

func sealSalted(d Draft, by Signer, to *Recipient, salt []byte) (Envelope, error) {
	u, err := d.unsigned(to, salt)
	if err != nil {
		return Envelope{}, err
	}
	cert := sha256.Sum256(by.SigningCert())
	protected := u.protected(cert, formSingle)
	u.statement = statement(protected, u.commitment, by.SignStatement(toBeSigned(protected, u.outer, u.commitment[:])))
	return u.encrypted(to)
}

// unsigned is a message before its statement.
type unsigned struct {
	Envelope
	contentType string
	commitment  [32]byte
}

// unsigned makes everything that the statement is about. The body is the plaintext.
func (d Draft) unsigned(to *Recipient, salt []byte) (u unsigned, err error) {
	if len(d.Content) > MaxContent || d.ContentType == "" || len(d.ContentType) > maxType {
		return u, malformed("content", fmt.Errorf("%d bytes of type %.100q", len(d.Content), d.ContentType))
	}
	u.header, u.contentType = d.Header, d.ContentType
	u.header.Size = sizeOf(len(d.Content), to != nil)
	size := u.header.Size
	if to != nil {
		size, u.header.DecryptionKey = size-tagLen, to.key[:]
	}
	u.body = plain(salt, d.Content, size)
	u.commitment = preimage{Salt: salt, ContentType: d.ContentType, Content: present(d.Content)}.commitment()
	u.outer, err = u.header.encode()
	return u, err
}

func (u unsigned) protected(cert [32]byte, form uint64) []byte {
	return mustEncode(protectedHeader{
		Alg: algEdDSA, Cert: certByHash{Alg: algSHA256, Hash: cert[:]}, PayloadHash: algSHA256, ContentType: u.contentType, Form: form,
	})
}

// encrypted returns the message, whose statement is made, encrypted to the recipient if there is
// one.
func (u unsigned) encrypted(to *Recipient) (Envelope, error) {
	if to == nil {
		return u.Envelope, nil
	}
	return to.seal(u.Envelope, u.body)
}

func statement(protected []byte, commitment [32]byte, signature []byte) []byte {
	return mustEncode(cbor.Tag{Number: tagSign1, Content: sign1{
		Protected: protected, Unprotected: map[int64]cbor.RawMessage{}, Payload: commitment[:], Signature: signature,
	}})
}

// toBeSigned is the Sig_structure of RFC 9052 §4.4.
func toBeSigned(protected, outer, payload []byte) []byte {
	return mustEncode([]any{"Signature1", protected, mustEncode([]any{messageContext, outer}), payload})
}

// Message is the content of a verified envelope.
type Message struct {
	Header      Header
	ContentType string
	Content     []byte
}

// Open verifies an envelope for its destination, as of now: (1) the time, (2) the signature, by a
// certificate of the origin's key sets that counted when the message was issued, (3) the body,
// which it decrypts, its padding, and the content type, which must be that of the kind. The caller
// gives the key sets of the origin that it believes, and an opener if the body may be encrypted.
func Open(e Envelope, keys []trust.Believed, o *Opener, now time.Time) (Message, error) {
	switch h := e.header; {
	case now.After(h.Expires):
		return Message{}, ErrExpired
	case h.Issued.After(now.Add(MaxSkew)):
		return Message{}, fmt.Errorf("%w: by %s", ErrFuture, h.Issued.Sub(now).Round(time.Second))
	}
	s, header, err := decodeStatement(e.statement)
	if err != nil {
		return Message{}, err
	}
	key, err := signingKey(header.Cert.Hash, keys, e.header)
	if err != nil {
		return Message{}, err
	}
	if !ed25519.Verify(key, toBeSigned(s.Protected, e.outer, s.Payload), s.Signature) {
		return Message{}, ErrSignature
	}
	body := e.body
	if e.header.DecryptionKey != nil {
		if body, err = o.open(e); err != nil {
			return Message{}, fmt.Errorf("%w: %w", ErrBody, err)
		}
	}
	salt, content, err := takeApart(body, e.header.DecryptionKey != nil)
	if err != nil {
		return Message{}, malformed("body", err)
	}
	sum := preimage{Salt: salt, ContentType: header.ContentType, Content: content}.commitment()
	if !bytes.Equal(sum[:], s.Payload) {
		return Message{}, ErrBody
	}
	if header.ContentType != e.header.Kind.contentType() {
		return Message{}, malformed("content", fmt.Errorf("type %.100q in a message of kind %d", header.ContentType, e.header.Kind))
	}
	return Message{Header: e.header, ContentType: header.ContentType, Content: content}, nil
}

func decodeStatement(data []byte) (s sign1, h protectedHeader, err error) {
	if err := canon.UnmarshalTagged(data, maxHeader, tagSign1, &s); err != nil {
		return s, h, malformed("statement", err)
	}
	if err := canon.Unmarshal(s.Protected, maxHeader, &h); err != nil {
		return s, h, malformed("protected header", err)
	}
	switch {
	case s.Unprotected == nil || s.Payload == nil || s.Signature == nil || h.Cert.Hash == nil:
		return s, h, malformed("statement", errors.New("null, where there is nothing to leave out"))
	case h.Form == formBatch:
		return s, h, ErrBatch
	case h.Alg != algEdDSA || h.Cert.Alg != algSHA256 || h.PayloadHash != algSHA256 || h.Form != formSingle:
		return s, h, malformed("protected header", errors.New("an algorithm or form that is not this format's"))
	case len(h.Cert.Hash) != sha256.Size || h.ContentType == "" || len(h.ContentType) > maxType:
		return s, h, malformed("protected header", errors.New("no certificate hash or content type"))
	case len(s.Unprotected) != 0 || len(s.Payload) != sha256.Size || len(s.Signature) != ed25519.SignatureSize:
		return s, h, malformed("statement", errors.New("not a hash envelope without unprotected header"))
	}
	return s, h, nil
}

// signingKey finds the certificate in the origin's key sets and returns its key, newest set first.
// A key set counts only for messages that were issued while it did: a key that was replaced before
// is as unknown as one that no key set lists.
func signingKey(hash []byte, keys []trust.Believed, h Header) (ed25519.PublicKey, error) {
	for _, set := range keys {
		if set.Name != h.Origin {
			return nil, fmt.Errorf("%w: key sets of %s for a message of %s", ErrUnknownKey, set.Name, h.Origin)
		}
	}
	for _, set := range slices.Backward(keys) {
		cert, listed, err := set.SigningCert(hash)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w: %w", ErrUnknownKey, err)
		case !listed, !set.Counts(h.Issued):
			continue
		case cert.Key == nil:
			return nil, fmt.Errorf("%w: the certificate's key is not Ed25519", ErrUnknownKey)
		case !cert.InForce(h.Issued):
			return nil, fmt.Errorf("%w: the certificate was not in force when the message was issued", ErrUnknownKey)
		}
		return cert.Key, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknownKey, h.Origin)
}
