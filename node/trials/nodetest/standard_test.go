package nodetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// villagesStandard is a standard entry that the jurisdictions above may count for statistics.
var villagesStandard = client.NewStandard{Level: "county", NewDataset: client.NewDataset{
	Code: "villages", Title: "村（居）委会名录", Agency: "civil-affairs", Category: client.Unconditional, Key: "code", NotSecret: true,
	Purposes: []client.Purpose{{Code: "statistics", Title: "统计"}, {Code: "residence-check", Title: "核验"}}, Counts: []string{"statistics"},
	Schema:  json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"at":{"type":"string"}}}`),
	GroupBy: []string{"at"}, SmallestCell: 2,
}}

// agencies enters the agencies of a node.
func agencies(t *testing.T, nodes ...*Node) {
	t.Helper()
	for _, n := range nodes {
		for _, code := range []string{"civil-affairs", "water"} {
			if _, err := n.Client("").AddAgency(t.Context(), client.NewAgency{Code: code, Title: code}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// adopt has a county adopt the standard, with the changes of edit, and store two villages.
func adopt(t *testing.T, n *Node, edit func(*client.NewDataset)) (client.Dataset, error) {
	t.Helper()
	provider := n.Client("civil-affairs")
	s, err := provider.ToAdopt(t.Context(), "villages", "")
	if err != nil {
		t.Fatal(err)
	}
	d := s.NewDataset
	d.Agency, d.Standard = "", s.Entry
	edit(&d)
	plan, err := provider.PlanDataset(t.Context(), d)
	if err != nil {
		return client.Dataset{}, err
	}
	published, err := provider.PublishAgreed(t.Context(), d, client.Agreed{Plan: plan.Hash})
	if err != nil {
		return published, err
	}
	for i := range 2 {
		record := fmt.Sprintf(`{"code":"%d","at":"town"}`, i)
		if _, err := provider.PutRecord(t.Context(), "villages", client.PutRecord{Record: json.RawMessage(record)}); err != nil {
			t.Fatal(err)
		}
	}
	return published, nil
}

func asIs(*client.NewDataset) {}

func refusedAs(t *testing.T, what string, err error, code text.Code, words string) {
	t.Helper()
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != string(code) || !strings.Contains(p.Detail, words) {
		t.Errorf("%s: got %v, want %s with %q", what, err, code, words)
	}
}

// beyond asks for what the standard does not let count: who shares on conditions says what needs no
// grant. A purpose that is a title, and a code that is mistyped, are told with those there are.
func beyond(t *testing.T, top *Node) {
	t.Helper()
	asked := client.FederatedQuery{
		At: "**.guizhou", Dataset: "villages", Measure: counting(), Filter: `record.code != "x"`, Use: client.Use{Purpose: "statistics"},
	}
	answer, _ := accounted(top.Client("water").QueryFederated(t.Context(), asked))
	if !slices.ContainsFunc(answer.Missing, func(m client.MissingMember) bool { return m.Code == string(text.MeasureNeedsGrant) }) {
		t.Errorf("with a condition: got %+v", answer.Missing)
	}
	asked.Filter, asked.Purpose = "", "统计"
	_, err := top.Client("water").QueryFederated(t.Context(), asked)
	if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != string(text.UnknownPurpose) || !strings.Contains(p.Do, "statistics") {
		t.Errorf("a purpose by its title: got %v, %+v", err, p)
	}
	asked.Dataset, asked.Purpose = "villagse", "statistics"
	_, err = top.Client("water").QueryFederated(t.Context(), asked)
	if p, ok := errors.AsType[*client.Problem](err); !ok || !strings.Contains(p.Detail, "villages") {
		t.Errorf("a mistyped code: got %v, %+v", err, p)
	}
}

// TestStandardEntries: the province sets a standard, and counties adopt it through the hops
// between. The jurisdictions above then count them without an application, and no other does. Once
// a county revokes the grant, it is counted no more.
func TestStandardEntries(t *testing.T) {
	Run(t, branches, func(t *testing.T, tree *Tree) {
		top, city, county, sibling := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming"), tree.Node("yunyan")
		agencies(t, top, city, county, sibling, tree.Node("liping"))
		_, err := county.Client("civil-affairs").StandardOf(t.Context(), "villages", "")
		refusedAs(t, "before it was set", err, text.NoStandard, "")
		set, err := top.Client("civil-affairs").PublishStandard(t.Context(), villagesStandard)
		if err != nil || set.Version != 1 {
			t.Fatalf("got %+v, %v", set, err)
		}
		standardSeen(t, top, county, set)
		for above, want := range map[bool]int{false: 0, true: 1} { // what can be adopted is what those above have set
			if all, err := county.Client("civil-affairs").Standards(t.Context(), "", above); err != nil || len(all) != want {
				t.Errorf("above %t: got %d standards, %v, want %d", above, len(all), err, want)
			}
		}
		adopted, err := adopt(t, county, asIs)
		if err != nil || adopted.Standard != set.Entry || adopted.Agency != "civil-affairs" {
			t.Fatalf("got %+v, %v", adopted, err)
		}
		if _, err := adopt(t, sibling, func(d *client.NewDataset) { d.Category, d.Purposes = client.Conditional, d.Purposes[:1] }); err != nil {
			t.Fatal(err)
		}
		if n := len(county.Entries("grant")); n != 1 {
			t.Errorf("%d grants after adopting", n)
		}
		count := func(from *Node, selector string) client.FederatedAnswer {
			t.Helper()
			got, err := accounted(from.Client("water").QueryFederated(t.Context(), client.FederatedQuery{
				At: selector, Dataset: "villages", Measure: counting(), Audit: true, Use: client.Use{Purpose: "statistics"},
			}))
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		beyond(t, top)
		if got := count(top, "**.guizhou"); got.Members != 88 || got.Answered != 2 || got.Total != 4 || got.States[client.StateNotOffered] != 1 {
			t.Errorf("the province: %d of %d answered of %d, %v", got.Total, got.Answered, got.Members, got.States)
		}
		if got := count(city, "**.guizhou"); got.Answered != 2 {
			t.Errorf("the city, of the whole province: %d answered, %+v", got.Answered, got.Missing)
		}
		if got := count(tree.Node("liping"), "**.guizhou"); got.Answered != 0 {
			t.Errorf("a county elsewhere, without an application: %d answered", got.Answered)
		}
		if n := len(county.Entries("application")); n != 0 {
			t.Errorf("%d applications", n)
		}
		receipts(t, top, county)
		byValue(t, top, county)
		_, err = top.Client("water").Query(t.Context(), client.Query{At: county.Name(), Dataset: "villages", Key: "1", Use: client.Use{Purpose: "statistics"}})
		refusedAs(t, "one record under it", err, text.BasisNeeded, "")
		for what, edit := range map[string]func(*client.NewDataset){
			"a purpose more":   func(d *client.NewDataset) { d.Purposes = append(d.Purposes, client.Purpose{Code: "sale", Title: "x"}) },
			"counted for more": func(d *client.NewDataset) { d.Counts = append(d.Counts, "residence-check") },
			"another standard": func(d *client.NewDataset) { d.Standard = "guizhou/log/1/0" },
			"of a sibling":     func(d *client.NewDataset) { d.Standard = sibling.Name() + "/log/1/3" },
		} {
			_, err := adopt(t, county, edit)
			refusedAs(t, what, err, text.EntryInvalid, "")
		}
		revokeStanding(t, county)
		county.Restart()
		tree.WaitLinked()
		got := count(top, "**.guizhou")
		if got.Answered != 1 || got.States[client.StateRefused] != 1 {
			t.Errorf("after the revocation: %d answered, %v", got.Answered, got.States)
		}
	})
}

// revokeStanding revokes the grant that adopting gave.
func revokeStanding(t *testing.T, n *Node) {
	t.Helper()
	listed, err := n.Client("civil-affairs").Grants(t.Context(), client.WantedGrants{})
	all := listed.Grants
	if err != nil || len(all) != 1 || !all[0].Endless || all[0].Uses < 4 {
		t.Fatalf("got %+v, %v", all, err)
	}
	index, err := strconv.ParseUint(all[0].Grant[strings.LastIndexByte(all[0].Grant, '/')+1:], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Client("civil-affairs").RevokeGrant(t.Context(), index, client.Revocation{Reason: "test"}); err != nil {
		t.Fatal(err)
	}
}

// byValue checks the counts by the values of a field: over many counties, at one county, and for
// different askers.
func byValue(t *testing.T, top, county *Node) {
	t.Helper()
	one := json.RawMessage(`{"code":"9","at":"hamlet"}`)
	if _, err := county.Client("civil-affairs").PutRecord(t.Context(), "villages", client.PutRecord{Record: one}); err != nil {
		t.Fatal(err)
	}
	use := client.Use{Purpose: "statistics"}
	many, err := top.Client("water").QueryFederated(t.Context(), client.FederatedQuery{
		At: "**.guizhou", Measure: counting("at"), Dataset: "villages", Audit: true, Use: use,
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%d %s %v", many.Total, grouped(many.Groups, many.Whole), many.Lies); got != "5 [[town] 2; suppressed 3; 5 of all] []" {
		t.Errorf("of many by value: got %s", got)
	}
	byAt, byCode := counting("at"), counting("code")
	q := client.Query{Dataset: "villages", Measure: &byAt, Use: use}
	own, err := county.Client("civil-affairs").Query(t.Context(), q)
	if err != nil || fmt.Sprintf("%d %s", own.Count, grouped(own.Groups, own.Whole)) != "3 [[hamlet] 1; [town] 2; 3 of all]" {
		t.Errorf("the provider: got %d %s, %v", own.Count, grouped(own.Groups, own.Whole), err)
	}
	q.At = county.Name()
	theirs, err := top.Client("water").Query(t.Context(), q)
	if err != nil || fmt.Sprintf("%d %s", theirs.Count, grouped(theirs.Groups, theirs.Whole)) != "3 [suppressed 3; 3 of all]" {
		t.Errorf("the province: got %d %s, %v", theirs.Count, grouped(theirs.Groups, theirs.Whole), err)
	}
	q.Measure = &byCode
	_, err = top.Client("water").Query(t.Context(), q)
	refusedAs(t, "by a field that the standard does not name", err, text.MeasureNeedsBasis, "")
}

// grouped writes the groups of a count and their sum, in the order of the answer.
func grouped(groups []client.Group, whole *client.Group) string {
	var told []string
	for _, g := range groups {
		values := []string{}
		for _, v := range g.Values {
			values = append(values, strings.Trim(string(v.Value), `"`))
		}
		name := fmt.Sprint(values)
		if g.Suppressed && len(values) == 0 {
			name = "suppressed"
		}
		told = append(told, fmt.Sprintf("%s %d", name, g.Count))
	}
	if whole != nil {
		told = append(told, fmt.Sprintf("%d of all", whole.Count))
	}
	return "[" + strings.Join(told, "; ") + "]"
}

