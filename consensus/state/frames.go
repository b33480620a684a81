package state

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// A replica is filled over one stream. Who is filled asks, and the source answers each question in
// turn: an offer, then what was offered, then the end. While it reads what it will offer it says
// how far it is. An ask is for entries of the ledger, from the one that is lacking on, or for the
// rest: the entries that came since, and all that changes, as it is at one moment. Who mends files
// of old entries asks for blocks of them in the same way.
//
//	frame    length of the message (uint32, big endian), its CRC-32C (likewise), the message
//	message  its kind in one byte, then deterministic CBOR
const (
	// MaxFrameLen is the longest message, in bytes.
	MaxFrameLen     = 1 << 20
	frameFill       = 256 << 10 // bytes at which a frame is full; what is put in last fits in MaxFrameLen
	frameHeadLen    = 8
	fillVersion     = 2
	messageAsk      = 1
	messageOffer    = 2
	messageEntry    = 3
	messagePairs    = 4
	messageEnd      = 5
	messageStill    = 6
	messageAskBlock = 7
	maxOfferedLen   = 128 << 10 // bytes of a configuration of the group
)

// ask is the question of the replica that is filled.
type ask struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Format  uint64
	Log     identity.Log
	Have    uint64 // entries that it has
	Root    []byte // their root
	Rest    bool   // it asks for the rest,
	Least   uint64 // of a state that has applied at least this raft index
}

// offer is what the source will send. Refused says why it sends nothing.
type offer struct {
	_       struct{} `cbor:",toarray"`
	Refused uint64
	Why     string
	Format  uint64
	Log     identity.Log
	Size    uint64 // entries of the ledger up to which it sends
	Bytes   uint64 // at most what it sends, in frames
	Pairs   uint64
	// Of the rest alone: the position of the state, its clock, and the group's configuration there.
	Meta               []byte
	Clock              []byte
	Configuration      []byte
	ConfigurationIndex uint64
}

// Why a source refuses.
const (
	refusedVersion = 1 // it speaks another version of these messages, or of the file
	refusedLog     = 2 // it has another ledger
	refusedEntries = 3 // it has other entries than those that the asker has
	refusedBehind  = 4 // it has fewer entries, or has applied less, than asked for
	refusedUnwell  = 5 // it cannot read what was asked for, or lacks disk space for it
)

// entries are entries of the ledger, one after the other.
type entries struct {
	_       struct{} `cbor:",toarray"`
	From    uint64
	Entries []entry
}

type entry struct {
	_      struct{} `cbor:",toarray"`
	Leaf   []byte
	Sealed [][]byte // the ciphertext of the payload, or nothing
}

// pairs are pairs of one bucket, in the order of their keys.
type pairs struct {
	_      struct{} `cbor:",toarray"`
	Bucket string
	Pairs  []keyValue
}

type keyValue struct {
	_     struct{} `cbor:",toarray"`
	Key   []byte
	Value []byte
}

// end ends an answer.
type end struct {
	_   struct{} `cbor:",toarray"`
	Sum []byte   // SHA-256 of the messages of entries and pairs before it
}

// frameWriter writes messages, and sums up those of an answer.
type frameWriter struct {
	to  io.Writer
	sum hash.Hash
	len uint64
}

func newFrameWriter(to io.Writer) *frameWriter { return &frameWriter{to: to, sum: sha256.New()} }

func (w *frameWriter) write(kind byte, v any) error {
	data, err := canon.Marshal(v)
	if err != nil {
		return err
	}
	if len(data) >= MaxFrameLen {
		return fmt.Errorf("a message of %d bytes, more than %d", len(data), MaxFrameLen)
	}
	frame := make([]byte, frameHeadLen, frameHeadLen+1+len(data))
	frame = append(append(frame, kind), data...)
	message := frame[frameHeadLen:]
	binary.BigEndian.PutUint32(frame, uint32(len(message)))
	binary.BigEndian.PutUint32(frame[4:], crc32.Checksum(message, castagnoli))
	if kind == messageEntry || kind == messagePairs {
		w.sum.Write(message)
	}
	w.len += uint64(len(frame))
	_, err = w.to.Write(frame)
	return err
}

// end writes the end of the answer.
func (w *frameWriter) end() error { return w.write(messageEnd, end{Sum: w.sum.Sum(nil)}) }

// frameReader reads messages, and sums up those of an answer.
type frameReader struct {
	from *bufio.Reader
	sum  hash.Hash
	left uint64 // bytes of the answer that may still come
}

func newFrameReader(from io.Reader) *frameReader {
	return &frameReader{from: bufio.NewReaderSize(from, 64<<10), sum: sha256.New()}
}

// errFrame is wrapped by the error of a stream whose bytes are not frames.
var errFrame = errors.New("not what was written")

// read returns the next message. io.EOF means that the stream ended before it began.
func (r *frameReader) read() (kind byte, data []byte, err error) {
	head := make([]byte, frameHeadLen)
	if _, err := io.ReadFull(r.from, head); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head)
	if n < 1 || n > MaxFrameLen {
		return 0, nil, fmt.Errorf("%w: a message of %d bytes", errFrame, n)
	}
	message := make([]byte, n)
	if _, err := io.ReadFull(r.from, message); err != nil {
		return 0, nil, errors.Join(io.ErrUnexpectedEOF, err)
	}
	if crc32.Checksum(message, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
		return 0, nil, fmt.Errorf("%w: the checksum of a message is another", errFrame)
	}
	return message[0], message[1:], nil
}

// readAs reads a message of one kind.
func (r *frameReader) readAs(want byte, v any) error {
	kind, data, err := r.read()
	if err != nil {
		return err
	}
	return decodeAs(want, kind, data, v)
}

func decodeAs(want, kind byte, data []byte, v any) error {
	if kind != want {
		return fmt.Errorf("%w: a message of kind %d in place of kind %d", errFrame, kind, want)
	}
	return canon.Unmarshal(data, MaxFrameLen, v)
}

// next returns the next message of an answer; more is false at its end.
func (r *frameReader) next() (kind byte, data []byte, more bool, err error) {
	kind, data, err = r.read()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return 0, nil, false, err
	}
	if kind == messageEnd {
		var e end
		if err := canon.Unmarshal(data, MaxFrameLen, &e); err != nil {
			return 0, nil, false, err
		}
		if string(e.Sum) != string(r.sum.Sum(nil)) {
			return 0, nil, false, fmt.Errorf("%w: the sum of the answer is another", errFrame)
		}
		return kind, nil, false, nil
	}
	n := uint64(frameHeadLen + 1 + len(data))
	if n > r.left {
		return 0, nil, false, fmt.Errorf("%w: more than was offered", errFrame)
	}
	r.left -= n
	r.sum.Write([]byte{kind})
	r.sum.Write(data)
	return kind, data, true, nil
}

// begin begins an answer of so many bytes.
func (r *frameReader) begin(bytes uint64) {
	r.left = bytes
	r.sum.Reset()
}
