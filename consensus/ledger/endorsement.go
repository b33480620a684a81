package ledger

import (
	"bytes"
	"errors"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

// MaxEndorsementProof is the longest proof of an endorsement.
const MaxEndorsementProof = 16 << 10 // bytes

// endorsementProof carries one entry of the parent's ledger to a verifier of the child. It is the
// deterministic CBOR array
//
//	[log, leaf, preimage, inclusion proof, checkpoint note]
//
// with the pieces as they stand in a receipt. It holds no key set, because the verifier has walked
// to that of the parent already.
type endorsementProof struct {
	_        struct{} `cbor:",toarray"`
	Log      identity.Log
	Leaf     []byte
	Preimage []byte
	Proof    []byte
	Note     []byte
}

// ProveEndorsement makes the proof of the endorsement at index of the parent's log, under a signed
// checkpoint. It makes the proof of a roster too.
func ProveEndorsement(leaf, preimage []byte, index uint64, c Checkpoint, signedNote []byte, tiles TileReader) ([]byte, error) {
	proof, err := encodeInclusion(index, c.Size, tiles)
	if err != nil {
		return nil, fmt.Errorf("prove endorsement: %w", err)
	}
	return mustEncode(endorsementProof{Log: c.Log, Leaf: leaf, Preimage: preimage, Proof: proof, Note: signedNote}), nil
}

// VerifyEndorsement is the trust.Prover of ledgers: (1) the parent's majority signed the
// checkpoint, (2) the leaf is in that tree, (3) the leaf is an endorsement, (4) the leaf commits to
// the payload that is returned, and (5) the head names the key set that the payload does, so that
// whoever has the heads alone knows which one it is. The error wraps ErrMalformed or ErrNotProven.
func VerifyEndorsement(parent trust.KeySet, data []byte) (payload []byte, err error) {
	leaf, preimage, err := verifyProof(parent, data, MaxEndorsementProof)
	if err != nil {
		return nil, err
	}
	if leaf.Head.Kind != KindEndorsement || leaf.Evidence.Signed() {
		return nil, fmt.Errorf("%w: the entry is no endorsement (%s)", ErrNotProven, leaf.Head.Kind)
	}
	if preimage.ContentType != trust.EndorsementType {
		return nil, fmt.Errorf("%w: an endorsement of content type %q", ErrNotProven, preimage.ContentType)
	}
	e, err := trust.DecodeEndorsement(preimage.Payload)
	if err != nil {
		return nil, malformed("endorsement", err)
	}
	if leaf.Head.To != e.Number || !bytes.Equal(leaf.Head.Root[:], e.Hash) {
		return nil, fmt.Errorf("%w: the head names key set %d (%x), and the endorsement %d (%x)", ErrNotProven, leaf.Head.To, leaf.Head.Root[:], e.Number, e.Hash)
	}
	return preimage.Payload, nil
}

// RosterType is the content type of a roster.
const RosterType = "application/vnd.xietong.roster+cbor"

// MaxRosterProof is the longest proof of a roster.
const MaxRosterProof = 128 << 10 // bytes

// VerifyRoster verifies, as VerifyEndorsement does, that the root of a tree published a roster, and
// returns what the entry holds of it. Where an agency published it, one of the root's key sets must
// list the certificate of that act. The last of them is the newest.
func VerifyRoster(root []trust.KeySet, data []byte) (payload []byte, err error) {
	newest := root[len(root)-1]
	leaf, preimage, err := verifyProof(newest, data, MaxRosterProof)
	if err != nil {
		return nil, err
	}
	if leaf.Head.Kind != KindRoster || preimage.ContentType != RosterType {
		return nil, fmt.Errorf("%w: the entry is no roster (%s, %q)", ErrNotProven, leaf.Head.Kind, preimage.ContentType)
	}
	if leaf.Evidence.Signed() {
		log, err := identity.NewLog(newest.Name, newest.Epoch)
		if err == nil {
			err = VerifyStatement(log, leaf, root...)
		}
		if err != nil {
			return nil, err
		}
	}
	return preimage.Payload, nil
}

// PayloadIn returns what a proof holds of a roster or an endorsement. The proof was made or
// accepted here before: PayloadIn verifies nothing.
func PayloadIn(proof []byte) (payload []byte, err error) {
	var p endorsementProof
	if err := canon.Unmarshal(proof, MaxRosterProof, &p); err != nil {
		return nil, malformed("roster", err)
	}
	preimage, err := DecodePreimage(p.Preimage)
	return preimage.Payload, err
}

// verifyProof verifies that an entry is in the ledger of the jurisdiction whose key set is given,
// and opens the entry. most is the length of the longest proof, in bytes.
func verifyProof(by trust.KeySet, data []byte, most int) (leaf Leaf, preimage Preimage, err error) {
	var p endorsementProof
	if err := canon.Unmarshal(data, most, &p); err != nil {
		return leaf, preimage, malformed("endorsement", err)
	}
	if p.Leaf == nil || p.Preimage == nil || p.Proof == nil || p.Note == nil {
		return leaf, preimage, malformed("endorsement", errors.New("null, where there is nothing to leave out"))
	}
	if p.Log.Jurisdiction() != by.Name || p.Log.Epoch() != by.Epoch {
		return leaf, preimage, fmt.Errorf("%w: an endorsement in %s, where one of %s is needed", ErrNotProven, p.Log, by.Name)
	}
	c, err := OpenCheckpoint(p.Note, p.Log, by)
	if err != nil {
		return leaf, preimage, err
	}
	if _, err := verifyInclusion(p.Proof, p.Leaf, c); err != nil {
		return leaf, preimage, err
	}
	if leaf, err = DecodeLeaf(p.Leaf); err != nil {
		return leaf, preimage, err
	}
	opened, err := open(p.Preimage, leaf.Evidence)
	if err != nil {
		return leaf, preimage, err
	}
	return leaf, *opened, nil
}
