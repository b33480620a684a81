// Package tlsconf is the only place that builds a tls.Config.
//
// Every connection between nodes is TLS 1.3 inside QUIC. On xietong/1 both ends show a SPIFFE
// identity of the form
//
//	spiffe://nanming.guiyang.guizhou/link/r1
//
// whose trust domain is the jurisdiction itself. Only the CA certificates of that jurisdiction's
// own key sets verify the identity, so the CA of a county can never speak for a province. SNI names
// the hosted jurisdiction that is dialled. On xietong-join/1 the dialler shows no certificate. The
// listener tells it only things that are public or proven in another way, and the dialler verifies
// the listener's certificate once it has the key sets (VerifyServer). On xietong-raft/1 both ends
// are replicas of one jurisdiction, the one that SNI names; the dialler says which replica it
// means.
//
// Sessions are never resumed, because a resumed session skips the check of the certificate chain,
// which may have ended meanwhile. The package holds no key, does no I/O and has no clock of its
// own.
package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"xietong/certs/identity"
)

// Names of our protocols in the TLS handshake (ALPN); the table is in docs/protocol.md.
const (
	Exchange = "xietong/1"
	Join     = "xietong-join/1"
	Raft     = "xietong-raft/1"
)

var (
	// ErrNotHosted is returned for a connection that names no hosted jurisdiction.
	ErrNotHosted = errors.New("no such jurisdiction hosted here")
	// ErrNotNeighbour is returned for a valid identity of a jurisdiction that this connection is
	// not for, and by Bundles for a jurisdiction whose CAs it does not hold.
	ErrNotNeighbour = errors.New("not a neighbour")
	// ErrIdentity is returned for a certificate that does not prove an identity of the form in the
	// package comment.
	ErrIdentity = errors.New("no valid identity")
)

// Config and State are the types of crypto/tls, for the rooms that pass them on and may not build
// one.
type (
	Config = tls.Config
	State  = tls.ConnectionState
)

// Peer is the replica at the other end of a connection.
type Peer struct {
	Jurisdiction identity.Jurisdiction
	Replica      identity.Replica
}

// ParsePeer parses the one form of a link's identity. Its errors wrap ErrIdentity.
func ParsePeer(id spiffeid.ID) (Peer, error) {
	j, err := identity.ParseJurisdiction(id.TrustDomain().Name())
	if err != nil {
		return Peer{}, fmt.Errorf("%w: %s: %w", ErrIdentity, id, err)
	}
	replica, ok := strings.CutPrefix(id.Path(), "/link/")
	if !ok {
		return Peer{}, fmt.Errorf("%w: %s is for no link", ErrIdentity, id)
	}
	r, err := identity.ParseReplica(replica)
	if err != nil {
		return Peer{}, fmt.Errorf("%w: %s: %w", ErrIdentity, id, err)
	}
	return Peer{j, r}, nil
}

// PeerOf returns the replica at the other end of a connection. It relies on the verification in the
// handshake and verifies nothing itself. Its errors wrap ErrIdentity.
func PeerOf(state tls.ConnectionState) (Peer, error) {
	if len(state.PeerCertificates) == 0 {
		return Peer{}, fmt.Errorf("%w: no certificate", ErrIdentity)
	}
	id, err := x509svid.IDFromCert(state.PeerCertificates[0])
	if err != nil {
		return Peer{}, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	return ParsePeer(id)
}

// Ends returns the end of the other end's certificate, before which the link must be replaced. It
// is the zero time when the other end showed no certificate.
func Ends(state tls.ConnectionState) time.Time {
	if len(state.PeerCertificates) == 0 {
		return time.Time{}
	}
	return state.PeerCertificates[0].NotAfter
}

// Recheck verifies the other end of an open connection against the CAs that are trusted now. Its
// errors wrap ErrIdentity; see TimeError.
func Recheck(state tls.ConnectionState, bundles x509bundle.Source, now time.Time) (Peer, error) {
	return verify(state.PeerCertificates, bundles, now)
}

func verify(certs []*x509.Certificate, bundles x509bundle.Source, now time.Time) (Peer, error) {
	id, _, err := x509svid.Verify(certs, bundles, x509svid.WithTime(now))
	if err != nil {
		return Peer{}, forItsTime(certs, bundles, now, fmt.Errorf("%w: %w", ErrIdentity, err))
	}
	return ParsePeer(id)
}

// Party is one side of a connection: its own identity, the CAs that it trusts, and its clock.
type Party struct {
	SVID    x509svid.Source
	Bundles x509bundle.Source
	Now     func() time.Time
}

// base returns the settings that all configurations share. Sessions are not resumed.
// VerifyConnection judges the certificates, because Go calls it also where it skips
// VerifyPeerCertificate.
func (p Party) base(protocol string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{protocol}, SessionTicketsDisabled: true, Time: p.Now,
	}
}