// receipts checks that an asker gets the receipt of its own use, and of no other.
func receipts(t *testing.T, top, county *Node) {
	t.Helper()
	uses := county.Entries("access")
	if len(uses) != 2 {
		t.Fatalf("%d uses are recorded, want those of the province and the city", len(uses))
	}
	if _, err := top.Client("water").ReceiptOf(t.Context(), uses[0].Entry); err != nil {
		t.Errorf("the own use: %v", err)
	}
	_, err := top.Client("water").ReceiptOf(t.Context(), uses[1].Entry)
	refusedAs(t, "the use of another", err, text.NotFound, "")
}

// TestOlderStandard: a county that adopted the version before a field was added is counted where
// the field does not matter, and offers nothing where it does, until it adopts the later version.
func TestOlderStandard(t *testing.T) {
	Run(t, branches, func(t *testing.T, tree *Tree) {
		top, older, newer := tree.Node("guizhou"), tree.Node("nanming"), tree.Node("yunyan")
		agencies(t, top, tree.Node("guiyang"), older, newer)
		first, err := top.Client("civil-affairs").PublishStandard(t.Context(), villagesStandard)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := adopt(t, older, asIs); err != nil {
			t.Fatal(err)
		}
		later := villagesStandard
		later.Schema = json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"at":{"type":"string"},"kind":{"type":"string"}}}`)
		later.GroupBy = append(later.GroupBy, "kind")
		second, err := top.Client("civil-affairs").PublishStandard(t.Context(), later)
		if err != nil || second.Version != 2 || second.Entry == first.Entry {
			t.Fatalf("got %+v, %v", second, err)
		}
		if _, err := adopt(t, newer, asIs); err != nil {
			t.Fatal(err)
		}
		count := func(by string) client.FederatedAnswer {
			got, err := top.Client("water").QueryFederated(t.Context(), client.FederatedQuery{
				At: "*.guiyang.guizhou", Measure: counting(by), Dataset: "villages", Use: client.Use{Purpose: "statistics"},
			})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := count("at"); got.Answered != 2 || got.Total != 4 {
			t.Errorf("by a field of both: %+v", got)
		}
		got := count("kind")
		if got.Answered != 1 || got.Total != 2 || got.States[client.StateNotOffered] != 1 {
			t.Fatalf("by a later field: %+v", got)
		}
		for _, m := range got.Missing {
			if m.State == client.StateNotOffered && (m.Name != older.Name() || !strings.Contains(m.Why, "kind")) {
				t.Errorf("missing: %+v", m)
			}
		}
		if _, err := adopt(t, older, asIs); err != nil {
			t.Fatal(err)
		}
		if got := count("kind"); got.Answered != 2 || got.Total != 4 {
			t.Errorf("after the later version was adopted: %+v", got)
		}
	})
}

// standardSeen checks (U-B21) that a standard is shown to whoever set it, and to those below, and
// that only these can adopt it.
func standardSeen(t *testing.T, setter, below *Node, set client.Standard) {
	t.Helper()
	for what, n := range map[string]*Node{"who set it": setter, "who is below": below} {
		if got, err := n.Client("civil-affairs").StandardOf(t.Context(), set.Code, ""); err != nil || got.Entry != set.Entry {
			t.Errorf("%s sees %+v, %v", what, got, err)
		}
	}
	if got, err := below.Client("civil-affairs").ToAdopt(t.Context(), set.Code, ""); err != nil || got.Entry != set.Entry {
		t.Errorf("to adopt: got %+v, %v", got, err)
	}
	_, err := setter.Client("civil-affairs").ToAdopt(t.Context(), set.Code, "")
	refusedAs(t, "to adopt one's own", err, text.NoStandard, "")
}
