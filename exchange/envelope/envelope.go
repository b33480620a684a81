// Package envelope is the signed message between two jurisdictions, and its answer.
//
// A message is signed by its origin and encrypted to its destination; the hops between them see the
// outer header and no more. It is one frame of deterministic CBOR (see canon), the array
//
//	[1, hop, outer, statement, encapsulation, body]
//
// where hop is [milliseconds left, hops left, trace (16 bytes), hash of an encapsulation that the
// asker holds, or nothing]; each hop rewrites it, and it is neither signed nor believed. The other
// four are byte strings. outer holds the map
//
//	{1: id (16 bytes, UUIDv7), 2: kind, 3: origin, 4: destination, 5: issued, 6: expires, 7: length of body,
//	 8: SHA-256 of the decryption key, absent where the body is not encrypted}
//
// with times in ms since 1970 UTC, at most 30 days apart. A federated request (kind 3) is for its
// destination and the jurisdictions below it, and is never encrypted; every hop on the way can read
// it. statement is a COSE_Sign1 (RFC 9052) over a hash envelope (RFC 9995): its protected header is
// {1: -8, 34: [-16, SHA-256 of the signing certificate], 258: -16, 259: content type, -70001:
// form}, its payload the SHA-256 of the preimage [salt (32 bytes), content type, content], and its
// external AAD the array ["xietong/1 message", outer]. Form 1 is a single signature. Of form 2 one
// signature covers up to 1,024 messages: it is over ["xietong/1 batch", root, count], where root is
// that of the RFC 9162 tree whose leaves are what each single signature would cover; the
// unprotected header then holds an inclusion proof, {396: {-1: [[count, index, path]]}} (RFC 9942).
// The form is signed, so neither can pass for the other.
//
// body is the salt, the length of the content (4 bytes, big endian) and the content. Where it is
// encrypted (sign, then encrypt), zero bytes follow, so that the length of body is 256 or one of
// the steps of an eighth above: lengths tell no finer. Then the body is encrypted with AES-256-GCM,
// under a key exported from HPKE base mode (RFC 9180: X-Wing, HKDF-SHA-256, AES-256-GCM, info
// "xietong/1 body") for the context "xietong/1 body" + id + SHA-256 of [outer, statement], with the
// nonce zero and the additional data SHA-256 of outer. As the statement commits to the salt and the
// content, no two messages have one key, not even after the origin was copied while it ran.
//
// encapsulation is that of HPKE, whole (1,120 bytes) or its SHA-256, for a reader that holds it; it
// is empty where the body is not encrypted. The origin makes it once per destination key and hour.
// No hash covers it, so a message has one hash either way.
//
// The shortest possible message, a call of "a" to "b" in the clear:
//
//	86 01                                          an array of six; version 1
//	84 00 00 50 00000000000000000000000000000000   hop: nothing left, no trace,
//	   40                                            and nothing is held
//	5832                                           outer: 50 bytes
//	  a7                                           a map of seven
//	    01 50 01a20b111a80707a9464c0a227a28ad3     id
//	    02 01                                      kind: request
//	    03 6161                                    from "a"
//	    04 6162                                    to "b"
//	    05 1b 000001a20b111a80                     issued: 2026-11-24 01:00 UTC
//	    06 1b 000001a20b1204e0                     expires: a minute later
//	    07 182a                                    42 bytes of body
//	58c5                                           statement: 197 bytes
//	  d2 84 585c                                   COSE_Sign1; a protected header of 92 bytes
//	    a5 01 27                                   alg: EdDSA
//	    1822 82 2f 5820                            x5t: SHA-256 of the signing certificate
//	      c55f2d5efcd9192fcd8cf91012406212
//	      726889f1e14b20a5ee7b5258282c05eb
//	    190102 2f                                  the payload is a SHA-256
//	    190103 7824                                content type of 36 bytes
//	      6170706c69636174696f6e2f766e642e7869     "application/vnd.xi
//	      65746f6e672e726571756573742b63626f72     etong.request+cbor"
//	    3a00011170 01                              form: a single signature
//	  a0 5820                                      no unprotected header; the commitment
//	    6695f830b3fc41cf3ec523ef3a3d0f54
//	    b8cd607f71f21be7f6455a7f09906a63
//	  5840                                         signature
//	    816a370ce6592fd42276772f27d02d4e
//	    fd779e33c8b7f07f29872ddd0c9237ef
//	    c964cbede9ce1de22cec57c5ada3dd44
//	    d6208f7217594a3ad314c94a58783502
//	40                                             no encapsulation
//	582a                                           body: 42 bytes, not encrypted
//	  250f2adcafe68ff89b6c1255007da683             salt
//	  8d72a3b039524f1a420954758cbce82d
//	  00000006 a20161710740                        six bytes of content: the call {1: "q", 7: h''}
//
// docs/message-format.md specifies the format in the detail that a second implementation needs,
// with golden vectors, the reason of every refusal, and a reader in another language that was
// written from that page.
//
// The package is pure: it does no I/O, reads no clock of its own, remembers no id (the room that
// commits the use does) and holds no private key. No part of a message is to be believed before
// Open has returned it.
package envelope

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Kind says what a message is.
type Kind uint8

