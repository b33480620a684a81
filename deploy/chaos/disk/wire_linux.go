package disk

import (
	"bytes"
	"encoding/binary"
	"time"
)

// The operations of FUSE (linux/fuse.h, protocol 7.31) that are answered; any other is ENOSYS.
const (
	opLookup      = 1
	opForget      = 2
	opGetattr     = 3
	opSetattr     = 4
	opMknod       = 8
	opMkdir       = 9
	opUnlink      = 10
	opRmdir       = 11
	opRename      = 12
	opOpen        = 14
	opRead        = 15
	opWrite       = 16
	opStatfs      = 17
	opRelease     = 18
	opFsync       = 20
	opFlush       = 25
	opInit        = 26
	opOpendir     = 27
	opReaddir     = 28
	opReleasedir  = 29
	opFsyncdir    = 30
	opCreate      = 35
	opInterrupt   = 36
	opDestroy     = 38
	opBatchForget = 42
	opFallocate   = 43
	opRename2     = 45
)

const (
	inHeaderLen  = 40
	outHeaderLen = 16
	maxWrite     = 128 << 10
	requestLen   = maxWrite + 8192

	initBigWrites = 1 << 5
	setMode       = 1 << 0
	setSize       = 1 << 3
)

var order = binary.LittleEndian

// request is what the kernel asks.
type request struct {
	op     uint32
	unique uint64
	node   uint64
	body   []byte
}

func parseRequest(data []byte) request {
	return request{order.Uint32(data[4:]), order.Uint64(data[8:]), order.Uint64(data[16:]), data[inHeaderLen:]}
}

// names returns the names at the end of a request, which begin at an offset.
func (r request) names(from int) []string {
	var names []string
	for _, name := range bytes.Split(bytes.TrimSuffix(r.body[from:], []byte{0}), []byte{0}) {
		names = append(names, string(name))
	}
	return names
}

func (r request) u32(at int) uint32 { return order.Uint32(r.body[at:]) }
func (r request) u64(at int) uint64 { return order.Uint64(r.body[at:]) }

// words appends numbers, each of its size.
func words(to []byte, values ...any) []byte {
	for _, v := range values {
		to, _ = binary.Append(to, order, v) // numbers of a fixed size
	}
	return to
}

// attributes are 88 bytes.
func (n *inode) attributes(to []byte) []byte {
	size := uint64(n.now.size)
	sec, nsec := uint64(n.time.Unix()), uint32(n.time.Nanosecond())
	return words(to, n.id, size, (size+511)/512, sec, sec, sec, nsec, nsec, nsec, n.mode, uint32(1), uint32(0), uint32(0), uint32(0), uint32(pageLen), uint32(0))
}

// attrOut answers getattr and setattr: nothing is kept by the kernel.
func (n *inode) attrOut() []byte { return n.attributes(words(nil, uint64(0), uint64(0))) }

// entryOut answers what looks up a name.
func (n *inode) entryOut() []byte {
	return n.attributes(words(nil, n.id, uint64(1), uint64(0), uint64(0), uint64(0)))
}

// openOut answers open: pages that an earlier opener read are dropped by the kernel.
func openOut() []byte { return words(nil, uint64(0), uint64(0)) }

// statfsOut is a disk with so many bytes free.
func statfsOut(free uint64) []byte {
	blocks := free / pageLen
	return words(nil, blocks*2, blocks, blocks, uint64(1<<20), uint64(1<<20), uint32(pageLen), uint32(255), uint32(pageLen), uint32(0), [6]uint32{})
}

// initOut takes what the kernel offers of the protocol.
func initOut(readahead uint32) []byte {
	return words(nil, uint32(7), uint32(31), readahead, uint32(initBigWrites), uint16(16), uint16(12), uint32(maxWrite), uint32(time.Nanosecond), [36]byte{})
}

// dirent appends an entry of a folder.
func dirent(to []byte, n *inode, name string, next uint64) []byte {
	to = words(to, n.id, next, uint32(len(name)), n.mode>>12)
	to = append(to, name...)
	return append(to, make([]byte, (8-len(name)%8)%8)...)
}
