package trust

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
)

// Fingerprint returns the text that two people compare over the telephone: the first 12 bytes of
// the pinned hash, as 6 groups of 4 hexadecimal digits, such as "9F86 D081 884C 7D65 9A2F EAA0". It
// is infeasible to make another key set with the same fingerprint.
func (p Pin) Fingerprint() string { return fingerprint(p.hash) }

// RecoveryFingerprint returns the text by which a person tells one recovery key, and its paper,
// from another: as of Pin.Fingerprint, of the SHA-256 of the public key.
func RecoveryFingerprint(key ed25519.PublicKey) string { return fingerprint(sha256.Sum256(key)) }

func fingerprint(hash Hash) string {
	var groups [6]string
	for i := range groups {
		groups[i] = fmt.Sprintf("%02X%02X", hash[2*i], hash[2*i+1])
	}
	return strings.Join(groups[:], " ")
}
