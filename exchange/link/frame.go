package link

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Limits of frames, in bytes.
const (
	MaxFrame = 1 << 20 // of an exchange, and of an answer at the door
	MaxHello = 4 << 10
	MaxKnock = 512 << 10 // of a request at the door
)

// ErrFrame is returned for a frame that is cut short, too long, or not allowed at its place.
var ErrFrame = errors.New("malformed frame")

func writeFrame(w io.Writer, data []byte, most int) error {
	if len(data) > most {
		return fmt.Errorf("%w: %d bytes, more than %d", ErrFrame, len(data), most)
	}
	if len(data) > maxReused {
		_, err := w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data))))
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	}
	whole := wholes.Get().(*[]byte)
	*whole = append(binary.BigEndian.AppendUint32((*whole)[:0], uint32(len(data))), data...)
	_, err := w.Write(*whole)
	if err == nil && cap(*whole) <= maxReused { // a stream that failed may still hold the buffer
		wholes.Put(whole)
	}
	return err
}

// maxReused is the largest buffer, in bytes, that is kept for the next frame.
const maxReused = 64 << 10

// wholes holds buffers for frames that are written in one piece. A buffer is free again after a
// successful Write, because the stream has then copied or sent all of it.
var wholes = sync.Pool{New: func() any { return new([]byte) }}

// readLength reads the length of a frame, at most most bytes.
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

// readData reads the n bytes of a frame. Beyond MaxHello, memory grows with the bytes that have
// come, not with the length that was promised, and is taken of the hold first. It stays taken.
func readData(r io.Reader, n int, h *hold) ([]byte, error) {
	var data []byte
	for len(data) < n {
		room := min(n, max(MaxHello, 2*cap(data)))
		if !h.take(room) {
			return nil, errBusy
		}
		bigger := make([]byte, len(data), room)
		copy(bigger, data)
		h.give(cap(data))
		data = bigger
		got, err := io.ReadFull(r, data[len(data):cap(data)])
		data = data[:len(data)+got]
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: %d bytes of %d", ErrFrame, len(data), n)
		}
		if err != nil {
			h.give(cap(data))
			return nil, err
		}
	}
	return data, nil
}

// atEnd returns an error if the stream does not end here.
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
