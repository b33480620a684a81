package nodetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// renamed has the root publish a roster in which 贵阳市 is 筑城市, for short 筑城, and 南明区 is
// 甲秀区, for short 甲秀; and waits until everybody has it.
func renamed(t *testing.T, tree *Tree) {
	t.Helper()
	everybodyHas(t, tree, 1)
	places := slices.Clone(listed(t, tree.Node("guizhou")).Places)
	for i, p := range places {
		switch p.Name {
		case "guiyang.guizhou":
			places[i].DisplayName, places[i].ShortName, places[i].EnglishName = "筑城市", "筑城", "Zhucheng City"
		case "nanming.guiyang.guizhou":
			places[i].DisplayName, places[i].ShortName, places[i].EnglishName = "甲秀区", "甲秀", "Jiaxiu District"
		}
	}
	_, err := publishList(t, tree.Node("guizhou"), asCSV(t, places))
	if err != nil {
		t.Fatal(err)
	}
	everybodyHas(t, tree, 2)
}

// TestRosterRenames renames a city and a county. Every answer of the API says the new name from
// then on, also after a restart; a view of the past keeps the name of then beside it.
func TestRosterRenames(t *testing.T) {
	Run(t, branches, func(t *testing.T, tree *Tree) {
		for _, name := range []string{"guizhou", "guiyang", "nanming", "liping"} {
			offer(t, tree.Node(name))
		}
		renamed(t, tree)
		for _, after := range []string{"handed down", "restarted"} {
			renamedInTree(t, tree, after)
			renamedInAnswers(t, tree, after)
			renamedInRefusals(t, tree, after)
			for _, n := range tree.nodes {
				n.Restart()
			}
			tree.WaitLinked()
		}
		renamedAway(t, tree)
		renamedInvited(t, tree)
	})
}

// renamedInTree checks the names in status and tree.
func renamedInTree(t *testing.T, tree *Tree, after string) {
	t.Helper()
	for name, want := range map[string]struct {
		called, parent string
		chain          string
		endorsed       map[string]string // children by their new names, with the names of then
	}{
		"guizhou": {"贵州省", "", "贵州省", map[string]string{"筑城市": "贵阳市", "黔东南苗族侗族自治州": ""}},
		"guiyang": {"筑城市", "贵州省", "贵州省>筑城市", map[string]string{"甲秀区": "南明区", "云岩区": ""}},
		"nanming": {"甲秀区", "筑城市", "贵州省>筑城市>甲秀区", nil},
		"yunyan":  {"云岩区", "筑城市", "贵州省>筑城市>云岩区", nil},
	} {
		c := tree.Node(name).Client("")
		status, err := c.Status(t.Context())
		if err != nil || status.Jurisdictions[0].DisplayName != want.called {
			t.Errorf("%s: status of %s: got %+v, %v, want %s", after, name, status, err, want.called)
		}
		got, err := c.Tree(t.Context())
		if err != nil || got.DisplayName != want.called || strings.Join(got.Chain, ">") != want.chain {
			t.Errorf("%s: tree of %s: got %+v, %v, want %s in %s", after, name, got, err, want.called, want.chain)
		}
		if p := got.Parent; (p == nil) != (want.parent == "") || p != nil && (p.DisplayName != want.parent || p.EndorsedAs != "") {
			t.Errorf("%s: tree of %s: got the parent %+v, want %s", after, name, p, want.parent)
		}
		endorsed := map[string]string{}
		for _, child := range got.Children {
			endorsed[child.DisplayName] = child.EndorsedAs
		}
		for called, then := range want.endorsed {
			if was, ok := endorsed[called]; !ok || was != then || len(endorsed) != len(want.endorsed) {
				t.Errorf("%s: tree of %s: got the children %q, want %q", after, name, endorsed, want.endorsed)
			}
		}
	}
}

// renamedInAnswers checks which county each name reaches, and the names in the answers of many.
func renamedInAnswers(t *testing.T, tree *Tree, after string) {
	t.Helper()
	top, city, far := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("liping")
	query := client.Query{Dataset: "villages", Key: "1", Use: counted(top, "").Use}
	for _, row := range []struct {
		from *Node
		at   string
	}{{far, "甲秀区"}, {far, "甲秀"}, {far, "Jiaxiu District"}, {city, "甲秀区"}, {city, "南明区"}, {city, "520102"}} {
		query.At = row.at
		got, err := row.from.Client("water").Query(t.Context(), query)
		if err != nil || len(got.Rows) != 1 || !strings.HasPrefix(got.Access, "nanming.guiyang.guizhou/log/") {
			t.Errorf("%s: %s asks %s: got %+v, %v", after, row.from.Name(), row.at, got, err)
		}
	}
	many, err := accounted(top.Client("water").QueryFederated(t.Context(), counted(top, "**.筑城市")))
	if err != nil || len(many.Groups) != 1 || many.Roster != 2 {
		t.Fatalf("%s: got %+v, %v", after, many, err)
	}
	if got := many.Groups[0].Values[0]; string(got.Value) != `"guiyang.guizhou"` || got.Title != "筑城" {
		t.Errorf("%s: the group is told as %+v, want guiyang.guizhou, which is called 筑城", after, got)
	}
	var told []string
	_, err = top.Client("water").QueryRows(t.Context(), client.RowsQuery{Level: "county", Query: client.Query{
		At: "**.筑城", Dataset: "villages", Use: query.Use,
	}}, func(line client.RowsLine) error { told = append(told, line.From+" "+line.Title); return nil })
	if err != nil || !slices.Equal(told, []string{"nanming.guiyang.guizhou 甲秀"}) {
		t.Errorf("%s: rows are told as those of %q, %v", after, told, err)
	}
}

