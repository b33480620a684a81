package replicas

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// Strength is how many replicas have a vote, and how many of them follow.
type Strength struct {
	Voters, There int
	Led           bool // one leads; else There are those that answer
}

// Spare returns how many of those that follow may go away with the rest still a majority; negative:
// so many are missing for one.
func (s Strength) Spare() int { return s.There - (s.Voters/2 + 1) }

func (s Strength) with(there bool) Strength {
	if s.Voters++; there {
		s.There++
	}
	return s
}

func count(n int) string { return strconv.Itoa(n) }

func listed(addresses []string) string { return strings.Join(addresses, ", ") }

// kept returns what is kept of the replicas; of one that has had no other, as it would be kept.
func (d *Desk) kept() (all []Member, err error) {
	err = d.Own.Look(func(r *state.Reader) error { all = Members(r); return nil })
	if err == nil && len(all) == 0 {
		all = []Member{{Replica: d.Own.Replica(), Stage: Voting, Addresses: d.Addresses()}}
	}
	return all, err
}

// only reports whether a replica is the only one that there ever was.
func (d *Desk) only(replica identity.Replica) (bool, error) {
	all, err := d.kept()
	return len(all) == 1 && all[0].Replica == replica, err
}

// Removal is what the removal of a replica would do.
type Removal struct {
	Replica identity.Replica
	Stage   Stage
	Here    bool // it is this one
	Leads   bool
	Stay    []identity.Replica // which keep a vote
	Then    Strength           // of those that stay
}

// Hash returns what a person agreed to: it changes when the replica, or which others have a vote,
// is not what was shown any more.
func (r Removal) Hash() (string, error) {
	stay := []string{}
	for _, each := range r.Stay {
		stay = append(stay, each.String())
	}
	raw, err := canon.Marshal([]any{r.Replica.String(), uint64(r.Stage), stay})
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), err
}

// Removal tells what the removal of a replica would do, and refuses what Remove would refuse.
func (d *Desk) Removal(ctx context.Context, replica identity.Replica) (r Removal, err error) {
	all, err := d.kept()
	if err != nil {
		return r, err
	}
	at := slices.IndexFunc(all, func(m Member) bool { return m.Replica == replica })
	switch {
	case at < 0:
		return r, text.Fail(text.ReplicaUnknown, text.Args{"replica": replica.String()}, nil)
	case all[at].Stage == Removed:
		return r, text.Fail(text.ReplicaWasRemoved, text.Args{"replica": replica.String()}, nil)
	}
	now, err := d.List(ctx)
	if err != nil {
		return r, err
	}
	led := StrengthOf(now).Led
	r = Removal{Replica: replica, Stage: all[at].Stage, Here: replica == d.Own.Replica(), Then: Strength{Led: led}}
	for _, s := range now {
		if s.Replica == replica {
			r.Leads = s.Leads
		} else if s.Stage == Voting {
			r.Stay, r.Then = append(r.Stay, s.Replica), r.Then.with(s.Following || !led && s.Reachable)
		}
	}
	if len(r.Stay) == 0 {
		return r, text.Fail(text.ReplicaLast, text.Args{"replica": replica.String()}, nil)
	}
	return r, nil
}

// RemoveAgreed is Remove for a person who agreed to the hash of what it would do. The error is
// text.EndPlanNeeded without one, and text.PlanMoved where it would do something else by now. What
// is removed already is no act, so that the same request again has its answer.
func (d *Desk) RemoveAgreed(ctx context.Context, id identity.Message, replica identity.Replica, agreed string) error {
	r, err := d.Removal(ctx, replica)
	if f := text.AsFailure(err); err != nil && f.Code != text.ReplicaWasRemoved {
		return err
	}
	if err == nil {
		hash, err := r.Hash()
		switch {
		case err != nil:
			return err
		case agreed == "":
			return text.Fail(text.EndPlanNeeded, text.Args{"what": replica.String()}, nil)
		case agreed != hash:
			return text.Fail(text.PlanMoved, text.Args{"name": replica.String()}, nil)
		}
	}
	return d.Remove(ctx, id, replica)
}

// Settled reports whether raft and the newest key set have a replica as it is wanted: without it
// where it is to be Removed, and with its vote where it is to be Voting. What is wanted comes from
// whoever asks: the state may not show yet what was agreed a moment ago.
func (d *Desk) Settled(ctx context.Context, replica identity.Replica, wanted Stage) (bool, error) {
	newest, err := d.newest(ctx)
	if err != nil {
		return false, err
	}
	listed := newest.LogKey(replica) != nil
	members, err := d.Own.Members()
	at := slices.IndexFunc(members, func(g group.Member) bool { return g.Replica == replica })
	if wanted == Removed {
		return at < 0 && !listed, err
	}
	return at >= 0 && members[at].Voter && listed, err
}

// Waiting is what a change of a replica that is recorded waits for.
type Waiting string

// What it may wait for; "": nothing.
const (
	ForParent  Waiting = "parent"  // to endorse the newest key set: it is used then, and another may follow
	ForReplica Waiting = "replica" // to follow, and to have everything
	ForVotes   Waiting = "votes"   // of the other replicas
)

// Waits tells what a change of a replica waits for that is not settled.
func (d *Desk) Waits(ctx context.Context, replica identity.Replica) (Waiting, error) {
	newest, err := d.newest(ctx)
	if err != nil {
		return "", err
	}
	e, err := d.Own.Endorsed(ctx)
	if err != nil {
		return "", err
	}
	if e != nil && min(e.Number, d.Own.KeysInUse()) < newest.Number {
		return ForParent, nil
	}
	all, err := d.List(ctx)
	at := slices.IndexFunc(all, func(s Status) bool { return s.Replica == replica && s.Stage == Voting })
	if at >= 0 && !all[at].Following {
		return ForReplica, err
	}
	return ForVotes, err
}
