package replicas

import (
	"cmp"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// Where several replicas of a group are in question, because they were put back or moved, the
// others may be too few to lead: nothing is written, and so none can be replaced. One that is in
// question may then take part again by a person's word, though its directory is not the newest,
// where another one that is not in question has at least as much. It takes in from that one what it
// lacks. No more of them are needed, and none may be used, than are missing for a majority: each
// majority has one that is in order then, and takes nobody for its leader who has less.

// PutBack are the replicas that are in question and that answer, while none leads.
type PutBack struct {
	Replicas []identity.Replica
	Strength
	May bool // the one that says so may take part by a person's word
}

// PutBackOf tells of them; is says that without one of them nothing can be written, though another
// one that is in order is there.
func PutBackOf(all []Status) (p PutBack, is bool) {
	p.Strength = StrengthOf(all)
	own, most := Status{}, uint64(0)
	for _, s := range all {
		switch {
		case !s.Votes:
		case s.Ahead:
			return p, false // that one is the newest: it says what to do
		case s.Mute && s.Reachable:
			p.Replicas = append(p.Replicas, s.Replica)
		case s.Reachable:
			most = max(most, s.Applied)
		}
		if s.Here {
			own = s
		}
	}
	slices.SortFunc(p.Replicas, func(a, b identity.Replica) int { return cmp.Compare(a.Number(), b.Number()) })
	p.May = own.Mute && own.Votes && most >= own.Applied
	return p, !p.Led && p.There > 0 && p.Spare() < 0 && len(p.Replicas) > 0
}

// Failure says it to a person.
func (p PutBack) Failure() error {
	var names []string
	for _, r := range p.Replicas {
		names = append(names, r.String())
	}
	return text.Fail(text.ReplicasPutBack, text.Args{
		"replicas": strings.Join(names, ", "), "there": count(p.There), "voters": count(p.Voters), "missing": count(-p.Spare()),
	}, nil)
}
