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

// SigningCert is the content of a signing certificate that a key set lists.
type SigningCert struct {
	Key                 ed25519.PublicKey // nil: a key of another kind
	NotBefore, NotAfter time.Time
}

// InForce reports whether the certificate is valid at the given time.
func (c SigningCert) InForce(at time.Time) bool {
	return !at.Before(c.NotBefore) && !at.After(c.NotAfter)
}

// SigningCert returns the signing certificate with the given SHA-256 hash; listed is false when the
// key set does not list it. It keeps only the parsed form of the certificate for the next call; the
// caller still verifies every signature with it. The error wraps ErrInvalid when the listed
// certificate is malformed.
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

// SigningEnds returns when the first signing certificate of the key set ends. The error wraps
// ErrInvalid when a certificate is malformed.
func (k KeySet) SigningEnds() (at time.Time, err error) {
	for _, r := range k.Replicas {
		cert, err := certs.of(r.SigningCert)
		if err != nil {
			return at, err
		}
		if at.IsZero() || cert.NotAfter.Before(at) {
			at = cert.NotAfter
		}
	}
	return at, nil
}

// maxParsed is the number of certificates that are kept parsed, of at most maxCertLen bytes each.
// It is larger than the number of neighbours of a jurisdiction.
const maxParsed = 1024

// parsed keeps parsed certificates by their bytes, so the answer for the same bytes never changes.
type parsed struct {
	mu    sync.RWMutex
	byDER map[string]parsedCert
	order []string // oldest first
}

type parsedCert struct {
	hash [sha256.Size]byte
	cert SigningCert
}

// certs are the signing certificates with which this process verified something.
var certs = &parsed{byDER: map[string]parsedCert{}}

func (p *parsed) get(der []byte) (parsedCert, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	kept, ok := p.byDER[string(der)]
	return kept, ok
}

// of returns the parsed certificate.
func (p *parsed) of(der []byte) (SigningCert, error) {
	if kept, ok := p.get(der); ok {
		return kept.cert, nil
	}
	return p.parse(der, sha256.Sum256(der))
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
		return // another goroutine was faster
	}
	if len(p.order) == maxParsed {
		delete(p.byDER, p.order[0])
		p.order = p.order[1:]
	}
	p.byDER[der], p.order = c, append(p.order, der)
}
