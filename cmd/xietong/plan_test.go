package main

import (
	"bytes"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// villagesPlan is the plan of a later version that takes much away.
var villagesPlan = client.DatasetPlan{
	Hash: strings.Repeat("ab", 32), Version: 2, Records: 1234,
	Vanish: []client.HeldField{{Field: "phone", Records: 1200}}, Return: []client.HeldField{{Field: "address/street", Records: 3}},
	Unfit: 2, Faults: []client.RecordFault{{Key: "520102016001", Field: "name", Rule: "required"}, {Key: "520102016002", Field: "households", Rule: "type"}},
	Withdrawn:  &client.Ended{At: "2026-11-24T09:00:00Z", Reason: "停用", Entry: "nanming.guiyang.guizhou/log/1/9"},
	Held:       "nanming.guiyang.guizhou/log/1/12",
	Unreadable: 1, Ending: 1, Ends: []client.EndingGrant{{
		Grant: "nanming.guiyang.guizhou/log/1/7", Consumer: "spiffe://guiyang.guizhou/agency/water", Purpose: "statistics",
	}},
	Category: []string{client.Unconditional, client.Conditional}, Cell: []int{0, 5},
	Fields: []string{"phone"}, NewFields: []string{"area", "address"}, OtherFields: []string{"households"}, Purposes: []string{"statistics"},
	Dropped: []string{"name"}, Indexed: []string{"area"}, Groups: []string{"kind"}, NewGroups: []string{"area"},
	Measures: []string{"income sum"}, NewMeasures: []string{"income average"},
	NewPurposes: []string{"commercial"}, Open: []string{"commercial", "residence-check"},
	Beginning: 2, Begins: []client.BeginningGrant{
		{Grant: "nanming.guiyang.guizhou/log/1/8", Consumer: "spiffe://guiyang.guizhou/agency/health", Purpose: "residence-check"},
		{Purpose: "statistics"},
	},
	Rows: &client.RowsPlan{Import: log + "30", Since: log + "29", Rows: 1200, New: 4, Replaced: 1190, Unchanged: 6, Stay: 38, Left: 2},
	Rest: []client.EntryDifference{
		{At: "schema/$defs/a/properties/phone", After: `{"type":"string"}`}, {At: "schema/required", Before: `"area"`},
		{At: "title", Before: `"名录"`, After: "\"名录\u202e\x1b[31m\""},
	},
}

// TestPublishAsks: a later version is published only by who says yes to its plan, and only as it
// was shown; records that do not fit are left out by a word.
func TestPublishAsks(t *testing.T) {
	for what, row := range map[string]struct {
		line   []string
		typed  string
		exit   int
		writes string // what the node is told with the entry; "": nothing is published
	}{
		"no":              {[]string{"--leave-out"}, "n\n", exitFailed, ""},
		"nothing":         {[]string{"--leave-out"}, "", exitFailed, ""},
		"yes":             {[]string{"--leave-out"}, "y\n", exitDone, "leave_out=true&plan=" + villagesPlan.Hash},
		"in Chinese":      {[]string{"--leave-out"}, "是\n", exitDone, "leave_out=true&plan=" + villagesPlan.Hash},
		"told before":     {[]string{"--leave-out", "--yes"}, "", exitDone, "leave_out=true&plan=" + villagesPlan.Hash},
		"not left out":    {[]string{"--yes"}, "", exitDone, "plan=" + villagesPlan.Hash}, // the node refuses it
		"nor asked twice": {nil, "", exitDone, "plan=" + villagesPlan.Hash},
	} {
		b := newWorkbench(t, "C")
		b.stdin = row.typed
		exit, _, stderr := b.run(append([]string{"dataset", "publish", filepath.Join(writeFiles(t), "villages.json")}, row.line...)...)
		asked := strings.Join(b.node.asked, "\n")
		if exit != row.exit || !strings.Contains(stderr, "phone is given no more (1200 records have it)") || !strings.Contains(asked, "POST /v1/datasets/plan {") {
			t.Errorf("%s: exit %d, asked %s, stderr:\n%s", what, exit, asked, stderr)
		}
		if row.writes == "" && !strings.Contains(stderr, "it was not confirmed") {
			t.Errorf("%s: got %s", what, stderr) // F17
		}
		if published := strings.Contains(asked, "POST /v1/datasets {"); published != (row.writes != "") || b.node.given != row.writes {
			t.Errorf("%s: asked %s, with %q, want %q", what, asked, b.node.given, row.writes)
		}
	}
}

// TestPlanTellsAll: each member of a plan, set alone, has a line of its own, those that are added
// later too; a plan with none says that nothing changes. Nothing of it is told raw.
func TestPlanTellsAll(t *testing.T) {
	typ := reflect.TypeFor[client.DatasetPlan]()
	for i := range typ.NumField() {
		if name := typ.Field(i).Name; name == "Hash" || name == "First" || name == "Unchanged" || name == "Version" || name == "Records" {
			continue
		}
		var p client.DatasetPlan
		reflect.ValueOf(&p).Elem().Field(i).Set(reflect.ValueOf(villagesPlan).Field(i))
		if got := toldOf(p); strings.Count(got, "\n") < 2 || strings.Contains(got, "nothing changes") || strings.ContainsAny(got, "\x1b\u202e") {
			t.Errorf("%s: got %q", typ.Field(i).Name, got)
		}
	}
	if got := toldOf(client.DatasetPlan{Hash: "ab", Version: 1, Records: 7}); !strings.Contains(got, "nothing changes") {
		t.Errorf("nothing: got %q", got)
	}
}

// toldOf returns what is told of a plan.
func toldOf(p client.DatasetPlan) string {
	var out bytes.Buffer
	a := app{stderr: &out, lang: text.En, getenv: func(string) string { return "" }}
	a.tellPlan(p)
	return out.String()
}
