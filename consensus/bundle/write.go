package bundle

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"xietong/consensus/ledger"
)

// Block is what is written of 256 entries.
type Block struct {
	Tile   []byte   // their hashes
	Leaves [][]byte // 256
}

// Write writes a file. blocks returns each block in turn; between two Write keeps nothing of them.
// What it writes is not compared with the root: see Check.
func Write(to io.WriterAt, id ID, blocks func(n int) (Block, error)) error {
	if !Fits(id.Blocks) {
		return fmt.Errorf("write bundle: %d blocks", id.Blocks)
	}
	head := id.head()
	at := int64(headLen + id.Blocks*rowLen + sumLen)
	for n := range id.Blocks {
		b, err := blocks(n)
		if err != nil {
			return err
		}
		leaves, err := b.encode()
		if err != nil {
			return fmt.Errorf("write bundle: block %d: %w", n, err)
		}
		for _, part := range [][]byte{b.Tile, leaves} {
			if _, err := to.WriteAt(part, at); err != nil {
				return fmt.Errorf("write bundle: %w", err)
			}
			at += int64(len(part))
		}
		head = binary.BigEndian.AppendUint32(head, uint32(len(leaves)))
		head = binary.BigEndian.AppendUint32(head, id.sum(n, partTile, b.Tile))
		head = binary.BigEndian.AppendUint32(head, id.sum(n, partLeaves, leaves))
	}
	head = binary.BigEndian.AppendUint32(head, crc32.Checksum(head, castagnoli))
	if _, err := to.WriteAt(head, 0); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	return nil
}

// encode returns the leaves of a block as they stand in a file.
func (b Block) encode() ([]byte, error) {
	if len(b.Tile) != tileLen || len(b.Leaves) != BlockLen {
		return nil, fmt.Errorf("%d leaves and a tile of %d bytes", len(b.Leaves), len(b.Tile))
	}
	end := 0
	ends, data := make([]byte, 0, endsLen), []byte(nil)
	for i, leaf := range b.Leaves {
		if len(leaf) == 0 || len(leaf) > ledger.MaxLeafLen {
			return nil, fmt.Errorf("leaf %d has %d bytes", i, len(leaf))
		}
		end += len(leaf)
		ends, data = binary.BigEndian.AppendUint32(ends, uint32(end)), append(data, leaf...)
	}
	return append(ends, data...), nil
}