// renamedInRefusals checks the names in refusals: of the jurisdiction that refuses, and of those
// that the text is about.
func renamedInRefusals(t *testing.T, tree *Tree, after string) {
	t.Helper()
	city, county, far := tree.Node("guiyang"), tree.Node("nanming"), tree.Node("liping")
	refusal := func(what string, err error, code text.Code, by, where string) {
		t.Helper()
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || p.Code != string(code) || p.By != by || !strings.Contains(p.Detail+" "+p.Where, where) {
			t.Errorf("%s: %s: got %+v, want %s by %q at %q", after, what, err, code, by, where)
		}
	}
	_, err := far.Client("water").Query(t.Context(), client.Query{At: "甲秀区", Dataset: "towns", Use: counted(far, "").Use})
	refusal("a dataset that it has not", err, text.UnknownDataset, "甲秀区", "甲秀区")
	_, err = far.Client("water").Query(t.Context(), client.Query{At: "yunyan.guiyang.guizhou", Dataset: "towns", Use: counted(far, "").Use})
	refusal("another's", err, text.UnknownDataset, "云岩区", "云岩区")
	_, err = far.Client("water").Query(t.Context(), client.Query{At: "南明区", Dataset: "villages", Use: counted(far, "").Use})
	refusal("the old name of who is far", err, text.JurisdictionUnknown, "", "南明区")
	_, err = county.Client("nobody").Query(t.Context(), client.Query{Dataset: "villages", Use: counted(far, "").Use})
	refusal("an agency that it has not", err, text.UnknownAgency, "", "甲秀区")
	_, err = city.Client("").Invite(t.Context(), client.NewInvitation{Name: "南明区"})
	refusal("invited by the old name", err, text.PlaceUnlisted, "", "筑城市")
	_, err = city.Client("").Invite(t.Context(), client.NewInvitation{Name: "甲秀区"})
	refusal("invited by the new name", err, text.AlreadyJoined, "", "甲秀区")
	for _, row := range []struct {
		from     *Node
		at       string
		by, says string
	}{{far, "甲秀区", "甲秀区", "黎平县"}, {county, far.Name(), "黎平县", "甲秀区"}, {county, "筑城市", "筑城市", "甲秀区"}} {
		for _, fault := range []string{client.FaultAltered, client.FaultStranger} {
			got, err := row.from.Client("").Drill(t.Context(), client.NewDrill{At: row.at, Fault: fault})
			if err != nil || got.By != row.by || !strings.Contains(got.Says, row.says) {
				t.Errorf("%s: drill at %s: got %+v, %v, want by %s about %s", after, row.at, got, err, row.by, row.says)
			}
		}
	}
}

// renamedAway switches the county off, and checks by which name the others tell it when they reach
// it no more.
func renamedAway(t *testing.T, tree *Tree) {
	t.Helper()
	top, far := tree.Node("guizhou"), tree.Node("liping")
	tree.Node("nanming").Stop()
	down(tree, "nanming")
	_, err := ask(t, far, tree.Node("nanming"))
	p, ok := errors.AsType[*client.Problem](err)
	if !ok || p.Code != string(text.Unreachable) || p.By != "筑城市" || !strings.Contains(p.Detail, "甲秀区") || !strings.Contains(p.Do, "甲秀区") {
		t.Errorf("asked while it is away: got %+v, want that 甲秀区 is not reached, by 筑城市", err)
	}
	got, err := accounted(top.Client("water").QueryFederated(t.Context(), counted(top, "**.guiyang.guizhou")))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(got.Missing, func(m client.MissingMember) bool { return m.Name == "nanming.guiyang.guizhou" })
	if i < 0 || got.Missing[i].Title != "甲秀" || got.Missing[i].By != "筑城" || got.Missing[i].State != client.StateUnreachable ||
		!strings.Contains(got.Missing[i].Why, "甲秀区") {
		t.Errorf("missing: got %+v", got.Missing)
	}
	tree.Node("nanming").Start()
	tree.WaitLinked()
}

// renamedInvited withdraws the county by its new name, and lets it join anew: it is endorsed by
// that name, and by no other any more.
func renamedInvited(t *testing.T, tree *Tree) {
	t.Helper()
	city, county := tree.Node("guiyang"), tree.Node("nanming")
	withdrawn(t, city.Client(""), "甲秀区", "test")
	if _, below := county.Links(); below.State != client.ChildWithdrawn || below.DisplayName != "甲秀区" || below.EndorsedAs != "南明区" {
		t.Errorf("withdrawn: got %+v", below)
	}
	invitation, err := city.Client("").Invite(t.Context(), client.NewInvitation{Name: "甲秀区"})
	if err != nil || invitation.DisplayName != "甲秀区" || invitation.ShortName != "甲秀" {
		t.Fatalf("invited: got %+v, %v", invitation, err)
	}
	county.Stop()
	made, err := county.Join(invitation.Token)
	if err != nil || made.DisplayName != "甲秀区" {
		t.Fatalf("joined: got %+v, %v", made, err)
	}
	county.Start()
	tree.WaitLinked()
	if _, below := county.Links(); below.State != client.ChildJoined || below.DisplayName != "甲秀区" || below.EndorsedAs != "" {
		t.Errorf("joined anew: got %+v", below)
	}
}
