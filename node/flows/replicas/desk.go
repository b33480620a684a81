package replicas

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/invitation"
)

// Term is how long an invitation of a replica is good for, where nobody says otherwise.
const Term = 24 * time.Hour

// Links tells of the connections to the other replicas; *link.Replicas is one.
type Links interface {
	// Reachable reports whether there is a connection to a replica.
	Reachable(identity.Replica) bool
	// Heard returns when something came from a replica last; zero: never.
	Heard(identity.Replica) time.Time
	// Missed returns why this replica cannot reach another one, and since when; "": it can, or has
	// not tried.
	Missed(identity.Replica) (link.Reason, time.Time)
}

// Own is the jurisdiction on this replica, as the desk needs it; *host.Host is one.
type Own interface {
	Inviter
	// Members returns the replicas as raft has them.
	Members() ([]group.Member, error)
	// Leader returns the replica that leads, as far as this one knows.
	Leader() (identity.Replica, bool)
	// KeySets returns the signed key sets from number 1, as this replica knows them.
	KeySets(ctx context.Context) ([][]byte, error)
	// Applied returns the raft index up to which this replica has applied what was agreed.
	Applied() uint64
	// Following returns what this replica knows of who takes in raft's log.
	Following() group.Following
	// Mute reports whether this replica may be a copy or an old backup: it has no vote.
	Mute() bool
	// Ahead reports whether this replica has applied what those that lead do not have.
	Ahead() bool
	// Endorsed returns the endorsement by the parent that was seen last; nil: there is no parent.
	Endorsed(ctx context.Context) (*trust.Endorsement, error)
	// KeysInUse returns the number of the key set that this replica signs with.
	KeysInUse() uint64
	// Removed returns a *host.RemovedError where this replica belongs to the group no more.
	Removed() error
}

// Desk is where an administrator looks after the replicas.
type Desk struct {
	Own   Own
	Ask   Asker
	Links Links
	// Twice returns the replicas of which two run, with the addresses of both; nil: nobody knows.
	Twice func() map[identity.Replica][]string
	// Root returns the pin of the root of the tree.
	Root func(ctx context.Context) (trust.Pin, error)
	// Place returns what the jurisdiction is called.
	Place func() roster.Place
	// Addresses returns those at which this node is reached.
	Addresses func() []string
	// File is the path of the node's configuration.
	File string
	Now  func() time.Time
}

// Invite makes the invitation of a further replica, good for the term; 0: Term. The same id again
// gives the same.
func (d *Desk) Invite(ctx context.Context, id identity.Message, term time.Duration) (invitation.Replica, error) {
	addresses := d.Addresses()
	if len(addresses) == 0 {
		return invitation.Replica{}, text.Fail(text.ReplicaNoAddress, text.Args{"file": d.File}, nil)
	}
	if term == 0 {
		term = Term
	}
	root, err := d.Root(ctx)
	if err != nil {
		return invitation.Replica{}, err
	}
	sets, err := d.Own.KeySets(ctx)
	if err != nil {
		return invitation.Replica{}, err
	}
	of, err := trust.PinOf(sets[len(sets)-1])
	if err != nil {
		return invitation.Replica{}, err
	}
	until := id.Time().Add(term)
	if latest := d.Now().Add(term); until.After(latest) { // whoever chose the id may say any time
		until = latest
	}
	invited, err := Invite(ctx, d.Own, id, until)
	if err != nil {
		return invitation.Replica{}, err
	}
	if err := d.saveOwn(ctx, addresses); err != nil {
		return invitation.Replica{}, err
	}
	return invitation.Replica{
		Of: of, Root: root, Replica: invited.Replica, Secret: invited.Secret, Until: until, Addresses: d.all(addresses),
	}, nil
}

// saveOwn notes the addresses of this replica where they are others than are kept.
func (d *Desk) saveOwn(ctx context.Context, addresses []string) error {
	same := false
	err := d.Own.Look(func(r *state.Reader) error {
		m, _ := MemberOf(r, d.Own.Replica())
		same = slices.Equal(m.Addresses, addresses)
		return nil
	})
	if err != nil || same {
		return err
	}
	return SetAddresses(ctx, d.Own, d.Own.Replica(), addresses)
}

// Reached returns where the jurisdiction is reached: by turns an address of each of its replicas,
// so that who takes the first few has one of each. Each replica says them in the same order.
func (d *Desk) Reached() (all []string) {
	places := d.there(func(m Member) bool { return m.Stage == Voting })
	slices.SortFunc(places, func(a, b other) int { return cmp.Compare(a.Replica.Number(), b.Replica.Number()) })
	for turn := range maxAddresses {
		for _, of := range places {
			if turn < len(of.Addresses) && !slices.Contains(all, of.Addresses[turn]) {
				all = append(all, of.Addresses[turn])
			}
		}
	}
	return all
}

// all returns the own addresses, and behind them those of the other replicas.
func (d *Desk) all(own []string) []string {
	all := slices.Clone(own)
	for _, o := range d.there(Member.In)[1:] {
		all = append(all, o.Addresses...)
	}
	return all[:min(len(all), invitation.MaxAddresses)]
}