// The kinds of message; the table is in docs/protocol.md.
const (
	Request   Kind = 1
	Answer    Kind = 2
	Federated Kind = 3 // a request to the destination and all below it, never encrypted
)

// Limits of a message.
const (
	MaxContent = 768 << 10 // bytes
	MaxFrame   = 1 << 20   // bytes
	MaxLife    = 30 * 24 * time.Hour
	MaxHops    = 16
	MaxSkew    = 5 * time.Minute // most that an origin's clock may be ahead
	TraceLen   = 16              // bytes

	version   = 1
	hashLen   = sha256.Size
	maxHeader = 1 << 10 // bytes of outer
	maxType   = 100     // bytes of a content type
	saltLen   = 32
)

var (
	// ErrMalformed is wrapped by every error about bytes that do not have the form of a message.
	ErrMalformed = errors.New("malformed message")
	// ErrExpired is returned for a message after its end.
	ErrExpired = errors.New("message expired")
	// ErrFuture is returned for a message issued more than MaxSkew after now.
	ErrFuture = errors.New("message from the future")
	// ErrUnknownKey is returned if the origin's key sets do not list the signing certificate of a
	// message, or if that certificate was not in force when the message was issued.
	ErrUnknownKey = errors.New("signed with a key that nobody endorsed for its origin")
	// ErrSignature is returned for a signature that does not fit.
	ErrSignature = errors.New("signature does not fit")
	// ErrUnknownEncapsulation is returned for a message that bears the hash of an encapsulation
	// which the reader does not hold. The message itself may be good; its origin can send it again
	// with the whole encapsulation.
	ErrUnknownEncapsulation = errors.New("encrypted under an encapsulation that is not held here")
	// ErrType is wrapped, with ErrMalformed, for a message that its origin signed, and whose
	// content type is not that of its kind.
	ErrType = errors.New("type")
	// ErrBody is returned for a body that cannot be decrypted, or is not the signed one.
	ErrBody = errors.New("body is not the one that was signed")
)

// Header is the outer header, which every hop sees.
type Header struct {
	ID            identity.Message
	Kind          Kind
	Origin        identity.Jurisdiction
	Destination   identity.Jurisdiction
	Issued        time.Time // to the millisecond
	Expires       time.Time // to the millisecond
	Size          int       // bytes of the body as sent; of an encrypted one a size of padded
	DecryptionKey []byte    // SHA-256 of the key that the body is encrypted to; nil: not encrypted
}

// Hop is the hop header, which each hop writes anew for the next. It is not signed, and no reader
// believes it.
type Hop struct {
	Remaining uint32 // ms
	Hops      uint8  // left, at most MaxHops
	Trace     [TraceLen]byte
	Held      []byte // hash of the destination's encapsulation that the asker holds; nil: none
}

// Envelope is a message in its wire form.
type Envelope struct {
	Hop           Hop
	header        Header
	outer         []byte
	statement     []byte
	encapsulation []byte // whole, or its hash; empty: the body is not encrypted
	reference     []byte // the hash of a whole one, if it is known
	body          []byte
}

