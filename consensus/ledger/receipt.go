package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

// Limits of a receipt.
const (
	MaxReceiptLen = 1 << 20 // bytes
	maxPathLen    = 62
)

// Receipt is the portable proof that an entry is in a ledger: one file of deterministic CBOR,
//
//	{1: 1, 2: log, 3: leaf, 4: inclusion proof, 5: checkpoint note, 6: RFC 9942 receipt, 7: [level …]}
//
// The inclusion proof is the byte string of [tree size, leaf index, [hash …]], as RFC 9942 has it. The note's majority is
// what is believed; for foreign tools the proof is there again as an RFC 9942 receipt signed by one replica's log key,
// and Verify checks both. The chain goes from the pinned jurisdiction down to the log's own, one level each:
//
//	level = {1: [signed key set …], 2: endorsement of the next level}
//
// Cosignatures of witnesses are further lines of the note. This version verifies receipts whose pin is the log's own
// jurisdiction: a chain of one level without endorsement and a note of the replicas' lines; it refuses anything else.
type Receipt struct {
	Version uint64  `cbor:"1,keyasint"`
	Log     string  `cbor:"2,keyasint"`
	Leaf    []byte  `cbor:"3,keyasint"`
	Proof   []byte  `cbor:"4,keyasint"`
	Note    []byte  `cbor:"5,keyasint"`
	COSE    []byte  `cbor:"6,keyasint"`
	Chain   []Level `cbor:"7,keyasint"`
}

// Level is one jurisdiction of a receipt's chain.
type Level struct {
	KeySets     [][]byte `cbor:"1,keyasint"` // signed, consecutive numbers
	Endorsement []byte   `cbor:"2,keyasint,omitempty"`
}

const receiptVersion = 1

// inclusion is the proof as RFC 9942 §5.2 has it.
type inclusion struct {
	_     struct{} `cbor:",toarray"`
	Size  uint64
	Index uint64
	Path  [][]byte
}

// coseHeader is the protected header of the RFC 9942 receipt: EdDSA, the key by its hash, RFC9162_SHA256.
type coseHeader struct {
	Alg int64  `cbor:"1,keyasint"`
	Kid []byte `cbor:"4,keyasint"`
	VDS int64  `cbor:"395,keyasint"`
}

const (
	labelProofs     = 396
	labelInclusion  = -1
	vdsRFC9162      = 1
	maxUnprotectLen = 16 << 10
)

// Issue makes the receipt of the leaf at index under a signed checkpoint.
func Issue(leaf []byte, index uint64, c Checkpoint, signedNote []byte, tiles TileReader, keySets [][]byte, by LogSigner) ([]byte, error) {
	path, err := ProveInclusion(index, c.Size, tiles)
	if err != nil {
		return nil, fmt.Errorf("issue receipt: %w", err)
	}
	proof := inclusion{Size: c.Size, Index: index, Path: make([][]byte, len(path))}
	for i, h := range path {
		proof.Path[i] = h[:]
	}
	encoded := mustEncode(proof)
	return mustEncode(Receipt{
		Version: receiptVersion, Log: c.Log.String(), Leaf: leaf, Proof: encoded, Note: signedNote,
		COSE: signCOSE(encoded, c.Root, by), Chain: []Level{{KeySets: keySets}},
	}), nil
}

// signCOSE makes the RFC 9942 receipt: the root is the detached payload, so that a verifier must compute it.
func signCOSE(proof []byte, root tlog.Hash, by LogSigner) []byte {
	kid := sha256.Sum256(by.LogPublic())
	protected := mustEncode(coseHeader{Alg: algEdDSA, Kid: kid[:], VDS: vdsRFC9162})
	return mustEncode(cbor.Tag{Number: tagSign1, Content: sign1{
		Protected:   protected,
		Unprotected: proofHeader(proof),
		Signature:   by.SignLog(toBeSigned(protected, []byte{}, root[:])),
	}})
}

