package group

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// setBack is three replicas, of which one, or two, are set back whole while another is away.
type setBack struct {
	*fetched
	first, second, third uint32 // first leads and has all; second is set back, third was away
	told                 map[uint32]*AheadError
	kept                 map[uint32]string // directories of before
}

func inSetBack(t *testing.T, compacts bool, f func(t *testing.T, c *setBack)) {
	inFetched(t, func(t *testing.T, x *fetched) {
		c := &setBack{fetched: x, told: map[uint32]*AheadError{}, kept: map[uint32]string{}}
		if !compacts {
			x.tune = nil
		}
		change := x.change
		x.change = func(n uint32, config *Config) {
			change(n, config)
			config.Ahead = func(e *AheadError) {
				if c.told[n] != nil {
					t.Errorf("replica %d is told twice", n)
				}
				c.told[n] = e
			}
		}
		c.up(1, 2, 3)
		leader := c.leader()
		others := c.others(leader)
		c.first, c.second, c.third = leader.number(), others[0].number(), others[1].number()
		c.put(leader, "before")
		c.same([]string{"before"})
		f(t, c)
	})
}

// keep copies the directory of a replica, which is stopped and started for it; putBack puts the
// copy in place of the directory of one that is stopped.
func (c *setBack) keep(n uint32) {
	c.Helper()
	c.down(n)
	c.kept[n] = c.TempDir()
	if err := os.CopyFS(c.kept[n], os.DirFS(c.dir(n))); err != nil {
		c.Fatal(err)
	}
}

func (c *setBack) putBack(n uint32) {
	c.Helper()
	for _, err := range []error{os.RemoveAll(c.dir(n)), os.CopyFS(c.dir(n), os.DirFS(c.kept[n]))} {
		if err != nil {
			c.Fatal(err)
		}
	}
}

// ends checks that the first replica follows nobody, and has what it had, while the others go on.
func (c *setBack) ends(want []string) {
	c.Helper()
	delete(c.told, c.first)
	c.back(c.first)
	for i := range 3 {
		time.Sleep(20 * time.Second)
		c.put(c.leader(c.second, c.third), fmt.Sprint("on", i))
	}
	first := c.nodes[c.first]
	if got := entries(c.T, first.store); !slices.Equal(got, want) {
		c.Errorf("the one that has all has %q, want %q", got, want)
	}
	if c.told[c.first] == nil || !errors.Is(first.ahead.error(), errAhead) {
		c.Errorf("it does not say that it is ahead\n%s", first.log.String())
	}
	if leader, known := first.Leader(); known {
		c.Errorf("it follows %s", leader)
	}
	if _, err := first.Propose(c.within(time.Second), command("more")); !errors.Is(err, ErrNotDone) {
		c.Errorf("it takes a command: %v", err)
	}
}

// TestWhatIsAppliedIsNeverTakenBack (C39): two replicas had acknowledged entries; one of them is
// set back whole while the other is away, and the third, which was away, comes back. Those two lead
// without what was acknowledged. The one that has it follows nobody, also after a restart, whether
// the others' logs still have the place or they want to fill it, and says so.
func TestWhatIsAppliedIsNeverTakenBack(t *testing.T) {
	for what, row := range map[string]struct {
		all     bool // both others are set back
		entries int  // of those that lead, before the one that has all is back
		compact bool // their logs begin later
	}{
		"one is set back": {entries: 1}, "both are": {all: true, entries: 1}, "and go further": {all: true, entries: 40},
		"nothing more is written": {}, "their logs begin later": {entries: 60, compact: true},
	} {
		t.Run(what, func(t *testing.T) {
			inSetBack(t, row.compact, func(t *testing.T, c *setBack) {
				c.keep(c.third)
				c.back(c.third)
				c.keep(c.second)
				c.back(c.second)
				if !row.all {
					c.down(c.third)
				}
				want := []string{"before"}
				for i := range 9 {
					want = append(want, fmt.Sprint("acknowledged", i))
					c.put(c.leader(), want[i+1])
				}
				for n := range c.nodes {
					c.nodes[n].store.Flush()
				}
				time.Sleep(time.Second)
				for _, n := range []uint32{c.first, c.second, c.third} {
					if c.nodes[n] != nil {
						c.down(n)
					}
				}
				c.putBack(c.second)
				if row.all {
					c.putBack(c.third)
				}
				c.back(c.second)
				c.back(c.third)
				for i := range row.entries {
					c.put(c.leader(), long("other", i))
				}
				time.Sleep(time.Second)
				c.ends(want)
				c.down(c.first)
				c.ends(want)
			})
		})
	}
}

