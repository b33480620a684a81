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

// MaxReceiptLen is the longest receipt.
const MaxReceiptLen = 1 << 20 // bytes

// Receipt is the portable proof that an entry is in a ledger: one file of deterministic CBOR,
//
//	{1: 1, 2: log, 3: leaf, 4: inclusion proof, 5: checkpoint note, 6: RFC 9942 receipt, 7: [level …]}
//
// The inclusion proof is the byte string of [tree size, leaf index, [hash …]], as RFC 9942 has it.
// A verifier believes the majority that signed the note. For foreign tools the proof is there a
// second time, as an RFC 9942 receipt that one replica signed with its log key; VerifyReceipt
// checks both. The chain goes from the pinned jurisdiction down to the log's own, one level each:
//
//	level = {1: [signed key set …], 2: proof of the endorsement of the next level (see ProveEndorsement)}
//
// Cosignatures of witnesses are further lines of the note; this version refuses a line by a key
// that is not listed.
type Receipt struct {
	Version uint64        `cbor:"1,keyasint"`
	Log     string        `cbor:"2,keyasint"`
	Leaf    []byte        `cbor:"3,keyasint"`
	Proof   []byte        `cbor:"4,keyasint"`
	Note    []byte        `cbor:"5,keyasint"`
	COSE    []byte        `cbor:"6,keyasint"`
	Chain   []trust.Level `cbor:"7,keyasint"`
}

const receiptVersion = 1

// coseHeader is the protected header of the RFC 9942 receipt: EdDSA, the key by its hash,
// RFC9162_SHA256.
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

// Issue makes the receipt of the leaf at index under a signed checkpoint. The chain ends with the
// log's jurisdiction; by signs the RFC 9942 receipt.
func Issue(leaf []byte, index uint64, c Checkpoint, signedNote []byte, tiles TileReader, chain []trust.Level, by LogSigner) ([]byte, error) {
	proof, err := encodeInclusion(index, c.Size, tiles)
	if err != nil {
		return nil, fmt.Errorf("issue receipt: %w", err)
	}
	return mustEncode(Receipt{
		Version: receiptVersion, Log: c.Log.String(), Leaf: leaf, Proof: proof, Note: signedNote,
		COSE: signCOSE(proof, c.Root, by), Chain: chain,
	}), nil
}

// signCOSE makes the RFC 9942 receipt: the root is the detached payload, so that a verifier must
// compute it.
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

// DecodeReceipt decodes a receipt of at most MaxReceiptLen bytes without verifying it. The error
// wraps ErrMalformed.
func DecodeReceipt(data []byte) (Receipt, error) {
	var r Receipt
	if err := canon.Unmarshal(data, MaxReceiptLen, &r); err != nil {
		return Receipt{}, malformed("receipt", err)
	}
	if r.holdsNull() {
		return Receipt{}, malformed("receipt", errors.New("null, where there is nothing to leave out"))
	}
	if slices.ContainsFunc(r.Chain, func(l trust.Level) bool { return !l.IsLasting() }) {
		return Receipt{}, malformed("receipt", errors.New("a statement of now in a receipt, which is for ever"))
	}
	if r.Version != receiptVersion {
		return Receipt{}, malformed("receipt", fmt.Errorf("version %d, this program reads %d", r.Version, receiptVersion))
	}
	return r, nil
}

// holdsNull reports whether null stands where a byte string or an array belongs: canon does not
// refuse null there.
func (r Receipt) holdsNull() bool {
	for _, level := range r.Chain {
		if level.KeySets == nil || slices.ContainsFunc(level.KeySets, func(k []byte) bool { return k == nil }) {
			return true
		}
	}
	return r.Leaf == nil || r.Proof == nil || r.Note == nil || r.COSE == nil || r.Chain == nil
}

// Verified holds the facts that a receipt proves.
type Verified struct {
	Entry    identity.Entry // by the log that signed the checkpoint; see Named
	Leaf     Leaf
	TreeSize uint64
	Chain    []identity.Jurisdiction // from the pinned one down
	AsOf     uint64                  // when the oldest endorsement of the chain was issued, ms since 1970 UTC; 0 without any
	Payload  *Preimage               // nil when none was given
	// Titles are the names for people of those in the chain, as the endorsement of each has it; the
	// pinned one has none.
	Titles map[identity.Jurisdiction]string
	// Stated is the log for which an act was signed; zero: the entry is the node's own statement.
	Stated identity.Log
}