func proofHeader(proof []byte) map[int64]cbor.RawMessage {
	return map[int64]cbor.RawMessage{labelProofs: mustEncode(map[int64][][]byte{labelInclusion: {proof}})}
}

// DecodeReceipt decodes a receipt without verifying it.
func DecodeReceipt(data []byte) (Receipt, error) {
	var r Receipt
	if err := canon.Unmarshal(data, MaxReceiptLen, &r); err != nil {
		return Receipt{}, malformed("receipt", err)
	}
	if r.holdsNull() {
		return Receipt{}, malformed("receipt", errors.New("null, where there is nothing to leave out"))
	}
	if r.Version != receiptVersion {
		return Receipt{}, malformed("receipt", fmt.Errorf("version %d, this program reads %d", r.Version, receiptVersion))
	}
	return r, nil
}

// holdsNull reports whether null stands where a byte string or an array belongs, which canon lets pass.
func (r Receipt) holdsNull() bool {
	for _, level := range r.Chain {
		if level.KeySets == nil || slices.ContainsFunc(level.KeySets, func(k []byte) bool { return k == nil }) {
			return true
		}
	}
	return r.Leaf == nil || r.Proof == nil || r.Note == nil || r.COSE == nil || r.Chain == nil
}

// Verified is what a receipt proves.
type Verified struct {
	Entry    identity.Entry
	Leaf     Leaf
	TreeSize uint64
	Chain    []identity.Jurisdiction // from the pinned one down
	Payload  *Preimage               // nil when none was given
}

// VerifyReceipt verifies a receipt from a pin, without network: (1) the chain of key sets from the pin, (2) the checkpoint's
// majority, (3) the inclusion proof of the leaf, (4) the RFC 9942 receipt, (5) the signature of an act, and (6) that the
// payload, given as its encoded preimage or nil, is the one committed to.
func VerifyReceipt(data, preimage []byte, pin trust.Pin) (Verified, error) {
	r, err := DecodeReceipt(data)
	if err != nil {
		return Verified{}, err
	}
	log, err := identity.ParseLog(r.Log)
	if err != nil {
		return Verified{}, malformed("receipt", err)
	}
	sets, err := r.walk(log, pin)
	if err != nil {
		return Verified{}, err
	}
	newest := sets[len(sets)-1]
	checkpoint, err := OpenCheckpoint(r.Note, log, newest)
	if err != nil {
		return Verified{}, err
	}
	proof, err := r.verifyInclusion(checkpoint)
	if err != nil {
		return Verified{}, err
	}
	if err := r.verifyCOSE(checkpoint.Root, newest); err != nil {
		return Verified{}, err
	}
	v, err := r.verifyLeaf(log, proof, sets)
	if err != nil {
		return Verified{}, err
	}
	v.Chain = []identity.Jurisdiction{log.Jurisdiction()}
	v.Payload, err = open(preimage, v.Leaf.Evidence)
	if err != nil {
		return Verified{}, err
	}
	return v, nil
}

func (r Receipt) walk(log identity.Log, pin trust.Pin) ([]trust.KeySet, error) {
	if len(r.Chain) != 1 || len(r.Chain[0].Endorsement) != 0 || pin.Name() != log.Jurisdiction() {
		return nil, fmt.Errorf("%w: the chain does not go from the pinned %s to %s in a way this version verifies",
			ErrNotProven, pin.Name(), log.Jurisdiction())
	}
	sets, err := trust.Walk(pin, r.Chain[0].KeySets)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotProven, err)
	}
	if newest := sets[len(sets)-1]; newest.Epoch != log.Epoch() {
		return nil, fmt.Errorf("%w: key set of epoch %d for a log of epoch %d", ErrNotProven, newest.Epoch, log.Epoch())
	}
	return sets, nil
}

