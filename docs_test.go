package xietong_test

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

func readMod(t *testing.T) *modfile.File {
	t.Helper()
	data, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	f, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestRaftWALVersion: raft-wal before v0.4.2 loses acknowledged log (hashicorp/raft-wal#31), and
// the tools pick v0.4.0 by themselves.
func TestRaftWALVersion(t *testing.T) {
	const wal = "github.com/hashicorp/raft-wal"
	f := readMod(t)
	got := ""
	for _, r := range f.Require {
		if r.Mod.Path == wal {
			got = r.Mod.Version
		}
	}
	if got != "v0.4.2" {
		t.Errorf("go.mod requires %s %q, want v0.4.2: other versions lose acknowledged log, or are not tried", wal, got)
	}
	var excluded []string
	for _, x := range f.Exclude {
		if x.Mod.Path == wal {
			excluded = append(excluded, x.Mod.Version)
		}
	}
	for _, bad := range []string{"v0.4.0", "v0.4.1"} {
		if !slices.Contains(excluded, bad) {
			t.Errorf("go.mod does not exclude %s %s, which loses acknowledged log after a truncation", wal, bad)
		}
	}
	for _, r := range f.Replace {
		if r.Old.Path == wal {
			t.Errorf("go.mod replaces %s by %s, which the check of its version cannot see", wal, r.New)
		}
	}
}

// TestDependenciesAreExplained: every dependency has a reason.
func TestDependenciesAreExplained(t *testing.T) {
	doc, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	var listed, direct []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .{20,} \\|$").FindAllStringSubmatch(string(doc), -1) {
		listed = append(listed, m[1])
	}
	for _, r := range readMod(t).Require {
		if !r.Indirect {
			direct = append(direct, r.Mod.Path)
		}
	}
	for _, m := range direct {
		if !slices.Contains(listed, m) {
			t.Errorf("docs/dependencies.md has no line that says what %s is for", m)
		}
	}
	for _, m := range listed {
		if !slices.Contains(direct, m) {
			t.Errorf("docs/dependencies.md lists %s, which go.mod does not require directly", m)
		}
	}
	if !slices.IsSorted(listed) || len(slices.Compact(slices.Clone(listed))) != len(listed) {
		t.Error("docs/dependencies.md is not sorted by module, or lists one twice")
	}
}

// TestRoomsAreDescribed: docs/architecture.md is the guide to the house, so it names every room.
func TestRoomsAreDescribed(t *testing.T) {
	doc, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\|").FindAllStringSubmatch(string(doc), -1) {
		described = append(described, m[1])
	}
	rooms := packages(t)
	for _, room := range rooms {
		if !slices.Contains(described, room) {
			t.Errorf("docs/architecture.md has no line for %s", room)
		}
	}
	for _, room := range described {
		if !slices.Contains(rooms, room) {
			t.Errorf("docs/architecture.md describes %s, which does not exist", room)
		}
	}
}

var link = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)

// TestDocLinks: a link inside the project leads to a file that exists.
func TestDocLinks(t *testing.T) {
	err := walk(func(name string) error {
		if path.Ext(name) != ".md" {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range link.FindAllStringSubmatch(string(data), -1) {
			if strings.Contains(m[1], ":") {
				continue // another site
			}
			if _, err := os.Stat(path.Join(path.Dir(name), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
