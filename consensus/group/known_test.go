package group

import (
	"fmt"
	"testing"

	"github.com/hashicorp/raft"
)

// TestWhatTheMarkerCovers: of what a leader appends a replica takes what lies behind its marker,
// and the leader hears that the rest is here, whatever the log has of it. Nothing counts as
// committed by it that the message does not have.
func TestWhatTheMarkerCovers(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2, 3)
		leader := c.leader()
		follower := c.others(leader)[0]
		for i := range 10 {
			c.put(leader, fmt.Sprint("before ", i))
		}
		reach(t, follower, leader)
		if err := follower.Snapshot(); err != nil {
			t.Fatal(err)
		}
		m, ok, err := follower.store.Marker()
		if err != nil || !ok || m.Index < 5 {
			t.Fatalf("got %+v, %t, %v", m, ok, err)
		}
		c.put(leader, "behind")
		reach(t, follower, leader)
		from := func(prev uint64, n int) *raft.AppendEntriesRequest {
			r := &raft.AppendEntriesRequest{
				RPCHeader: header(leader.config.Replica), Term: leader.raft.CurrentTerm(),
				PrevLogEntry: prev, PrevLogTerm: 77, LeaderCommitIndex: 1 << 40,
			}
			for i := range n {
				r.Entries = append(r.Entries, &raft.Log{Index: prev + 1 + uint64(i), Term: m.Term})
			}
			return r
		}
		for _, row := range []struct {
			what             string
			prev             uint64
			entries, left    int
			wantPrev, commit uint64
		}{
			{"all before it", 1, 2, 0, m.Index, m.Index},
			{"from the beginning", 0, 3, 0, m.Index, m.Index},
			{"up to it", m.Index - 2, 2, 0, m.Index, m.Index},
			{"beyond it", m.Index - 2, 4, 2, m.Index, m.Index + 2},
			{"nothing, from before it", m.Index - 1, 0, 0, m.Index, m.Index},
			{"behind it", m.Index, 2, 2, m.Index, 1 << 40},
			{"a heartbeat", 0, 0, 0, 0, 1 << 40},
		} {
			r := from(row.prev, row.entries)
			follower.transport.skipKnown(r)
			if len(r.Entries) != row.left || r.PrevLogEntry != row.wantPrev || r.LeaderCommitIndex != row.commit {
				t.Errorf("%s: %d entries after %d, committed up to %d", row.what, len(r.Entries), r.PrevLogEntry, r.LeaderCommitIndex)
			}
		}
		id, to := names(follower.config.Replica)
		answer := new(raft.AppendEntriesResponse)
		if err := leader.transport.AppendEntries(id, to, from(2, 2), answer); err != nil || !answer.Success {
			t.Errorf("got %+v, %v", answer, err)
		}
		c.put(leader, "after")
		reach(t, follower, leader)
	})
}

func reach(t *testing.T, follower, leader *node) {
	t.Helper()
	index, err := leader.ReadIndex(t.Context())
	if err == nil {
		err = follower.Reached(t.Context(), index)
	}
	if err != nil {
		t.Fatal(err)
	}
}
