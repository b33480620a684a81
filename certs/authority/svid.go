package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// LinkTerm is how long a link's certificate is good for. It begins Backdated earlier.
const LinkTerm = time.Hour

// issueLink issues the identity that this replica shows on links to its neighbours,
// spiffe://NAME/link/r1, under a fresh key (ECDSA P-256) that is kept in memory alone. The CA in
// use issues it, which issueLink returns too, and the identity never outlives that CA.
func (a *Authority) issueLink(now time.Time) (*x509svid.SVID, *x509.Certificate, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	caKey, err := readSigner(filepath.Join(a.dir, fileOf(caKeyFile, a.journal.CA)))
	if err != nil {
		return nil, nil, fmt.Errorf("issue link identity: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("issue link identity: %w", err)
	}
	id := &url.URL{Scheme: "spiffe", Host: a.name.String(), Path: "/link/" + a.replica.String()}
	template := maker{name: a.name, now: now}.template(id, LinkTerm)
	if template.NotAfter.After(a.ca.NotAfter) {
		template.NotAfter = a.ca.NotAfter
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	template.BasicConstraintsValid = true
	der, err := x509.CreateCertificate(rand.Reader, template, a.ca, key.Public(), caKey)
	if err != nil {
		return nil, nil, fmt.Errorf("issue link identity: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, fmt.Errorf("issue link identity: %w", err)
	}
	spiffe, err := spiffeid.FromURI(id)
	if err != nil {
		return nil, nil, fmt.Errorf("issue link identity: %w", err)
	}
	return &x509svid.SVID{ID: spiffe, Certificates: []*x509.Certificate{cert}, PrivateKey: key}, a.ca, nil
}

// CheckIssuer returns a *FileError where the CA's key in use cannot issue identities: it is
// missing, damaged, or that of another CA. Everything else goes on without it.
func (a *Authority) CheckIssuer() error {
	a.mu.RLock()
	defer a.mu.RUnlock()
	path := filepath.Join(a.dir, fileOf(caKeyFile, a.journal.CA))
	key, err := readSigner(path)
	if err != nil {
		return err
	}
	if own, ok := key.Public().(*ecdsa.PublicKey); !ok || !own.Equal(a.ca.PublicKey) {
		return &FileError{path, errors.New("it is not the key of the CA's certificate")}
	}
	return nil
}

// Source is the x509svid.Source of an Authority. It renews the identity at half its life, when a
// caller asks for it. Every handshake asks, so no handshake uses a certificate that is about to end
// or that a former CA issued, and no timer is needed.
type Source struct {
	authority *Authority
	now       func() time.Time
	mu        sync.Mutex
	svid      *x509svid.SVID
	ca        *x509.Certificate // that issued svid
}

// NewSource returns a source of link identities. The first call of GetX509SVID issues the first
// identity.
func NewSource(a *Authority, now func() time.Time) *Source { return &Source{authority: a, now: now} }

// GetX509SVID returns an identity that the CA in use issued, with at least half of its life left.
// When it cannot issue a new one it returns the one before until that one ends, and an error from
// then on.
func (s *Source) GetX509SVID() (*x509svid.SVID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.svid != nil && s.ca == s.authority.caInUse() && now.Before(s.svid.Certificates[0].NotAfter.Add(-LinkTerm/2)) &&
		!now.Before(s.svid.Certificates[0].NotBefore) {
		return s.svid, nil
	}
	fresh, ca, err := s.authority.issueLink(now)
	if err == nil {
		s.svid, s.ca = fresh, ca
	} else if s.svid == nil || now.After(s.svid.Certificates[0].NotAfter) {
		return nil, err
	}
	return s.svid, nil
}

func (a *Authority) caInUse() *x509.Certificate {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.ca
}
