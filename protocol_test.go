package xietong_test

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// section returns the part of a document below a heading of level 2.
func section(t *testing.T, name, heading string) string {
	t.Helper()
	doc, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(doc), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has no section %q", name, heading)
	}
	part, _, _ := strings.Cut(rest, "\n## ")
	return part
}

// numbers returns the first column of a table, and the second beside it.
func numbers(table string) map[string]string {
	rows := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \|`).FindAllStringSubmatch(table, -1) {
		rows[m[1]] = m[2]
	}
	return rows
}

// kindConstants returns the literal values of the constants of type Kind in the package, or of
// state.Kind outside it, each with the names of its constants.
func kindConstants(t *testing.T, match func(s source, typ ast.Expr) bool) map[string][]string {
	found := map[string][]string{}
	for _, s := range sources(t) {
		for _, decl := range s.file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST || s.test {
				continue
			}
			for _, spec := range gen.Specs {
				v := spec.(*ast.ValueSpec)
				if !match(s, v.Type) || len(v.Values) != 1 {
					continue
				}
				if lit, ok := v.Values[0].(*ast.BasicLit); ok {
					found[lit.Value] = append(found[lit.Value], s.dir+"."+v.Names[0].Name)
				}
			}
		}
	}
	return found
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// TestProtocolKinds compares the numbered kinds of the code with the public tables. A number may be
// in a table before any code uses it; a number in the code alone would be a private number on the
// wire.
func TestProtocolKinds(t *testing.T) {
	entry := kindConstants(t, func(s source, typ ast.Expr) bool {
		return s.dir == "consensus/ledger" && isIdent(typ, "Kind")
	})
	command := kindConstants(t, func(s source, typ ast.Expr) bool {
		if command, ok := typ.(*ast.IndexListExpr); ok {
			sel, ok := command.X.(*ast.SelectorExpr)
			return ok && isIdent(sel.X, "book") && sel.Sel.Name == "Command"
		}
		return s.dir == "consensus/state" && isIdent(typ, "Kind")
	})
	for heading, constants := range map[string]map[string][]string{"Kinds of entry": entry, "Kinds of command": command} {
		table := numbers(section(t, "docs/protocol.md", heading))
		for number, names := range constants {
			if table[number] == "" && number != "0" {
				t.Errorf("docs/protocol.md, %s: number %s (%s) is not listed", heading, number, strings.Join(names, ", "))
			}
			if len(names) > 1 {
				t.Errorf("%s: number %s has several constants: %s", heading, number, strings.Join(names, ", "))
			}
		}
	}
	if len(entry) == 0 || len(command) < 20 {
		t.Errorf("%d kinds of entry and %d of command were found; the check looks in the wrong place", len(entry), len(command))
	}
}
