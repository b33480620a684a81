package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestWentOnBesideTheNewest (B19-21): the keys of a county change, its directory is lost, and while
// its city is away a person has an old copy go on, with a key set of its own. The city, which
// endorsed the other one, shows it: the copy answers nobody from then on, says why, and no word has
// it go on.
func TestWentOnBesideTheNewest(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		for _, n := range []*Node{city, county} {
			offer(t, n)
		}
		old := county.backup()
		newKeys(t, tree, county, true)
		county.Stop()
		tree.Partition("nanming", "guiyang")
		county.machine.dir = old
		county.Start()
		time.Sleep(11 * time.Minute)
		if _, err := county.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "the disk is lost", Checked: true}); err != nil {
			t.Fatal(err)
		}
		if got := alarms(t, county); slices.Contains(got, string(text.KeysBeside)) {
			t.Errorf("nobody has shown it anything: %s", got)
		}
		tree.Heal("nanming", "guiyang")
		tree.Within(15*time.Minute, "the copy is told", func() bool {
			return slices.Contains(alarms(t, county), string(text.KeysBeside))
		})
		if _, err := ask(t, city, county); err == nil {
			t.Error("the copy answers")
		}
		for range 2 {
			_, err := county.Client("").ContinueLedger(t.Context(), client.Continuation{Reason: "the disk is lost", Checked: true})
			refusedAs(t, "a word for the copy", err, text.LostKeys, "")
			tree.Partition("nanming", "guiyang")
			county.Restart()
			if got := alarms(t, county); !slices.Contains(got, string(text.KeysBeside)) {
				t.Errorf("after a restart: %s", got)
			}
		}
	})
}