// Header returns the outer header. Only Open and VerifySigned verify its signature.
func (e Envelope) Header() Header { return e.header }

// For reports whether the message is meant for the reader: its destination or, for a federated
// request, also a jurisdiction below the destination.
func (h Header) For(reader identity.Jurisdiction) bool {
	return h.Destination == reader || h.Kind == Federated && reader.Under(h.Destination)
}

// Hash returns the hash by which an answer names the message: the SHA-256 of the array [outer,
// statement].
func (e Envelope) Hash() [32]byte {
	return sha256.Sum256(mustEncode([]any{e.outer, e.statement}))
}

// Encapsulation returns the hash of the encapsulation that the message bears whole or names by this
// hash; nil where the body is not encrypted.
func (e Envelope) Encapsulation() []byte {
	switch {
	case len(e.encapsulation) != encLen:
		return e.encapsulation
	case e.reference != nil:
		return e.reference
	}
	hash := sha256.Sum256(e.encapsulation)
	return hash[:]
}

// ByReference returns the message with the hash of its encapsulation in place of the whole, for a
// reader that holds the encapsulation. It is the same message, and has the same Hash.
func (e Envelope) ByReference() Envelope {
	e.encapsulation = e.Encapsulation()
	return e
}

// WithoutBody returns what is left of a message that was opened: it has the same Header, Hash and
// Signed, and holds no memory beyond a few KiB. It cannot be encoded or opened any more.
func (e Envelope) WithoutBody() Envelope {
	e.body = nil
	return e
}

type outerWire struct {
	ID            []byte                `cbor:"1,keyasint"`
	Kind          Kind                  `cbor:"2,keyasint"`
	Origin        identity.Jurisdiction `cbor:"3,keyasint"`
	Destination   identity.Jurisdiction `cbor:"4,keyasint"`
	Issued        uint64                `cbor:"5,keyasint"`
	Expires       uint64                `cbor:"6,keyasint"`
	Size          uint64                `cbor:"7,keyasint"`
	DecryptionKey []byte                `cbor:"8,keyasint,omitempty"`
}

type frameWire struct {
	_             struct{} `cbor:",toarray"`
	Version       uint64
	Hop           hopWire
	Outer         []byte
	Statement     []byte
	Encapsulation []byte
	Body          []byte
}

type hopWire struct {
	_         struct{} `cbor:",toarray"`
	Remaining uint32
	Hops      uint8
	Trace     []byte
	Held      []byte
}

func (h Header) encode() ([]byte, error) {
	id := h.ID.Bytes()
	w := outerWire{
		ID: id[:], Kind: h.Kind, Origin: h.Origin, Destination: h.Destination, Issued: uint64(h.Issued.UnixMilli()),
		Expires: uint64(h.Expires.UnixMilli()), Size: uint64(h.Size), DecryptionKey: h.DecryptionKey,
	}
	if err := w.check(); err != nil {
		return nil, err
	}
	return mustEncode(w), nil
}

func decodeHeader(data []byte) (Header, error) {
	var w outerWire
	if err := canon.Unmarshal(data, maxHeader, &w); err != nil {
		return Header{}, malformed("outer header", err)
	}
	if err := w.check(); err != nil {
		return Header{}, err
	}
	id, err := identity.MessageFromBytes(w.ID)
	if err != nil {
		return Header{}, malformed("outer header", err)
	}
	return Header{
		ID: id, Kind: w.Kind, Origin: w.Origin, Destination: w.Destination, Issued: time.UnixMilli(int64(w.Issued)),
		Expires: time.UnixMilli(int64(w.Expires)), Size: int(w.Size), DecryptionKey: w.DecryptionKey,
	}, nil
}

