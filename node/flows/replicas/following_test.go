package replicas

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/link"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// says is what a replica says: of itself "r1" that it leads and how many ms ago each other one took
// something in, "r1>" that it hears r1, "" that it hears none; and whom it cannot reach.
func says(leader string, since uint64, takes map[uint32]uint64, missed_ ...uint32) heard {
	p := position{Applied: 100, Last: 100, Leader: leader, Since: since}
	for n, ago := range takes {
		r, _ := identity.NewReplica(n)
		p.Takes = append(p.Takes, taking{Replica: r, Last: 90, Ago: ago})
	}
	for _, n := range missed_ {
		r, _ := identity.NewReplica(n)
		p.Missed = append(p.Missed, missed{Replica: r, Why: string(link.NoAnswer)})
	}
	return heard{position: p}
}

// mute is a replica that says that it is in question.
func mute(h heard) heard {
	h.Mute = true
	return h
}

// ahead is a replica that says that it has what those that lead do not have.
func ahead(h heard) heard {
	h.Ahead = true
	return mute(h)
}

// TestWhoFollows (NW8, NW15, NW21): a replica counts where the one that leads says that it takes in
// the log, and not because it is connected; and where none leads, nobody does. Told is what each
// row shows: who follows, why others do not, by whom they cannot be reached, and the strength.
func TestWhoFollows(t *testing.T) {
	now := time.Now()
	const old = 90_000
	for what, c := range map[string]struct {
		own    uint32
		said   map[uint32]heard
		linked uint32 // is connected, whether it answers or not
		want   string
		alarms string
	}{
		"all three": {1, map[uint32]heard{1: says("r1", old, map[uint32]uint64{2: 50, 3: 80}), 2: says("r1", 50, nil), 3: says("r1", 80, nil)}, 0,
			"r1! r2+ r3+ 3/3", ""},
		"one is in question": {1, map[uint32]heard{1: says("r1", old, map[uint32]uint64{2: 50, 3: 80}), 2: mute(says("r1", 50, nil)), 3: says("r1", 80, nil)}, 0,
			"r1! r2+ r3+ 2/3", "replica-mute replicas-no-spare"},
		"the one that tells it is in question": {2, map[uint32]heard{1: says("r1", old, map[uint32]uint64{2: 50, 3: 80}), 2: mute(says("r1", 50, nil)), 3: says("r1", 80, nil)}, 0,
			"r1! r2+ r3+ 2/3", "replicas-no-spare"},
		"none leads, and two are in question": {1, map[uint32]heard{1: says("", 9000, nil), 2: mute(says("", 9000, nil)), 3: mute(says("", 9000, nil))}, 0,
			"r1 no-leader r2 no-leader r3 no-leader none 1/3", "replicas-put-back"},
		"one has what those that lead do not": {2, map[uint32]heard{1: ahead(says("", longAgo, nil)), 2: says("r2", old, map[uint32]uint64{1: old, 3: 80}), 3: says("r2", 80, nil)}, 0,
			"r1 stuck r2! r3+ 2/3", "replica-keeps-more replicas-no-spare"},
		"the same, and they are in question": {2, map[uint32]heard{1: ahead(says("", longAgo, nil)), 2: mute(says("r2", old, map[uint32]uint64{1: old, 3: 80})), 3: mute(says("r2", 80, nil))}, 0,
			"r1 stuck r2! r3+ 1/3", "replica-keeps-more"},
		"it has more, told by itself": {1, map[uint32]heard{1: ahead(says("", longAgo, nil)), 2: says("r2", old, map[uint32]uint64{1: old, 3: 80}), 3: says("r2", 80, nil)}, 0,
			"r1 stuck r2! r3+ 2/3", "replicas-no-spare"},
		"one is away": {1, map[uint32]heard{1: says("r1", old, map[uint32]uint64{2: 50, 3: old}, 3), 2: says("r1", 50, nil, 3)}, 0,
			"r1! r2+ r3 away(r1,r2) 2/3", "replica-away replicas-no-spare"},
		"one is away for a moment": {1, map[uint32]heard{1: says("r1", old, map[uint32]uint64{2: 50, 3: 9000}, 3), 2: says("r1", 50, nil)}, 0,
			"r1! r2+ r3 away(r1) 2/3", "replicas-no-spare"},
		"one is reached by nobody, and says that it hears": {1, map[uint32]heard{1: says("r1", old, map[uint32]uint64{2: 50, 3: old}, 3), 2: says("r1", 50, nil), 3: says("r1", longAgo, nil)}, 3,
			"r1! r2+ r3 unreachable(r1) 2/3", "replica-unreached replicas-no-spare"},
		"the same, told by itself": {3, map[uint32]heard{1: says("r1", old, map[uint32]uint64{2: 50, 3: longAgo}, 3), 2: says("r1", 50, nil), 3: says("", longAgo, nil)}, 0,
			"r1! r2+ r3 unreachable(r1) 2/3", "replica-unreached replicas-no-spare"},
		"one is connected, and takes nothing in": {2, map[uint32]heard{1: says("r1", old, map[uint32]uint64{2: 50, 3: old}), 2: says("r1", 50, nil), 3: says("r1", 60, nil)}, 0,
			"r1! r2+ r3 stuck 2/3", "replica-stuck replicas-no-spare"},
		"just elected": {1, map[uint32]heard{1: says("r1", 20, map[uint32]uint64{2: longAgo, 3: longAgo}), 2: says("", longAgo, nil), 3: says("", 400, nil)}, 0,
			"r1! r2+ r3+ 3/3", ""},
		"just elected, and the one that led has died": {3, map[uint32]heard{2: says("r2", 20, map[uint32]uint64{1: longAgo, 3: longAgo}), 3: says("", 1400, nil)}, 1,
			"r1 away r2! r3+ 2/3", "replicas-no-spare"},
		"none leads, and all answer": {1, map[uint32]heard{1: says("", 9000, nil, 2, 3), 2: says("", 9000, nil), 3: says("", 9000, nil)}, 0,
			"r1 no-leader r2 no-leader(r1) r3 no-leader(r1) none 3/3", ""},
		"none leads, and one is left": {1, map[uint32]heard{1: says("", old, nil, 2, 3)}, 0,
			"r1 no-leader r2 no-leader(r1) r3 no-leader(r1) none 1/3", ""},
		"the one that leads does not answer this one": {2, map[uint32]heard{2: says("r1", 50, nil, 1), 3: says("r1", 60, nil)}, 0,
			"r1!(r2) r2+ r3+ 3/3", ""},
		"the one that led is not heard any more": {2, map[uint32]heard{2: says("r1", 9000, nil, 1), 3: says("r1", 9000, nil)}, 0,
			"r1 no-leader(r2) r2 no-leader r3 no-leader none 2/3", ""},
		"an old one believes that it leads": {1, map[uint32]heard{1: says("r1", old, map[uint32]uint64{2: 9000, 3: 9000}), 2: says("r2", 4000, map[uint32]uint64{1: longAgo, 3: 50}), 3: says("r2", 50, nil)}, 0,
			"r1 stuck r2! r3+ 2/3", "replicas-no-spare"},
		"the one that leads is alone in question": {1, map[uint32]heard{1: mute(says("r1", old, nil))}, 0,
			"r1! r2 away r3 away 1/3", "replica-away replica-away"},
	} {
		all := []Status{}
		for n := range uint32(3) {
			s := Status{Member: Member{Replica: replicaOf(t, n+1), Stage: Voting}, Votes: true, Here: n+1 == c.own, Reachable: n+1 == c.linked}
			all = append(all, s)
		}
		said := map[identity.Replica]heard{}
		for n, h := range c.said {
			said[replicaOf(t, n)] = h
		}
		judge(all, replicaOf(t, c.own), said, now)
		if got := shown(all); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", what, got, c.want)
		}
		var alarms []string
		for _, err := range Alarms(all, now) {
			alarms = append(alarms, string(failure.Of(err).Code))
		}
		if got := strings.Join(alarms, " "); got != c.alarms {
			t.Errorf("%s: alarms %q, want %q", what, got, c.alarms)
		}
	}
}

