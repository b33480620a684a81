package nodetest

import (
	"testing"
	"time"

	"xietong/node/ground/text"
)

// TestParentAndChildAreSetBackWhole (C46): one host carries a city and its county, and both are set
// back whole. The city saw no more of the county than there is, as it was set back itself: the
// province has the heads of what is lost, and is asked before the county answers what was revoked,
// whichever of the two starts first. The city itself asks while the province is away, too.
func TestParentAndChildAreSetBackWhole(t *testing.T) {
	for _, c := range []struct {
		name        string
		childFirst  bool
		parentFirst bool
		away        bool // the province is, for some minutes
	}{{name: "child first", childFirst: true}, {name: "parent first", parentFirst: true}, {name: "together"}, {name: "level above away", away: true}} {
		t.Run(c.name, func(t *testing.T) {
			Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
				root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
				for _, n := range []*Node{root, city, county} {
					offer(t, n)
				}
				from := root
				if c.away {
					from = city
				}
				if _, err := ask(t, from, county); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Minute)
				oldCounty, oldCity := county.backup(), city.backup()
				revoked(t, tree, county, from)
				time.Sleep(5 * time.Minute) // the heads have gone up
				before := len(recorded(county, "access"))
				county.Kill()
				city.Kill()
				setBack(t, oldCounty, county.machine.dir)
				setBack(t, oldCity, city.machine.dir)
				if c.away {
					tree.Partition("guizhou", "guiyang")
				}
				if c.parentFirst {
					city.Start()
					time.Sleep(8 * time.Second)
				}
				county.Start()
				if c.childFirst {
					time.Sleep(8 * time.Second)
				}
				if !c.parentFirst {
					city.Start()
				}
				if c.away {
					for range 40 {
						if _, err := ask(t, from, county); err == nil {
							t.Fatal("a revoked grant is answered while the level above is away")
						}
						time.Sleep(10 * time.Second)
					}
					tree.Heal("guizhou", "guiyang")
				}
				unansweredUntil(t, from, county, text.CopyBehind)
				if got := len(recorded(county, "access")); got > before {
					t.Errorf("%d uses were recorded under names of lost entries", got-before)
				}
			})
		})
	}
}
