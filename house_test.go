package xietong_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// Limits of length, in lines.
const (
	maxFile     = 400
	maxTestFile = 600
	maxFunc     = 80
)

// source is one Go file of the module.
type source struct {
	path  string // from the root, with slashes
	dir   string // the package's directory; "." is the root
	test  bool
	lines int
	file  *ast.File
}

// imports returns the paths that the file imports.
func (s source) imports() []string {
	var paths []string
	for _, spec := range s.file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue // the parser has checked it
		}
		paths = append(paths, p)
	}
	return paths
}

var fileSet = token.NewFileSet()

// foreign are the names of directories that hold nothing of ours.
var foreign = []string{".git", "vendor", "node_modules"}

// walk calls visit for every file of the project, generated and foreign directories excepted.
func walk(visit func(name string) error) error {
	return filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(foreign, d.Name()) || name == "bench"): // bench is a module of its own
			return filepath.SkipDir
		case d.IsDir() || !d.Type().IsRegular() || name == ".git": // a file in a second work tree of a clone
			return nil
		}
		return visit(filepath.ToSlash(name))
	})
}

var parsed = sync.OnceValues(func() ([]source, error) {
	var all []source
	err := walk(func(name string) error {
		if path.Ext(name) != ".go" || slices.Contains(strings.Split(name, "/"), "testdata") {
			return nil
		}
		file, err := parser.ParseFile(fileSet, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{
			path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
			lines: fileSet.File(file.Pos()).LineCount(), file: file,
		})
		return nil
	})
	return all, err
})

// sources returns every Go file of the module, parsed once.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := parsed()
	if err != nil {
		t.Fatalf("read the module: %v", err)
	}
	return all
}

// TestLengths holds files and functions to a length that a reader can keep in mind, and prints how
// they are spread.
func TestLengths(t *testing.T) {
	var files, tests, funcs []int
	for _, s := range sources(t) {
		if s.test {
			tests = append(tests, s.lines)
		} else {
			files = append(files, s.lines)
		}
		most := maxFile
		if s.test {
			most = maxTestFile
		}
		if s.lines > most {
			t.Errorf("%s has %d lines, more than %d: split it by subject", s.path, s.lines, most)
		}
		for _, decl := range s.file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := fileSet.Position(f.End()).Line - fileSet.Position(f.Pos()).Line + 1
			if n > maxFunc {
				t.Errorf("%s: %s has %d lines, more than %d: give its steps names", s.path, f.Name.Name, n, maxFunc)
			}
			if !s.test {
				funcs = append(funcs, n)
			}
		}
	}
	for name, lines := range map[string][]int{"files": files, "test files": tests, "functions": funcs} {
		slices.Sort(lines)
		if n := len(lines); n > 0 {
			t.Logf("lines of %d %s: p50 %d, p90 %d, max %d", n, name, lines[n/2], lines[n*9/10], lines[n-1])
		}
	}
}

// maxColumns is how wide a line of comments may be: what is wider is read twice.
const maxColumns = 100

// TestCommentColumns checks every line that is a comment alone. A tab counts as four columns, a
// Chinese character as two.
func TestCommentColumns(t *testing.T) {
	for _, s := range sources(t) {
		data, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(data), "\n") {
			if !strings.HasPrefix(strings.TrimSpace(line), "// ") {
				continue
			}
			if n := columns(line); n > maxColumns {
				t.Errorf("%s:%d: a comment of %d columns, more than %d: %s", s.path, i+1, n, maxColumns, line)
			}
		}
	}
}

// TestCommentsAreFilled finds paragraphs of comments that were cut by hand and not filled again: a
// line that has room for the first word of the next one, and for cutColumns more. Lists, and what
// stands under another indent, are not of the paragraph.
func TestCommentsAreFilled(t *testing.T) {
	const cutColumns = 20
	paragraph := regexp.MustCompile(`^(\s*)// ([^\s(*-]\S*)`)
	for _, s := range sources(t) {
		data, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(data), "\n")
		for i, line := range lines[1:] {
			here, next := paragraph.FindStringSubmatch(lines[i]), paragraph.FindStringSubmatch(line)
			if here == nil || next == nil || here[1] != next[1] {
				continue
			}
			if columns(lines[i])+1+columns(next[2]) <= maxColumns-cutColumns {
				t.Errorf("%s:%d: the next line begins with what has room here: %s", s.path, i+1, lines[i])
			}
		}
	}
}

func columns(line string) (n int) {
	for _, r := range line {
		switch {
		case r == '\t':
			n += 4
		case r >= 0x2E80 && r <= 0xFFE6:
			n += 2
		default:
			n++
		}
	}
	return n
}

// TestPackageComments: whoever opens a package is told first what it is for, and what it never
// does.
func TestPackageComments(t *testing.T) {
	comments := map[string][]string{}
	names := map[string]string{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		names[s.dir] = s.file.Name.Name
		if s.file.Doc != nil {
			comments[s.dir] = append(comments[s.dir], s.file.Doc.Text())
		}
	}
	for dir, name := range names {
		docs := comments[dir]
		if len(docs) != 1 {
			t.Errorf("%s: %d files have a package comment, want one", dir, len(docs))
			continue
		}
		want := "Package " + name + " "
		if name == "main" {
			want = "Command " + path.Base(dir) + " "
		}
		if !strings.HasPrefix(docs[0], want) {
			t.Errorf("%s: the package comment begins %.30q, want %q", dir, docs[0], want)
		}
		if n := strings.Count(strings.TrimSpace(docs[0]), "\n") + 1; n < 3 {
			t.Errorf("%s: the package comment has %d lines, want 3 or more: what for, what never, invariants", dir, n)
		}
	}
}

// TestErrorStrings: an error reads "open ledger: decode checkpoint: …", and every layer that says
// "failed to" makes it longer and no clearer.
func TestErrorStrings(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING &&
				strings.Contains(strings.ToLower(lit.Value), "failed to") {
				t.Errorf("%s: %s: say what was done, as in \"open ledger: %%w\"", fileSet.Position(lit.Pos()), lit.Value)
			}
			return true
		})
	}
}

// machinePath is a path that holds on one developer's machine only. It is put together so as not to
// find itself.
var machinePath = regexp.MustCompile(`(^|[^\w.\-/}])/(` + "wo" + "rk|ro" + `ot|home/\w+)(/|\b)`)

// TestNoMachinePaths: a clean clone must build and read the same anywhere.
func TestNoMachinePaths(t *testing.T) {
	err := walk(func(name string) error {
		data, err := os.ReadFile(name)
		if err != nil || !utf8.Valid(data) {
			return err
		}
		for i, line := range strings.Split(string(data), "\n") {
			if m := machinePath.FindString(line); m != "" {
				t.Errorf("%s:%d: %q is a path of one machine", name, i+1, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
