package ledger

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"xietong/certs/canon"
)

// Limits of a payload. They keep a sealed payload, with its commitment, inside one raft command.
const (
	MaxPayloadLen     = 400 << 10 // bytes
	MaxContentTypeLen = 100       // bytes
	SaltLen           = 32        // bytes
)

// Commitment is the salted hash of a payload that stands in the log.
type Commitment [sha256.Size]byte

// Preimage is the value whose encoding is hashed to a commitment.
type Preimage struct {
	_           struct{} `cbor:",toarray"`
	Salt        []byte
	ContentType string
	Payload     []byte
}

// NewPreimage returns the preimage of the payload with a fresh random salt.
func NewPreimage(contentType string, payload []byte) Preimage {
	p := Preimage{Salt: make([]byte, SaltLen), ContentType: contentType, Payload: payload}
	rand.Read(p.Salt) // never fails
	return p
}

// DecodePreimage decodes an encoded preimage. The error wraps ErrMalformed.
func DecodePreimage(data []byte) (Preimage, error) {
	var p Preimage
	if err := canon.Unmarshal(data, MaxPayloadLen+MaxContentTypeLen+SaltLen+16, &p); err != nil {
		return Preimage{}, malformed("payload", err)
	}
	if err := p.check(); err != nil {
		return Preimage{}, malformed("payload", err)
	}
	if p.Payload == nil {
		return Preimage{}, malformed("payload", errors.New("null, where an empty payload is h''"))
	}
	return p, nil
}

func (p Preimage) check() error {
	switch {
	case len(p.Salt) != SaltLen:
		return fmt.Errorf("salt of %d bytes", len(p.Salt))
	case p.ContentType == "" || len(p.ContentType) > MaxContentTypeLen:
		return errors.New("content type missing or too long")
	case len(p.Payload) > MaxPayloadLen:
		return fmt.Errorf("%d bytes, more than %d", len(p.Payload), MaxPayloadLen)
	}
	return nil
}

// Encode returns the bytes that are hashed, sealed in the vault, and handed to a verifier of the
// commitment. The error wraps ErrMalformed when a limit is not kept.
func (p Preimage) Encode() ([]byte, error) {
	if err := p.check(); err != nil {
		return nil, malformed("payload", err)
	}
	if p.Payload == nil {
		p.Payload = []byte{} // null would be a second encoding of no bytes
	}
	return mustEncode(p), nil
}

// Commit returns the commitment to an encoded preimage.
func Commit(encoded []byte) Commitment { return sha256.Sum256(encoded) }
