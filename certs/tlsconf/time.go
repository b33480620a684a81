package tlsconf

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// TimeError is an ErrIdentity of a certificate that is refused for its time alone: all else of it
// verifies. Either the clocks of the two ends differ, or the other end could not renew it. It says
// whose certificate that is, and proves nothing before the handshake is done: anybody may show the
// certificate of another until then.
type TimeError struct {
	Peer                Peer
	NotBefore, NotAfter time.Time
	Now                 time.Time // when it was judged
}

func (e *TimeError) Error() string {
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	return fmt.Sprintf("%v: the certificate of %s of %s is for %s to %s, and it is %s here",
		ErrIdentity, e.Peer.Replica, e.Peer.Jurisdiction, stamp(e.NotBefore), stamp(e.NotAfter), stamp(e.Now))
}

// Unwrap makes it an ErrIdentity.
func (e *TimeError) Unwrap() error { return ErrIdentity }

// forItsTime returns the *TimeError of certificates that were refused with err, or err where
// something else is wrong with them, too.
func forItsTime(certs []*x509.Certificate, bundles x509bundle.Source, now time.Time, err error) error {
	if len(certs) == 0 || !now.Before(certs[0].NotBefore) && !now.After(certs[0].NotAfter) {
		return err
	}
	leaf := certs[0]
	id, other := x509svid.IDFromCert(leaf)
	if other != nil {
		return err
	}
	peer, other := ParsePeer(id)
	if other != nil || !issued(certs, id, bundles) {
		return err
	}
	return &TimeError{Peer: peer, NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Now: now}
}

// issued reports whether certificates verify at their own time. The clock that made the first may
// have been before that under which its CA was made: then the signature of the CA is what counts.
func issued(certs []*x509.Certificate, id spiffeid.ID, bundles x509bundle.Source) bool {
	leaf := certs[0]
	if _, _, err := x509svid.Verify(certs, bundles, x509svid.WithTime(leaf.NotBefore)); err == nil {
		return true
	}
	bundle, err := bundles.GetX509BundleForTrustDomain(id.TrustDomain())
	return err == nil && !leaf.IsCA && slices.ContainsFunc(bundle.X509Authorities(), func(ca *x509.Certificate) bool {
		return leaf.NotBefore.Before(ca.NotBefore) && leaf.CheckSignatureFrom(ca) == nil
	})
}