func (r Receipt) verifyInclusion(c Checkpoint) (inclusion, error) {
	var proof inclusion
	if err := canon.Unmarshal(r.Proof, MaxReceiptLen, &proof); err != nil {
		return inclusion{}, malformed("inclusion proof", err)
	}
	if proof.Path == nil || len(proof.Path) > maxPathLen || proof.Size > identity.MaxIndex || proof.Index >= proof.Size {
		return inclusion{}, malformed("inclusion proof", errors.New("impossible size, index or path"))
	}
	if proof.Size != c.Size {
		return inclusion{}, fmt.Errorf("%w: the proof is for %d entries, the checkpoint for %d", ErrNotProven, proof.Size, c.Size)
	}
	path := make(tlog.RecordProof, len(proof.Path))
	for i, h := range proof.Path {
		if len(h) != tlog.HashSize {
			return inclusion{}, malformed("inclusion proof", fmt.Errorf("hash of %d bytes", len(h)))
		}
		path[i] = tlog.Hash(h)
	}
	if err := tlog.CheckRecord(path, int64(c.Size), c.Root, int64(proof.Index), LeafHash(r.Leaf)); err != nil {
		return inclusion{}, fmt.Errorf("%w: the entry is not in the tree: %w", ErrNotProven, err)
	}
	return proof, nil
}

func (r Receipt) verifyCOSE(root tlog.Hash, keys trust.KeySet) error {
	s, err := decodeSign1(r.COSE)
	if err != nil {
		return malformed("COSE receipt", err)
	}
	var h coseHeader
	if err := canon.Unmarshal(s.Protected, MaxReceiptLen, &h); err != nil {
		return malformed("COSE receipt header", err)
	}
	want := proofHeader(r.Proof)[labelProofs]
	if h.Alg != algEdDSA || h.Kid == nil || h.VDS != vdsRFC9162 || s.Payload != nil || len(s.Unprotected) != 1 ||
		!bytes.Equal(s.Unprotected[labelProofs], want) {
		return malformed("COSE receipt", errors.New("not the receipt's own proof with a detached root"))
	}
	for _, replica := range keys.Replicas {
		kid := sha256.Sum256(replica.LogKey)
		if bytes.Equal(kid[:], h.Kid) && ed25519.Verify(replica.LogKey, toBeSigned(s.Protected, []byte{}, root[:]), s.Signature) {
			return nil
		}
	}
	return fmt.Errorf("%w: the signature of the COSE receipt does not fit", ErrNotProven)
}

// verifyLeaf checks the leaf itself. An act may have been signed under any key set of the walk: its certificate must have
// been valid at the entry's time.
func (r Receipt) verifyLeaf(log identity.Log, proof inclusion, sets []trust.KeySet) (Verified, error) {
	leaf, err := DecodeLeaf(r.Leaf)
	if err != nil {
		return Verified{}, err
	}
	entry, err := identity.NewEntry(log, proof.Index)
	if err != nil {
		return Verified{}, malformed("receipt", err)
	}
	v := Verified{Entry: entry, Leaf: leaf, TreeSize: proof.Size}
	if !leaf.Evidence.Signed() {
		return v, nil
	}
	if err := VerifyStatement(log, leaf, sets...); err != nil {
		return Verified{}, err
	}
	return v, nil
}

func open(preimage []byte, e Evidence) (*Preimage, error) {
	if preimage == nil {
		return nil, nil
	}
	p, err := DecodePreimage(preimage)
	if err != nil {
		return nil, err
	}
	if Commit(preimage) != e.commitment {
		return nil, fmt.Errorf("%w: the payload is not the one that the entry commits to", ErrNotProven)
	}
	if e.statement != nil && e.statement.header.ContentType != p.ContentType {
		return nil, fmt.Errorf("%w: the act states the content type %q, its payload %q", ErrNotProven,
			e.statement.header.ContentType, p.ContentType)
	}
	return &p, nil
}
