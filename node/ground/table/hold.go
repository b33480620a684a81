package table

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// inMemory is how much of a file is held in memory, in bytes; what is longer goes to the disk.
const inMemory = 1 << 20

// Held is a file that came once and can be read at any place, until it is closed. Several
// goroutines may read it.
type Held struct {
	size   int64
	sum    [sha256.Size]byte
	memory []byte
	file   *os.File // or nil
	block  cipher.Block
}

// Hold reads r to its end and holds it: a short file in memory, a longer one in a temporary file in
// dir ("" is the system's directory). That file has no name and is encrypted under a key that
// nobody else has, since it may hold personal data. More than MaxFile bytes are refused; a caller
// that wants less bounds r.
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
	key := make([]byte, 32)
	rand.Read(key) // never fails
	if h.block, err = aes.NewCipher(key); err != nil {
		return fmt.Errorf("hold file: %w", err)
	}
	if h.file, err = os.CreateTemp(dir, "xietong-file-*"); err != nil {
		return fmt.Errorf("hold file: %w", err)
	}
	if err = os.Remove(h.file.Name()); err != nil { // it stays until it is closed
		return fmt.Errorf("hold file: %w", err)
	}
	out := cipher.StreamWriter{S: h.stream(0), W: h.file}
	if _, err = out.Write(h.memory); err != nil {
		return fmt.Errorf("hold file: %w", err)
	}
	h.memory = nil
	n, err := io.Copy(out, r)
	h.size += n
	return err
}

// stream returns the key stream from the place on, a multiple of the length of a block. Each file
// has its own key, so that no part of a stream is used twice.
func (h *Held) stream(at int64) cipher.Stream {
	var counter [aes.BlockSize]byte
	binary.BigEndian.PutUint64(counter[8:], uint64(at/aes.BlockSize))
	return cipher.NewCTR(h.block, counter[:])
}

// ReadAt implements io.ReaderAt.
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
		s := h.stream(at)
		var skipped [aes.BlockSize]byte
		s.XORKeyStream(skipped[:at%aes.BlockSize], skipped[:at%aes.BlockSize])
		s.XORKeyStream(p[:n], p[:n])
	}
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
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
	return h.file.Close()
}
