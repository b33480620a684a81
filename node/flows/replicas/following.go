package replicas

import (
	"context"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/link"
	"xietong/node/ground/text"
)

// Why says why a replica does not follow.
type Why string

// The reasons; "": it follows.
const (
	NobodyLeads Why = "no-leader"   // so nobody follows
	OneWay      Why = "unreachable" // the one that leads cannot reach it, though it is there
	Away        Why = "away"        // nothing is heard of it
	Stuck       Why = "stuck"       // it is reached, and takes nothing in
)

// Unreached is a replica that cannot reach the one whose status it stands in.
type Unreached struct {
	By  identity.Replica
	Why link.Reason
}

// followsWithin is how long ago a replica that follows took something in, or had everything, at
// most: the one that leads asks it ten times a second.
const followsWithin = 3 * time.Second

// firstAsk is how long one that was just elected may not have heard of the others that are there.
const firstAsk = 500 * time.Millisecond

// heard is what a replica said of itself.
type heard struct {
	position
	at time.Time // half way between the ask and the answer
}

// listen asks all other replicas that belong to the group at once how far they are.
func (d *Desk) listen(ctx context.Context, all []Status) map[identity.Replica]heard {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	said := map[identity.Replica]heard{d.Own.Replica(): {positionOf(d.Own, d.Links, d.Now()), d.Now()}}
	var mu sync.Mutex
	var asking sync.WaitGroup
	for _, s := range all {
		if s.Here || !s.came() {
			continue
		}
		asking.Go(func() {
			began := d.Now()
			p, err := d.Ask.position(ctx, s.Replica)
			if err != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			said[s.Replica] = heard{p, began.Add(d.Now().Sub(began) / 2)}
		})
	}
	asking.Wait()
	return said
}

// leading returns the replica that leads: that one which says so itself and, of several, which the
// most follow; else the one that this replica, own, hears. told is false where it did not say how
// far the others are.
func leading(own identity.Replica, said map[identity.Replica]heard) (leader identity.Replica, told bool) {
	most := -1
	for r, h := range said {
		n := 0
		for _, t := range h.Takes {
			if recently(t.Ago) {
				n++
			}
		}
		if h.leads(r) && (n > most || n == most && r.Number() < leader.Number()) {
			leader, most = r, n
		}
	}
	if most >= 0 {
		return leader, true
	}
	leader, err := identity.ParseReplica(said[own].Leader)
	if err != nil || !recently(said[own].Since) {
		return identity.Replica{}, false
	}
	return leader, false
}

func recently(ms uint64) bool { return ms < uint64(followsWithin.Milliseconds()) }

// judge fills in, from what the replicas said at now, which of them follow, and why others do not.
func judge(all []Status, own identity.Replica, said map[identity.Replica]heard, now time.Time) {
	leader, told := leading(own, said)
	newest := uint64(0)
	for _, h := range said {
		newest = max(newest, h.Applied)
	}
	for i := range all {
		s := &all[i]
		h, answered := said[s.Replica]
		if answered {
			s.Reachable, s.Applied, s.Mute, s.Ahead = true, h.Applied, h.Mute, h.Ahead
			s.Behind = new(newest - h.Applied)
			if !s.Here {
				s.Offset = time.UnixMilli(int64(h.Now)).Sub(h.at)
			}
		}
		if !s.came() {
			continue
		}
		for by, h := range said {
			if why := h.misses(s.Replica); why != "" {
				s.Unreached = append(s.Unreached, Unreached{by, why})
			}
		}
		slices.SortFunc(s.Unreached, func(a, b Unreached) int { return int(a.By.Number()) - int(b.By.Number()) })
		s.Leads = s.Replica == leader
		switch {
		case leader.IsZero():
			s.Why = NobodyLeads
		case told:
			s.follow(said[leader].position, answered, now)
		default: // by its own word
			s.Following = s.Leads || answered && h.Leader == leader.String() && recently(h.Since)
		}
		if !s.Following && s.Why == "" {
			s.Why = s.reason(leader, answered)
		}
	}
}

