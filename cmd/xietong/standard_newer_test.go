package main

import (
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestNewerStandard (U-C31): whoever looks at a dataset that adopts a standard is told of its newer
// version, with the command that adopts it. A standard out of reach, withdrawn or unchanged, and
// JSON, are told nothing of.
func TestNewerStandard(t *testing.T) {
	const followed, newer = "guizhou/log/1/5", "guizhou/log/1/9"
	own := client.Dataset{Version: 1, NewDataset: client.NewDataset{Code: "villages", Title: "名录", Standard: followed}}
	free := client.Dataset{Version: 1, NewDataset: client.NewDataset{Code: "households"}}
	set := func(entry string) client.Standards {
		return client.Standards{Standards: []client.Standard{{NewStandard: client.NewStandard{NewDataset: client.NewDataset{Code: "villages"}}, Version: 2, Entry: entry}}}
	}
	for _, row := range []struct {
		what, line string
		standards  client.Standards
		told       bool
	}{
		{"a newer one", "dataset list", set(newer), true},
		{"a newer one", "dataset show villages", set(newer), true},
		{"the same", "dataset list", set(followed), false},
		{"withdrawn", "dataset show villages", client.Standards{Standards: []client.Standard{}}, false},
		{"JSON", "--json dataset list", set(newer), false},
		{"without a standard", "dataset show households", set(newer), false},
	} {
		for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
			b := newWorkbench(t, lang)
			b.node.in = map[string]func([]byte) any{
				"GET /v1/datasets":            func([]byte) any { return client.Datasets{Datasets: []client.Dataset{own, free}} },
				"GET /v1/datasets/villages":   func([]byte) any { return own },
				"GET /v1/datasets/households": func([]byte) any { return free },
				"GET /v1/standards":           func([]byte) any { return row.standards },
			}
			code, _, stderr := b.run(strings.Fields(row.line)...)
			told := strings.Contains(stderr, newer) && strings.Contains(stderr, followed) && strings.Contains(stderr, "xietong dataset adopt villages")
			if code != exitDone || told != row.told || !row.told && stderr != "" {
				t.Errorf("%s, %s: exit %d, told %t: %s", row.what, row.line, code, told, stderr)
			}
		}
	}
	b := newWorkbench(t, "en_US.UTF-8")
	b.node.in = map[string]func([]byte) any{"GET /v1/datasets/villages": func([]byte) any { return own }}
	b.node.fail = map[string]client.Problem{"GET /v1/standards": {Title: "unreachable", Status: 502, Code: "unreachable"}}
	if code, stdout, stderr := b.run("dataset", "show", "villages"); code != exitDone || stderr != "" || !strings.Contains(stdout, followed) {
		t.Errorf("out of reach: exit %d, %s", code, stderr)
	}
}

// TestFilled (U-D): a table shows no column in which nothing stands.
func TestFilled(t *testing.T) {
	heading, rows := filled([]string{"code", "title", "kind"}, [][]string{{"a", "", "x"}, {"b", "", ""}})
	if strings.Join(heading, " ") != "code kind" || strings.Join(rows[0], " ") != "a x" || strings.Join(rows[1], ",") != "b," {
		t.Errorf("got %q, %q", heading, rows)
	}
}
