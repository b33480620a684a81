package node

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"slices"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/flows/replicas"
)

// keys returns the keys by which those that belong to the group are known: those of the newest key
// set and of the one before, under which a replica goes on until the next is endorsed, and those
// with which a replica was admitted. Whoever was removed is known until raft and the newest key set
// are without it: it may have to sign that, and to vote for it.
func (s *siblings) keys() (all []trust.ReplicaKeys, err error) {
	raft, err := s.host.Members()
	if err != nil {
		return nil, err
	}
	err = s.host.Look(func(r *state.Reader) error {
		var newest trust.KeySet
		signed := r.KeySets()
		for _, one := range signed[max(0, len(signed)-2):] {
			if newest, err = trust.Reopen(one); err != nil {
				return err
			}
			all = append(all, newest.Replicas...)
		}
		for _, set := range s.shown(newest) {
			newest = set
			all = append(all, set.Replicas...)
		}
		for _, m := range replicas.Members(r) {
			follows := slices.ContainsFunc(raft, func(g group.Member) bool { return g.Replica == m.Replica })
			if m.Keys != nil && (m.In() || follows) {
				all = append(all, *m.Keys)
			}
			if m.Stage == replicas.Removed && !follows && newest.LogKey(m.Replica) == nil {
				all = slices.DeleteFunc(all, func(k trust.ReplicaKeys) bool { return k.Replica == m.Replica })
			}
		}
		return nil
	})
	return all, err
}

// any reports whether there may be another replica.
func (s *siblings) any() bool {
	all, err := s.keys()
	return err != nil || slices.ContainsFunc(all, func(k trust.ReplicaKeys) bool { return k.Replica != s.host.Replica() })
}

// admits returns the CAs by which a replica is known, and refuses one that does not belong to the
// group.
func (s *siblings) admits(r identity.Replica) (cas []*x509.Certificate, err error) {
	all, err := s.keys()
	for _, k := range all {
		if k.Replica != r {
			continue
		}
		ca, failed := x509.ParseCertificate(k.CACert)
		if failed != nil {
			return nil, failed
		}
		cas = append(cas, ca)
	}
	if err == nil && len(cas) == 0 {
		err = fmt.Errorf("%s does not belong to the group", r)
	}
	return cas, err
}

// onlyOf is the CAs of one replica.
type onlyOf struct {
	*siblings
	replica identity.Replica
}

// GetX509BundleForTrustDomain returns the CAs of the replica.
func (o onlyOf) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	return o.bundle(td, func(k trust.ReplicaKeys) bool { return k.Replica == o.replica })
}

// GetX509BundleForTrustDomain returns the CAs of the replicas of the jurisdiction.
func (s *siblings) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	return s.bundle(td, func(trust.ReplicaKeys) bool { return true })
}

func (s *siblings) bundle(td spiffeid.TrustDomain, of func(trust.ReplicaKeys) bool) (*x509bundle.Bundle, error) {
	if td.Name() != s.host.Name().String() {
		return nil, fmt.Errorf("%w: %s", tlsconf.ErrNotNeighbour, td.Name())
	}
	all, err := s.keys()
	if err != nil {
		return nil, err
	}
	bundle := x509bundle.New(td)
	for _, k := range all {
		if !of(k) {
			continue
		}
		ca, err := x509.ParseCertificate(k.CACert)
		if err != nil {
			return nil, err
		}
		bundle.AddX509Authority(ca)
	}
	return bundle, nil
}

// voters are the streams of raft that replicas with a vote open: whoever has none opens no stream,
// and is led, so what comes from it is no word of a leader.
type voters struct {
	*link.Streams
	of *siblings
}

// Accept implements group.Streams.
func (v voters) Accept() (net.Conn, identity.Replica, error) {
	for {
		stream, from, err := v.Streams.Accept()
		if err != nil || v.of.votes(from) {
			return stream, from, err
		}
		v.of.node.o.Logger.Warn("stream of raft refused: it is of a replica without a vote", "replica", from.String())
		stream.Close()
	}
}

// votes reports whether a replica is listed in the newest key set or the one before: the key set
// lists it before it gets its vote.
func (s *siblings) votes(of identity.Replica) bool {
	listed := false
	err := s.host.Look(func(r *state.Reader) error {
		if m, known := replicas.MemberOf(r, of); known && m.Stage < replicas.Voting { // one that is removed goes on until raft is without it
			return nil
		}
		signed := r.KeySets()
		for _, one := range signed[max(0, len(signed)-2):] {
			set, err := trust.Reopen(one)
			if err != nil {
				return err
			}
			listed = listed || set.LogKey(of) != nil
			for _, after := range s.shown(set) {
				listed = listed || after.LogKey(of) != nil
			}
		}
		return nil
	})
	return err == nil && listed
}

// shown returns the key sets that others showed, where they follow one that is applied here.
func (s *siblings) shown(newest trust.KeySet) []trust.KeySet {
	later := s.later.Load()
	if later == nil || len(*later) == 0 || (*later)[0].Number != newest.Number+1 {
		return nil
	}
	return *later
}

// learn asks the others which key sets came while this replica was away, and believes what follows
// the newest that it has: without them it would refuse whoever was added since, and leads.
func (s *siblings) learn(ctx context.Context, from []identity.Replica) {
	signed, err := s.host.KeySets(ctx)
	if err != nil || len(signed) == 0 {
		return
	}
	newest, err := trust.Reopen(signed[len(signed)-1])
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, followSoon)
	defer cancel()
	for _, r := range from {
		after, err := (replicas.Asker{Streams: s.asks}).KeySets(ctx, r, newest.Number)
		if err != nil || len(after) == 0 {
			continue
		}
		if sets, err := trust.Extend(newest, after); err == nil {
			s.later.Store(&sets)
			return
		}
	}
}

// bundles are the CAs by which whoever connects is verified: those of the neighbours, and those of
// the other replicas.
type bundles struct {
	x509bundle.Source
	own *siblings
}

func (b bundles) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	if td.Name() == b.own.host.Name().String() {
		return b.own.GetX509BundleForTrustDomain(td)
	}
	return b.Source.GetX509BundleForTrustDomain(td)
}
