package nodetest

import (
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

var places = flag.Int("places", 5_200, "how many places the list of TestLongRoster has")

// longList returns the list of guizhou with villages below a county of its own, n places in all.
func longList(t *testing.T, shipped []client.RosterPlace, n int) string {
	var b strings.Builder
	b.WriteString(asCSV(t, shipped))
	b.WriteString("520999,county,villages,群村县,群村县,Village County,520100\n")
	for i := range n - len(shipped) - 1 {
		fmt.Fprintf(&b, "520999%06d,village,village-%d,第%d村民委员会,第%d村,Village %d,520999\n", i+1, i, i, i, i)
	}
	return b.String()
}

// TestLongRoster publishes a list of many places through the API; -places 60000 makes it the
// longest that a root takes. It reaches a county two links below in pieces, is there after a
// restart, and names resolve by it. A question to all its places is refused in words of its own, a
// question to one level is not.
func TestLongRoster(t *testing.T) {
	Run(t, branches, func(t *testing.T, tree *Tree) {
		top, county := tree.Node("guizhou"), tree.Node("liping")
		everybodyHas(t, tree, 1)
		offer(t, top)
		offer(t, county)
		shipped := listed(t, county).Places
		list := client.NewRoster{CSV: longList(t, shipped, *places)}
		began := time.Now()
		plan, err := top.Client("civil-affairs").PlanRoster(t.Context(), list)
		if err != nil || plan.Places != *places {
			t.Fatalf("planned %d places, %v", plan.Places, err)
		}
		list.Plan = plan.Hash
		if _, err := top.Client("civil-affairs").PublishRoster(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		tree.Within(25*time.Minute, "the county has it", func() bool { return listed(t, county).Number == 2 })
		if took := time.Since(began); took > time.Minute {
			t.Errorf("the county has it after %s", took)
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		t.Logf("%d nodes with %d places: %d MiB of heap", len(tree.nodes), *places, m.HeapAlloc>>20)
		county.Restart()
		tree.WaitLinked()
		if got := listed(t, county); got.Number != 2 || len(got.Places) != *places {
			t.Errorf("after a restart: number %d of %d places", got.Number, len(got.Places))
		}
		found, err := county.Client("water").PlacesLike(t.Context(), "第77村")
		if err != nil || len(found) == 0 || !strings.HasSuffix(found[0].Name, ".villages.guiyang.guizhou") {
			t.Errorf("found %v, %v", found, err)
		}
		q := counted(county, "**.贵州省")
		q.Level = "village"
		if _, err := county.Client("water").QueryFederated(t.Context(), q); !isProblem(err, text.MembersMany) {
			t.Errorf("all at once: got %v", err)
		}
		q.Level = "county"
		if got, err := county.Client("water").QueryFederated(t.Context(), q); err != nil || got.Roster != 2 || got.Members != 89 || got.Answered == 0 {
			t.Errorf("the counties: %d of %d answered by roster %d, %v", got.Answered, got.Members, got.Roster, err)
		}
	})
}
