package ledger

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

const maxPathLen = 62

// inclusion is an inclusion proof in the form of RFC 9942 §5.2.
type inclusion struct {
	_     struct{} `cbor:",toarray"`
	Size  uint64
	Index uint64
	Path  [][]byte
}

// encodeInclusion proves the leaf at index in the tree of the given size.
func encodeInclusion(index, size uint64, tiles TileReader) ([]byte, error) {
	path, err := ProveInclusion(index, size, tiles)
	if err != nil {
		return nil, err
	}
	proof := inclusion{Size: size, Index: index, Path: make([][]byte, len(path))}
	for i, h := range path {
		proof.Path[i] = h[:]
	}
	return mustEncode(proof), nil
}

// verifyInclusion verifies an encoded proof of the leaf under a checkpoint that was verified.
func verifyInclusion(encoded, leaf []byte, c Checkpoint) (inclusion, error) {
	var proof inclusion
	if err := canon.Unmarshal(encoded, MaxReceiptLen, &proof); err != nil {
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
	if err := tlog.CheckRecord(path, int64(c.Size), c.Root, int64(proof.Index), LeafHash(leaf)); err != nil {
		return inclusion{}, fmt.Errorf("%w: the entry is not in the tree: %w", ErrNotProven, err)
	}
	return proof, nil
}
