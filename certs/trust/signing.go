package trust

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"sync"
	"time"
)

// SigningCert is what a signing certificate of a key set says.
type SigningCert struct {
	Key                 ed25519.PublicKey // nil: a key of another kind
	NotBefore, NotAfter time.Time
}

// InForce reports whether the certificate is good for what was signed at a time.
func (c SigningCert) InForce(at time.Time) bool {
	return !at.Before(c.NotBefore) && !at.After(c.NotAfter)
}

// SigningCert finds the signing certificate with the SHA-256 hash; false where the key set lists
// none. A signature is verified with it each time; only its parsed form is kept for the next one.
func (k KeySet) SigningCert(hash []byte) (c SigningCert, listed bool, err error) {
	for _, r := range k.Replicas {
		if kept, ok := certs.get(r.SigningCert); ok {
			if bytes.Equal(kept.hash[:], hash) {
				return kept.cert, true, nil
			}
			continue
		}
		if sum := sha256.Sum256(r.SigningCert); bytes.Equal(sum[:], hash) {
			c, err = certs.parse(r.SigningCert, sum)
			return c, true, err
		}
	}
	return SigningCert{}, false, nil
}

// maxParsed bounds the certificates that are kept parsed, at most maxCertLen bytes each. It is more
// than a jurisdiction has neighbours.
const maxParsed = 1024

// parsed keeps certificates by their bytes, so what it says of them never changes, whoever asks.
type parsed struct {
	mu    sync.RWMutex
	byDER map[string]parsedCert
	order []string // oldest first
}

type parsedCert struct {
	hash [sha256.Size]byte
	cert SigningCert
}

// certs are those by which something was signed that came here.
var certs = &parsed{byDER: map[string]parsedCert{}}

func (p *parsed) get(der []byte) (parsedCert, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	kept, ok := p.byDER[string(der)]
	return kept, ok
}

// parse parses a certificate and keeps it.
func (p *parsed) parse(der []byte, hash [sha256.Size]byte) (SigningCert, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return SigningCert{}, fmt.Errorf("%w: signing certificate: %w", ErrInvalid, err)
	}
	key, _ := cert.PublicKey.(ed25519.PublicKey)
	c := SigningCert{Key: bytes.Clone(key), NotBefore: cert.NotBefore, NotAfter: cert.NotAfter}
	if len(der) <= maxCertLen {
		p.keep(string(der), parsedCert{hash, c})
	}
	return c, nil
}

func (p *parsed) keep(der string, c parsedCert) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.byDER[der]; known {
		return // somebody was as quick
	}
	if len(p.order) == maxParsed {
		delete(p.byDER, p.order[0])
		p.order = p.order[1:]
	}
	p.byDER[der], p.order = c, append(p.order, der)
}
