package xietong_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	threatPage  = "docs/security.md"
	defencePage = "testdata/defences.txt"
)

// threat is a row of the table in docs/security.md.
type threat struct {
	id, dir, test string
}

var threatRow = regexp.MustCompile("(?m)^\\| ([A-Z]+[0-9]+[a-z]?) \\|.*\\| `([\\w/.]+) (Test\\w+)` \\|$")

// threats reads the rows of docs/security.md.
func threats(t *testing.T) (all []threat) {
	t.Helper()
	data, err := os.ReadFile(threatPage)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		m := threatRow.FindStringSubmatch(line)
		switch {
		case m != nil:
			all = append(all, threat{m[1], m[2], m[3]})
		case regexp.MustCompile(`^\| [A-Z]+[0-9]`).MatchString(line):
			t.Errorf("%s: %q is no row: | ID | who | what | what stops it | `package Test` |", threatPage, line)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s has no rows", threatPage)
	}
	return all
}

// TestThreatsAreTested: what the page says of an attack is no promise, it is a test. The test of a
// row exists, names the row in its comment, and is never skipped.
func TestThreatsAreTested(t *testing.T) {
	ids := map[string]bool{}
	for _, row := range threats(t) {
		if ids[row.id] {
			t.Errorf("%s: the row %s is there twice", threatPage, row.id)
		}
		ids[row.id] = true
		f := testNamed(t, row.dir, row.test)
		switch {
		case f == nil:
			t.Errorf("%s: row %s: %s has no %s", threatPage, row.id, row.dir, row.test)
		case !regexp.MustCompile(`\b` + row.id + `\b`).MatchString(f.Doc.Text()):
			t.Errorf("%s: row %s: the comment of %s does not name it", threatPage, row.id, row.test)
		case skips(f):
			t.Errorf("%s: row %s: %s may be skipped", threatPage, row.id, row.test)
		}
	}
	for _, d := range defences(t) {
		if !ids[d.id] {
			t.Errorf("%s: %s is no row of %s", defencePage, d.id, threatPage)
		}
		delete(ids, d.id)
	}
	for id := range ids {
		t.Errorf("%s: nothing says what is removed so that the test of row %s fails", defencePage, id)
	}
}

// testNamed returns the test of a package; nil: there is none.
func testNamed(t *testing.T, dir, name string) *ast.FuncDecl {
	for _, s := range sources(t) {
		if s.dir != dir || !s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == name {
				return f
			}
		}
	}
	return nil
}

// skips reports whether a test calls Skip, Skipf or SkipNow.
func skips(f *ast.FuncDecl) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name) {
			found = true
		}
		return !found
	})
	return found
}

// defence is what holds one attack off: a piece of a file, and what stands there without it.
type defence struct {
	id, file, with, without string
}

// defences reads testdata/defences.txt, and checks that each piece is there, once.
func defences(t *testing.T) []defence { return pieces(t, defencePage) }

// pieces reads a page of pieces, and checks that each is there, once.
func pieces(t *testing.T, page string) (all []defence) {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks(string(data)) {
		d, err := parseDefence(block)
		if err != nil {
			t.Errorf("%s: %v:\n%s", page, err, block)
			continue
		}
		all = append(all, d)
	}
	return all
}

// blocks splits the page where a line begins with neither - nor +; comments and empty lines are
// left out.
func blocks(page string) (all []string) {
	for line := range strings.Lines(page) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case line[0] != '-' && line[0] != '+' || len(all) == 0:
			all = append(all, line)
		default:
			all[len(all)-1] += "\n" + line
		}
	}
	return all
}

// parseDefence reads one block: "ID file", and then the lines that are taken away, with "-", and
// those that take their place, with "+".
func parseDefence(block string) (d defence, err error) {
	lines := strings.Split(block, "\n")
	var ok bool
	if d.id, d.file, ok = strings.Cut(lines[0], " "); !ok {
		return d, errors.New("the first line is not ID FILE")
	}
	for _, line := range lines[1:] {
		text, removed := strings.CutPrefix(line, "-")
		added, isAdded := strings.CutPrefix(line, "+")
		switch {
		case removed:
			d.with += text + "\n"
		case isAdded:
			d.without += added + "\n"
		default:
			return d, fmt.Errorf("%q begins with neither - nor +", line)
		}
	}
	source, err := os.ReadFile(d.file)
	if err != nil {
		return d, err
	}
	if n := bytes.Count(source, []byte(d.with)); n != 1 || d.with == "" {
		return d, fmt.Errorf("what is taken away stands %d times in %s", n, d.file)
	}
	return d, nil
}

var removeDefences = flag.Bool("defences", false, "remove each defence in turn, and see its test fail: takes minutes")

// TestDefencesCount removes every defence in turn, in a copy of its file that only the compiler
// sees, and sees the test of its row fail. A test that passes without the defence holds nothing.
func TestDefencesCount(t *testing.T) {
	if !*removeDefences {
		t.Skip("run with -defences")
	}
	rows := threats(t)
	for _, d := range defences(t) {
		i := slices.IndexFunc(rows, func(row threat) bool { return row.id == d.id })
		if i < 0 {
			continue // TestThreatsAreTested tells
		}
		t.Run(d.id, func(t *testing.T) { d.remove(t, rows[i]) })
	}
}

// remove runs the test of a row without the defence. The overlay goes by the environment, so that a
// program which the test builds is without it, too. It returns what the test said.
func (d defence) remove(t *testing.T, row threat) (said []byte) {
	source, err := os.ReadFile(d.file)
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	weakened, overlay := filepath.Join(folder, filepath.Base(d.file)), filepath.Join(folder, "overlay.json")
	replaced, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(root, d.file): weakened}})
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(
		os.WriteFile(weakened, bytes.Replace(source, []byte(d.with), []byte(d.without), 1), 0o600),
		os.WriteFile(overlay, replaced, 0o600),
	)
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command("go", "test", "-count=1", "-vet=off", "-timeout", "5m", "-run", "^"+row.test+"$", "./"+row.dir)
	run.Env = append(os.Environ(), "GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+overlay)
	out, err := run.CombinedOutput()
	switch {
	case err == nil:
		t.Errorf("%s passes without what %s defends", row.test, d.file)
	case bytes.Contains(out, []byte("[build failed]")) || bytes.Contains(out, []byte("[setup failed]")):
		t.Errorf("without the defence it does not build: %s", out)
	}
	return out
}
