// Package vault encrypts payloads, so that each can be read while its key exists and is erased for
// good when the key is dropped.
//
// Each payload is sealed with a record key of its own, and the record key is wrapped with one of
// the Shards wrapping keys of the keystore. Ciphertexts and wrapped record keys are ordinary
// replicated state. Only the wrapping keys are secret; they stand in one file for each replica,
// outside raft, the state file, snapshots and logs. The key of a shard has a generation. To erase a
// payload, its shard gets a new key, the other record keys of the shard are wrapped anew, and the
// old key is dropped. After that no copy of the old bytes, anywhere, can be opened again. This
// version tells generations apart, and has no function yet that makes a new one.
//
// The package never logs a key, and returns none but all of them together, for another replica of
// the jurisdiction (HandOver). It does not decide who may read, and holds no state but the
// keystore.
//
// # Keystore
//
// The file is "xietong keystore 1\n", the index secret (32 bytes), Shards times {generation
// (big-endian uint32), key (32 bytes)}, and SHA-256 of all that. It is written whole under another
// name, flushed and renamed, with mode 0600.
//
// # Sealed payload
//
// Sealed bytes are 0x01, the shard (big-endian uint16), its generation (big-endian uint32), the
// record key wrapped (48 bytes), and the payload sealed, which is 16 bytes longer than the payload.
// Both are encrypted with AES-256-GCM. A record key seals one payload, so its nonce is zero; the
// wrapping nonce is the first 12 bytes of the commitment, which is a hash over a fresh 32-byte
// salt. The additional data of both are the version, shard, generation and commitment. A payload of
// 3 bytes in shard 0x0a2b, generation 1, begins
//
//	01 0a2b 00000001 | 48 bytes | 19 bytes
package vault

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// Shards is the number of wrapping keys: erasing one payload wraps the 4,096th part of all record
// keys anew.
const Shards = 4096

const (
	magic     = "xietong keystore 1\n"
	keyLen    = 32
	shardLen  = 4 + keyLen
	fileLen   = len(magic) + keyLen + Shards*shardLen + sha256.Size
	firstGen  = 1
	modeOwner = 0o600
)

// Errors of the keystore.
var (
	// ErrKeystore is returned when the file is not a whole keystore of this version.
	ErrKeystore = errors.New("keystore is damaged or of another version")
	// ErrExists is returned by Create when the file exists: a new keystore in its place would make
	// every payload unreadable.
	ErrExists = errors.New("keystore exists")
)

// Keystore holds a replica's wrapping keys. It does not change while it is open, so it may be used
// by many goroutines.
type Keystore struct {
	index   [keyLen]byte
	shards  [Shards]shard
	domains sync.Map // of MAC: domain -> its key, derived from index once
}

type shard struct {
	generation uint32
	key        [keyLen]byte
}

// Create makes a keystore with fresh keys at path. The error wraps ErrExists when the file exists.
func Create(path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("create keystore: %w", ErrExists), err)
	}
	k := new(Keystore)
	rand.Read(k.index[:]) // never fails
	for i := range k.shards {
		k.shards[i].generation = firstGen
		rand.Read(k.shards[i].key[:])
	}
	if err := writeFile(path, k.encode()); err != nil {
		return fmt.Errorf("create keystore: %w", err)
	}
	return nil
}

// HandOver returns the file of the keystore, for another replica of the same jurisdiction: without
// it that replica finds and opens nothing. The caller gives it to nobody else, and over the link
// between the two alone.
func (k *Keystore) HandOver() []byte { return k.encode() }

// MaxHandedOver is the length of what HandOver returns, in bytes.
const MaxHandedOver = fileLen

// Receive writes a keystore that another replica handed over. The error wraps ErrKeystore where it
// is not whole, and ErrExists where there is another one at path.
func Receive(path string, handed []byte) error {
	k, err := decode(handed)
	if err != nil {
		return fmt.Errorf("receive keystore: %w", err)
	}
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, handed) {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("receive keystore: %w", ErrExists), err)
	}
	if err := writeFile(path, k.encode()); err != nil {
		return fmt.Errorf("receive keystore: %w", err)
	}
	return nil
}

// Open reads the keystore at path. The error wraps ErrKeystore when the file is damaged or of
// another version.
func Open(path string) (*Keystore, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open keystore: %w", err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("open keystore: %w", &fs.PathError{Op: "open", Path: path, Err: syscall.EISDIR})
	}
	if info.Size() != int64(fileLen) {
		return nil, fmt.Errorf("open keystore: %w: %d bytes, not %d", ErrKeystore, info.Size(), fileLen)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("open keystore: %w", err)
	}
	k, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("open keystore: %w", err)
	}
	return k, nil
}

func (k *Keystore) encode() []byte {
	b := make([]byte, 0, fileLen)
	b = append(append(b, magic...), k.index[:]...)
	for _, s := range k.shards {
		b = append(binary.BigEndian.AppendUint32(b, s.generation), s.key[:]...)
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

func decode(data []byte) (*Keystore, error) {
	if len(data) != fileLen || !bytes.HasPrefix(data, []byte(magic)) {
		return nil, fmt.Errorf("%w: not a keystore of version 1", ErrKeystore)
	}
	body, sum := data[:fileLen-sha256.Size], data[fileLen-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return nil, fmt.Errorf("%w: its checksum does not fit", ErrKeystore)
	}
	k := new(Keystore)
	body = body[copy(k.index[:], body[len(magic):])+len(magic):]
	for i := range k.shards {
		k.shards[i].generation = binary.BigEndian.Uint32(body)
		copy(k.shards[i].key[:], body[4:shardLen])
		body = body[shardLen:]
	}
	return k, nil
}

// writeFile writes data whole or not at all: (1) to another name, (2) flushed, (3) renamed, (4) the
// folder flushed.
func writeFile(path string, data []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, modeOwner)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
