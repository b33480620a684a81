package group

import (
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"xietong/consensus/state"
)

var quiet = slog.New(slog.DiscardHandler)

// TestALeaderWithAFullDiskHandsOver: it refuses commands, as ever, and makes another lead, at most
// once a minute.
func TestALeaderWithAFullDiskHandsOver(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		old := c.leader()
		c.put(old, "0")
		time.Sleep(time.Second)
		old.config.MinFree = 1 << 62
		began := time.Now()
		if _, err := old.Propose(c.Context(), command("1")); !errors.Is(err, ErrDiskFull) || !errors.Is(err, ErrNotDone) {
			t.Errorf("got %v, want ErrDiskFull", err)
		}
		time.Sleep(time.Second)
		next := c.leader()
		if next == old {
			t.Fatal("the leader did not hand over")
		}
		c.put(next, "1")
		if err := next.raft.LeadershipTransferToServer(old.self(), "r"+"0").Error(); err == nil {
			t.Error("leadership was handed to an address that nobody has")
		}
		id, address := names(old.config.Replica)
		if err := next.raft.LeadershipTransferToServer(id, address).Error(); err != nil {
			t.Fatal(err)
		}
		for c.leader() == old && time.Since(began) < 2*time.Minute {
			_, _ = old.Propose(c.Context(), command("2"))
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took < handOverEvery || took > handOverEvery+5*time.Second {
			t.Errorf("it handed over again after %v, want %v", took, handOverEvery)
		}
		c.down(old.number())
		if !strings.Contains(old.log.String(), "another replica leads now") {
			t.Error("nothing was logged")
		}
	})
}

// TestALeaderWhoseLogFailedLeadsNoMore: from the first write that failed on it neither leads nor
// asks to, also if it writes nothing, and the others go on.
func TestALeaderWhoseLogFailedLeadsNoMore(t *testing.T) {
	for what, fails := range map[string]func(n *node){
		"a write": func(n *node) { _, _ = n.Propose(n.life, command("lost")) },
		"what is no write of an entry": func(n *node) {
			_ = n.failing.note(errors.New("the next file cannot begin"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			inCluster(t, 3, func(t *testing.T, c *cluster) {
				var armed [4]atomic.Bool
				var told atomic.Int64
				c.change = func(n uint32, config *Config) {
					config.Fatal = func(error) { told.Add(1) }
					config.onDisk = func(l logStore) logStore {
						return full{l, &armed[n], new(atomic.Int64), func(int64) bool { return true }}
					}
				}
				c.up(1, 2, 3)
				old := c.leader()
				c.put(old, "0")
				armed[old.number()].Store(true)
				fails(old)
				time.Sleep(10 * time.Millisecond)
				if old.Leads() || told.Load() != 1 {
					t.Errorf("it leads: %v; Fatal was called %d times", old.Leads(), told.Load())
				}
				time.Sleep(5 * time.Second)
				next := c.leader()
				if next == old {
					t.Fatal("it leads again")
				}
				term := next.raft.CurrentTerm()
				c.network.sever(old.config.Replica, replica(1), replica(2), replica(3))
				time.Sleep(10 * time.Second) // it hears no leader, and would campaign
				c.network.heal()
				time.Sleep(5 * time.Second)
				if got := next.raft.CurrentTerm(); got != term || !next.Leads() {
					t.Errorf("the new leader was in term %d and is in %d", term, got)
				}
				if err := old.WaitLeader(c.Context()); !errors.Is(err, state.ErrFailed) {
					t.Errorf("a wait at it: got %v, want ErrFailed", err)
				}
				c.put(next, "after")
				c.down(next.number())
				other, elected := c.others(old)[0], false
				for range 10_000 { // of the two that are left only the other may be elected
					time.Sleep(time.Millisecond)
					elected = elected || other.raft.State() == raft.Leader
					if old.raft.State() == raft.Leader {
						t.Fatal("it leads again")
					}
				}
				if !elected {
					t.Error("the other is not elected")
				}
			})
		})
	}
}