// follow takes over what the one that leads says of a replica; answered: that one answered, too.
func (s *Status) follow(p position, answered bool, now time.Time) {
	if s.Following = s.Leads; s.Leads {
		return
	}
	at := slices.IndexFunc(p.Takes, func(t taking) bool { return t.Replica == s.Replica })
	since := p.Since // it has not followed as long as that one leads
	if at >= 0 {
		elected := p.Takes[at].Ago == longAgo && p.Since < uint64(firstAsk.Milliseconds())
		s.Following = recently(p.Takes[at].Ago) || elected && answered
		since = min(since, p.Takes[at].Ago)
		if s.Behind == nil && p.Takes[at].Last > 0 {
			s.Behind = new(max(p.Last, p.Takes[at].Last) - p.Takes[at].Last)
		}
	}
	if !s.Following && since != longAgo {
		s.NotSince = now.Add(-time.Duration(since) * time.Millisecond)
	}
}

// reason returns why a replica does not follow the one that leads. A connection that is still open
// may be of one that has just died.
func (s *Status) reason(leader identity.Replica, answered bool) Why {
	missed := slices.ContainsFunc(s.Unreached, func(u Unreached) bool { return u.By == leader })
	switch {
	case missed && s.Reachable:
		return OneWay
	case answered:
		return Stuck
	}
	return Away
}

// StrengthOf counts the replicas with a vote, and those of them that follow, where nobody leads
// those that answer, and that may use it. One that leads needs nobody's: it is alone.
func StrengthOf(all []Status) (s Strength) {
	s.Led = slices.ContainsFunc(all, func(each Status) bool { return each.Leads })
	for _, each := range all {
		if each.Votes {
			s = s.with((each.Leads || !each.Mute) && (each.Following || !s.Led && each.Reachable))
		}
	}
	return s
}

// alarmAfter is how long a replica may not follow before a person is told: a restart is over by
// then.
const alarmAfter = time.Minute

// Alarms returns what a person must mend about the replicas: one that does not follow for a minute,
// or has no vote now, that too many have none, and that one more loss stops the jurisdiction.
func Alarms(all []Status, now time.Time) (wrong []error) {
	p, few := PutBackOf(all)
	if few {
		wrong = append(wrong, p.Failure())
	}
	more := few || slices.ContainsFunc(all, func(each Status) bool { return each.Ahead })
	for _, each := range all {
		switch {
		case each.Here: // of this one it is told already
		case each.Ahead:
			wrong = append(wrong, text.Fail(text.ReplicaKeepsMore, text.Args{"replica": each.Replica.String()}, nil))
		case each.Mute && !more: // else it is not to be replaced, but to be stopped, or cannot be
			wrong = append(wrong, text.Fail(text.ReplicaMute, text.Args{"replica": each.Replica.String()}, nil))
		}
	}
	s := StrengthOf(all)
	if !s.Led {
		return wrong // that nobody leads is told
	}
	for _, each := range all {
		if each.In() && !each.Following && !each.Ahead && !each.NotSince.IsZero() && now.Sub(each.NotSince) >= alarmAfter {
			wrong = append(wrong, each.alarm(all))
		}
	}
	if s.There < s.Voters && s.Spare() == 0 {
		wrong = append(wrong, text.Fail(text.ReplicasNoSpare, text.Args{"voters": count(s.Voters), "there": count(s.There)}, nil))
	}
	return wrong
}

// TwiceAlarms returns an alarm for each replica of which two run.
func (d *Desk) TwiceAlarms() (wrong []error) {
	if d.Twice == nil {
		return nil
	}
	for of, at := range d.Twice() {
		wrong = append(wrong, text.Fail(text.ReplicaTwice, text.Args{"replica": of.String(), "addresses": listed(at)}, nil))
	}
	return wrong
}

func (s Status) alarm(all []Status) error {
	args := text.Args{"replica": s.Replica.String()}
	if s.Why == OneWay {
		leader := slices.IndexFunc(all, func(each Status) bool { return each.Leads })
		return unreached(s.Member, all[leader].Replica)
	}
	if s.Why == Stuck {
		return text.Fail(text.ReplicaStuck, args, nil)
	}
	return text.Fail(text.ReplicaAway, args, nil)
}

// unreached is the failure of a replica that another one cannot reach.
func unreached(m Member, by identity.Replica) error {
	return text.Fail(text.ReplicaUnreached, text.Args{"replica": m.Replica.String(), "by": by.String(), "addresses": listed(m.Addresses)}, nil)
}
