package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestAbsentAreOneLine asks many in a young tree: those that have not joined are one line with
// their number, after those that refused.
func TestAbsentAreOneLine(t *testing.T) {
	answer := client.FederatedAnswer{Members: 97, Asked: log + "31"}
	for i := range 95 {
		answer.Missing = append(answer.Missing, client.MissingMember{Title: fmt.Sprint("县", i), State: client.StateNotJoined})
	}
	answer.Missing[3] = client.MissingMember{Title: "乌当区", State: client.StateNotOffered, By: "乌当区", Itself: true}
	answer.Missing[90] = client.MissingMember{Title: "南明区", State: client.StateRefused, By: "南明区", Itself: true, Why: "没有这项权限"}
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.node.fail = map[string]client.Problem{
		"POST /v1/federated-query": {Status: 502, Code: "nobody-answered", Detail: "无一答复", Answer: &answer},
	}
	code, stdout, stderr := b.run("query", "villages", "--at", "**.guizhou", "--count")
	if code != exitFailed || stdout != "" || !strings.HasSuffix(stderr, "错误：无一答复\n") {
		t.Errorf("exit %d, with %q and %q", code, stdout, stderr)
	}
	want := "   南明区  拒绝：没有这项权限\n   乌当区  没有提供这项数据\n   尚未加入 93 个（加 --json 列出）\n"
	if !strings.HasPrefix(stderr, want) {
		t.Errorf("got\n%s\nwant\n%s", stderr, want)
	}
	answer.Missing = answer.Missing[88:]
	if _, _, stderr = b.run("query", "villages", "--at", "**.guizhou", "--count"); !strings.Contains(stderr, "尚未加入 6 个（加 --json 列出）") {
		t.Errorf("got\n%s", stderr)
	}
	answer.Missing = answer.Missing[:3]
	if _, _, stderr = b.run("query", "villages", "--at", "**.guizhou", "--count"); !strings.Contains(stderr, "尚未加入 2 个：县88、县89") {
		t.Errorf("got\n%s", stderr)
	}
}

// TestManyColumnsOfFew (E01b): four counties that name 250 fields of their own each put out nobody
// else's records from a file of many; what is not written is told.
func TestManyColumnsOfFew(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	for i := range 9 {
		line := client.RowsLine{From: fmt.Sprint("county", i), Title: fmt.Sprint("County ", i), Answer: &client.Answer{Columns: []string{"code", "name"}}}
		for j := range 250 {
			if i < 5 {
				line.Answer.Columns = append(line.Answer.Columns, fmt.Sprintf("own_%d_%d", i, j))
			}
		}
		for j := range 10 {
			line.Answer.Rows = append(line.Answer.Rows, json.RawMessage(fmt.Sprintf(`{"code":"%d%d","name":"x"}`, i, j)))
		}
		b.node.lined = append(b.node.lined, line)
	}
	b.node.lined = append(b.node.lined, client.RowsLine{Coverage: &client.FederatedAnswer{Total: 90, Answered: 9, Members: 9}})
	code, stdout, stderr := b.run("query", "d", "--at", "**.guizhou", "-o", "csv")
	lines := strings.Split(strings.TrimSuffix(stdout, "\r\n"), "\r\n")
	told := strings.Count(stderr, "are not written: their fields and those of the other places are more than 1024")
	if code != exitDone || len(lines) != 81 || strings.Count(lines[0], ",") != 1003 || told != 1 || !strings.Contains(stdout, "county8,County 8,89,x") {
		t.Errorf("exit %d, %d lines, %d columns, %d left out; %s", code, len(lines), 1+strings.Count(lines[0], ","), told, stderr)
	}
	if !strings.HasPrefix(lines[0], "place.name,place.title,code,name,own_") {
		t.Errorf("the columns begin with %.100s", lines[0])
	}
}

// TestBranchIsOneLine (E20, E46): a hop that is off is named once, with all that it leads to; who
// was withdrawn is told by name and cause, and not counted with those that have not joined.
func TestBranchIsOneLine(t *testing.T) {
	why := "遵义市已撤回对红花岗区的背书（存证条目 zunyi.guizhou/log/1/9，2026-11-28 09:00:00），各地不再与它和它的下级往来"
	answer := client.FederatedAnswer{Members: 6, Asked: log + "31", Missing: []client.MissingMember{
		{Title: "西秀区", State: client.StateUnreachable, By: "贵州省", Code: "unreachable", Above: "安顺市"},
		{Title: "平坝区", State: client.StateUnreachable, By: "贵州省", Code: "unreachable", Above: "安顺市"},
		{Title: "毕节市", State: client.StateUnreachable, By: "贵州省", Code: "unreachable"},
		{Title: "威宁县", State: client.StateUnreachable, By: "贵州省", Code: "unreachable", Above: "毕节市"},
		{Title: "红花岗区", State: client.StateNotJoined, By: "遵义市", Code: "place-withdrawn", Why: why},
		{Title: "汇川区", State: client.StateNotJoined, By: "遵义市", Code: "place-invited", Why: "已邀请"},
		{Title: "绥阳县", State: client.StateNotJoined, By: "遵义市"},
	}}
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.node.fail = map[string]client.Problem{
		"POST /v1/federated-query": {Status: 502, Code: "nobody-answered", Detail: "无一答复", Answer: &answer},
	}
	_, _, stderr := b.run("query", "villages", "--at", "**.guizhou", "--count")
	want := "   安顺市及其下级共 2 个  贵州省联系不上它\n   毕节市及其下级共 2 个  贵州省联系不上它\n   红花岗区  " + why + "\n   尚未加入 2 个：汇川区、绥阳县\n"
	if unfolded := strings.ReplaceAll(stderr, "\n     ", ""); !strings.HasPrefix(unfolded, want) {
		t.Errorf("got\n%s\nwant\n%s", stderr, want)
	}
}

// TestToldByAHop (E21): what a hop tells of another is no refusal.
func TestToldByAHop(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	for code, want := range map[string]string{
		"place-withdrawn": "遵义市告知：它不在\n", "unreachable": "遵义市告知：它不在\n", "grant-needed": "遵义市拒绝：它不在\n",
	} {
		b.node.fail = map[string]client.Problem{"POST /v1/query": {Status: 403, Code: code, Detail: "它不在", By: "遵义市"}}
		if _, _, stderr := b.run("query", "villages", "--at", "红花岗区", "--key", "1"); !strings.HasPrefix(stderr, want) {
			t.Errorf("%s: got %q, want %q", code, stderr, want)
		}
	}
}
