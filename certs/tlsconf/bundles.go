package tlsconf

import (
	"crypto/x509"
	"fmt"
	"sync"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// Bundles are the CA certificates by which links are verified: those of the verified key sets of each neighbour, under its
// own name. It is an x509bundle.Source; many goroutines may use it.
type Bundles struct {
	mu     sync.RWMutex
	byName map[identity.Jurisdiction]*x509bundle.Bundle
}

// Set trusts the newest key set of a walk, and the one before it: identities issued under that end within the hour. All
// must be of one jurisdiction, and verified.
func (b *Bundles) Set(walked []trust.KeySet) error {
	if len(walked) == 0 {
		return fmt.Errorf("set bundle: %w: no key set", trust.ErrInvalid)
	}
	name := walked[0].Name
	td, err := spiffeid.TrustDomainFromString(name.String())
	if err != nil {
		return fmt.Errorf("set bundle: %w", err)
	}
	bundle := x509bundle.New(td)
	for _, k := range walked[max(0, len(walked)-2):] {
		for _, r := range k.Replicas {
			cert, err := x509.ParseCertificate(r.CACert)
			if err != nil {
				return fmt.Errorf("set bundle of %s: %w", name, err)
			}
			bundle.AddX509Authority(cert)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byName == nil {
		b.byName = map[identity.Jurisdiction]*x509bundle.Bundle{}
	}
	b.byName[name] = bundle
	return nil
}

// Remove trusts the jurisdiction no more.
func (b *Bundles) Remove(name identity.Jurisdiction) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.byName, name)
}

// GetX509BundleForTrustDomain returns the bundle of the jurisdiction whose name the trust domain is.
func (b *Bundles) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if name, err := identity.ParseJurisdiction(td.Name()); err == nil && b.byName[name] != nil {
		return b.byName[name], nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNotNeighbour, td.Name())
}
