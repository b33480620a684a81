package group

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"xietong/consensus/state"
)

// force makes replica n, which does not run, alone by force, as configured when it ran.
func (c *cluster) force(n uint32, of Config, change func(*Config)) error {
	c.Helper()
	store, err := state.Open(filepath.Join(c.dir(n), "state.db"), c.registry(), state.Options{})
	if err != nil {
		c.Fatal(err)
	}
	of.Store, of.Fatal = store, func(error) {}
	change(&of)
	err = MakeAlone(of)
	return errors.Join(err, store.Close())
}

// TestTheOneThatIsLeftGoesOn: two of three replicas are gone. The one that is left is made alone,
// also again and after a failure at each step; it leads at once, and has all that was acknowledged.
// One that was gone comes back, and disturbs it with nothing.
func TestTheOneThatIsLeftGoesOn(t *testing.T) {
	for _, snapshot := range []bool{false, true} {
		t.Run(fmt.Sprint("snapshot ", snapshot), func(t *testing.T) {
			inCluster(t, 3, func(t *testing.T, c *cluster) {
				c.up(1, 2, 3)
				leader := c.leader()
				var acked []string
				for i := range 20 {
					acked = append(acked, fmt.Sprint(i))
					c.put(leader, acked[i])
				}
				c.same(acked)
				left := c.others(leader)[0]
				if snapshot {
					if err := left.Snapshot(); err != nil {
						t.Fatal(err)
					}
				}
				n, config := left.number(), left.config
				for r := uint32(1); r <= 3; r++ {
					c.down(r)
				}
				for fails := range 2 {
					broken := errors.New("planted")
					err := c.force(n, config, func(config *Config) {
						config.onDisk = func(l logStore) logStore { return &failingAt{logStore: l, left: fails, err: broken} }
					})
					if !errors.Is(err, broken) {
						t.Fatalf("write %d failed: got %v", fails+1, err)
					}
				}
				for range 2 {
					if err := c.force(n, config, func(*Config) {}); err != nil {
						t.Fatal(err)
					}
				}
				c.up(n)
				alone := c.leader(n)
				if !alone.Alone() || alone.show() != left.config.Replica.String() {
					t.Errorf("it knows %s", alone.show())
				}
				c.put(alone, "more")
				c.same(append(acked, "more"))
				c.up(leader.number())
				time.Sleep(20 * time.Second)
				if !alone.Leads() || !alone.Alone() {
					t.Error("the one that came back disturbed it")
				}
				c.put(alone, "last")
				if got := len(entries(t, alone.store)); got != len(acked)+2 {
					t.Errorf("it has %d entries, want %d", got, len(acked)+2)
				}
			})
		})
	}
}

// failingAt is a log of which one write fails, and those after it.
type failingAt struct {
	logStore
	left int
	err  error
}

func (f *failingAt) fail() error {
	if f.left--; f.left < 0 {
		return f.err
	}
	return nil
}

func (f *failingAt) StoreLogs(logs []*raft.Log) error {
	if err := f.fail(); err != nil {
		return err
	}
	return f.logStore.StoreLogs(logs)
}

func (f *failingAt) SetUint64(key []byte, v uint64) error {
	if err := f.fail(); err != nil {
		return err
	}
	return f.logStore.SetUint64(key, v)
}
