// Package tlsconf is the only place that builds a tls.Config.
//
// Every connection between nodes is TLS 1.3 inside QUIC. On xietong/1 both ends show a SPIFFE identity of the form
//
//	spiffe://nanming.guiyang.guizhou/link/r1
//
// whose trust domain is the jurisdiction itself: it is verified with the CA certificates of that jurisdiction's key sets
// and of no other, so the CA of a county can never speak for a province. SNI names the hosted jurisdiction that is
// dialled. On xietong-join/1 the dialler shows nothing; what it is told there is public or proven otherwise, and it judges
// the other side's certificate once it has the key sets (VerifyServer).
//
// Sessions are never resumed: a resumed one skips the check of the certificate's chain, which may have ended meanwhile.
// The package holds no key, does no I/O and has no clock of its own.
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
)

var (
	// ErrNotHosted is returned for a connection that names no hosted jurisdiction.
	ErrNotHosted = errors.New("no such jurisdiction hosted here")
	// ErrNotNeighbour is returned for an identity that is good, and not of whom the connection is for.
	ErrNotNeighbour = errors.New("not a neighbour")
	// ErrIdentity is returned for a certificate that does not prove an identity of the form of this package.
	ErrIdentity = errors.New("no valid identity")
)

// Config and State are those of crypto/tls, for the rooms that pass them on and may not build one.
type (
	Config = tls.Config
	State  = tls.ConnectionState
)

// Peer is who stands at the other end of a connection.
type Peer struct {
	Jurisdiction identity.Jurisdiction
	Replica      identity.Replica
}

// ParsePeer parses the one form of a link's identity.
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

// PeerOf returns who stands at the other end, of a connection that was verified when it was made.
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

// Ends returns when the identity at the other end ends, before which the link must be replaced.
func Ends(state tls.ConnectionState) time.Time {
	if len(state.PeerCertificates) == 0 {
		return time.Time{}
	}
	return state.PeerCertificates[0].NotAfter
}

// Recheck verifies the other end of an open connection against what is trusted now.
func Recheck(state tls.ConnectionState, bundles x509bundle.Source, now time.Time) (Peer, error) {
	return verify(state.PeerCertificates, bundles, now)
}

func verify(certs []*x509.Certificate, bundles x509bundle.Source, now time.Time) (Peer, error) {
	id, _, err := x509svid.Verify(certs, bundles, x509svid.WithTime(now))
	if err != nil {
		return Peer{}, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	return ParsePeer(id)
}

// Party is one side of a connection: who it is, whom it trusts, and what time it is.
type Party struct {
	SVID    x509svid.Source
	Bundles x509bundle.Source
	Now     func() time.Time
}

// base is what all configurations share. Sessions are not resumed, and the certificates are judged in VerifyConnection,
// which Go also calls where VerifyPeerCertificate is skipped.
func (p Party) base(protocol string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{protocol}, SessionTicketsDisabled: true, Time: p.Now,
	}
}

// certificate returns what is shown in a handshake, asked for anew each time.
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
	c.InsecureSkipVerify = true // of host names, which a SPIFFE identity has none of; VerifyConnection verifies it
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return p.certificate() }
	c.VerifyConnection = func(state tls.ConnectionState) error { return VerifyServer(state, p.Bundles, to, p.Now()) }
	return c
}

// DialJoin returns the configuration for knocking at a door that nothing is known of yet. Whoever uses it calls VerifyServer
// before it believes that it speaks with the jurisdiction. Dates are not looked at in the handshake, so that the offset of a
// wrong clock can be asked for.
func DialJoin(to identity.Jurisdiction) *tls.Config {
	c := Party{}.base(Join)
	c.ServerName = to.String()
	c.InsecureSkipVerify = true // VerifyServer does it, once the key sets are known
	return c
}

// VerifyServer verifies that the other end is a replica of the jurisdiction that was dialled.
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
	Neighbour func(identity.Jurisdiction) bool // who may connect
}

// Listen returns the configuration of a listener for all hosted jurisdictions: SNI says which one is meant, ALPN whether
// the other side is a neighbour or knocks at the door. Now is the clock of the node.
func Listen(hosted func(identity.Jurisdiction) (Local, bool), now func() time.Time) *tls.Config {
	c := Party{Now: now}.base(Exchange)
	c.NextProtos = []string{Exchange, Join}
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		name, err := identity.ParseJurisdiction(hello.ServerName)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotHosted, err)
		}
		local, ok := hosted(name)
		if !ok {
			return nil, fmt.Errorf("%w: %s", ErrNotHosted, name)
		}
		if slices.Contains(hello.SupportedProtos, Join) {
			return local.door(), nil
		}
		return local.listen(), nil
	}
	return c
}

// listen is for neighbours. A dialler that offers another protocol is refused by TLS (no_application_protocol).
func (l Local) listen() *tls.Config {
	c := l.base(Exchange)
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return l.certificate() }
	c.ClientAuth = tls.RequireAnyClientCert // verified below, as an identity
	c.VerifyConnection = func(state tls.ConnectionState) error {
		peer, err := verify(state.PeerCertificates, l.Bundles, l.Now())
		if err == nil && !l.Neighbour(peer.Jurisdiction) {
			err = fmt.Errorf("%w: %s", ErrNotNeighbour, peer.Jurisdiction)
		}
		return err
	}
	return c
}

// door is for whoever joins.
func (l Local) door() *tls.Config {
	c := l.base(Join)
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return l.certificate() }
	return c
}
