package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestALostChainGoesOn (C33): a city went on with new keys, and is put back to a day before that.
// The folder has neither the keys nor the chain that signed what the parent saw last: the parent
// hands the chain, and its endorsement of it. The city goes on again, in a third epoch, and all
// that was seen of the second is named as lost.
func TestALostChainGoesOn(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n", func(t *testing.T, tree *Tree) {
		root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		for _, n := range []*Node{root, city, county} {
			offer(t, n)
		}
		tree.Within(15*time.Minute, "the city is witnessed", func() bool { return city.seenWhole() })
		old := city.backup()
		city.Stop()
		city.goneOn("guiyang")
		if _, err := city.Client("").AddAgency(t.Context(), client.NewAgency{Code: "forestry", Title: "林业局"}); err != nil {
			t.Fatal(err)
		}
		tree.Within(30*time.Minute, "it is witnessed in its epoch", func() bool { return city.seenWhole() })
		city.Stop()
		city.machine.dir = old
		made, err := city.goOn(city.rekey(), nil)
		if err != nil || made.Epoch != 3 {
			t.Fatalf("got %+v, %v, want epoch 3", made, err)
		}
		city.Start()
		tree.WaitLinked("guiyang")
		word := client.Continuation{Reason: "we looked through it", Checked: true}
		tree.Within(15*time.Minute, "it is settled", func() bool {
			_, _ = city.Client("").ContinueLedger(t.Context(), word)
			return !slices.Contains(alarms(t, city), string(text.EpochUnsettled))
		})
		begun := city.Entries("epoch begun")
		if len(begun) != 1 {
			t.Fatalf("epochs begun are %+v, want one", begun)
		}
		tree.Within(15*time.Minute, "it is witnessed in the third epoch", func() bool { return city.seenWhole() })
		for _, pair := range [][2]*Node{{county, city}, {root, city}, {city, root}} {
			tree.Within(15*time.Minute, pair[0].Name()+" asks "+pair[1].Name(), func() bool {
				_, err := ask(t, pair[0], pair[1])
				return err == nil
			})
		}
		city.Stop()
		if report, err := node.VerifyData(t.Context(), city.machine.dir, "", nil); err != nil || report.Refused != nil {
			t.Errorf("got %+v, %v", report, err)
		}
	})
}
