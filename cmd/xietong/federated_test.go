package main

import (
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
	b.node.in = map[string]func([]byte) any{"POST /v1/federated-query": func([]byte) any { return answer }}
	_, _, stderr := b.run("query", "villages", "--at", "**.guizhou", "--count")
	want := "合计 0，覆盖 97 个中的 0 个\n   南明区  拒绝：没有这项权限\n   乌当区  没有提供这项数据\n   尚未加入 93 个（加 --json 列出）\n"
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
