package table

import (
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"xietong/node/ground/text"
)

// blockLen is the length of a block of text, in bytes; the last one may be shorter.
const blockLen = 64 << 10

// sealed is a temporary file without a name. It is encrypted under a key that nobody else has, and
// each block is authenticated with its place: no byte is given back but as it was written, since a
// disk may give back others. First one goroutine writes it; then several may read it.
//
//	block 0: AES-256-GCM(nonce 0, 65,536 bytes), tag | block 1: AES-256-GCM(nonce 1, …), tag | …
type sealed struct {
	dir  string
	file *os.File
	aead cipher.AEAD
	size int64 // bytes of text that were written

	mu     sync.Mutex
	block  []byte // text that is not written yet; later, that of the block that was read last
	number int64  // of that block; -1: none was read
	cipher []byte // a block as it is in the file
	failed error  // the first failure of a read
}

// temporaryPrefix begins the name of the file, where it has one.
const temporaryPrefix = "xietong-file-"

func newSealed(dir string) (*sealed, error) {
	s := &sealed{dir: cmp.Or(dir, os.TempDir()), number: -1, block: make([]byte, 0, blockLen)}
	key := make([]byte, 32)
	rand.Read(key) // never fails
	block, err := aes.NewCipher(key)
	if err == nil {
		s.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		return nil, fmt.Errorf("hold file: %w", err)
	}
	s.cipher = make([]byte, 0, blockLen+s.aead.Overhead())
	if s.file, err = temporary(s.dir, temporaryPrefix); err != nil {
		return nil, s.unusable(err)
	}
	return s, nil
}

// nonce returns the nonce of a block. Each file has its own key, and each block is written once.
func (s *sealed) nonce(number int64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 4, 12), uint64(number))
}

// Write implements io.Writer. What is no whole block yet is written by flush.
func (s *sealed) Write(p []byte) (n int, err error) {
	for n < len(p) {
		part := p[n:min(len(p), n+blockLen-len(s.block))]
		s.block = append(s.block, part...)
		n += len(part)
		if len(s.block) < blockLen {
			break
		}
		if err := s.flush(); err != nil {
			return n, err
		}
	}
	return n, nil
}

// flush writes the text that came as a block.
func (s *sealed) flush() error {
	if len(s.block) == 0 {
		return nil
	}
	s.cipher = s.aead.Seal(s.cipher[:0], s.nonce(s.size/blockLen), s.block, nil)
	if _, err := s.file.Write(s.cipher); err != nil {
		return s.unusable(err)
	}
	s.size += int64(len(s.block))
	s.block = s.block[:0]
	return nil
}

// ReadAt implements io.ReaderAt, except that it has no error at the end of the file. After a
// failure every read fails: a caller may have taken the first one for something about the file.
func (s *sealed) ReadAt(p []byte, at int64) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < len(p) && at < s.size {
		if s.failed == nil && s.number != at/blockLen {
			s.failed = s.load(at / blockLen)
		}
		if s.failed != nil {
			return n, s.failed
		}
		read := copy(p[n:], s.block[at%blockLen:])
		n, at = n+read, at+int64(read)
	}
	return n, nil
}

// load reads a block and verifies it.
func (s *sealed) load(number int64) (err error) {
	length := min(blockLen, s.size-number*blockLen) + int64(s.aead.Overhead())
	s.cipher = s.cipher[:length]
	_, err = s.file.ReadAt(s.cipher, number*int64(blockLen+s.aead.Overhead()))
	if err != nil && !errors.Is(err, io.EOF) {
		return s.unusable(err)
	}
	if err == nil {
		s.block, err = s.aead.Open(s.block[:0], s.nonce(number), s.cipher, nil)
	}
	if err != nil { // not wrapped: nobody may take it for the end of the file
		return text.Fail(text.TemporaryDamaged, text.Args{"dir": s.dir}, fmt.Errorf("read block %d: %v", number, err))
	}
	s.number = number
	return nil
}

// unusable returns the failure of a file that the system does not take or give back.
func (s *sealed) unusable(err error) error {
	reason := err
	if number, ok := errors.AsType[syscall.Errno](err); ok { // without the name, which is gone
		reason = number
	}
	return text.Fail(text.TemporaryUnusable, text.Args{"dir": s.dir, "reason": reason.Error()}, fmt.Errorf("hold file: %w", err))
}

// err returns the first failure of a read.
func (s *sealed) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}
