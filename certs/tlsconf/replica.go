package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
)

// ErrNotReplica is returned for a valid identity that is not the one that a connection among the
// replicas of a jurisdiction is for: of another jurisdiction, of this replica itself, of one that
// is not admitted, or of another than the one that was dialled.
var ErrNotReplica = errors.New("not that replica")

// DialReplica returns the configuration for dialling another replica of the jurisdiction local,
// which p has the identity of. The dialler believes nobody but that replica, so that two addresses
// that were mixed up make no replica speak for another. The Bundles of p hold the CA of that
// replica alone.
func (p Party) DialReplica(local identity.Jurisdiction, to identity.Replica) *tls.Config {
	c := p.base(Raft)
	c.ServerName = local.String()
	c.InsecureSkipVerify = true // a SPIFFE identity has no host name to verify; VerifyConnection verifies the identity
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return p.certificate() }
	c.VerifyConnection = func(state tls.ConnectionState) error {
		peer, err := verify(state.PeerCertificates, p.Bundles, p.Now())
		if want := (Peer{local, to}); err == nil && peer != want {
			err = fmt.Errorf("%w: %s of %s answers for %s of %s", ErrNotReplica, peer.Replica, peer.Jurisdiction, to, local)
		}
		return err
	}
	return c
}

// VerifyReplica verifies that the other end of a connection is another replica of the jurisdiction
// that l is, and one that is admitted now. A connection that is open is judged anew with it. The
// error wraps ErrIdentity or ErrNotReplica.
func (l Local) VerifyReplica(state State) error {
	peer, err := verify(state.PeerCertificates, l.Bundles, l.Now())
	if err != nil {
		return err
	}
	self, err := l.self()
	switch {
	case err != nil:
		return err
	case peer.Jurisdiction != self.Jurisdiction:
		return fmt.Errorf("%w: %s is not %s", ErrNotReplica, peer.Jurisdiction, self.Jurisdiction)
	case peer.Replica == self.Replica:
		return fmt.Errorf("%w: %s is this one", ErrNotReplica, peer.Replica)
	case l.AdmitsReplica == nil:
		return fmt.Errorf("%w: none is admitted", ErrNotReplica)
	}
	cas, err := l.AdmitsReplica(peer.Replica)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotReplica, err)
	}
	issued := func(ca *x509.Certificate) bool { return state.PeerCertificates[0].CheckSignatureFrom(ca) == nil }
	if !slices.ContainsFunc(cas, issued) {
		return fmt.Errorf("%w: the CA of another replica speaks for %s", ErrNotReplica, peer.Replica)
	}
	return nil
}

// self returns the own identity.
func (p Party) self() (Peer, error) {
	svid, err := p.SVID.GetX509SVID()
	if err != nil {
		return Peer{}, fmt.Errorf("own identity: %w", err)
	}
	return ParsePeer(svid.ID)
}

// replicas returns the configuration for other replicas of the jurisdiction.
func (l Local) replicas() *tls.Config {
	c := l.base(Raft)
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return l.certificate() }
	c.ClientAuth = tls.RequireAnyClientCert // verified below, as an identity
	c.VerifyConnection = l.VerifyReplica
	return c
}
