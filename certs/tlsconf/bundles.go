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

// Bundles hold the CA certificates that verify links. The certificates of each neighbour come from
// its own verified key sets and stand under its own name. Bundles are an x509bundle.Source; many
// goroutines may use them.
type Bundles struct {
	mu     sync.RWMutex
	byName map[identity.Jurisdiction]*x509bundle.Bundle
}

// Set trusts the CAs of the key sets that count now (see trust.Live), and replaces all CAs that it
// trusted for the jurisdiction before. The caller has verified the key sets, which are of one
// jurisdiction, and calls Set anew when one of them counts no more. The error wraps
// trust.ErrInvalid when there is none.
func (b *Bundles) Set(counting []trust.Believed) error {
	if len(counting) == 0 {
		return fmt.Errorf("set bundle: %w: no key set", trust.ErrInvalid)
	}
	name := counting[0].Name
	td, err := spiffeid.TrustDomainFromString(name.String())
	if err != nil {
		return fmt.Errorf("set bundle: %w", err)
	}
	bundle := x509bundle.New(td)
	for _, k := range counting {
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

// Remove ends the trust in the CAs of the jurisdiction.
func (b *Bundles) Remove(name identity.Jurisdiction) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.byName, name)
}

// GetX509BundleForTrustDomain returns the bundle of the jurisdiction that the trust domain names.
// The error wraps ErrNotNeighbour when there is none.
func (b *Bundles) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if name, err := identity.ParseJurisdiction(td.Name()); err == nil && b.byName[name] != nil {
		return b.byName[name], nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNotNeighbour, td.Name())
}