// mostBehind is how many entries of raft's log a replica may lack that is promoted: it has them in
// a second.
const mostBehind = 1000

// Promote gives a replica a vote, and has it sign. The error is text.ReplicaLags while it is
// behind.
func (d *Desk) Promote(ctx context.Context, id identity.Message, replica identity.Replica) error {
	if only, err := d.only(replica); err != nil || only {
		return err // it has its vote
	}
	if err := d.caughtUp(ctx, replica); err != nil {
		return err
	}
	return d.set(ctx, id, replica, Voting)
}

// caughtUp refuses a replica without a vote that does not follow, or is behind.
func (d *Desk) caughtUp(ctx context.Context, replica identity.Replica) error {
	var m Member
	err := d.Own.View(ctx, func(r *state.Reader) error { m, _ = MemberOf(r, replica); return nil })
	if err != nil || m.Stage != Admitted {
		return err // the command says what is wrong
	}
	all, err := d.List(ctx)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(s Status) bool { return s.Replica == replica })
	behind := "" // it does not answer
	switch {
	case at < 0:
		return nil // the command says what is wrong
	case all[at].Why == OneWay:
		return all[at].alarm(all)
	case all[at].Behind != nil && *all[at].Behind <= mostBehind && all[at].Applied > 0:
		return nil
	case all[at].Behind != nil:
		behind = strconv.FormatUint(*all[at].Behind, 10)
	}
	return text.Fail(text.ReplicaLags, text.Args{"replica": replica.String(), "behind": behind}, nil)
}

// Remove takes a replica out, for good.
func (d *Desk) Remove(ctx context.Context, id identity.Message, replica identity.Replica) error {
	return d.set(ctx, id, replica, Removed)
}

// settledWithin is how long a change of a replica is waited for that is recorded and goes on by
// itself.
const settledWithin = 15 * time.Second

func (d *Desk) set(ctx context.Context, id identity.Message, replica identity.Replica, stage Stage) error {
	if err := SetStage(ctx, d.Own, id, replica, stage); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, settledWithin)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if settled, err := d.Settled(ctx, replica, stage); err != nil || settled {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil // it is recorded: List shows how far it is
		}
	}
}

// Status is what is known of one replica.
type Status struct {
	Member
	Here      bool // it is this one
	Leads     bool
	Follows   bool // raft sends it what is agreed
	Votes     bool
	Signs     bool      // the newest key set lists it
	Reachable bool      // it answered, or is connected to this one
	Mute      bool      // it says that it may be a copy or an old backup: it has no vote, and signs nothing
	Ahead     bool      // it says that it has applied what those that lead do not have, and follows nobody
	Following bool      // it leads, or takes in what the one that leads sends
	NotSince  time.Time // since when it does not follow, at least; zero: not known, or it follows
	Why       Why
	Unreached []Unreached   // by whom it cannot be reached
	Heard     time.Time     // when something came from it last; zero: never, or it is this one
	Applied   uint64        // the raft index up to which it has applied what was agreed; 0: not known
	Behind    *uint64       // how many entries of the common log it lacks; nil: not known
	Offset    time.Duration // how far its clock is ahead of this one's, give or take the way there
}

// statusWithin is how long the replicas may take to say how far they are.
const statusWithin = 2 * time.Second

// came reports whether a machine has come that the replica runs on. One that is removed counts
// until raft and the newest key set are without it.
func (s Status) came() bool { return s.Stage != Invited }

// List returns the replicas as this one knows them, without those that are out: it needs no
// majority. One that was removed itself knows of none.
func (d *Desk) List(ctx context.Context) (all []Status, err error) {
	if err := d.Own.Removed(); err != nil {
		return nil, err
	}
	kept, err := d.kept()
	if err != nil {
		return nil, err
	}
	raft, err := d.Own.Members()
	if err != nil {
		return nil, err
	}
	newest, err := d.newest(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range kept {
		s := Status{Member: m, Here: m.Replica == d.Own.Replica(), Signs: newest.LogKey(m.Replica) != nil}
		if at := slices.IndexFunc(raft, func(g group.Member) bool { return g.Replica == m.Replica }); at >= 0 {
			s.Follows, s.Votes = true, raft[at].Voter
		}
		if m.Stage == Removed && !s.Follows && !s.Signs {
			continue
		}
		if d.Links != nil && !s.Here && s.came() {
			s.Reachable, s.Heard = d.Links.Reachable(s.Replica), d.Links.Heard(s.Replica)
		}
		all = append(all, s)
	}
	said := d.listen(ctx, all)
	judge(all, d.Own.Replica(), said, d.Now())
	return all, nil
}

// newest returns the newest key set, as this replica knows it.
func (d *Desk) newest(ctx context.Context) (k trust.KeySet, err error) {
	sets, err := d.Own.KeySets(ctx)
	if err != nil {
		return k, err
	}
	return trust.Reopen(sets[len(sets)-1])
}
