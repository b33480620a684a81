package xietong_test

import (
	"go/ast"
	"os"
	"strings"
	"testing"
)

// TestUnraced checks the list of tests that run without the race detector: each is there, and its
// name leaves out no other test, as the go command takes names for all packages.
func TestUnraced(t *testing.T) {
	data, err := os.ReadFile(".ci/unraced")
	if err != nil {
		t.Fatal(err)
	}
	dirs := map[string][]string{} // of each test
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && strings.HasPrefix(f.Name.Name, "Test") {
				dirs[f.Name.Name] = append(dirs[f.Name.Name], "./"+s.dir)
			}
		}
	}
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if in := dirs[words[len(words)-1]]; len(words) != 2 || len(in) != 1 || in[0] != words[0] {
			t.Errorf("%q: want a folder and a test of it alone; it is in %q", strings.TrimSpace(line), in)
		}
	}
}
