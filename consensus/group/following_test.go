package group

import (
	"testing"
	"time"
)

// TestWhoTakesInTheLog: a replica follows while its log grows or has everything. One that answers
// and stores nothing does not, nor one that is away; and who does not lead tells of itself alone.
func TestWhoTakesInTheLog(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		first := c.leader()
		c.put(first, "0")
		time.Sleep(time.Second)
		took := func() (all []time.Duration) {
			f := first.Following()
			if !f.Leads || f.Since.IsZero() || len(f.Takes) != 2 {
				t.Fatalf("the leader knows %+v", f)
			}
			for _, each := range f.Takes {
				all = append(all, time.Since(each.Took))
			}
			return all
		}
		for i, ago := range took() {
			if ago > time.Second {
				t.Errorf("the other %d, which is idle and has everything, took something %s ago", i, ago)
			}
		}
		for _, other := range c.others(first) {
			if f := other.Following(); f.Leads || time.Since(f.Since) > time.Second || f.Last != first.Following().Last || f.Takes != nil {
				t.Errorf("another one knows %+v", f)
			}
		}
		away := c.others(first)[1]
		c.network.sever(first.config.Replica, away.config.Replica)
		c.put(first, "1")
		time.Sleep(10 * time.Second)
		for i, each := range first.Following().Takes {
			is, ago := each.Replica == away.config.Replica, time.Since(each.Took)
			if is != (ago > 5*time.Second) || is != (each.Last < first.Following().Last) {
				t.Errorf("the other %d, away %t, is at %d and took something %s ago", i, is, each.Last, ago)
			}
		}
	})
}

// TestWhoStoresNothingDoesNotFollow: it answers each heartbeat all the same.
func TestWhoStoresNothingDoesNotFollow(t *testing.T) {
	inCluster(t, 1, func(t *testing.T, c *cluster) {
		c.change = func(n uint32, config *Config) {
			if n == 2 {
				config.onDisk = func(l logStore) logStore { return refuses{l} }
			}
		}
		c.up(1)
		first := c.leader()
		c.put(first, "0")
		c.join(2, first)
		c.put(first, "1")
		time.Sleep(10 * time.Second)
		f := first.Following()
		if len(f.Takes) != 1 || f.Takes[0].Last >= f.Last || time.Since(f.Takes[0].Took) < 5*time.Second {
			t.Errorf("got %+v at %s", f, time.Now())
		}
	})
}
