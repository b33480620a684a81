package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/client"
)

var update = flag.Bool("update", false, "write the golden files anew")

// session is every verb once, in the order in which a person would use them.
var session = [][]string{
	{"init", "nanming.guiyang.guizhou"},
	{"status"},
	{"agency", "add", "civil-affairs", "民政局"},
	{"agency", "list"},
	{"ledger", "checkpoint"},
	{"ledger", "entry", "7"},
	{"ledger", "receipt", "7", "--out", "FILES"},
	{"ledger", "receipt", "8", "--out", "FILES"},
	{"ledger", "verify", "FILES/entry-7.receipt", "FILES/entry-7.payload", "--root", "guizhou/keys/1/" + strings.Repeat("0f", 32)},
	{"ledger", "verify"},
	{"ledger", "entry", "9"},
	{"status", "--jsn"},
	{"--help"},
}

func TestGolden(t *testing.T) {
	for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		t.Run(lang[:2], func(t *testing.T) {
			b := newBench(t, lang)
			files := t.TempDir()
			b.node.fail = map[string]client.Problem{"GET /v1/ledger/entries/9": {
				Title: "未找到", Status: 404, Code: "not-found", Detail: "未找到 条目 9", Where: "nanming.guiyang.guizhou", Do: "请核对",
			}}
			var got strings.Builder
			for _, args := range session {
				real := make([]string, len(args))
				for i, arg := range args {
					real[i] = strings.Replace(arg, "FILES", files, 1)
				}
				code, stdout, stderr := b.run(real...)
				fmt.Fprintf(&got, "$ xietong %s\n%s", strings.Join(args, " "), stdout)
				if stderr != "" {
					fmt.Fprintf(&got, "-- stderr\n%s", stderr)
				}
				fmt.Fprintf(&got, "-- exit %d\n\n", code)
			}
			compare(t, filepath.Join("testdata", lang[:2]+".golden"), strings.ReplaceAll(got.String(), files, "FILES"))
		})
	}
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		var g, w string
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Fatalf("%s:%d:\n got %q\nwant %q", path, i+1, g, w)
		}
	}
}
