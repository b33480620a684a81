package group

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
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

// maxResync bounds the bytes that checkTail computes checksums over, as a multiple of the file:
// what a client had written may look like frames. Beyond it nothing is found, as by the library.
const maxResync = 64

// checkTail checks the file that takes the log's next entries, before the library opens it. The
// library takes whatever is not well in it for the rest of a write that was cut short, and cuts the
// log off there. That is right of the last batch alone. Where another batch stands whole behind
// what is not well, the first was on disk before that one was written: then the file was damaged,
// and what is behind was acknowledged. The error is a *state.DamageError.
func checkTail(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	well := wellUpTo(data)
	left := maxResync * len(data)
	for at := well; at+frameLen <= len(data); at += frameLen {
		if !nearlyCommit(data[at:]) {
			continue
		}
		from := at + frameLen
		end := endOfBatch(data, from)
		if end == 0 {
			continue
		}
		if left -= end - from; left < 0 {
			return nil
		}
		if endsBatch(data, from, end) {
			return &state.DamageError{File: path, Err: fmt.Errorf("what stands at byte %d is not as it was written, and what follows is", well)}
		}
	}
	return nil
}

// nearlyCommit reports whether a batch may begin behind a frame: it ends a batch, or would if not
// one of its first bits had flipped.
func nearlyCommit(frame []byte) bool {
	return bits.OnesCount32(binary.LittleEndian.Uint32(frame)^frameCommit) <= 1
}

// wellUpTo walks over the batches from the first one on, and returns the offset behind the last
// that is as it was written.
func wellUpTo(data []byte) (well int) {
	from, at := 0, walHeaderLen // the first batch begins with the header of the file
	for {
		end := endOfBatch(data, at)
		if end == 0 || !endsBatch(data, from, end) {
			return well
		}
		well = end + frameLen
		from, at = well, well
	}
}

// endOfBatch walks over the frames from an offset on, and returns the offset of the one that ends
// the batch; 0: what stands there is no batch.
func endOfBatch(data []byte, at int) int {
	for at+frameLen <= len(data) {
		switch size := int(binary.LittleEndian.Uint32(data[at+4:])); data[at] {
		case frameEntry, frameIndex:
			at += frameLen + (size+frameLen-1)/frameLen*frameLen
		case frameCommit:
			return at
		default:
			return 0
		}
	}
	return 0
}

// endsBatch reports whether the frame at an offset ends a batch that begins at from.
func endsBatch(data []byte, from, at int) bool {
	return at > from && crc32.Checksum(data[from:at], castagnoli) == binary.LittleEndian.Uint32(data[at+4:])
}
