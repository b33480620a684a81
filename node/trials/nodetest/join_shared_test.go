package nodetest

import (
	"testing"

	"xietong/consensus/state"
	"xietong/node"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// TestJoinOfSeveral (B21-4, N21-35): whoever uses an invitation in the directory of one replica of
// several, with a vote or without, and says no --alone, is told that this is what it is, before the
// parent hears of it, with the words of the recovery key or without. One that was begun anew is
// told to go on with that. Nothing is changed by any of it.
func TestJoinOfSeveral(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n", func(t *testing.T, tree *Tree) {
		city := tree.Node("guiyang")
		two := city.Further()
		follower, _ := city.follower("")
		token := city.rekey()
		refused := func(n *Node, want text.Code) {
			t.Helper()
			_, err := node.Join(t.Context(), n.machine.dir, token, node.JoinOptions{
				Options: n.machine.options(), Listen: n.listen(), Told: func(s node.JoinStep) { t.Errorf("step %s was made", s.Name) },
			})
			if f := text.AsFailure(err); f.Code != want {
				t.Errorf("%s: got %v, want %s", n.machine.name, err, want)
			}
			if err := node.Joinable(n.machine.dir, token); text.AsFailure(err).Code != want {
				t.Errorf("%s: joinable: got %v, want %s", n.machine.name, err, want)
			}
		}
		all := []*Node{city, two, follower}
		for _, n := range all {
			n.Stop()
		}
		for _, n := range all {
			refused(n, text.JoinShared)
		}
		mine := func(*state.Reader, bool) (*host.Anew, error) {
			return &host.Anew{Now: two.machine.now(), Epoch: 9, Parent: tree.Node("guizhou").place.name, Reason: "mine"}, nil
		}
		if _, err := host.BeginAnew(host.Folder(two.machine.dir, city.place.name), city.place.name, state.NewRegistry(), mine); err != nil {
			t.Fatal(err)
		}
		refused(two, text.KeysUnendorsed)
		if _, err := city.goOn(token, nil); err != nil {
			t.Errorf("alone: %v", err)
		}
	})
}
