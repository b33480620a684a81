package group

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft"

	"xietong/consensus/state"
)

// opened opens the state of a folder for as long as the test runs, and returns the configuration of
// a group of it.
func (c *cluster) opened(n uint32) Config {
	c.Helper()
	store, err := state.Open(filepath.Join(c.dir(n), "state.db"), c.registry(), state.Options{})
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { store.Close() })
	config := c.nodes[1].config
	config.Dir, config.Replica, config.Store = c.dir(n), replica(n), store
	return config
}

// TestAdopt: a replica whose state was filled follows from its marker on, from wherever its making
// was cut short.
func TestAdopt(t *testing.T) {
	for what, spoil := range map[string]func(dir string) error{
		"at once": func(string) error { return nil },
		"the new log was begun": func(dir string) error {
			return errors.Join(os.Mkdir(filepath.Join(dir, newFolder), 0o700), os.WriteFile(filepath.Join(dir, newFolder, "x"), []byte("half"), 0o600))
		},
		"an empty folder": func(dir string) error { return os.Mkdir(filepath.Join(dir, walFolder), 0o700) },
		"a log in which nothing was written": func(dir string) error {
			logs, err := openLog(filepath.Join(dir, walFolder), Config{Logger: quiet}, newFailing(nil))
			if err == nil {
				err = logs.Close()
			}
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			inCluster(t, 1, func(t *testing.T, c *cluster) {
				c.up(1)
				first := c.leader()
				var want []string
				for i := range 20 {
					want = append(want, fmt.Sprint(i))
					c.put(first, want[i])
				}
				if err := first.Snapshot(); err != nil {
					t.Fatal(err)
				}
				copyState(t, c.dir(1), c.dir(2))
				config := c.opened(2)
				if what == "a log in which nothing was written" {
					if err := os.Mkdir(filepath.Join(c.dir(2), walFolder), 0o700); err != nil {
						t.Fatal(err)
					}
				}
				if err := spoil(c.dir(2)); err != nil {
					t.Fatal(err)
				}
				if err := Adopt(config); err != nil {
					t.Fatal(err)
				}
				if err := Adopt(config); !errors.Is(err, ErrBootstrapped) {
					t.Errorf("a second time: got %v, want ErrBootstrapped", err)
				}
				if err := config.Store.Close(); err != nil {
					t.Fatal(err)
				}
				want = append(want, "behind the marker")
				c.put(first, "behind the marker")
				c.up(2)
				if c.nodes[2].Removed() {
					t.Error("it was never a member, and is removed")
				}
				if err := first.Add(c.Context(), replica(2)); err != nil {
					t.Fatal(err)
				}
				c.same(want)
				begins, err := c.nodes[2].logs.FirstIndex()
				if marker, _, _ := c.nodes[2].store.Marker(); err != nil || begins != marker.Index+1 {
					t.Errorf("its log begins at %d, %v, the marker is of %d", begins, err, marker.Index)
				}
				c.agrees(first, c.nodes[2])
				c.down(2)
				c.up(2)
				c.agrees(first, c.nodes[2])
				c.put(first, "after its restart")
				c.same(append(want, "after its restart"))
			})
		})
	}
}

// agrees checks that a replica whose log begins behind its marker agrees with a leader that sends
// once more what follows the marker, because it heard no answer.
func (c *cluster) agrees(leader, filled *node) {
	c.Helper()
	marker, _, err := filled.store.Marker()
	if err != nil {
		c.Fatal(err)
	}
	again := raft.AppendEntriesRequest{
		RPCHeader: header(leader.config.Replica), Term: leader.raft.CurrentTerm(),
		PrevLogEntry: marker.Index, PrevLogTerm: marker.Term, LeaderCommitIndex: marker.Index,
	}
	id, address := names(filled.config.Replica)
	var answer raft.AppendEntriesResponse
	for range 10 { // streams of before a restart may be left
		if err = leader.transport.AppendEntries(id, address, &again, &answer); err == nil {
			break
		}
	}
	if err != nil || !answer.Success {
		c.Errorf("what follows the marker, once more: got %v, %v", answer.Success, err)
	}
}

