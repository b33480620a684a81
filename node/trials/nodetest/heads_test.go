package nodetest

import (
	"testing"
	"time"

	"xietong/node/faces/client"
)

// TestHeadsOfCountyAtProvince: minutes after a county decided something, the province lists it by
// what came up through the city, while the county is gone, and says how far that is.
func TestHeadsOfCountyAtProvince(t *testing.T) {
	if testing.Short() {
		t.Skip("minutes of three nodes; node/flows/witnessing has the same in memory")
	}
	Run(t, "guizhou\n  guiyang\n    nanming", func(t *testing.T, tree *Tree) {
		province, county := tree.Node("guizhou"), tree.Node("nanming")
		tree.WaitLinked("guiyang", "nanming")
		addAgencies(t, county, "water", "forestry")
		want := county.Entries("agency added")
		acts := func() client.Entries {
			got, err := province.Client("").Entries(t.Context(), client.List{At: "nanming.guiyang.guizhou", Kind: "agency added", Sort: "index"})
			if err != nil && problem(err).Code != "no-heads" {
				t.Fatal(err)
			}
			return got
		}
		tree.Within(8*time.Minute, "the province knows what the county decided", func() bool { return len(acts().Entries) == len(want) })
		county.Stop()
		got := acts()
		for i, e := range got.Entries {
			if e != want[i] {
				t.Errorf("got %+v, want %+v", e, want[i])
			}
		}
		of, err := province.Client("").Entries(t.Context(), client.List{At: "guizhou"})
		if err != nil || len(of.Below) != 2 || of.Below[1].Log != "nanming.guiyang.guizhou/log/1" || of.Known != nil {
			t.Errorf("below the province are known %+v, %v", of.Below, err)
		}
		if k := got.Known; k == nil || k.Size <= want[len(want)-1].Index || k.Acts < uint64(len(want)) || k.By != "guiyang.guizhou" || k.At == "" {
			t.Errorf("it is known up to %+v", k)
		}
	})
}
