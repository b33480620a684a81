package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// rosterPlan is the plan of a list that takes away places that have joined.
var rosterPlan = client.RosterPlan{
	Hash: strings.Repeat("cd", 32), Number: 3, Places: 97, Added: 1, Changed: 1, Gone: 2, Joined: 1,
	New:    []client.RosterPlace{{Name: "gaoxin.guiyang.guizhou", Code: "520171", Level: "county", DisplayName: "贵阳高新区"}},
	Edited: []client.RosterChange{{Before: client.RosterPlace{Name: "nanming.guiyang.guizhou", DisplayName: "南明区"}, After: client.RosterPlace{Name: "nanming.guiyang.guizhou", DisplayName: "南明新区", Level: "county"}}},
	Lost: []client.LostPlace{
		{RosterPlace: client.RosterPlace{Name: "zunyi.guizhou", DisplayName: "遵义市"}, Joined: true},
		{RosterPlace: client.RosterPlace{Name: "daozhen.zunyi.guizhou", DisplayName: "道真县"}},
	},
}

// TestRosterPublishAsks (U-A4): a list is published only by who says yes to what it changes, and
// exactly as that was shown. A file in GBK is read as what it says (U-A3).
func TestRosterPublishAsks(t *testing.T) {
	for what, row := range map[string]struct {
		line  []string
		typed string
		exit  int
	}{
		"no": {nil, "n\n", exitFailed}, "nothing": {nil, "", exitFailed}, "yes": {nil, "是\n", exitDone}, "told before": {[]string{"--yes"}, "", exitDone},
	} {
		b := newWorkbench(t, "zh_CN.UTF-8")
		b.stdin = row.typed
		file := filepath.Join(b.dir, "roster.csv")
		if err := os.WriteFile(file, []byte("code,level,label,name_zh,parent\r\n520000,province,guizhou,\xb9\xf3\xd6\xdd\xca\xa1,\r\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		exit, _, stderr := b.run(append([]string{"--as", "civil-affairs", "roster", "publish", file}, row.line...)...)
		for _, want := range []string{
			"新增 1，变更 1，去掉 2", "去掉：遵义市（zunyi.guizhou）——已加入", "去掉：道真县（daozhen.zunyi.guizhou）\n", "变更：nanming.guiyang.guizhou，由南明区改为南明新区、县级", "新增：贵阳高新区",
		} {
			if exit != row.exit || !strings.Contains(stderr, want) {
				t.Errorf("%s: exit %d, does not tell %q:\n%s", what, exit, want, stderr)
			}
		}
		asked := strings.Join(b.node.asked, "\n")
		if published := strings.Contains(asked, `"plan":"`+rosterPlan.Hash); published != (exit == exitDone) || !strings.Contains(asked, "贵州省") {
			t.Errorf("%s: asked %s", what, asked)
		}
	}
	b := newWorkbench(t, "C")
	file := filepath.Join(b.dir, "roster.csv")
	if err := os.WriteFile(file, []byte("code,level,label,name_zh,parent\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	exit, stdout, _ := b.run("--json", "roster", "publish", file)
	var plan client.RosterPlan
	if err := json.Unmarshal([]byte(stdout), &plan); err != nil || exit != exitFailed || plan.Joined != 1 {
		t.Errorf("--json: exit %d, %v: %s", exit, err, stdout)
	}
}

// TestLongRosterIsRead: a list of 60,000 places is longer than any other file that is read whole,
// and is read; what no list can be is refused before it is.
func TestLongRosterIsRead(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	header, line := "code,level,label,name_zh,parent\n", "520000,province,guizhou,贵州省,\n"
	for size, want := range map[int]int{2 * maxInput: exitDone, client.MaxRoster + 1: exitFailed} {
		b.stdin = header + line + strings.Repeat("\n", size-len(header)-len(line))
		if exit, _, stderr := b.run("--as", "civil-affairs", "roster", "publish", "-", "--yes"); exit != want {
			t.Errorf("%d bytes: exit %d, %s", size, exit, stderr)
		}
	}
}

// TestRosterDamaged (R20): that the list in force is damaged is told with the list, and with the
// plan of another. The list in force is published without a question, which mends it.
func TestRosterDamaged(t *testing.T) {
	damaged := &client.Trouble{Code: "roster-damaged", Args: map[string]string{"jurisdiction": "guizhou", "number": "2"}}
	for what, row := range map[string]struct {
		line   []string
		plan   client.RosterPlan
		exit   int
		out    string // part of what is said
		err    string // part of what is told
		posted bool
	}{
		"show":                {[]string{"show"}, client.RosterPlan{}, exitDone, "1 个行政区划", "现行的第 2 版名录在本节点有损坏", false},
		"list":                {[]string{"list"}, client.RosterPlan{}, exitDone, "贵州省", "再执行一次 xietong roster publish", false},
		"another list":        {[]string{"publish", "-", "--yes"}, client.RosterPlan{Number: 3, Added: 1, Hash: "h", Damaged: damaged}, exitDone, "已发布", "以下变动是与更早的名录相比", true},
		"the damaged one":     {[]string{"publish", "-"}, client.RosterPlan{Number: 2, Same: true, Changed: 5, Hash: "h", Damaged: damaged}, exitDone, "损坏的第 2 版名录已补齐", "", true},
		"the one in force":    {[]string{"publish", "-"}, client.RosterPlan{Number: 2, Same: true, Hash: "h"}, exitDone, "与现行名录（第 2 版）相同，未发布", "", true},
		"nothing that counts": {[]string{"publish", "-"}, client.RosterPlan{Number: 1, Hash: "h"}, exitFailed, "", "将发布第 1 版名录，共 0 个行政区划", false},
	} {
		b := newWorkbench(t, "zh_CN.UTF-8")
		shown := client.Roster{Number: 1, Root: "guizhou", Hash: "ab", Places: []client.RosterPlace{{Name: "guizhou", Code: "520000", DisplayName: "贵州省", Level: "province"}}, Damaged: damaged}
		b.node.in = map[string]func([]byte) any{
			"POST /v1/roster/plan": func([]byte) any { return row.plan },
			"GET /v1/roster":       func([]byte) any { return shown },
		}
		b.stdin = "code,level,label,name_zh,parent\n520000,province,guizhou,贵州省,\n"
		exit, stdout, stderr := b.run(append([]string{"--as", "civil-affairs", "roster"}, row.line...)...)
		posted := strings.Contains(strings.Join(b.node.asked, "\n"), `"plan":"h"`)
		if exit != row.exit || !strings.Contains(stdout, row.out) || !strings.Contains(stderr, row.err) || posted != row.posted {
			t.Errorf("%s: exit %d, posted %t\n%s--\n%s", what, exit, posted, stdout, stderr)
		}
	}
	b := newWorkbench(t, "zh_CN.UTF-8")
	if exit, stdout, _ := b.run("--in", "holed", "ledger", "verify"); exit != exitUnverified || !strings.Contains(stdout, "现行的第 2 版名录有损坏，账本不受影响") {
		t.Errorf("verify: exit %d: %s", exit, stdout)
	}
}
