package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestAPIDocument runs the blocks of docs/api.md one after the other on a node of its own, as a
// reader does who pastes them into one shell.
func TestAPIDocument(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("the document's examples need curl")
	}
	data, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	script := "set -e -o pipefail\ntrap 'kill %1' EXIT\n./xietong init guizhou\n./xietong serve &\nuntil ./xietong status; do :; done\n"
	blocks := 0
	for i, block := range strings.Split(string(data), "```") {
		if i%2 == 1 {
			script, blocks = script+strings.TrimPrefix(block, "sh"), blocks+1
		}
	}
	out, err := scripted(t, script)
	if err != nil || blocks < 6 {
		t.Fatalf("%d blocks: %v\n%s", blocks, err, out)
	}
	for _, want := range []string{
		`"rows":[{"code":"1","name":"纪念塔社区"}]`, `"count":1`, `"answer":"yes"`, `"file_hash":"`, `"published":"guizhou/log/1/`, `"code":"unknown-dataset"`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the examples do not show %s:\n%s", want, out)
		}
	}
}