func shown(all []Status) string {
	var words []string
	for _, s := range all {
		word := s.Replica.String()
		switch {
		case s.Leads:
			word += "!"
		case s.Following:
			word += "+"
		default:
			word += " " + string(s.Why)
		}
		var by []string
		for _, u := range s.Unreached {
			by = append(by, u.By.String())
		}
		if len(by) > 0 {
			word += "(" + strings.Join(by, ",") + ")"
		}
		words = append(words, word)
	}
	s := StrengthOf(all)
	if !s.Led {
		words = append(words, "none")
	}
	return strings.Join(append(words, fmt.Sprintf("%d/%d", s.There, s.Voters)), " ")
}

// linked are the connections of a machine: all are there that were not cut.
type linked struct{ m *machine }

func (linked) Reachable(identity.Replica) bool { return true }

func (linked) Heard(identity.Replica) time.Time { return time.Now() }

func (l linked) Missed(r identity.Replica) (link.Reason, time.Time) {
	if cut := l.m.cut.Load(); cut != nil && *cut == r {
		return link.NoAnswer, time.Now()
	}
	return "", time.Time{}
}

// TestConnectedInOneDirection (NW8): a replica that can dial, and cannot be dialled, is told as
// that by each, and is not promoted.
func TestConnectedInOneDirection(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	in := &network{ends: map[end]*lines{}}
	r1 := first(t, in)
	r2 := further(t, in, r1)
	t.Cleanup(func() {
		r2.down()
		r1.down()
	})
	d1, d2 := deskOf(r1), deskOf(r2)
	d1.Ask, d2.Ask, d1.Links, d2.Links = Asker{r1.lines[1]}, Asker{r2.lines[1]}, linked{r1}, linked{r2}
	list := func(d *Desk) string {
		all, err := d.List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(all, func(a, b Status) int { return int(a.Replica.Number()) - int(b.Replica.Number()) })
		return shown(all)
	}
	for _, d := range []*Desk{d1, d2} {
		eventually(t, "both follow", func() bool { return list(d) == "r1! r2+ 1/1" })
	}
	in.cut(end{r1.replica, "raft"}, r2.replica)
	r1.cut.Store(&r2.replica)
	for _, d := range []*Desk{d1, d2} {
		eventually(t, "it is told", func() bool { return list(d) == "r1! r2 unreachable(r1) 1/1" })
	}
	refused(t, "promote what is reached in one direction", d1.Promote(t.Context(), newID(t), r2.replica), text.ReplicaUnreached)
}
