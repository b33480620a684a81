package ledger

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// MaxLeafLen is the longest leaf, in bytes: entry bundles of C2SP tlog-tiles give a length in 16 bits.
const MaxLeafLen = 1<<16 - 1

const leafVersion = 1

// Evidence is the second half of a leaf: a commitment, plain or in a signed statement. It is made before the entry has
// its place, and carried to where the leaf is put together.
type Evidence struct {
	raw        cbor.RawMessage
	commitment Commitment
	statement  *statement
}

// PlainEvidence is evidence that the checkpoint alone vouches for.
func PlainEvidence(c Commitment) Evidence { return Evidence{raw: mustEncode(c[:]), commitment: c} }

// DecodeEvidence decodes what Encode gave.
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

// MarshalBinary makes a command carry the evidence as a byte string of Encode.
func (e Evidence) MarshalBinary() ([]byte, error) { return e.raw, nil }

// UnmarshalBinary decodes what MarshalBinary gave.
func (e *Evidence) UnmarshalBinary(data []byte) (err error) {
	*e, err = DecodeEvidence(bytes.Clone(data))
	return err
}

// Commitment returns what is committed to.
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

// Encode returns the bytes whose hash is in the tree.
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

// DecodeLeaf decodes a leaf. It does not verify a signed statement: see VerifyStatement.
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

// statedFor returns what an act's signature covers beside the commitment: the log and the stated head, so that it can
// be moved neither to another log nor under another head.
func statedFor(log identity.Log, h Head) []byte {
	return mustEncode([]any{statementContext, log, h.stated()})
}
