package envelope

import (
	"bytes"
	"crypto/ed25519"
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
	Unprotected cbor.RawMessage
	Payload     []byte
	Signature   []byte
}

// Draft is a message that is to be sealed.
type Draft struct {
	Header      Header // without Size and DecryptionKey
	ContentType string
	Content     []byte
}

// Seal signs a message by itself, and encrypts it to the recipient's key unless to is nil. It
// returns ErrMalformed for a header, content or content type beyond the limits.
func Seal(d Draft, by Signer, to *Recipient) (Envelope, error) {
	return sealSalted(d, by, to, newSalt())
}

func sealSalted(d Draft, by Signer, to *Recipient, salt []byte) (Envelope, error) {
	u, err := d.unsigned(to, salt)
	if err != nil {
		return Envelope{}, err
	}
	u.sign(sha256.Sum256(by.SigningCert()), by)
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

// sign makes the statement with a signature of its own.
func (u *unsigned) sign(cert [32]byte, by Signer) {
	protected := u.protected(cert, formSingle)
	u.statement = statement(protected, cbor.RawMessage{emptyMap}, u.commitment, by.SignStatement(toBeSigned(protected, u.outer, u.commitment[:])))
}

// encrypted returns the message, whose statement is made, encrypted to the recipient if there is
// one.
func (u unsigned) encrypted(to *Recipient) (Envelope, error) {
	if to == nil {
		return u.Envelope, nil
	}
	return to.seal(u.Envelope, u.body)
}

const emptyMap = 0xa0 // RFC 8949

func statement(protected []byte, unprotected cbor.RawMessage, commitment [32]byte, signature []byte) []byte {
	return mustEncode(cbor.Tag{Number: tagSign1, Content: sign1{
		Protected: protected, Unprotected: unprotected, Payload: commitment[:], Signature: signature,
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

	salt []byte
}

// Preimage returns the bytes whose SHA-256 the statement of the message commits to.
func (m Message) Preimage() []byte {
	return mustEncode(preimage{Salt: m.salt, ContentType: m.ContentType, Content: present(m.Content)})
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
	s, err := decodeStatement(e.statement)
	if err != nil {
		return Message{}, err
	}
	if err := s.verify(e.outer, e.header, keys, o.knownRoots()); err != nil {
		return Message{}, err
	}
	return e.read(s, o)
}

// Reread takes a message in the clear apart that was proven when it came. It looks at no key, which
// may have ended since, and at no time.
func Reread(e Envelope) (Message, error) {
	s, err := decodeStatement(e.statement)
	if err == nil && e.header.DecryptionKey != nil {
		err = malformed("body", errors.New("it is encrypted"))
	}
	if err != nil {
		return Message{}, err
	}
	return e.read(s, nil)
}

// read returns what a message says whose statement is s.
func (e Envelope) read(s decoded, o *Opener) (m Message, err error) {
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
	sum := preimage{Salt: salt, ContentType: s.header.ContentType, Content: content}.commitment()
	if !bytes.Equal(sum[:], s.Payload) {
		return Message{}, ErrBody
	}
	if s.header.ContentType != e.header.Kind.contentType() {
		return Message{}, malformed("content", fmt.Errorf("%w %.100q in a message of kind %d", ErrType, s.header.ContentType, e.header.Kind))
	}
	return Message{Header: e.header, ContentType: s.header.ContentType, Content: content, salt: salt}, nil
}

// decoded is a statement in form.
type decoded struct {
	sign1
	header protectedHeader
	proof  inclusion // of a member of a batch
}

func decodeStatement(data []byte) (s decoded, err error) {
	if err := canon.UnmarshalTagged(data, maxHeader, tagSign1, &s.sign1); err != nil {
		return s, malformed("statement", err)
	}
	if err := canon.Unmarshal(s.Protected, maxHeader, &s.header); err != nil {
		return s, malformed("protected header", err)
	}
	switch h := s.header; {
	case s.Payload == nil || s.Signature == nil || h.Cert.Hash == nil:
		return s, malformed("statement", errors.New("null, where there is nothing to leave out"))
	case h.Alg != algEdDSA || h.Cert.Alg != algSHA256 || h.PayloadHash != algSHA256 || h.Form != formSingle && h.Form != formBatch:
		return s, malformed("protected header", errors.New("an algorithm or form that is not this format's"))
	case len(h.Cert.Hash) != sha256.Size || h.ContentType == "" || len(h.ContentType) > maxType:
		return s, malformed("protected header", errors.New("no certificate hash or content type"))
	case len(s.Payload) != sha256.Size || len(s.Signature) != ed25519.SignatureSize:
		return s, malformed("statement", errors.New("not a hash envelope"))
	case h.Form == formBatch:
		s.proof, err = decodeInclusion(s.Unprotected)
		return s, err
	case !bytes.Equal(s.Unprotected, []byte{emptyMap}):
		return s, malformed("statement", errors.New("a single signature with something in the unprotected header"))
	}
	return s, nil
}

func decodeInclusion(unprotected []byte) (p inclusion, err error) {
	var h unprotectedHeader
	if err := canon.Unmarshal(unprotected, maxHeader, &h); err != nil {
		return p, malformed("statement", err)
	}
	if len(h.Proofs.Inclusion) != 1 {
		return p, malformed("statement", fmt.Errorf("%d inclusion proofs", len(h.Proofs.Inclusion)))
	}
	if err := canon.Unmarshal(h.Proofs.Inclusion[0], maxHeader, &p); err != nil {
		return p, malformed("statement", err)
	}
	if p.Path == nil || slices.ContainsFunc(p.Path, func(h []byte) bool { return len(h) != sha256.Size }) {
		return p, malformed("statement", errors.New("a path that is not of hashes"))
	}
	if p.Count < 2 || p.Count > MaxBatch || p.Index >= p.Count {
		return p, malformed("path", fmt.Errorf("leaf %d of %d", p.Index, p.Count))
	}
	if _, ok := p.root([32]byte{}); !ok {
		return p, malformed("path", fmt.Errorf("%d hashes for leaf %d of %d", len(p.Path), p.Index, p.Count))
	}
	return p, nil
}

// verify verifies the signature by the key sets that are believed.
func (s decoded) verify(outer []byte, h Header, keys []trust.Believed, known *roots) error {
	key, err := signingKey(s.header.Cert.Hash, keys, h)
	if err != nil {
		return err
	}
	message, fits := toBeSigned(s.Protected, outer, s.Payload), false
	if s.header.Form == formBatch {
		root, _ := s.proof.root(leafHash(message))
		fits = known.verify(key, batchToBeSigned(root, s.proof.Count), s.Signature)
	} else {
		fits = ed25519.Verify(key, message, s.Signature)
	}
	if !fits {
		return ErrSignature
	}
	return nil
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
