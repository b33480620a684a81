package nodetest

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/config"
	"xietong/node/ground/text"
)

// move has the machine of a node, which does not run, be reached elsewhere.
func (n *Node) move(to net.IP) {
	n.tree.T.Helper()
	m := n.machine
	before := m.address().String()
	m.ip = to
	file := filepath.Join(m.dir, config.FileName)
	data, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(file, []byte(strings.ReplaceAll(string(data), before, m.address().String())), 0o600)
	}
	if err != nil || !strings.Contains(string(data), before) {
		n.tree.T.Fatalf("move %s: %v, %s", n.Name(), err, data)
	}
}

// replica returns what a node tells of a replica.
func (n *Node) replica(name string) (r client.Replica, s client.Strength) {
	all, err := n.Client("").Replicas(n.tree.T.Context())
	if err != nil {
		return r, s
	}
	for _, each := range all.Replicas {
		if each.Replica == name {
			r = each
		}
	}
	return r, all.Strength
}

// TestAReplicaMoves (NW8, NW15): a machine that gave an address at which the others do not reach
// it does not join, and is told so; with the right one it does. Later it starts at another address,
// is dialled there within seconds, and follows: nobody is elected for that. Until then it does not
// count.
func TestAReplicaMoves(t *testing.T) {
	Run(t, "guizhou", func(t *testing.T, tree *Tree) {
		first := tree.Node("guizhou")
		first.Further()
		third, name := first.follower("198.19.99.99:7400")
		tree.Within(time.Minute, "it votes", func() bool {
			_, err := first.Client("").PromoteReplica(t.Context(), name)
			return err == nil && first.votes(name)
		})
		if r, s := first.replica("r3"); !r.Follows || s.There != 3 || s.Spare != 1 {
			t.Errorf("all three: got %+v, %+v", r, s)
		}
		leader := tree.leaderOf(first).Name()
		third.Stop()
		third.move(net.IP{198, 19, 77, 77})
		third.Start()
		began := time.Now()
		tree.Within(20*time.Second, "it follows at its new address", func() bool {
			r, s := first.replica("r3")
			return r.Follows && s.There == 3 && len(r.Addresses) == 1 && r.Addresses[0] == "198.19.77.77:7400"
		})
		t.Logf("after %s", time.Since(began))
		if !first.leads() {
			t.Errorf("%s led, and does no more", leader)
		}
		if r, _ := third.replica("r3"); !r.Follows || !r.Here {
			t.Errorf("by itself: got %+v", r)
		}
	})
}

// TestAReplicaWithoutAVote (NW6, NW7): whoever asks a replica that only follows is told so, and
// where to go; that no neighbour takes its identity is no fault.
func TestAReplicaWithoutAVote(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen", func(t *testing.T, tree *Tree) {
		first := tree.Node("guiyang")
		follower, name := first.follower("")
		tree.Within(time.Minute, "it follows", func() bool { r, _ := first.replica(name); return r.Follows })
		_, err := follower.Client("").AddAgency(t.Context(), client.NewAgency{Code: "water", Title: "水务局"})
		if p := problem(err); p.Code != string(text.ReplicaNoVote) {
			t.Errorf("an agency at %s: got %v, want %s", name, err, text.ReplicaNoVote)
		}
		view, err := follower.Client("").Tree(t.Context())
		if err != nil || view.Parent == nil || view.Parent.Why != "no-vote" || view.Parent.Alarm != "" {
			t.Errorf("the parent: got %+v, %v; want why no-vote", view.Parent, err)
		}
	})
}
