package group

import (
	"time"

	"github.com/hashicorp/raft"

	"xietong/certs/identity"
)

// Following is what this replica knows of who takes in the log.
type Following struct {
	Leads bool
	// Since is since when this replica leads or, where another one does, when that was heard last;
	// zero: never.
	Since time.Time
	Last  uint64     // the index of the last entry of the log here
	Takes []Follower // Leads: how far each other replica is
}

// Follower is how far another replica is, as it told this one, which leads. That it is connected
// says nothing: it may be so in one direction alone, or store nothing.
type Follower struct {
	Replica identity.Replica
	Last    uint64    // the index of the last entry of its log, as it told last
	Took    time.Time // when its log last grew, or had all that was committed; zero: not since this one leads
}

// Following returns what this replica knows of who takes in the log.
func (g *Group) Following() Following {
	f := Following{Last: g.raft.LastIndex()}
	g.readyMu.Lock()
	term := g.raft.CurrentTerm()
	f.Leads = g.ready == term && g.raft.State() == raft.Leader
	f.Since = g.leads
	g.readyMu.Unlock()
	if !f.Leads {
		f.Since = g.raft.LastContact()
		return f
	}
	for _, s := range g.raft.GetConfiguration().Configuration().Servers {
		r, err := identity.ParseReplica(string(s.ID))
		if err != nil || s.ID == g.self() {
			continue
		}
		each := Follower{Replica: r}
		if n, _ := g.transport.answers.of(s.ID); n.term == term {
			each.Last, each.Took = n.last, n.took
		}
		f.Takes = append(f.Takes, each)
	}
	return f
}