func (w outerWire) check() error {
	switch {
	case w.Kind < Request || w.Kind > Federated:
		return malformed("outer header", fmt.Errorf("kind %d", w.Kind))
	case w.Origin.IsZero() || w.Destination.IsZero() || w.Origin == w.Destination && w.Kind == Request:
		return malformed("outer header", fmt.Errorf("from %q to %q", w.Origin, w.Destination))
	case w.Issued == 0 || w.Expires <= w.Issued || w.Expires-w.Issued > uint64(MaxLife.Milliseconds()) || w.Expires > maxTime:
		return malformed("outer header", fmt.Errorf("from %d to %d ms", w.Issued, w.Expires))
	case w.Size == 0 || w.Size > MaxFrame || len(w.DecryptionKey) != 0 && int(w.Size) != padded(int(w.Size)):
		return malformed("outer header", fmt.Errorf("a body of %d bytes", w.Size))
	case len(w.DecryptionKey) != 0 && len(w.DecryptionKey) != sha256.Size:
		return malformed("outer header", fmt.Errorf("a key hash of %d bytes", len(w.DecryptionKey)))
	case len(w.DecryptionKey) != 0 && w.Kind == Federated:
		return malformed("outer header", errors.New("a federated request that is encrypted"))
	}
	return nil
}

const maxTime = 253402300799999 // ms since 1970 UTC: the end of the year 9999

// Encode returns the frame, of at most MaxFrame bytes.
func (e Envelope) Encode() ([]byte, error) {
	if e.Hop.Hops > MaxHops {
		return nil, malformed("hop", fmt.Errorf("%d hops left, more than %d", e.Hop.Hops, MaxHops))
	}
	data := mustEncode(frameWire{
		Version: version, Outer: e.outer, Statement: e.statement, Encapsulation: present(e.encapsulation), Body: e.body,
		Hop: hopWire{Remaining: e.Hop.Remaining, Hops: e.Hop.Hops, Trace: e.Hop.Trace[:], Held: present(e.Hop.Held)},
	})
	if len(data) > MaxFrame {
		return nil, malformed("frame", fmt.Errorf("%d bytes, more than %d", len(data), MaxFrame))
	}
	return data, nil
}

// present returns an empty byte string for nil, which would be encoded as null.
func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Decode takes a frame apart, as every hop must. It verifies no signature: see Open.
func Decode(data []byte) (Envelope, error) {
	var w frameWire
	if err := canon.Unmarshal(data, MaxFrame, &w); err != nil {
		return Envelope{}, malformed("frame", err)
	}
	switch held := len(w.Hop.Held); {
	case len(w.Hop.Trace) != TraceLen || w.Hop.Hops > MaxHops || held != 0 && held != hashLen:
		return Envelope{}, malformed("hop", fmt.Errorf("%d hops left, a trace of %d bytes, a hash of %d", w.Hop.Hops, len(w.Hop.Trace), held))
	case w.Hop.Held == nil || w.Outer == nil || w.Statement == nil || w.Encapsulation == nil || w.Body == nil:
		return Envelope{}, malformed("frame", errors.New("null, where there is nothing to leave out"))
	case w.Version != version:
		return Envelope{}, malformed("frame", fmt.Errorf("version %d, this program reads %d", w.Version, version))
	}
	h, err := decodeHeader(w.Outer)
	if err != nil {
		return Envelope{}, err
	}
	switch n := len(w.Encapsulation); {
	case h.Size != len(w.Body):
		return Envelope{}, malformed("frame", fmt.Errorf("a body of %d bytes, where the header says %d", len(w.Body), h.Size))
	case (h.DecryptionKey == nil) != (n == 0), n != 0 && n != hashLen && n != encLen:
		return Envelope{}, malformed("encapsulation", fmt.Errorf("%d bytes", n))
	}
	return Envelope{
		Hop:    Hop{Remaining: w.Hop.Remaining, Hops: w.Hop.Hops, Trace: [TraceLen]byte(w.Hop.Trace), Held: present(w.Hop.Held)},
		header: h, outer: w.Outer, statement: w.Statement, encapsulation: w.Encapsulation, body: w.Body,
	}, nil
}

func malformed(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrMalformed, what, err)
}

// mustEncode encodes values of this package, which always have an encoding.
func mustEncode(v any) []byte {
	data, err := canon.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
