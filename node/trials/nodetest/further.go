package nodetest

import (
	"net"
	"path/filepath"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// Further brings in one more replica of the place, on a machine of its own, and gives it a vote.
// The place must listen. The result is stopped when the tree is closed.
func (n *Node) Further() *Node {
	further, replica := n.follower("")
	n.tree.Within(time.Minute, n.Name()+" "+replica+" votes and signs", func() bool {
		_, err := n.Client("").PromoteReplica(n.tree.T.Context(), replica)
		return err == nil && n.votes(replica)
	})
	return further
}

// follower brings in one more replica, which gets no vote. The machine first says that it is
// reached at another address, unless that is "", and is refused.
func (n *Node) follower(wrong string) (*Node, string) {
	t := n.tree.T
	t.Helper()
	ctx := t.Context()
	invited, err := n.Client("").InviteReplica(ctx, client.NewReplica{})
	if err != nil {
		t.Fatalf("invite a replica of %s: %v", n.Name(), err)
	}
	number := len(n.tree.more) + 1
	m := &machine{
		name: n.Name() + " " + invited.Replica, tree: n.tree, dir: filepath.Join(t.TempDir(), "data"), ip: net.IP{198, 19, byte(number >> 8), byte(number)},
		latency: n.machine.latency, loss: n.machine.loss, dieAfter: -1,
	}
	m.alone.Store(n.machine.alone.Load())
	further := &Node{tree: n.tree, place: n.place, parent: n.parent, machine: m, clients: map[string]*client.Client{}}
	n.tree.more = append(n.tree.more, further)
	if wrong != "" {
		_, err := node.JoinReplica(ctx, m.dir, invited.Token, node.JoinOptions{Options: m.options(), Listen: wrong})
		if !failure.Is(err, text.ReplicaNotReached) {
			t.Errorf("join %s at %s: got %v", m.name, wrong, err)
		}
	}
	n.tree.Within(time.Minute, m.name+" joins", func() bool { // after a failure the same command is repeated
		_, err := node.JoinReplica(ctx, m.dir, invited.Token, node.JoinOptions{Options: m.options(), Listen: m.address().String()})
		if err != nil {
			t.Logf("join %s: %v", m.name, err)
		}
		return err == nil
	})
	further.Start()
	return further, invited.Replica
}

// votes reports whether a replica has a vote, and signs.
func (n *Node) votes(replica string) bool {
	all, err := n.Client("").Replicas(n.tree.T.Context())
	for _, r := range all.Replicas {
		if err == nil && r.Replica == replica {
			return r.Signs && (r.Role == client.ReplicaVoter || r.Role == client.ReplicaLeader)
		}
	}
	return false
}

// leads reports whether the node runs and its replica leads.
func (n *Node) leads() bool {
	n.machine.mu.Lock()
	running := n.machine.node != nil
	n.machine.mu.Unlock()
	if !running {
		return false
	}
	status, err := n.Client("").Status(n.tree.T.Context())
	return err == nil && len(status.Jurisdictions) > 0 && status.Jurisdictions[0].Leader
}

// leaderOf returns the one of the replicas that leads, once one does.
func (t *Tree) leaderOf(replicas ...*Node) (leader *Node) {
	t.T.Helper()
	t.Within(time.Minute, "one leads", func() bool {
		for _, n := range replicas {
			if n.leads() {
				leader = n
				return true
			}
		}
		return false
	})
	return leader
}
