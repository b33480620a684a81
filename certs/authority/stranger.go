package authority

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"time"

	"xietong/certs/identity"
)

// NewStranger returns a signer that claims to be a replica of the jurisdiction, with a new key that
// no key set lists and no file keeps. Its certificate ends an hour after now. Every verifier must
// refuse its signatures: it is for drills.
func NewStranger(name identity.Jurisdiction, r identity.Replica, now time.Time) (*Signer, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make stranger: %w", err)
	}
	template := maker{name: name, now: now}.template(signingID(name, r), time.Hour)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	block, err := certBlock(template, template, public, key)
	if err != nil {
		return nil, fmt.Errorf("make stranger: %w", err)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("make stranger: %w", err)
	}
	return &Signer{cert, key}, nil
}
