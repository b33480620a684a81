package replicas

import (
	"context"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/exchange/link"
)

// position is what a replica says of how far it is, whom it cannot reach and, where it leads, how
// far the others are.
type position struct {
	_       struct{} `cbor:",toarray"`
	Applied uint64   // the raft index up to which it has applied what was agreed
	Now     uint64   // ms since 1970 UTC
	Leader  string   // the replica that leads, as far as it knows; "": none
	Since   uint64   // how long ago, in ms, it began to lead, or heard the one that leads; never: longAgo
	Last    uint64   // the index of the last entry of its log
	Takes   []taking // it leads
	Missed  []missed
	Mute    bool // it may be a copy or an old backup: it has no vote, and signs nothing
	Ahead   bool // it has applied what those that lead do not have, and follows nobody
}

// taking is how far another replica is, as the one that leads knows.
type taking struct {
	_       struct{} `cbor:",toarray"`
	Replica identity.Replica
	Last    uint64 // the index of the last entry of its log
	Ago     uint64 // ms since its log grew, or had everything; never: longAgo
}

// missed is a replica that another one cannot reach.
type missed struct {
	_       struct{} `cbor:",toarray"`
	Replica identity.Replica
	Why     string // a link.Reason
	Ago     uint64 // ms since when
}

const (
	longAgo = uint64(1) << 53 // ms: never
	mostOf  = 2 * trust.MaxReplicas
	longWhy = 32 // bytes
)

// placed is a replica as it tells of itself; *host.Host is one.
type placed interface {
	Replica() identity.Replica
	Look(f func(*state.Reader) error) error
	Applied() uint64
	Leader() (identity.Replica, bool)
	Following() group.Following
	Mute() bool
	Ahead() bool
}

// positionOf returns what a replica says of itself; links may be nil.
func positionOf(own placed, links Links, wall time.Time) position {
	now, f := time.Now(), own.Following()
	p := position{
		Applied: own.Applied(), Now: uint64(max(wall.UnixMilli(), 0)), Since: ago(now, f.Since), Last: f.Last, Takes: []taking{}, Missed: []missed{},
		Mute: own.Mute(), Ahead: own.Ahead(),
	}
	if leader, known := own.Leader(); known {
		p.Leader = leader.String()
	}
	if f.Leads {
		p.Leader = own.Replica().String()
	}
	for _, each := range f.Takes {
		p.Takes = append(p.Takes, taking{Replica: each.Replica, Last: each.Last, Ago: ago(now, each.Took)})
	}
	_ = own.Look(func(r *state.Reader) error { // who is not known is missed by nobody
		for _, m := range Members(r) {
			if links == nil || !m.In() || m.Replica == own.Replica() {
				continue
			}
			if why, since := links.Missed(m.Replica); why != "" {
				p.Missed = append(p.Missed, missed{Replica: m.Replica, Why: string(why), Ago: ago(now, since)})
			}
		}
		return nil
	})
	return p
}

func ago(now, at time.Time) uint64 {
	if at.IsZero() {
		return longAgo
	}
	return uint64(max(now.Sub(at), 0).Milliseconds())
}

// leads reports whether the replica that says so leads.
func (p position) leads(of identity.Replica) bool { return p.Leader == of.String() }

// misses returns why a replica cannot reach another one; "": it says nothing of that.
func (p position) misses(other identity.Replica) link.Reason {
	for _, m := range p.Missed {
		if m.Replica == other {
			return link.Reason(m.Why)
		}
	}
	return ""
}

// position asks a replica how far it is.
func (a Asker) position(ctx context.Context, of identity.Replica) (p position, err error) {
	if err = a.ask(ctx, of, opState, nil, &p); err != nil {
		return p, fmt.Errorf("position of %s: %w", of, err)
	}
	if len(p.Takes) > mostOf || len(p.Missed) > mostOf || p.Now > lastMoment {
		return p, fmt.Errorf("position of %s: %d and %d others, more than %d", of, len(p.Takes), len(p.Missed), mostOf)
	}
	for _, m := range p.Missed {
		if len(m.Why) > longWhy {
			return p, fmt.Errorf("position of %s: a reason of %d bytes", of, len(m.Why))
		}
	}
	return p, nil
}
