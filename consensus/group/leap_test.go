package group

import (
	"math"
	"testing"

	"github.com/hashicorp/raft"
)

// TestTermsDoNotLeap: a message whose term is far ahead is refused, of every kind, also by one that
// opens just now: after the last term there is no election any more.
func TestTermsDoNotLeap(t *testing.T) {
	inCluster(t, 3, func(t *testing.T, c *cluster) {
		c.up(1, 2)
		leader := c.leader()
		c.put(leader, "one")
		liar := c.stranger(3) // a voter of three, in bad hands
		defer liar.Close()
		before := leader.raft.CurrentTerm()
		for _, term := range []uint64{math.MaxUint64, before + maxLeap + 1} {
			for _, n := range c.nodes {
				id, to := names(n.config.Replica)
				h := header(replica(3))
				for what, err := range map[string]error{
					"entries":    liar.AppendEntries(id, to, &raft.AppendEntriesRequest{RPCHeader: h, Term: term}, new(raft.AppendEntriesResponse)),
					"a vote":     liar.RequestVote(id, to, &raft.RequestVoteRequest{RPCHeader: h, Term: term, LeadershipTransfer: true}, new(raft.RequestVoteResponse)),
					"a pre-vote": liar.RequestPreVote(id, to, &raft.RequestPreVoteRequest{RPCHeader: h, Term: term}, new(raft.RequestPreVoteResponse)),
				} {
					if err == nil {
						t.Errorf("%s of term %d: taken by %s", what, term, id)
					}
				}
				if got := n.raft.CurrentTerm(); got > before+1 {
					t.Errorf("%s is in term %d, after %d", id, got, before)
				}
			}
		}
		c.put(c.leader(), "two")
	})
}
