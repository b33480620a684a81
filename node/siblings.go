package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
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
	// later are key sets after the newest that this replica has applied, as others showed them when
	// it came back: by them it knows who leads now.
	later atomic.Pointer[[]trust.KeySet]
	// moved are the addresses of others as they said themselves since the start: one that has moved
	// is dialled there before that is agreed on, which may need it.
	boot   []byte                   // of this start, random
	boots  replicas.Boots           // of the others
	beside atomic.Pointer[[]string] // where another one is that says it is this replica; nil: nowhere
	moving sync.Mutex
	moved  map[identity.Replica]move
}

// siblingsOf prepares the connections to the other replicas of a jurisdiction that is being opened.
func (n *Node) siblingsOf(h *host.Host) *siblings {
	s := &siblings{node: n, host: h, moved: map[identity.Replica]move{}, boot: make([]byte, 16)}
	rand.Read(s.boot) // never fails
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

// addresses returns where a replica is reached.
func (s *siblings) addresses(ctx context.Context, to identity.Replica) (all []net.Addr, err error) {
	var told []string
	err = s.host.Look(func(r *state.Reader) error {
		m, _ := replicas.MemberOf(r, to)
		told = m.Addresses
		return nil
	})
	s.moving.Lock()
	if said, ok := s.moved[to]; ok {
		told = slices.Concat(said.to, told)
	}
	s.moving.Unlock()
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

// move is where another replica said that it is reached, and when.
type move struct {
	to []string
	at time.Time
}

// movesEvery is how often a replica may move: each time is a command.
const movesEvery = 5 * time.Second

// moves keeps where another replica says that it is reached; false: it moved a moment ago.
func (s *siblings) moves(of identity.Replica, to []string) bool {
	s.moving.Lock()
	defer s.moving.Unlock()
	if before, ok := s.moved[of]; ok && time.Since(before.at) < movesEvery && !slices.Equal(before.to, to) {
		return false
	}
	s.moved[of] = move{to, time.Now()}
	return true
}

// errOpening refuses neighbours while the jurisdiction is opened: its other replicas may connect
// before that, because it may need them to open.
var errOpening = errors.New("the node is starting")

// serve begins what runs for the other replicas: their asks are answered, those that lag are
// filled, and, where this replica leads, the group is brought to what is wanted of it.
func (s *siblings) serve(h *hosted) {
	logger := s.node.o.Logger.With("jurisdiction", s.host.Name().String())
	server := replicas.Server{Host: s.host, Links: s.links, Boots: &s.boots, Moved: s.moves, Neighbours: s.neighbours, Zone: s.node.configuration().TimeZone, Now: s.node.o.Now, Logger: logger}
	keeper := replicas.Keeper{Host: s.host, Group: s.host.Group(), KeySets: s.host, Advanced: s.host.Advanced, Listed: h.upkeep.Poke, Logger: logger}
	s.node.workers.Go(func() { server.Run(h.ctx, s.asks) })
	s.node.workers.Go(func() { s.fill(h.ctx) })
	h.workers.Go(func() { keeper.Run(h.ctx) })
	h.workers.Go(func() { s.follow(h.ctx, h) })
}

// neighbours returns those to which this replica has a link.
func (s *siblings) neighbours() (all []identity.Jurisdiction) {
	for _, l := range s.node.socket.Links() {
		if l.Local == s.host.Name() {
			all = append(all, l.Peer.Jurisdiction)
		}
	}
	return all
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
	hereEvery   = 10 * time.Second       // how often it tells the others where it is reached
	followSoon  = 2 * time.Second        // and while the newest key set waits for the parent
)

// follow keeps what a replica has in memory as the state says, where others write it; and it keeps
// the connections to them.
func (s *siblings) follow(ctx context.Context, h *hosted) {
	var asked time.Time
	for said := (time.Time{}); ctx.Err() == nil; {
		if time.Since(said) >= hereEvery && s.say(ctx, h) == nil {
			said = time.Now()
		}
		advanced, every := s.host.Advanced(), followEvery
		if _, known := s.host.Leader(); !known || s.waits(ctx) {
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
		again := time.NewTimer(min(every, hereEvery))
		select {
		case <-advanced:
		case <-again.C:
		case <-ctx.Done():
		}
		again.Stop()
	}
}

// say tells the others where this replica is reached, and keeps where another one is that says it
// is this one. One that may be a copy is not to be dialled.
func (s *siblings) say(ctx context.Context, h *hosted) error {
	twice, err := s.desk(h).Start(ctx, s.boot, s.host.Questioned() == nil)
	s.beside.Store(&twice)
	return err
}

// Twice returns the replicas of which two run, with the addresses of both, as far as this one
// knows.
func (s *siblings) Twice() map[identity.Replica][]string {
	all := s.boots.Twice(time.Now())
	if beside := s.beside.Load(); beside != nil && len(*beside) > 0 {
		all[s.host.Replica()] = slices.Concat(s.node.addresses(), *beside)
	}
	return all
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

// others returns the other replicas that are members.
func (s *siblings) others() (all []identity.Replica, err error) {
	err = s.host.Look(func(r *state.Reader) error {
		for _, m := range replicas.Members(r) {
			if m.In() && m.Replica != s.host.Replica() {
				all = append(all, m.Replica)
			}
		}
		return nil
	})
	return all, err
}

func (s *siblings) look(ctx context.Context, h *hosted, asked *time.Time, every time.Duration) error {
	keep, err := s.others()
	if err != nil {
		return err
	}
	s.links.Keep(keep...)
	s.links.Recheck()
	if h.apart() != nil {
		s.node.socket.Recheck()
	}
	if _, known := s.host.Leader(); !known {
		s.learn(ctx, keep)
		if err := s.removed(ctx, keep); err != nil {
			h.logger.Debug("whether this replica was removed is not known", "error", err)
		}
	}
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
		Own: s.host, Ask: replicas.Asker{Streams: s.asks}, Links: s.links, Twice: s.Twice, Addresses: s.node.addresses, Place: func() roster.Place { return placed(h.settings) }, File: filepath.Join(s.node.dir, config.FileName), Now: s.node.o.Now,
		Root: func(ctx context.Context) (trust.Pin, error) {
			_, root, err := s.host.Chain(ctx)
			return root, err
		},
	}
}
