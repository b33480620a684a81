package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/ground/text"
)

// TestAChildSawMore (C37b): a city is cut off from the province when it records what its county
// alone sees, and then put back to a day before that. The province has seen no more than it has, so
// it goes on with new keys at once. What the county saw is named as lost once both are linked, and
// stops nobody: whoever has the old keys could have signed it.
func TestAChildSawMore(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		for _, n := range []*Node{root, city, county} {
			offer(t, n)
		}
		tree.Within(15*time.Minute, "the city is witnessed", func() bool { return city.seenWhole() })
		old := city.backup()
		tree.Within(15*time.Minute, "and so again", func() bool { return city.seenWhole() })
		tree.Partition("guiyang", "guizhou")
		addAgencies(t, city, "forestry")
		tree.Within(15*time.Minute, "the county saw it", func() bool { return city.seenWhole() })
		saw, _ := county.Links()
		city.Kill()
		tree.Heal("guiyang", "guizhou")
		city.machine.dir = old
		if _, err := city.goOn(city.rekey(), nil); err != nil {
			t.Fatal(err)
		}
		city.Start()
		tree.WaitLinked("guiyang", "nanming")
		tree.Within(15*time.Minute, "what the county saw is named", func() bool { return len(city.Entries("epoch begun")) == 2 })
		for _, pair := range [][2]*Node{{county, city}, {root, city}, {city, root}} {
			tree.Within(time.Minute, pair[0].Name()+" asks "+pair[1].Name(), func() bool {
				_, err := ask(t, pair[0], pair[1])
				return err == nil
			})
		}
		city.Restart()
		tree.WaitLinked("guiyang", "nanming")
		for _, code := range []text.Code{text.CopyBehind, text.CopyForked, text.EpochUnsettled} {
			if got := alarms(t, city); slices.Contains(got, string(code)) {
				t.Errorf("the city is stopped: %s", got)
			}
		}
		tree.Within(15*time.Minute, "it is witnessed in its epoch", func() bool { return city.seenWhole() })
		if got := len(city.Entries("epoch begun")); got != 2 {
			t.Errorf("%d entries say what is lost, want 2; the county saw %d", got, saw.Kept)
		}
	})
}
