package main

import (
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestAskedOnePlace (N21-15, N21-42): whoever asks one place for what only those below it have is
// told how all of them are asked, and whoever names several places, that one is asked at a time.
func TestAskedOnePlace(t *testing.T) {
	for locale, row := range map[string]struct{ below, many string }{
		"C": {"ask all of them with --at '**.遵义市'", "--at names one place"}, "zh_CN.UTF-8": {"请改用 --at '**.遵义市'", "--at 只写一处"},
	} {
		b := newWorkbench(t, locale)
		for at, want := range map[string]struct{ code, told, not string }{
			"遵义市": {"unknown-dataset", row.below, row.many}, "湄潭县，正安县": {"jurisdiction-unknown", row.many, row.below}, "火星": {"jurisdiction-unknown", "", row.many},
		} {
			b.node.fail = map[string]client.Problem{"POST /v1/query": {Code: want.code, Status: 404, Detail: "x", Do: "y"}}
			code, _, stderr := b.run("query", "dibao-count", "--at", at, "--purpose", "p")
			if code != exitFailed || !strings.Contains(stderr, want.told) || strings.Contains(stderr, want.not) {
				t.Errorf("%s: exit %d, %s", at, code, stderr)
			}
		}
	}
}

// TestAdoptedByAnother (N21-14): an agency that adopts what another one provides reads which that
// is, and of no file that it did not give.
func TestAdoptedByAnother(t *testing.T) {
	b := newWorkbench(t, "C")
	b.node.in = map[string]func([]byte) any{
		"GET /v1/standards/villages": func([]byte) any {
			return client.Standard{NewStandard: client.NewStandard{NewDataset: villages.NewDataset}}
		},
		"GET /v1/datasets/villages": func([]byte) any { return villages },
	}
	b.node.fail = map[string]client.Problem{"POST /v1/datasets/plan": {Code: "agency-of-entry", Status: 409}, "POST /v1/datasets": {Code: "agency-of-entry", Status: 409}}
	code, _, stderr := b.run("--as", "agri", "dataset", "adopt", "villages")
	if want := "this dataset is provided here by agency " + villages.Agency + " already"; code != exitFailed || !strings.Contains(stderr, want) || strings.Contains(stderr, "the entry that was given") {
		t.Errorf("exit %d, %s", code, stderr)
	}
}

// TestContinueAsks (N23-17): entries are given up only for a yes; who says that the directory is
// the newest, or that all was looked through, is asked nothing.
func TestContinueAsks(t *testing.T) {
	for _, row := range []struct {
		line, stdin string
		done        bool
	}{
		{"--reason r", "", false}, {"--reason r", "n\n", false}, {"--reason r --json", "y\n", false}, {"--reason r", "y\n", true}, {"--reason r --yes", "", true},
		{"--reason r --yes --json", "", true}, {"--reason r --newest", "", true}, {"--reason r --checked", "", true},
	} {
		b := newWorkbench(t, "C")
		b.stdin = row.stdin
		code, _, stderr := b.run(strings.Fields("ledger continue " + row.line)...)
		sent := strings.Contains(strings.Join(b.node.asked, "\n"), "POST /v1/ledger/continuation")
		if sent != row.done || (code == exitDone) != row.done || !row.done && !strings.Contains(stderr, "nobody confirmed it") && !strings.Contains(stderr, "consent-needed") {
			t.Errorf("%s, %q: exit %d, sent %t, %s", row.line, row.stdin, code, sent, stderr)
		}
	}
}
