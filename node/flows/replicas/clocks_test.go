package replicas

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// wallClock is the clock of a machine, which somebody sets, or a time service that is wrong.
type wallClock struct {
	began  time.Time
	ahead  atomic.Int64 // ns
	served atomic.Bool  // a time service has just set it
}

func newWallClock() *wallClock { return &wallClock{began: time.Now()} }

func (c *wallClock) now() time.Time         { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *wallClock) elapsed() time.Duration { return time.Since(c.began) }

func (c *wallClock) synced() (never time.Time) {
	if !c.served.Load() {
		return never
	}
	return c.now()
}

// inBubble runs a test in a bubble, in which time passes only while all wait. It begins an hour
// ago: the ids of messages never go back in a process, and those of the next test are of now.
func inBubble(t *testing.T, run func(*testing.T)) {
	now := time.Now().Add(-time.Hour)
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(now))
		run(t)
	})
}

// withClocks makes a jurisdiction of so many replicas with clocks of their own.
func withClocks(t *testing.T, replicas int) (all []*machine) {
	in := &network{ends: map[end]*lines{}}
	one := &machine{t: t, replica: replicaOf(t, 1), dir: t.TempDir() + "/r1", in: in, clock: newWallClock()}
	if _, err := host.Create(one.dir, county(t), time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	one.up()
	all = append(all, one)
	t.Cleanup(func() {
		for _, m := range all {
			m.down()
		}
	})
	for len(all) < replicas {
		m := further(t, in, one)
		all = append(all, m)
		if err := SetStage(t.Context(), one.Host, newID(t), m.replica, Voting); err != nil {
			t.Fatal(err)
		}
		eventually(t, fmt.Sprintf("%s votes and signs", m.replica), func() bool {
			return one.voters() == len(all) && m.KeysInUse() == uint64(len(all))
		})
	}
	return all
}

func leaderOf(t *testing.T, all []*machine) (leader *machine) {
	t.Helper()
	eventually(t, "one leads", func() bool {
		for _, m := range all {
			if m.Leads() {
				leader = m
				return true
			}
		}
		return false
	})
	return leader
}

// TestNoLeaderAwayFromTheMedian (D18c) has the clock of one of three replicas jump, of the one that
// leads and of one that does not, with a time service that is wrong and without one: writing goes
// on through each of them, no command carries the wrong clock, and each replica tells whose clock
// is wrong, until it is right again.
func TestNoLeaderAwayFromTheMedian(t *testing.T) { inBubble(t, noLeaderAway) }

func noLeaderAway(t *testing.T) {
	all := withClocks(t, 3)
	for _, row := range []struct {
		ahead  time.Duration
		served bool // the wrong clock comes of its time service
		leads  bool
		want   text.Code // what each replica tells
	}{
		{8 * time.Hour, false, true, text.ReplicaClockAhead}, {8 * time.Hour, true, true, text.ReplicaClockAhead}, {-400 * 24 * time.Hour, true, true, text.ReplicaClockBehind},
		{25 * time.Hour, true, false, text.ReplicaClockAhead}, {-8 * time.Hour, false, false, text.ReplicaClockBehind}, {20 * 365 * 24 * time.Hour, true, true, text.ReplicaClockAhead},
	} {
		wrong := leaderOf(t, all)
		for _, m := range all {
			if !row.leads && m != leaderOf(t, all) {
				wrong = m
			}
		}
		wrong.clock.served.Store(row.served)
		wrong.clock.ahead.Store(int64(row.ahead))
		for _, m := range all {
			if _, err := m.note(t.Context(), "meanwhile"); err != nil {
				t.Errorf("%+v: through %s, %s is wrong: %v", row, m.replica, wrong.replica, err)
			}
		}
		if wrong.Leads() {
			t.Errorf("%+v: %s still leads", row, wrong.replica)
		}
		for _, m := range all {
			eventually(t, "it is told", func() bool { return apartTold(m.Host) == row.want })
		}
		wrong.clock.ahead.Store(0)
		if err := wrong.Look(func(r *state.Reader) error {
			if ahead := time.Until(time.UnixMilli(int64(r.Clock()))); ahead.Abs() > time.Minute {
				return fmt.Errorf("ledger time is %s ahead", ahead)
			}
			return nil
		}); err != nil {
			t.Errorf("%+v: %v", row, err)
		}
		for _, m := range all {
			eventually(t, "it is told no more", func() bool { return apartTold(m.Host) == "" })
		}
	}
}

// apartTold returns what a replica tells of the clocks of replicas.
func apartTold(h *host.Host) text.Code {
	for _, err := range h.Trouble() {
		if _, ok := errors.AsType[*host.ApartError](err); ok {
			return failure.Of(err).Code
		}
	}
	return ""
}

// TestTwoClocksThatDiffer has two replicas of two, whose clocks are apart, and no voucher: nothing
// is written, and the error names both, also through the one that does not lead. Once somebody
// vouches for one of them, that one leads.
func TestTwoClocksThatDiffer(t *testing.T) { inBubble(t, twoClocksDiffer) }

func twoClocksDiffer(t *testing.T) {
	all := withClocks(t, 2)
	leader := leaderOf(t, all)
	other := all[0]
	if other == leader {
		other = all[1]
	}
	other.down()
	other.clock.ahead.Store(int64(8 * time.Hour)) // it starts with it: it is presumed
	other.up()
	leader = leaderOf(t, all)
	eventually(t, "the clocks were told", func() bool { return apartTold(leader.Host) != "" })
	for _, m := range all {
		_, err := m.note(t.Context(), "nobody knows the time")
		if err == nil || failure.Of(err).Code != text.ReplicaClocksDiffer {
			t.Errorf("through %s: %v, want it refused", m.replica, err)
		}
	}
	other.clock.served.Store(true)
	eventually(t, "the one that is vouched for leads", func() bool {
		_, err := all[0].note(t.Context(), "again")
		return err == nil && leaderOf(t, all) == other
	})
}

// TestWordOfAReplica checks that what travels of a wrong clock comes back as it was, and that
// nothing else does.
func TestWordOfAReplica(t *testing.T) {
	r1, r2 := replicaOf(t, 1), replicaOf(t, 2)
	for _, err := range []error{
		&host.ApartError{Replica: r1, Ahead: -8 * time.Hour}, &host.ApartError{Replica: r1, Ahead: time.Hour, Other: r2}, &host.LeaderClockError{Replica: r2},
	} {
		if got := clockOf(clockValues(err)); got == nil || got.Error() != err.Error() {
			t.Errorf("got %v, want %v", got, err)
		}
	}
	for _, values := range [][]string{{}, {"r0"}, {"r1", "x", ""}, {"r1", "1h", "r"}, {"r1", "1h"}, {"r1", "1h", "", ""}} {
		if got := clockOf(values); got != nil {
			t.Errorf("%q: got %v, want nothing", values, got)
		}
	}
}
