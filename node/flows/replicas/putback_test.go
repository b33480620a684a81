package replicas

import (
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/failure"
)

// TestPutBack (B21-11): where so many replicas are in question that none leads, each of those may
// take part by a person's word, where one that is in order has as much; and it is told how many are
// needed. Where one leads, or all are in question, or one is the newest, no such word counts.
func TestPutBack(t *testing.T) {
	old := func(h heard, applied uint64) heard {
		h.Applied = applied
		return h
	}
	leads := says("r1", 90_000, map[uint32]uint64{2: 50, 3: 80})
	for what, c := range map[string]struct {
		voters uint32
		own    uint32
		said   map[uint32]heard
		few    bool
		may    bool
		args   []string // replicas, there, voters, missing
	}{
		"two of three":                              {3, 2, map[uint32]heard{1: says("", longAgo, nil), 2: old(mute(says("", longAgo, nil)), 70), 3: old(mute(says("", longAgo, nil)), 70)}, true, true, []string{"r2, r3", "1", "3", "1"}},
		"told by the one in order":                  {3, 1, map[uint32]heard{1: says("", longAgo, nil), 2: mute(says("", longAgo, nil)), 3: mute(says("", longAgo, nil))}, true, false, []string{"r2, r3", "1", "3", "1"}},
		"it has more than those":                    {3, 2, map[uint32]heard{1: old(says("", longAgo, nil), 60), 2: mute(says("", longAgo, nil)), 3: mute(says("", longAgo, nil))}, true, false, []string{"r2, r3", "1", "3", "1"}},
		"one of three, one is away":                 {3, 2, map[uint32]heard{1: says("", longAgo, nil), 2: mute(says("", longAgo, nil))}, true, true, []string{"r2", "1", "3", "1"}},
		"one of three, which the others do without": {3, 2, map[uint32]heard{1: says("", longAgo, nil), 2: mute(says("", longAgo, nil)), 3: says("", longAgo, nil)}, false, true, nil},
		"one leads":                                 {3, 3, map[uint32]heard{1: leads, 2: says("r1", 50, nil), 3: mute(says("r1", 80, nil))}, false, true, nil},
		"all":                                       {3, 2, map[uint32]heard{1: mute(says("", longAgo, nil)), 2: mute(says("", longAgo, nil)), 3: mute(says("", longAgo, nil))}, false, false, nil},
		"one is the newest":                         {3, 2, map[uint32]heard{1: says("", longAgo, nil), 2: mute(says("", longAgo, nil)), 3: ahead(says("", longAgo, nil))}, false, false, nil},
		"three of five":                             {5, 3, map[uint32]heard{1: says("", longAgo, nil), 3: mute(says("", longAgo, nil)), 4: mute(says("", longAgo, nil)), 5: mute(says("", longAgo, nil))}, true, true, []string{"r3, r4, r5", "1", "5", "2"}},
	} {
		all := []Status{}
		for n := range c.voters {
			all = append(all, Status{Member: Member{Replica: replicaOf(t, n+1), Stage: Voting}, Votes: true, Here: n+1 == c.own})
		}
		said := map[identity.Replica]heard{}
		for n, h := range c.said {
			said[replicaOf(t, n)] = h
		}
		judge(all, replicaOf(t, c.own), said, time.Now())
		p, few := PutBackOf(all)
		if few != c.few || few && p.May != c.may {
			t.Errorf("%s: got %t, may %t; want %t, %t", what, few, p.May, c.few, c.may)
		}
		if args := argsOf(p); few && !slices.Equal(args, c.args) {
			t.Errorf("%s: told %q, want %q", what, args, c.args)
		}
	}
}

func argsOf(p PutBack) []string {
	a := failure.Of(p.Failure()).Args
	return []string{a["replicas"], a["there"], a["voters"], a["missing"]}
}