// certificate returns the certificate for one handshake. Each handshake asks the source anew.
func (p Party) certificate() (*tls.Certificate, error) {
	svid, err := p.SVID.GetX509SVID()
	if err != nil {
		return nil, fmt.Errorf("own identity: %w", err)
	}
	c := &tls.Certificate{PrivateKey: svid.PrivateKey, Leaf: svid.Certificates[0]}
	for _, cert := range svid.Certificates {
		c.Certificate = append(c.Certificate, cert.Raw)
	}
	return c, nil
}

// Dial returns the configuration for dialling a neighbour.
func (p Party) Dial(to identity.Jurisdiction) *tls.Config {
	c := p.base(Exchange)
	c.ServerName = to.String()
	c.InsecureSkipVerify = true // a SPIFFE identity has no host name to verify; VerifyConnection verifies the identity
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return p.certificate() }
	c.VerifyConnection = func(state tls.ConnectionState) error { return VerifyServer(state, p.Bundles, to, p.Now()) }
	return c
}

// DialJoin returns the configuration for dialling a jurisdiction whose key sets are not known yet.
// The caller must call VerifyServer before it believes that the other end is that jurisdiction. The
// handshake does not look at dates, so that a node with a wrong clock can ask for its offset.
func DialJoin(to identity.Jurisdiction) *tls.Config {
	c := Party{}.base(Join)
	c.ServerName = to.String()
	c.InsecureSkipVerify = true // VerifyServer verifies the other end, once the key sets are known
	return c
}

// VerifyServer verifies that the other end is a replica of the jurisdiction that was dialled. The
// error wraps ErrIdentity, of which TimeError is one, or ErrNotNeighbour for a replica of another
// jurisdiction.
func VerifyServer(state tls.ConnectionState, bundles x509bundle.Source, to identity.Jurisdiction, now time.Time) error {
	peer, err := verify(state.PeerCertificates, bundles, now)
	if err == nil && peer.Jurisdiction != to {
		err = fmt.Errorf("%w: %s answers for %s", ErrNotNeighbour, peer.Jurisdiction, to)
	}
	return err
}

// Local is a hosted jurisdiction that takes connections.
type Local struct {
	Party
	// Admits returns an error unless the replica may connect: its jurisdiction is a neighbour, and
	// the replica stands in its key set. A CA signs identities of replicas that are none, as many
	// as it likes.
	Admits func(Peer) error
	// AdmitsReplica returns the CA certificates by which a replica of the jurisdiction itself is
	// known, or an error where it is not admitted now. The CA of one replica speaks for no other.
	// nil: there is no other, and Raft is not spoken.
	AdmitsReplica func(identity.Replica) ([]*x509.Certificate, error)
}

// Listen returns the configuration of a listener for all hosted jurisdictions. SNI says which of
// the jurisdictions is dialled. ALPN says whether the dialler is a neighbour (Exchange), another
// replica of that jurisdiction (Raft), or wants to join (Join). now is the clock of the node. A
// handshake fails with ErrNotHosted when hosted does not know the jurisdiction.
func Listen(hosted func(identity.Jurisdiction) (Local, bool), now func() time.Time) *tls.Config {
	c := Party{Now: now}.base(Exchange)
	c.NextProtos = []string{Exchange, Join, Raft}
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		name, err := identity.ParseJurisdiction(hello.ServerName)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotHosted, err)
		}
		local, ok := hosted(name)
		if !ok {
			return nil, fmt.Errorf("%w: %s", ErrNotHosted, name)
		}
		switch {
		case slices.Contains(hello.SupportedProtos, Join):
			return local.door(), nil
		case slices.Contains(hello.SupportedProtos, Raft) && local.AdmitsReplica != nil:
			return local.replicas(), nil
		}
		return local.listen(), nil
	}
	return c
}

// listen returns the configuration for neighbours. TLS refuses a dialler that offers another
// protocol (no_application_protocol).
func (l Local) listen() *tls.Config {
	c := l.base(Exchange)
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return l.certificate() }
	c.ClientAuth = tls.RequireAnyClientCert // verified below, as an identity
	c.VerifyConnection = func(state tls.ConnectionState) error {
		peer, err := verify(state.PeerCertificates, l.Bundles, l.Now())
		if err != nil {
			return err
		}
		if err := l.Admits(peer); err != nil {
			return fmt.Errorf("%w: %w", ErrNotNeighbour, err)
		}
		return nil
	}
	return c
}

// door returns the configuration for a dialler that wants to join. It asks for no certificate.
func (l Local) door() *tls.Config {
	c := l.base(Join)
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return l.certificate() }
	return c
}
