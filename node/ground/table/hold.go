package table

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"
)

// inMemory is how much of a file is held in memory, in bytes; what is longer goes to the disk.
const inMemory = 1 << 20

// Held is a file that came once and can be read at any place, until it is closed. Several
// goroutines may read it. What is read is what came, or the read fails.
type Held struct {
	size   int64
	sum    [sha256.Size]byte
	memory []byte
	file   *sealed // or nil
}

// Hold reads r to its end and holds it: a short file in memory, a longer one in a temporary file in
// dir ("" is the system's directory). That file has no name and is encrypted under a key that
// nobody else has, since it may hold personal data. More than MaxFile bytes are refused; a caller
// that wants less bounds r. The error is that of r, or a *text.Failure.
func Hold(dir string, r io.Reader) (h *Held, err error) {
	h = &Held{}
	hash := sha256.New()
	r = io.TeeReader(io.LimitReader(r, MaxFile+1), hash)
	h.memory, err = io.ReadAll(io.LimitReader(r, inMemory+1))
	h.size = int64(len(h.memory))
	if err == nil && h.size > inMemory {
		err = h.spill(dir, r)
	}
	if err == nil && h.size > MaxFile {
		err = tooLarge(MaxFile)
	}
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	h.sum = [sha256.Size]byte(hash.Sum(nil))
	return h, nil
}

// spill moves what is held to a temporary file, and the rest of r after it.
func (h *Held) spill(dir string, r io.Reader) (err error) {
	if h.file, err = newSealed(dir); err != nil {
		return err
	}
	if _, err := h.file.Write(h.memory); err != nil {
		return err
	}
	h.memory = nil
	if _, err := io.Copy(h.file, r); err != nil {
		return err
	}
	err = h.file.flush()
	h.size = h.file.size
	return err
}

// ReadAt implements io.ReaderAt. The failure of a temporary file is text.TemporaryDamaged where the
// disk gave back other bytes, and text.TemporaryUnusable where it gave none.
func (h *Held) ReadAt(p []byte, at int64) (n int, err error) {
	switch {
	case at < 0:
		return 0, os.ErrInvalid
	case at >= h.size:
		return 0, io.EOF
	case h.file == nil:
		n = copy(p, h.memory[at:])
	default:
		n, err = h.file.ReadAt(p, at)
	}
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// Err returns the failure of the first read that failed; nil: none did. All reads after it fail.
// Whoever read the file asks for it in the end: on the way it may have been taken for something
// about the file.
func (h *Held) Err() error {
	if h.file == nil {
		return nil
	}
	return h.file.err()
}

// Size returns the length in bytes.
func (h *Held) Size() int64 { return h.size }

// Sum returns the SHA-256 of the file.
func (h *Held) Sum() [sha256.Size]byte { return h.sum }

// Close gives up what was held.
func (h *Held) Close() error {
	h.memory = nil
	if h.file == nil {
		return nil
	}
	return h.file.file.Close()
}