// TestOneTermTwiceIsFound (C40): the replicas that were set back elect in a term that was one
// already. Index and term of the two histories are the same, and only what stands there tells them
// apart.
func TestOneTermTwiceIsFound(t *testing.T) {
	for _, entries := range []int{3, 20} { // fewer than the one that has all, and more
		t.Run(fmt.Sprint(entries), func(t *testing.T) { oneTermTwice(t, entries) })
	}
}

func oneTermTwice(t *testing.T, entries int) {
	for range 30 {
		var same bool
		inSetBack(t, false, func(t *testing.T, c *setBack) {
			c.down(c.first)
			c.keep(c.second)
			c.keep(c.third)
			c.back(c.first)
			c.back(c.second)
			c.back(c.third)
			c.first = c.leader().number()
			if c.kept[c.first] != "" {
				return // another was to lead
			}
			want := []string{"before"}
			for i := range 9 {
				want = append(want, fmt.Sprint("acknowledged", i))
				c.put(c.leader(), want[i+1])
			}
			time.Sleep(time.Second)
			term := c.nodes[c.first].raft.CurrentTerm()
			for n := range uint32(3) {
				c.down(n + 1)
			}
			c.putBack(c.second)
			c.putBack(c.third)
			c.back(c.second)
			c.back(c.third)
			if same = c.leader().raft.CurrentTerm() == term; !same {
				return
			}
			for i := range entries {
				c.put(c.leader(), long("other", i))
			}
			if entries > len(want) { // the next leader begins behind the end of the other log
				if err := c.leader().HandOver(c.within(time.Minute)); err != nil {
					t.Fatal(err)
				}
			}
			c.ends(want)
		})
		if same || t.Failed() {
			return
		}
	}
	t.Error("no term came twice")
}

// TestAnUncommittedEndIsTakenBack: what a leader alone stored, and nobody acknowledged, it takes
// back from whoever leads next, also after restarts: that is no other history.
func TestAnUncommittedEndIsTakenBack(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		t.Run(fmt.Sprint("restarts ", restarts), func(t *testing.T) {
			inSetBack(t, false, func(t *testing.T, c *setBack) {
				first := c.nodes[c.first]
				c.network.sever(replica(c.first), replica(c.second), replica(c.third))
				for i := range 5 {
					if _, err := first.Propose(c.within(50*time.Millisecond), command(fmt.Sprint("alone", i))); err == nil {
						t.Error("a command was acknowledged by one of three")
					}
				}
				last := first.LastIndex()
				if restarts {
					c.down(c.first)
					c.back(c.first)
				}
				want := []string{"before"}
				for i := range 9 {
					want = append(want, fmt.Sprint("more", i))
					c.put(c.leader(c.second, c.third), want[i+1])
				}
				if restarts {
					c.down(c.second)
					c.back(c.second)
				}
				c.network.heal()
				time.Sleep(20 * time.Second)
				c.same(want)
				if applied, _ := first.store.Applied(); last <= applied && !restarts && !strings.Contains(c.nodes[c.first].log.String(), "clearing log suffix") {
					t.Error("nothing was taken back")
				}
				if len(c.told) > 0 {
					t.Errorf("told: %v", c.told)
				}
			})
		})
	}
}

// TestNoEndIsCutOffThatIsApplied: raft's log itself refuses it, whoever asks.
func TestNoEndIsCutOffThatIsApplied(t *testing.T) {
	inSetBack(t, false, func(t *testing.T, c *setBack) {
		first := c.nodes[c.first]
		for i := range 9 {
			c.put(first, fmt.Sprint(i))
		}
		applied, _ := first.store.Applied()
		last, err := first.logs.LastIndex()
		if err != nil {
			t.Fatal(err)
		}
		if err := first.logs.DeleteRange(applied, last); !errors.Is(err, errAhead) {
			t.Errorf("cut off: %v", err)
		}
		var l raft.Log
		if err := first.logs.GetLog(applied, &l); err != nil || c.told[c.first] == nil {
			t.Errorf("it is gone: %v", err)
		}
		if err := first.failing.first(); err != nil {
			t.Errorf("the log takes nothing any more: %v", err)
		}
	})
}
