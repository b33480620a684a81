package nodetest

import (
	"testing"
	"time"

	"xietong/node"
	"xietong/node/ground/text"
)

// believedAlone waits until nobody who knew the county before doubts it: the province, two levels
// above, a county of another city, and the county itself, of both.
func believedAlone(t *testing.T, tree *Tree, county *Node, others ...*Node) {
	t.Helper()
	for _, other := range others {
		for what, way := range map[string][2]*Node{"asks": {other, county}, "is asked by": {county, other}} {
			tree.Within(10*time.Second, other.Name()+" "+what+" "+county.Name(), func() bool {
				_, err := ask(t, way[0], way[1])
				return err == nil
			})
		}
		if got := waitingAt(t, other); len(got) != 0 {
			t.Errorf("at %s there wait %+v", other.Name(), got)
		}
	}
	if got := unvouched(t, county); got != "" {
		t.Errorf("it is told that others wait until %s", got)
	}
}

// TestAloneWithPaperIsBelieved: a county that lost two of three machines goes on in its ledger with
// its paper. The recovery key is the one of before. So the province, and a county of another city,
// which knew the keys that are lost, must believe the new ones at once: with the paper in the same
// command, with the paper that is found later, and each time again.
func TestAloneWithPaperIsBelieved(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n  zunyi listen\n    meitan absent listen", func(t *testing.T, tree *Tree) {
		province, here, county := tree.Node("guizhou"), tree.Node("nanming"), tree.Node("meitan")
		var d drawer
		if _, err := county.JoinWith(county.Invite().Token, d.show, nil); err != nil {
			t.Fatal(err)
		}
		county.Start()
		tree.WaitLinked()
		for _, n := range []*Node{province, here, county} {
			offer(t, n)
		}
		two, three := county.Further(), county.Further()
		believedAlone(t, tree, county, province, here)
		for _, n := range []*Node{county, two, three} {
			n.Kill()
		}
		goesOn := func(epoch uint64, with *node.Paper) (token string) {
			t.Helper()
			token = county.rekey()
			made, err := county.goOn(token, with)
			if err != nil || made.Epoch != epoch || made.Recovered != (with != nil) {
				t.Fatalf("got %+v, %v, want epoch %d", made, err, epoch)
			}
			county.Start()
			tree.WaitLinked()
			return token
		}
		goesOn(2, d.paper(t))
		time.Sleep(10 * time.Second)
		believedAlone(t, tree, county, province, here)
		county.Kill()
		token := goesOn(3, nil)
		time.Sleep(11 * time.Minute)
		for _, other := range []*Node{province, here} {
			if _, err := ask(t, other, county); problem(err).Code != string(text.KeysChanged) {
				t.Errorf("without the paper %s asks, got %v, want %s", other.Name(), err, text.KeysChanged)
			}
		}
		four, replica := county.follower("")
		tree.Within(time.Minute, "the other one votes", func() bool {
			_, err := county.Client("").PromoteReplica(t.Context(), replica)
			return err == nil && county.votes(replica)
		})
		county.Stop()
		if _, err := county.JoinWith(token, nil, d.paper(t)); text.AsFailure(err).Code != text.JoinShared {
			t.Errorf("the paper of one of two: got %v, want %s", err, text.JoinShared)
		}
		county.Start()
		tree.WaitLinked()
		tree.Within(time.Minute, "the two lead", func() bool { return county.leads() || four.leads() })
		county.removed(replica)
		tree.Within(5*time.Minute, "it is alone again", func() bool {
			got, err := county.Client("").Replicas(t.Context())
			return err == nil && len(got.Replicas) == 1
		})
		four.Stop()
		brings(t, tree, county, token, d.paper(t))
		time.Sleep(10 * time.Second)
		believedAlone(t, tree, county, province, here)
		county.Kill()
		goesOn(4, d.paper(t))
		time.Sleep(10 * time.Second)
		believedAlone(t, tree, county, province, here)
	})
}
