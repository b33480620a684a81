package ledger

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// MaxLeafLen is the longest leaf, in bytes: entry bundles of C2SP tlog-tiles give a length in 16
// bits.
const MaxLeafLen = 1<<16 - 1

const leafVersion = 1

// Evidence is the second half of a leaf: a commitment, plain or in a signed statement. It is made
// before the entry has its place in the log; a command carries it to the code that makes the leaf.
type Evidence struct {
	raw        cbor.RawMessage
	commitment Commitment
	statement  *statement
}

// PlainEvidence returns evidence that only the checkpoint vouches for.
func PlainEvidence(c Commitment) Evidence { return Evidence{raw: mustEncode(c[:]), commitment: c} }

// DecodeEvidence decodes the bytes that Encode gave; the caller must not change them afterwards. It
// does not verify a signed statement: see VerifyStatement. The error wraps ErrMalformed.
func DecodeEvidence(data []byte) (Evidence, error) {
	if len(data) > 0 && data[0]>>5 == 6 { // a tag: COSE_Sign1
		s, err := decodeStatement(data)
		if err != nil {
			return Evidence{}, err
		}
		return Evidence{raw: data, commitment: s.commitment, statement: &s}, nil
	}
	var plain []byte
	if err := canon.Unmarshal(data, MaxLeafLen, &plain); err != nil {
		return Evidence{}, malformed("evidence", err)
	}
	if len(plain) != len(Commitment{}) {
		return Evidence{}, malformed("evidence", fmt.Errorf("commitment of %d bytes", len(plain)))
	}
	return Evidence{raw: data, commitment: Commitment(plain)}, nil
}

// Encode returns the evidence as it stands in the leaf.
func (e Evidence) Encode() []byte { return e.raw }

// MarshalBinary returns the bytes of Encode, so that a command carries the evidence as a byte
// string.
func (e Evidence) MarshalBinary() ([]byte, error) { return e.raw, nil }

// UnmarshalBinary decodes a copy of the bytes that MarshalBinary gave.
func (e *Evidence) UnmarshalBinary(data []byte) (err error) {
	*e, err = DecodeEvidence(bytes.Clone(data))
	return err
}

// Commitment returns the commitment to the payload.
func (e Evidence) Commitment() Commitment { return e.commitment }

// Signed reports whether the evidence is a signed statement.
func (e Evidence) Signed() bool { return e.statement != nil }

// Leaf is one entry of the log.
type Leaf struct {
	Head     Head
	Evidence Evidence
}

type leafWire struct {
	_        struct{} `cbor:",toarray"`
	Version  uint64
	Head     Head
	Evidence cbor.RawMessage
}

// Encode returns the bytes whose hash is in the tree. The error wraps ErrMalformed when the leaf is
// impossible or longer than MaxLeafLen.
func (l Leaf) Encode() ([]byte, error) {
	if err := l.Head.check(); err != nil {
		return nil, malformed("leaf", err)
	}
	if len(l.Evidence.raw) == 0 {
		return nil, malformed("leaf", errors.New("no evidence"))
	}
	data := mustEncode(leafWire{Version: leafVersion, Head: l.Head, Evidence: l.Evidence.raw})
	if len(data) > MaxLeafLen {
		return nil, malformed("leaf", fmt.Errorf("%d bytes, more than %d", len(data), MaxLeafLen))
	}
	return data, nil
}

// DecodeLeaf decodes a leaf. It does not verify a signed statement: see VerifyStatement. The error
// wraps ErrMalformed.
func DecodeLeaf(data []byte) (Leaf, error) {
	var w leafWire
	if err := canon.Unmarshal(data, MaxLeafLen, &w); err != nil {
		return Leaf{}, malformed("leaf", err)
	}
	if w.Version != leafVersion {
		return Leaf{}, malformed("leaf", fmt.Errorf("version %d, this program reads %d", w.Version, leafVersion))
	}
	if err := w.Head.check(); err != nil {
		return Leaf{}, malformed("leaf", err)
	}
	evidence, err := DecodeEvidence(w.Evidence)
	if err != nil {
		return Leaf{}, err
	}
	return Leaf{Head: w.Head, Evidence: evidence}, nil
}

// LeafHash returns the hash of an encoded leaf in the tree (RFC 9162 §2.1.1).
func LeafHash(leaf []byte) tlog.Hash { return tlog.RecordHash(leaf) }

// Stated returns the hash of what the signature of an act covers beside the commitment. An act
// proves nothing under a head with another hash.
func Stated(log identity.Log, h Head) [sha256.Size]byte { return sha256.Sum256(statedFor(log, h)) }

// statedFor returns the bytes that the signature of an act covers beside the commitment: the log
// and the stated head. So an act can be moved neither to another log nor under another head.
func statedFor(log identity.Log, h Head) []byte {
	return mustEncode([]any{statementContext, log, h.stated()})
}
