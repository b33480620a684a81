package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Commitment is the hash under which a payload stands in the ledger.
type Commitment = [sha256.Size]byte

const (
	version    = 1
	headLen    = 1 + 2 + 4
	tagLen     = 16
	wrappedLen = keyLen + tagLen
	nonceLen   = 12

	// Overhead is the number of bytes by which sealed bytes are longer than the payload.
	Overhead = headLen + wrappedLen + tagLen
)

// Errors of opening sealed bytes.
var (
	// ErrSealed is returned when the bytes were not sealed for this commitment in this keystore.
	ErrSealed = errors.New("sealed payload does not open")
	// ErrDestroyed is returned when the key that would open the payload was dropped: the payload is
	// erased.
	ErrDestroyed = errors.New("the key of the payload was destroyed")
)

// Seal encrypts a payload under a fresh record key. The commitment must be a salted hash that is
// used once.
func (k *Keystore) Seal(c Commitment, payload []byte) []byte {
	number := binary.BigEndian.Uint16(c[sha256.Size-2:]) % Shards
	s := &k.shards[number]
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16([]byte{version}, number), s.generation)
	var record [keyLen]byte
	rand.Read(record[:]) // never fails
	out := append(make([]byte, 0, len(payload)+Overhead), head...)
	aad := append(head, c[:]...)
	out = gcm(s.key[:]).Seal(out, c[:nonceLen], record[:], aad)
	return gcm(record[:]).Seal(out, make([]byte, nonceLen), payload, aad)
}

// Open decrypts the bytes that Seal returned for the commitment. The error wraps ErrSealed or
// ErrDestroyed.
func (k *Keystore) Open(c Commitment, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, fmt.Errorf("%w: %d bytes of another form", ErrSealed, len(sealed))
	}
	head, wrapped, body := sealed[:headLen], sealed[headLen:headLen+wrappedLen], sealed[headLen+wrappedLen:]
	number, generation := binary.BigEndian.Uint16(head[1:]), binary.BigEndian.Uint32(head[3:])
	if number >= Shards {
		return nil, fmt.Errorf("%w: shard %d", ErrSealed, number)
	}
	s := &k.shards[number]
	switch {
	case generation < s.generation:
		return nil, ErrDestroyed
	case generation > s.generation:
		return nil, fmt.Errorf("%w: generation %d of shard %d is not known here", ErrSealed, generation, number)
	}
	aad := append(append(make([]byte, 0, headLen+len(c)), head...), c[:]...)
	record, err := gcm(s.key[:]).Open(nil, c[:nonceLen], wrapped, aad)
	if err != nil {
		return nil, fmt.Errorf("%w: record key: %w", ErrSealed, err)
	}
	payload, err := gcm(record).Open(nil, make([]byte, nonceLen), body, aad)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return payload, nil
}

func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the length is right
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// MAC returns a code that stands for a value in the replicated state, which must find the value
// again and may not know it: a record's key, an indexed value, a query's parameter. The same domain
// and parts give the same MAC on every replica. Each domain has a key of its own, and each part is
// preceded by its length, so that two different lists of parts are never one message. A domain is a
// word of the program, never one from outside: its key is kept.
func (k *Keystore) MAC(domain string, parts ...[]byte) [sha256.Size]byte {
	h := hmac.New(sha256.New, k.keyOf(domain))
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(p))))
		h.Write(p)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// keyOf returns the key of a domain.
func (k *Keystore) keyOf(domain string) []byte {
	if kept, ok := k.domains.Load(domain); ok {
		return kept.([]byte)
	}
	key, err := hkdf.Key(sha256.New, k.index[:], nil, "xietong/1 index "+domain, keyLen)
	if err != nil {
		panic(err) // the length is right
	}
	k.domains.Store(domain, key)
	return key
}