// Named returns the name that the ledger gives the entry, as far as the receipt proves it. An entry
// keeps the name of the epoch in which it was made, and the log that signs the checkpoint may be of
// a later one: that they are the same is certain of the first epoch, of an act that was signed for
// the log, and of what begins its epoch.
func (v Verified) Named() (name identity.Entry, ok bool) {
	log, head := v.Entry.Log(), v.Leaf.Head
	if log.Epoch() == 1 || v.Stated == log || head.Kind == KindEpoch && head.Epoch == log.Epoch() {
		return v.Entry, true
	}
	return identity.Entry{}, false
}

// VerifyReceipt verifies a receipt from a pin, without network: (1) the chain of key sets and
// endorsements down from the pin, (2) the checkpoint's majority, (3) the inclusion proof of the
// leaf, (4) the RFC 9942 receipt, (5) the signature of an act, (6) that no endorsement had ended by
// the entry's time, and (7) that the payload, given as its encoded preimage or nil, is the one that
// the entry commits to. The error wraps ErrMalformed or ErrNotProven.
func VerifyReceipt(data, preimage []byte, pin trust.Pin) (Verified, error) {
	r, err := DecodeReceipt(data)
	if err != nil {
		return Verified{}, err
	}
	log, err := identity.ParseLog(r.Log)
	if err != nil {
		return Verified{}, malformed("receipt", err)
	}
	chain, err := r.descend(log, pin)
	if err != nil {
		return Verified{}, err
	}
	own := chain[len(chain)-1]
	checkpoint, err := OpenCheckpoint(r.Note, log, own.Newest())
	if err != nil {
		return Verified{}, err
	}
	proof, err := verifyInclusion(r.Proof, r.Leaf, checkpoint)
	if err != nil {
		return Verified{}, err
	}
	if err := r.verifyCOSE(checkpoint.Root, own.Newest()); err != nil {
		return Verified{}, err
	}
	v, err := r.verifyLeaf(log, proof, own.KeySets)
	if err != nil {
		return Verified{}, err
	}
	if err := v.follow(chain); err != nil {
		return Verified{}, err
	}
	v.Payload, err = open(preimage, v.Leaf.Evidence)
	if err != nil {
		return Verified{}, err
	}
	return v, nil
}

// descend verifies the chain, which must end with the log's jurisdiction, in the log's epoch.
func (r Receipt) descend(log identity.Log, pin trust.Pin) ([]trust.Link, error) {
	chain, err := trust.Descend(pin, r.Chain, VerifyEndorsement)
	if err != nil {
		return nil, fmt.Errorf("%w: chain: %w", ErrNotProven, err)
	}
	last := chain[len(chain)-1].Newest()
	switch {
	case last.Name != log.Jurisdiction():
		return nil, fmt.Errorf("%w: the chain ends with %s, not with %s", ErrNotProven, last.Name, log.Jurisdiction())
	case last.Epoch != log.Epoch():
		return nil, fmt.Errorf("%w: key set of epoch %d for a log of epoch %d", ErrNotProven, last.Epoch, log.Epoch())
	}
	return chain, nil
}

// follow notes the chain in v, and refuses an entry that was made after an endorsement had ended.
// An endorsement that was issued after the entry is good: a receipt is made long after its entry,
// with the endorsements of that later day.
func (v *Verified) follow(chain []trust.Link) error {
	for _, link := range chain {
		v.Chain = append(v.Chain, link.Newest().Name)
		e := link.Endorsement
		if e == nil {
			continue
		}
		if v.Leaf.Head.At() > e.NotAfter {
			return fmt.Errorf("%w: the entry was made after the endorsement of %s had ended", ErrNotProven, e.Child)
		}
		if v.Titles == nil {
			v.Titles = map[identity.Jurisdiction]string{}
		}
		v.Titles[e.Child] = e.DisplayName
		if v.AsOf == 0 || e.Issued < v.AsOf {
			v.AsOf = e.Issued
		}
	}
	return nil
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

// verifyLeaf checks the leaf itself. An act may have been signed under any key set of the walk: its
// certificate must have been valid at the entry's time.
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
	if v.Stated, err = signedFor(log, leaf, sets); err != nil {
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
		return nil, fmt.Errorf("%w: %w", ErrNotProven, ErrPayload)
	}
	if e.statement != nil && e.statement.header.ContentType != p.ContentType {
		return nil, fmt.Errorf("%w: the act states the content type %q, its payload %q", ErrNotProven,
			e.statement.header.ContentType, p.ContentType)
	}
	return &p, nil
}
