package nodetest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestInvitedTwice (U-B23): who invites twice is told which invitation is void by that; who joins
// with the void one is told so before any key is made. One that ended by itself is not told.
func TestInvitedTwice(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n  bijie absent", func(t *testing.T, tree *Tree) {
		n := tree.Node("bijie")
		first := n.Invite()
		second, err := n.parent.Client("").Invite(t.Context(), client.NewInvitation{Name: "毕节市", Hours: 1})
		if err != nil {
			t.Fatal(err)
		}
		if first.Replaced != "" || second.Replaced != first.Entry {
			t.Errorf("the second replaces %q, and the first %q; want %q and none", second.Replaced, first.Replaced, first.Entry)
		}
		shown := false
		_, err = n.JoinWith(first.Token, func(string, *node.Paper) error { shown = true; return nil }, nil)
		if text.AsFailure(err).Code != text.InvitationUnknown || shown {
			t.Errorf("the void one: got %v, with a paper shown: %t", err, shown)
		}
		if _, err := os.Stat(filepath.Join(n.machine.dir, "j")); !os.IsNotExist(err) {
			t.Errorf("keys were made: %v", err)
		}
		time.Sleep(time.Hour)
		third := n.Invite()
		if third.Replaced != "" {
			t.Errorf("one that had ended is told as replaced: %q", third.Replaced)
		}
		joins(t, tree, "bijie", third.Token)
	})
}

// TestRootsFingerprint (B17-14) changes the keys of the root before a child joins, and again after:
// what the two sides compare by telephone is what each node's tree tells, on every day.
func TestRootsFingerprint(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming absent\n  bijie absent", func(t *testing.T, tree *Tree) {
		root := tree.Node("guizhou")
		view, err := root.Client("").Tree(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := view.Fingerprint
		for _, name := range []string{"bijie", "nanming"} {
			time.Sleep(2 * time.Hour)
			newKeys(t, tree, root, true)
			tree.WaitLinked("guizhou", "guiyang")
			invited := tree.Node(name).Invite()
			if invited.Fingerprint != want {
				t.Errorf("the invitation of %s has the fingerprint %s, want %s", name, invited.Fingerprint, want)
			}
			joined, err := tree.Node(name).Join(invited.Token)
			if err != nil || joined.Fingerprint != want {
				t.Fatalf("%s joins: got the fingerprint %s, %v; want %s", name, joined.Fingerprint, err, want)
			}
			tree.Node(name).Start()
		}
		for _, name := range []string{"guizhou", "guiyang", "nanming", "bijie"} {
			if view, err := tree.Node(name).Client("").Tree(t.Context()); err != nil || view.Fingerprint != want {
				t.Errorf("the tree of %s: got the fingerprint %s, %v; want %s", name, view.Fingerprint, err, want)
			}
		}
	})
}
