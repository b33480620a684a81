package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"xietong/certs/identity"
)

// The types of signature that a verifier key may be for (C2SP signed-note, tlog-cosignature).
const (
	noteAlgEd25519     = 1
	noteAlgCosignature = 4
	noteAlgMLDSA       = 6
)

// keyHash returns the key id of C2SP signed-note: the first 4 bytes of SHA-256 of name, newline,
// algorithm and key.
func keyHash(name string, alg byte, key []byte) uint32 {
	sum := sha256.Sum256(append(append([]byte(name+"\n"), alg), key...))
	return binary.BigEndian.Uint32(sum[:])
}

// VerifierKey returns the verifier key (vkey) of a replica's log key, by which tools of others know
// the lines that it signs: the log's name, the key id and the key.
func VerifierKey(log identity.Log, key ed25519.PublicKey) string {
	return verifierKey{log.String(), noteAlgEd25519, key}.String()
}

// verifierKey is a verifier key of C2SP signed-note.
type verifierKey struct {
	name string
	alg  byte
	key  ed25519.PublicKey
}

func (k verifierKey) hash() uint32 { return keyHash(k.name, k.alg, k.key) }

func (k verifierKey) String() string {
	return fmt.Sprintf("%s+%08x+%s", k.name, k.hash(), base64.StdEncoding.EncodeToString(append([]byte{k.alg}, k.key...)))
}

// parseVerifierKey reads a verifier key in its one spelling. It must be for signatures of the given
// type, which is all that this program verifies in that place.
func parseVerifierKey(s string, alg byte) (verifierKey, error) {
	name, rest, _ := strings.Cut(s, "+")
	hash, encoded, ok := strings.Cut(rest, "+")
	if !ok || !isKeyName(name) {
		return verifierKey{}, errors.New("a verifier key has the form NAME+ID+KEY")
	}
	id, err := strconv.ParseUint(hash, 16, 32)
	if err != nil || len(hash) != 8 {
		return verifierKey{}, errors.New("the id in a verifier key has 8 hex digits")
	}
	data, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(data) == 0 {
		return verifierKey{}, errors.New("the key in a verifier key is not in base64")
	}
	switch {
	case data[0] == noteAlgMLDSA:
		return verifierKey{}, errors.New("the verifier key is of type 6 (ML-DSA-44), which this program does not verify")
	case data[0] != alg:
		return verifierKey{}, fmt.Errorf("the verifier key is of type %d, where type %d must stand", data[0], alg)
	case len(data) != 1+ed25519.PublicKeySize:
		return verifierKey{}, fmt.Errorf("the verifier key has %d bytes, where %d must stand", len(data), 1+ed25519.PublicKeySize)
	}
	k := verifierKey{name, alg, data[1:]}
	if uint32(id) != k.hash() {
		return verifierKey{}, errors.New("the id in the verifier key is not that of its name and key; it was changed or cut")
	}
	return k, nil
}

// isKeyName reports whether a name may be that of a key: not empty, UTF-8, without space and plus.
func isKeyName(name string) bool {
	return name != "" && utf8.ValidString(name) && strings.IndexFunc(name, unicode.IsSpace) < 0
}
