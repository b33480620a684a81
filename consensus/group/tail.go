package group

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"

	"xietong/consensus/state"
)

// The frames of a file of raft-wal v0.4.2, as its segment/format.go has them: a type, three zero
// bytes, and a length or, in the frame that ends a batch, the CRC-32C of everything since the one
// before.
const (
	walHeaderLen = 32
	frameLen     = 8
	frameEntry   = 1
	frameIndex   = 2
	frameCommit  = 3
)

var commitHead = []byte{frameCommit, 0, 0, 0}

// checkTail checks the file that takes the log's next entries, before the library opens it. The
// library takes whatever is not well in it for the rest of a write that was cut short, and cuts the
// log off there: it cannot lose more than the last batch in that way. But where another batch
// stands whole behind what is not well, that one was written once the first was on disk: then the
// file was damaged, and what is behind was acknowledged. The error is a *state.DamageError.
func checkTail(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	well := wellUpTo(data)
	var before int // offset behind the last frame that ends a batch; 0: none was met
	for at := well; at+frameLen <= len(data); at += frameLen {
		if !bytes.HasPrefix(data[at:], commitHead) {
			continue
		}
		if before > 0 && endsBatch(data, before, at) {
			return &state.DamageError{File: path, Err: fmt.Errorf("what stands at byte %d is not as it was written, and what follows is", well)}
		}
		before = at + frameLen
	}
	return nil
}

// wellUpTo walks over the batches from the first one on, and returns the offset behind the last
// that is as it was written.
func wellUpTo(data []byte) (well int) {
	from := 0 // the first batch begins with the header of the file
	for at := walHeaderLen; at+frameLen <= len(data); {
		switch size := int(binary.LittleEndian.Uint32(data[at+4:])); data[at] {
		case frameEntry, frameIndex:
			at += frameLen + (size+frameLen-1)/frameLen*frameLen
		case frameCommit:
			if !endsBatch(data, from, at) {
				return well
			}
			at += frameLen
			from, well = at, at
		default:
			return well
		}
	}
	return well
}

// endsBatch reports whether the frame at an offset ends a batch that begins at from.
func endsBatch(data []byte, from, at int) bool {
	return at > from && crc32.Checksum(data[from:at], castagnoli) == binary.LittleEndian.Uint32(data[at+4:])
}
