package nodetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// remove takes a replica out, as its plan says.
func (n *Node) removed(replica string) (done client.ReplicaChanged) {
	t := n.tree.T
	t.Helper()
	plan, err := n.Client("").ReplicaRemovalPlan(t.Context(), replica)
	if err == nil {
		done, err = n.Client("").RemoveReplica(t.Context(), replica, client.ReplicaRemoval{Plan: plan.Hash})
	}
	if err != nil {
		t.Fatalf("remove %s: %v", replica, err)
	}
	return done
}

// isRemoved reports whether a node says of itself that it was removed, and nothing of a leader.
func (n *Node) isRemoved() bool {
	s, err := n.Client("").Status(n.tree.T.Context())
	if err != nil {
		return false
	}
	alarms := s.Jurisdictions[0].Alarms
	has := func(code text.Code) bool {
		return slices.ContainsFunc(alarms, func(a client.Trouble) bool { return a.Code == string(code) })
	}
	return has(text.ReplicaWasRemoved) && !has(text.NoLeader)
}

// TestARemovedReplicaIsTold (NW9): a replica that was away when it was removed, and comes back with
// its old directory, is told so by whichever remains, whether it had a vote or not; its status, its
// list and its commands say so at once. One that is merely cut off is not told so.
func TestARemovedReplicaIsTold(t *testing.T) {
	Run(t, "guizhou", func(t *testing.T, tree *Tree) {
		first := tree.Node("guizhou")
		second, third := first.Further(), first.Further()
		fourth, name := first.follower("")
		third.Kill()
		fourth.Kill()
		first.removed("r3")
		first.removed(name)
		for _, gone := range []*Node{third, fourth} {
			gone.Start()
			tree.Within(20*time.Second, "it knows", gone.isRemoved)
			began := time.Now()
			_, err := gone.Client("").Replicas(t.Context())
			if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != string(text.ReplicaWasRemoved) {
				t.Errorf("list: got %v", err)
			}
			_, err = gone.Client("").AddAgency(t.Context(), client.NewAgency{Code: "data-bureau", Title: "数据局"})
			if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != string(text.ReplicaWasRemoved) || time.Since(began) > time.Second {
				t.Errorf("a command: got %v after %s", err, time.Since(began))
			}
			gone.Stop()
		}
		second.Kill()
		time.Sleep(10 * time.Second)
		if first.isRemoved() {
			t.Error("one that is left alone says that it was removed")
		}
		second.Start()
		tree.Within(time.Minute, "both follow", func() bool { _, s := first.replica("r2"); return s.There == 2 })
		first.removed("r2") // it hears that itself, or is told at the door: nobody else is left
		tree.Within(20*time.Second, "the last but one knows", second.isRemoved)
	})
}

// TestARemovalThatIsRecorded (NW16, NW22): a change soon after another one waits for the parent to
// endorse the key set of the first. While that is away the second is told as recorded, with what it
// waits for, and the replica stays in the list as being removed and counts. With the parent there
// both are done at once.
func TestARemovalThatIsRecorded(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds of work")
	}
	Run(t, "guizhou\n  guiyang\n    nanming", func(t *testing.T, tree *Tree) {
		parent, first := tree.Node("guizhou"), tree.Node("guiyang.guizhou")
		for range 3 {
			first.Further()
		}
		if done := first.removed("r4"); !done.Settled {
			t.Errorf("with the parent there: got %+v", done)
		}
		parent.Kill()
		waits := 0 // of r2 and r3, whichever is out first
		for _, replica := range []string{"r3", "r2"} {
			switch done := first.removed(replica); {
			case done.Settled:
			case done.Waits != client.WaitsParent:
				t.Errorf("while the parent is away: got %+v", done)
			default:
				waits++
			}
		}
		list, err := first.Client("").Replicas(t.Context())
		removing := 0
		for _, r := range list.Replicas {
			if r.Role == client.ReplicaRemoving && r.Follows {
				removing++
			}
		}
		if err != nil || waits == 0 || removing == 0 || list.Voters != removing+1 || list.There != list.Voters {
			t.Errorf("recorded: got %+v, %v", list, err)
		}
		parent.Start()
		tree.Within(2*time.Minute, "both are out", func() bool {
			list, err := first.Client("").Replicas(t.Context())
			return err == nil && len(list.Replicas) == 1 && list.Voters == 1
		})
		first.Further()
		_, name := first.follower("")
		tree.Within(time.Minute, "it follows", func() bool { r, _ := first.replica(name); return r.Follows })
		if done := first.removed("r5"); !done.Settled {
			t.Errorf("at the end: got %+v", done)
		}
		began := time.Now()
		done, err := first.Client("").PromoteReplica(t.Context(), name)
		if err != nil || !done.Settled || time.Since(began) > 10*time.Second {
			t.Errorf("promoted soon after a removal: %+v, %v, after %s", done, err, time.Since(began))
		}
	})
}
