package nodetest

import (
	"testing"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// loses has a node lose its machine and come back without its paper. It returns the token by which
// the paper may follow.
func loses(t *testing.T, tree *Tree, n *Node, d *drawer) (token string) {
	t.Helper()
	n.Stop()
	n.Lose()
	v, err := n.parent.Client("").Invite(t.Context(), client.NewInvitation{Name: n.place.called().DisplayName, Rekey: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.JoinWith(v.Token, d.show, nil); err != nil {
		t.Fatal(err)
	}
	n.Start()
	tree.WaitLinked(n.place.name.Label().String())
	return v.Token
}

// brings has a node bring its paper late, as its administrator does.
func brings(t *testing.T, tree *Tree, n *Node, token string, paper *node.Paper) {
	t.Helper()
	n.Stop()
	if result, err := n.JoinWith(token, nil, paper); err != nil || !result.Recovered {
		t.Fatalf("the paper: got %+v, %v", result, err)
	}
	n.Start()
	tree.WaitLinked(n.place.name.Label().String())
}

// unvouched returns until when keys status, status and tree tell that others do not believe a
// node's keys, for want of its paper; "": they tell nothing of it.
func unvouched(t *testing.T, n *Node) string {
	t.Helper()
	keys, err := n.Client("").Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	view, err := n.Client("").Tree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if here, there := keys.Check.Unvouched, view.Check.Unvouched; here != there {
		t.Errorf("keys status tells %q, and tree %q", here, there)
	}
	return keys.Check.Unvouched
}

// TestLatePaperIsBelievedSoonByWhoWaits: a county comes back without its paper, and those of
// another city wait. Once the paper is found, they believe the new keys within seconds, also where
// they had asked a moment before (S05t).
func TestLatePaperIsBelievedSoonByWhoWaits(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n  zunyi listen\n    meitan absent", func(t *testing.T, tree *Tree) {
		here, there := tree.Node("nanming"), tree.Node("meitan")
		var d drawer
		if _, err := there.JoinWith(there.Invite().Token, d.show, nil); err != nil {
			t.Fatal(err)
		}
		there.Start()
		tree.WaitLinked()
		offer(t, here)
		offer(t, there)
		if _, err := ask(t, here, there); err != nil {
			t.Fatal(err)
		}
		paper := d.paper(t)
		token := loses(t, tree, there, &d)
		offer(t, there)
		time.Sleep(11 * time.Minute)
		tree.WaitLinked()
		waits := func(from, at *Node) {
			t.Helper()
			if _, err := ask(t, from, at); problem(err).Code != string(text.KeysChanged) {
				t.Fatalf("%s asks %s, got %v, want %s", from.Name(), at.Name(), err, text.KeysChanged)
			}
		}
		if got := unvouched(t, there); got == "" {
			t.Error("it is not told there that others wait")
		}
		waits(here, there)
		waits(there, here)
		brings(t, tree, there, token, paper)
		time.Sleep(10 * time.Second)
		for _, way := range [][2]*Node{{here, there}, {there, here}} {
			if _, err := ask(t, way[0], way[1]); err != nil {
				t.Errorf("with the paper, %s asks %s: %v", way[0].Name(), way[1].Name(), err)
			}
		}
		if got := unvouched(t, there); got != "" {
			t.Errorf("with the paper, it is told there that others wait until %s", got)
		}
		if got := waitingAt(t, here); len(got) != 0 {
			t.Errorf("with the paper, there wait %+v", got)
		}
	})
}
