package node

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/flows/replicas"
	"xietong/node/ground/config"
	"xietong/node/ground/host"
	"xietong/node/ground/roster"
)

// siblings are the other replicas of a hosted jurisdiction, as this node reaches them.
type siblings struct {
	node              *Node
	host              *host.Host
	links             *link.Replicas
	raft, asks, fetch *link.Streams
	furnished         atomic.Bool // neighbours can be answered
}

// siblingsOf prepares the connections to the other replicas of a jurisdiction that is being opened.
func (n *Node) siblingsOf(h *host.Host) *siblings {
	s := &siblings{node: n, host: h}
	s.links = n.socket.Replicas(link.ReplicaOptions{
		Local: h.Name(), Self: h.Replica(), Addresses: s.addresses, Recheck: func(state tlsconf.State) error { return s.local().VerifyReplica(state) },
		TLS: func(to identity.Replica) *tlsconf.Config {
			return tlsconf.Party{SVID: h.LinkSource(), Bundles: onlyOf{s, to}, Now: n.o.Now}.DialReplica(h.Name(), to)
		},
	})
	s.raft, s.asks, s.fetch = s.links.For(link.UseRaft), s.links.For(link.UseAsks), s.links.For(link.UseFetch)
	return s
}

// reach is what the host needs of them.
func (s *siblings) reach() host.Reach {
	return host.Reach{
		Streams: voters{s.raft, s}, Others: replicas.Asker{Streams: s.asks}, Admitted: replicas.Keys, Removed: replicas.WasRemoved,
		Fetch: func(ctx context.Context, from identity.Replica) (io.ReadWriteCloser, error) {
			return s.fetch.Dial(ctx, from)
		},
	}
}

// local is this replica in a handshake with another one.
func (s *siblings) local() tlsconf.Local {
	return tlsconf.Local{
		Party:         tlsconf.Party{SVID: s.host.LinkSource(), Bundles: s, Now: s.node.o.Now},
		AdmitsReplica: s.admits,
	}
}

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
		}
		return nil
	})
	return err == nil && listed
}

// addresses returns where a replica is reached.
func (s *siblings) addresses(ctx context.Context, to identity.Replica) (all []net.Addr, err error) {
	var told []string
	err = s.host.Look(func(r *state.Reader) error {
		m, _ := replicas.MemberOf(r, to)
		told = m.Addresses
		return nil
	})
	for _, address := range told {
		resolved, failed := s.node.o.Resolve(ctx, address)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		all = append(all, resolved...)
	}
	if len(all) > 0 {
		return all, nil
	}
	return nil, errors.Join(err, fmt.Errorf("no address of %s is known", to))
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

// errOpening refuses neighbours while the jurisdiction is opened: its other replicas may connect
// before that, because it may need them to open.
var errOpening = errors.New("the node is starting")

// serve begins what runs for the other replicas: their asks are answered, those that lag are
// filled, and, where this replica leads, the group is brought to what is wanted of it.
func (s *siblings) serve(h *hosted) {
	logger := s.node.o.Logger.With("jurisdiction", s.host.Name().String())
	server := replicas.Server{Host: s.host, Now: s.node.o.Now, Logger: logger}
	keeper := replicas.Keeper{Host: s.host, Group: s.host.Group(), KeySets: s.host, Advanced: s.host.Advanced, Listed: h.upkeep.Poke, Logger: logger}
	s.node.workers.Go(func() { server.Run(h.ctx, s.asks) })
	s.node.workers.Go(func() { s.fill(h.ctx) })
	h.workers.Go(func() { keeper.Run(h.ctx) })
	h.workers.Go(func() { s.follow(h.ctx, h) })
}

// fill fills the replicas that ask for it.
func (s *siblings) fill(ctx context.Context) {
	for {
		stream, from, err := s.fetch.Accept()
		if err != nil {
			return
		}
		s.node.workers.Go(func() {
			if err := s.host.Serve(ctx, stream); err != nil {
				s.node.o.Logger.Info("replica not filled from this one", "replica", from.String(), "error", err)
			}
		})
	}
}

const (
	followPause = 500 * time.Millisecond // between two looks at what the others changed
	followEvery = 30 * time.Second       // how often a replica that does not lead asks for what the parent said,
	followSoon  = 2 * time.Second        // and while the newest key set waits for the parent
)

// follow keeps what a replica has in memory as the state says, where others write it; and it keeps
// the connections to them.
func (s *siblings) follow(ctx context.Context, h *hosted) {
	var asked time.Time
	for started := false; ctx.Err() == nil; {
		if !started {
			started = s.desk(h).Start(ctx) == nil
		}
		advanced, every := s.host.Advanced(), followEvery
		if s.waits(ctx) {
			every = followSoon
		}
		if err := s.look(ctx, h, &asked, every); err != nil && ctx.Err() == nil {
			h.logger.Debug("what other replicas changed is not read yet", "error", err)
		}
		pause := time.NewTimer(followPause)
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
		pause.Stop()
		again := time.NewTimer(every)
		select {
		case <-advanced:
		case <-again.C:
		case <-ctx.Done():
		}
		again.Stop()
	}
}

// waits reports whether the newest key set is not endorsed yet, as far as this replica knows.
func (s *siblings) waits(ctx context.Context) bool {
	e, err := s.host.Endorsed(ctx)
	if e == nil || err != nil {
		return false
	}
	sets, err := s.host.KeySets(ctx)
	return err == nil && e.Number < uint64(len(sets))
}

func (s *siblings) look(ctx context.Context, h *hosted, asked *time.Time, every time.Duration) error {
	keep := []identity.Replica{}
	err := s.host.Look(func(r *state.Reader) error {
		for _, m := range replicas.Members(r) {
			if m.In() && m.Replica != s.host.Replica() {
				keep = append(keep, m.Replica)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.links.Keep(keep...)
	s.links.Recheck()
	if s.host.Leads() {
		return nil
	}
	err = errors.Join(s.node.changed(ctx, h), h.face.Rosters.Refresh(ctx), h.check.Refresh(ctx))
	if now := s.node.o.Now(); now.Sub(*asked) >= every {
		*asked = now
		err = errors.Join(err, s.above(ctx))
	}
	return errors.Join(err, s.host.RenewKeys(ctx, func(uint64) bool { return false }))
}

// above takes what the parent said to the replica that leads.
func (s *siblings) above(ctx context.Context) error {
	leader, known := s.host.Leader()
	if !known || leader == s.host.Replica() {
		return nil
	}
	chain, recovery, err := (replicas.Asker{Streams: s.asks}).Above(ctx, leader)
	if err != nil {
		return err
	}
	return s.host.TakeAbove(ctx, chain, recovery)
}

// desk is where an administrator looks after the replicas.
func (s *siblings) desk(h *hosted) *replicas.Desk {
	return &replicas.Desk{
		Own: s.host, Ask: replicas.Asker{Streams: s.asks}, Links: s.links, Addresses: s.node.addresses, Place: func() roster.Place { return placed(h.settings) }, File: filepath.Join(s.node.dir, config.FileName), Now: s.node.o.Now,
		Root: func(ctx context.Context) (trust.Pin, error) {
			_, root, err := s.host.Chain(ctx)
			return root, err
		},
	}
}
