package main

import (
	"encoding/json"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestErrorsAreJSON: with --json every error is JSON, also one of the command line that stands
// before it, and a value that looks like it asks for none.
func TestErrorsAreJSON(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	for _, args := range [][]string{
		{"query", "villages", "--purpse", "x", "--json"}, {"query", "--json", "villages", "--purpse", "x"}, {"qury", "--json"}, {"query", "--limit", "x", "--json"},
		{"query", "--json"}, {"agency", "add", "--json=true"},
	} {
		_, _, stderr := b.run(args...)
		var p client.Problem
		if err := json.Unmarshal([]byte(stderr), &p); err != nil || p.Code != "usage" {
			t.Errorf("%q: got %q", args, stderr)
		}
	}
	for _, args := range [][]string{{"ledger", "verify", "nothing", "--root", "guizhou/keys/1/" + strings.Repeat("0", 64), "--json"}, {"record", "put", "villages", t.TempDir(), "--json"}} {
		_, _, stderr := b.run(args...)
		var members map[string]any
		if err := json.Unmarshal([]byte(stderr), &members); err != nil || members["title"] == "" || members["title"] == nil || members["status"] == 0.0 {
			t.Errorf("%q: got %q", args, stderr)
		}
	}
	if _, _, stderr := b.run("qury", "--", "--json"); json.Valid([]byte(stderr)) {
		t.Errorf("got %q", stderr)
	}
}
