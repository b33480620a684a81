package main

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestOneDocument runs what the golden session runs, with --json: standard output is one JSON
// document or none, and standard error the lines of one problem, if anything. The receipts of a
// ledger are files, and help is help.
func TestOneDocument(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	files := writeFiles(t)
	b.node.lines = []client.ImportProgress{{Done: 3, Total: 3}}
	for _, args := range session {
		if args[len(args)-1] == "--help" || args[0] == "serve" || args[0] == "init" || args[0] == "join" {
			continue
		}
		real := []string{"--json"}
		for _, arg := range args {
			real = append(real, strings.Replace(arg, "FILES", files, 1))
		}
		_, stdout, stderr := b.run(real...)
		for name, text := range map[string]string{"output": stdout, "error": stderr} {
			d := json.NewDecoder(strings.NewReader(text))
			var v any
			err := d.Decode(&v)
			if err == nil {
				_, err = d.Token()
			}
			if !errors.Is(err, io.EOF) {
				t.Errorf("%s: the standard %s is not one JSON document: %v\n%.600s", strings.Join(args, " "), name, err, text)
			}
		}
	}
}
