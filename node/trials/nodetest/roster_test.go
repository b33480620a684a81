package nodetest

import (
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// listed returns the roster that a node has.
func listed(t *testing.T, n *Node) client.Roster {
	t.Helper()
	r, err := n.Client("").Roster(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// asCSV writes a list in the form in which it is published.
func asCSV(t *testing.T, places []client.RosterPlace) string {
	t.Helper()
	var out strings.Builder
	w := csv.NewWriter(&out)
	codes := map[string]string{}
	rows := [][]string{{"code", "level", "label", "name_zh", "short_zh", "name_en", "parent"}}
	for _, p := range places {
		codes[p.Name] = p.Code
		label, above, _ := strings.Cut(p.Name, ".")
		parent := codes[above]
		if parent == "" {
			label, parent = p.Name, "000000"
		}
		rows = append(rows, []string{p.Code, p.Level, label, p.DisplayName, p.ShortName, p.EnglishName, parent})
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// everybodyHas waits until all nodes have the roster of the number, and checks that it is the
// root's.
func everybodyHas(t *testing.T, tree *Tree, number uint64) {
	t.Helper()
	tree.Within(25*time.Minute, "everybody has the roster", func() bool {
		return !slices.ContainsFunc(tree.nodes, func(n *Node) bool { return listed(t, n).Number != number })
	})
	for _, n := range tree.nodes {
		if got, want := listed(t, n).Hash, listed(t, tree.nodes[0]).Hash; got != want {
			t.Errorf("%s: number %d is another list", n.Name(), number)
		}
	}
}

// TestRosterHandedDown: the root publishes number 1 by itself and a changed list as an act of an
// agency; both reach everybody, and are there after a restart. Coverage is counted against the
// roster of the asker.
func TestRosterHandedDown(t *testing.T) {
	Run(t, branches, func(t *testing.T, tree *Tree) {
		top, county := tree.Node("guizhou"), tree.Node("liping")
		everybodyHas(t, tree, 1)
		if n := len(top.Entries("roster")); n != 1 || len(county.Entries("roster")) != 0 {
			t.Errorf("%d entries at the root, %d at a county", n, len(county.Entries("roster")))
		}
		offer(t, top)
		offer(t, county)
		shipped := listed(t, county)
		fewer := slices.DeleteFunc(slices.Clone(shipped.Places), func(p client.RosterPlace) bool { return strings.HasSuffix(p.Name, ".zunyi.guizhou") })
		if _, err := publishList(t, top, asCSV(t, fewer)); err != nil {
			t.Fatal(err)
		}
		began, had := time.Now(), listed(t, county).Number
		first, err := top.Client("water").QueryFederated(t.Context(), counted(top, "**.guizhou"))
		if err != nil || had != 1 || first.Roster != 2 || first.Answered != 1 || listed(t, county).Number != 2 {
			t.Errorf("asked at once: %d answered by roster %d, the county had %d, %v", first.Answered, first.Roster, had, err)
		}
		everybodyHas(t, tree, 2)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("number 2 was everywhere after %s", took)
		}
		got, err := county.Client("water").QueryFederated(t.Context(), counted(county, "**.guizhou"))
		if err != nil {
			t.Fatal(err)
		}
		counties := 0
		for _, p := range fewer {
			if p.Level == "county" {
				counties++
			}
		}
		if got.Roster != 2 || got.Members != uint64(counties) || counties >= 88 || got.Answered != 1 {
			t.Errorf("%d answered of %d by roster %d, want 1 of %d by 2", got.Answered, got.Members, got.Roster, counties)
		}
		county.Restart()
		top.Restart()
		tree.WaitLinked()
		if listed(t, county).Number != 2 || listed(t, top).Number != 2 || listed(t, top).Entry == "" {
			t.Errorf("after a restart: %d and %d", listed(t, county).Number, listed(t, top).Number)
		}
		for what, row := range map[string]struct {
			by   *Node
			csv  string
			code text.Code
		}{
			"by a county":       {county, asCSV(t, fewer), text.RosterNotRoot},
			"of another tree":   {top, "code,level,label,name_zh,short_zh,name_en,parent\n510000,province,sichuan,四川省,四川省,Sichuan,000000\n", text.RosterRootOther},
			"no list":           {top, "nothing", text.RosterFaulty},
			"a code that moved": {top, strings.Replace(asCSV(t, fewer), "520102,county,nanming", "520102,county,nanming2", 1), text.RosterCodeMoved},
		} {
			_, err := publishList(t, row.by, row.csv)
			if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != string(row.code) {
				t.Errorf("%s: got %v, want %s", what, err, row.code)
			}
		}
		if n := len(top.Entries("roster")); n != 2 {
			t.Errorf("%d entries after what was refused", n)
		}
	})
}

// TestRosterOfABranch (F1): a tree founded below a known place, as the README founds one, has the
// part of the list below it, and can publish a later one; a list of another root is told as that.
func TestRosterOfABranch(t *testing.T) {
	Run(t, "guiyang.guizhou\n  nanming\n", func(t *testing.T, tree *Tree) {
		top, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, top)
		shipped := listed(t, county)
		if n := len(shipped.Places); shipped.Number != 0 || n != 11 || shipped.Root != "guiyang.guizhou" || shipped.Places[0].DisplayName != "贵阳市" {
			t.Fatalf("number %d: %d places below %s, want number 0, 11 below guiyang.guizhou", shipped.Number, n, shipped.Root)
		}
		whole := asCSV(t, shipped.Places)
		for what, csv := range map[string]string{
			"its label alone": strings.Replace(whole, ",guiyang.guizhou,", ",guiyang,", 1),
			"the province":    "code,level,label,name_zh,short_zh,name_en,parent\n520000,province,guizhou,贵州省,贵州省,Guizhou,\n",
		} {
			if _, err := publishList(t, top, csv); !isProblem(err, text.RosterRootOther) {
				t.Errorf("%s: got %v, want %s", what, err, text.RosterRootOther)
			}
		}
		list := client.NewRoster{CSV: whole + "520171,county,gaoxin,贵阳高新区,高新区,Gaoxin,520100\n"}
		plan, err := top.Client("civil-affairs").PlanRoster(t.Context(), list)
		if err != nil || plan.Added != 1 || plan.Changed+plan.Gone != 0 {
			t.Fatalf("the plan: %+v, %v, want one place added", plan, err)
		}
		if _, err := publishList(t, top, list.CSV); err != nil {
			t.Fatal(err)
		}
		everybodyHas(t, tree, 1)
		if got := listed(t, county); len(got.Places) != 12 || got.Root != "guiyang.guizhou" {
			t.Errorf("%d places below %s, want 12 below guiyang.guizhou", len(got.Places), got.Root)
		}
	})
}

// publishList publishes a list by its plan, which must tell what it changes.
func publishList(t *testing.T, by *Node, csv string) (client.Entered, error) {
	t.Helper()
	list, c := client.NewRoster{CSV: csv}, by.Client("civil-affairs")
	plan, err := c.PlanRoster(t.Context(), list)
	if err != nil {
		return client.Entered{}, err
	}
	for _, stale := range []string{"", strings.Repeat("0", 64)} {
		list.Plan = stale
		if _, err := c.PublishRoster(t.Context(), list); !isProblem(err, text.RosterPlanMoved) {
			t.Errorf("with the plan %q: got %v, want %s", stale, err, text.RosterPlanMoved)
		}
	}
	list.Plan = plan.Hash
	return c.PublishRoster(t.Context(), list)
}

func isProblem(err error, code text.Code) bool {
	p, ok := errors.AsType[*client.Problem](err)
	return ok && p.Code == string(code)
}

// TestRosterAfterSilence: a child that was away when a roster was published has it as soon as its
// link is up again, and those below it with it.
func TestRosterAfterSilence(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming", func(t *testing.T, tree *Tree) {
		everybodyHas(t, tree, 1)
		top := tree.Node("guizhou")
		offer(t, top)
		shipped := listed(t, top)
		fewer := slices.DeleteFunc(slices.Clone(shipped.Places), func(p client.RosterPlace) bool { return strings.HasSuffix(p.Name, ".zunyi.guizhou") })
		tree.Partition("guizhou", "guiyang")
		if _, err := publishList(t, top, asCSV(t, fewer)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		tree.Heal("guizhou", "guiyang")
		tree.WaitLinked()
		took := tree.Within(time.Minute, "all have the roster", func() bool { return listed(t, tree.Node("nanming")).Number == 2 })
		t.Logf("%s after the link", took)
	})
}
