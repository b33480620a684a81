package nodetest

import (
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestUnbelievedIsNoRefusal: a county came back without its paper, and the province does not
// believe its keys yet. A count over all counties tells that, and not that the county refused it;
// and the audit tells why nothing is proven of its city, which showed all that it was given.
func TestUnbelievedIsNoRefusal(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming\n    yunyan", func(t *testing.T, tree *Tree) {
		top, county := tree.Node("guizhou"), tree.Node("nanming")
		if _, err := top.Client("").AddAgency(t.Context(), client.NewAgency{Code: "water", Title: "水务局"}); err != nil {
			t.Fatal(err)
		}
		offer(t, county)
		offer(t, tree.Node("yunyan"))
		if got, err := top.Client("water").QueryFederated(t.Context(), counted(top, "**.guizhou")); err != nil || got.Answered != 2 {
			t.Fatalf("before: got %+v, %v", got, err)
		}
		comesAnew(t, tree, county)
		offer(t, county)
		time.Sleep(11 * time.Minute)
		tree.WaitLinked()
		got, err := top.Client("water").QueryFederated(t.Context(), counted(top, "**.guizhou"))
		if err != nil {
			t.Fatal(err)
		}
		missing := map[string]client.MissingMember{}
		for _, m := range got.Missing {
			missing[m.Name] = m
		}
		if m := missing[county.Name()]; m.Code != string(text.KeysChanged) || !strings.Contains(m.Why, "贵州省") {
			t.Errorf("of the county it is told %+v, want %s by 贵州省", m, text.KeysChanged)
		}
		audits, err := top.Client("").Audits(t.Context(), got.Asked)
		if err != nil || len(audits.Open) != 1 {
			t.Fatalf("open are %+v, %v", audits.Open, err)
		}
		if p := audits.Open[0]; p.Name != "guiyang.guizhou" || p.By != "" || !strings.Contains(p.Said, "南明区") || !strings.Contains(p.Said, "贵州省") {
			t.Errorf("open is %+v, want that the keys of the county are not believed", p)
		}
	})
}
