package link

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Limits of frames, in bytes.
const (
	MaxFrame = 1 << 20 // of an exchange
	MaxHello = 4 << 10
	MaxKnock = 512 << 10 // at the door
)

// ErrFrame is returned for a frame that is cut short, too long, or that stands where none may.
var ErrFrame = errors.New("malformed frame")

func writeFrame(w io.Writer, data []byte, most int) error {
	if len(data) > most {
		return fmt.Errorf("%w: %d bytes, more than %d", ErrFrame, len(data), most)
	}
	whole := wholes.Get().(*[]byte)
	*whole = append(binary.BigEndian.AppendUint32((*whole)[:0], uint32(len(data))), data...)
	_, err := w.Write(*whole)
	if err == nil && cap(*whole) <= maxReused { // a stream that failed may still hold it
		wholes.Put(whole)
	}
	return err
}

// maxReused is the longest memory, in bytes, that is kept for the next frame.
const maxReused = 64 << 10

// wholes holds memory for frames that are written in one piece: a stream has copied or sent all of
// what it was given once it has taken it.
var wholes = sync.Pool{New: func() any { return new([]byte) }}

// readFrame reads one frame; io.EOF means that the stream ended before it.
func readFrame(r io.Reader, most int) ([]byte, error) {
	n, err := readLength(r, most)
	if err != nil {
		return nil, err
	}
	return readData(r, n)
}

// readLength reads the length of a frame.
func readLength(r io.Reader, most int) (int, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: a length of fewer than 4 bytes", ErrFrame)
		}
		return 0, err
	}
	n := int64(binary.BigEndian.Uint32(length[:]))
	if n > int64(most) {
		return 0, fmt.Errorf("%w: %d bytes, more than %d", ErrFrame, n, most)
	}
	return int(n), nil
}

// readData reads what a length promised. Beyond a few KiB, memory grows with what has come, not with what was promised.
func readData(r io.Reader, n int) ([]byte, error) {
	data, got, err := []byte(nil), 0, error(nil)
	if n <= MaxHello {
		data = make([]byte, n)
		got, err = io.ReadFull(r, data)
	} else {
		var grown bytes.Buffer
		_, err = io.CopyN(&grown, r, int64(n))
		data, got = grown.Bytes(), grown.Len()
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: %d bytes of %d", ErrFrame, got, n)
	}
	return data, err
}

// atEnd refuses a stream that goes on.
func atEnd(r io.Reader) error {
	n, err := r.Read(make([]byte, 1))
	switch {
	case n > 0:
		return fmt.Errorf("%w: more than one", ErrFrame)
	case err == nil:
		return atEnd(r)
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}
