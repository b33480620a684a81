package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../../.."

// goFiles parses every Go file of the module except the tests.
func goFiles(t *testing.T, fset *token.FileSet) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files[name], err = parser.ParseFile(fset, name, nil, parser.SkipObjectResolution)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// codeConstants returns the names and values of this package's constants of type Code.
func codeConstants(files map[string]*ast.File) map[string]Code {
	constants := map[string]Code{}
	for name, file := range files {
		if filepath.Dir(name) != filepath.Join(root, "node", "ground", "text") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			typ, ok := spec.Type.(*ast.Ident)
			lit, isLit := spec.Values[0].(*ast.BasicLit)
			if ok && isLit && typ.Name == "Code" {
				if value, err := strconv.Unquote(lit.Value); err == nil {
					constants[spec.Names[0].Name] = Code(value)
				}
			}
			return true
		})
	}
	return constants
}

// selected returns the name after the dot of an expression text.Name, or "".
func selected(e ast.Expr) string {
	if sel, ok := e.(*ast.SelectorExpr); ok {
		if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "text" {
			return sel.Sel.Name
		}
	}
	return ""
}

func TestEveryCodeIsInATable(t *testing.T) {
	have := map[Code]bool{}
	for _, s := range allTables() {
		have[s.code] = true
	}
	for _, p := range allProblems() {
		have[p.code] = true
	}
	constants := codeConstants(goFiles(t, token.NewFileSet()))
	if len(constants) != len(have) {
		t.Errorf("%d constants of type Code, %d entries of tables", len(constants), len(have))
	}
	for name, code := range constants {
		if !have[code] {
			t.Errorf("%s (%s) is in no table", name, code)
		}
	}
}

// TestEveryCodeIsUsed checks that every Code is used. An unused sentence is translated for nothing,
// and an unused problem is a promise that the protocol does not keep.
func TestEveryCodeIsUsed(t *testing.T) {
	files := goFiles(t, token.NewFileSet())
	// This package uses Internal; the floors below raise the others, by their numbers or errors.
	used := map[string]bool{"Internal": true, "IDSeen": true, "IDReused": true, "Diverged": true, "CommandFailed": true}
	for _, c := range relayCodes(t) {
		used[c.name] = true
	}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok && selected(e) != "" {
				used[selected(e)] = true
			}
			return true
		})
	}
	var unused []string
	for name := range codeConstants(files) {
		if !used[name] {
			unused = append(unused, name)
		}
	}
	slices.Sort(unused)
	if len(unused) > 0 {
		t.Errorf("nothing uses %s: raise them, or take them out (a number once released stays in docs/protocol.md)",
			strings.Join(unused, ", "))
	}
}

// TestPlaceholdersAreGiven finds the calls that name a sentence and give its values, and compares
// the values with the placeholders of the sentence.
func TestPlaceholdersAreGiven(t *testing.T) {
	fset := token.NewFileSet()
	files := goFiles(t, fset)
	constants := codeConstants(files)
	checked := 0
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			code, keys, ok := codeAndKeys(call, constants)
			if !ok {
				return true
			}
			checked++
			if want := placeholdersOf(code); !slices.Equal(keys, want) {
				t.Errorf("%s: %s is given %q, and its placeholders are %q", fset.Position(call.Pos()), code, keys, want)
			}
			return true
		})
	}
	t.Logf("checked %d calls", checked)
}

// codeAndKeys returns the code that a call names, and the sorted keys of the text.Args that it
// gives. ok is false for a call that does not have both as literals.
func codeAndKeys(call *ast.CallExpr, constants map[string]Code) (code Code, keys []string, ok bool) {
	given := false
	for _, arg := range call.Args {
		if c, known := constants[selected(arg)]; known {
			code = c
		}
		lit, isLit := arg.(*ast.CompositeLit)
		if !isLit || selected(lit.Type) != "Args" {
			continue
		}
		given = true
		for _, element := range lit.Elts {
			kv, isKV := element.(*ast.KeyValueExpr)
			if !isKV {
				return "", nil, false
			}
			key, isBasic := kv.Key.(*ast.BasicLit)
			if !isBasic {
				return "", nil, false
			}
			name, err := strconv.Unquote(key.Value)
			if err != nil {
				return "", nil, false
			}
			keys = append(keys, name)
		}
	}
	slices.Sort(keys)
	return code, keys, given && code != ""
}

// placeholdersOf returns the names of a code's placeholders, sorted.
func placeholdersOf(code Code) []string {
	if p, ok := byCode[code]; ok {
		return slices.Sorted(slices.Values(p.params))
	}
	var names []string
	for _, p := range namesIn(sentences[code].zh) {
		if own := strings.Trim(p, "{}"); own != "xietong" && own != "program" { // every command line gives these
			names = append(names, own)
		}
	}
	// Sorted again: without braces "with" is before "without", with braces it is after.
	slices.Sort(names)
	return names
}