// TestNobodyStoresTheMarker: what stands for the entry at the marker, of which only the term is
// known, is refused where it is sent.
func TestNobodyStoresTheMarker(t *testing.T) {
	inCluster(t, 1, func(t *testing.T, c *cluster) {
		c.up(1)
		first := c.leader()
		c.put(first, "0")
		c.fill(2, 1)
		c.up(2)
		filled := c.nodes[2]
		marker, _, err := filled.store.Marker()
		if err != nil {
			t.Fatal(err)
		}
		var l raft.Log
		if err := filled.logs.GetLog(marker.Index, &l); err != nil || l.Term != marker.Term || l.Index != marker.Index {
			t.Errorf("at the marker: got %+v, %v", l, err)
		}
		if err := first.logs.StoreLogs([]*raft.Log{&l}); err == nil {
			t.Error("it was stored")
		}
		if err := filled.logs.GetLog(marker.Index-1, &l); err != raft.ErrLogNotFound {
			t.Errorf("before the marker: got %v", err)
		}
	})
}

// TestAdoptRefuses: a state that is not one that was filled, or a replica that may have voted.
func TestAdoptRefuses(t *testing.T) {
	inCluster(t, 1, func(t *testing.T, c *cluster) {
		c.up(1)
		first := c.leader()
		c.put(first, "0")
		first.store.Flush()
		copyState(t, c.dir(1), c.dir(2))
		if err := Adopt(c.opened(2)); !errors.Is(err, ErrNoLog) {
			t.Errorf("no marker: got %v, want ErrNoLog", err)
		}
		if err := first.Snapshot(); err != nil {
			t.Fatal(err)
		}
		copyState(t, c.dir(1), c.dir(3))
		config := c.opened(3)
		config.Replica = replica(1)
		if err := Adopt(config); !errors.Is(err, ErrVoted) {
			t.Errorf("the source itself: got %v, want ErrVoted", err)
		}
		c.put(first, "1")
		first.store.Flush()
		copyState(t, c.dir(1), c.dir(4))
		if err := Adopt(c.opened(4)); !errors.Is(err, ErrLogGap) || !errors.Is(err, ErrLogMismatch) {
			t.Errorf("ahead of its marker: got %v, want ErrLogGap", err)
		}
		for n := uint32(2); n <= 4; n++ {
			if _, err := os.Stat(filepath.Join(c.dir(n), walFolder)); err == nil {
				t.Errorf("r%d was refused, and has a log", n)
			}
		}
	})
}

// TestBootstrapIsNotAdopt: a state with a marker has a log, or is filled.
func TestBootstrapIsNotAdopt(t *testing.T) {
	inCluster(t, 1, func(t *testing.T, c *cluster) {
		c.up(1)
		first := c.leader()
		c.put(first, "0")
		c.fill(2, 1)
		config := c.opened(2)
		if err := Bootstrap(config, replica(2)); !errors.Is(err, ErrBootstrapped) {
			t.Errorf("an adopted log: got %v, want ErrBootstrapped", err)
		}
		logs, err := openLog(filepath.Join(c.dir(2), walFolder), config, newFailing(nil))
		if err != nil {
			t.Fatal(err)
		}
		marker, _, markerErr := config.Store.Marker()
		if term, err := logs.GetUint64(termKey); err != nil || markerErr != nil || term != marker.Term {
			t.Errorf("its term is %d, %v, the marker's is %d", term, err, marker.Term)
		}
		if got := votersOf(raft.DecodeConfiguration(marker.Configuration)); len(got) != 1 {
			t.Errorf("the marker's voters are %v", got)
		}
		if err := logs.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
