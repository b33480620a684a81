package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// relayCode is a constant of type Code of exchange/relay.
type relayCode struct {
	name   string
	number uint16
	values []string // in the order that its comment gives
}

// constantsOf returns the constants of a file of the module that have a value of their own, each
// with its type and comment.
func constantsOf(t *testing.T, name string) []*ast.ValueSpec {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var constants []*ast.ValueSpec
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			if v := spec.(*ast.ValueSpec); len(v.Values) == 1 {
				constants = append(constants, v)
			}
		}
	}
	return constants
}

func relayCodes(t *testing.T) []relayCode {
	t.Helper()
	var codes []relayCode
	for _, c := range constantsOf(t, "exchange/relay/relay.go") {
		typ, ok := c.Type.(*ast.Ident)
		lit, isLit := c.Values[0].(*ast.BasicLit)
		if !ok || !isLit || typ.Name != "Code" {
			continue
		}
		number, err := strconv.ParseUint(lit.Value, 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		values, _, _ := strings.Cut(strings.TrimSpace(c.Comment.Text()), ":")
		codes = append(codes, relayCode{c.Names[0].Name, uint16(number), strings.Split(values, ", ")})
	}
	if len(codes) < 10 {
		t.Errorf("%d codes were found in exchange/relay; the check looks in the wrong place", len(codes))
	}
	return codes
}

// TestRelayCodes compares the numbers and values of the codes in exchange/relay with the table, in
// both directions.
func TestRelayCodes(t *testing.T) {
	constants := codeConstants(goFiles(t, token.NewFileSet()))
	given := map[Code]bool{}
	for _, c := range relayCodes(t) {
		p := byNumber[c.number]
		if constants[c.name] != p.code {
			t.Errorf("%s has number %d in exchange/relay, which is %q here", c.name, c.number, p.code)
		}
		if !slices.Equal(c.values, p.params) {
			t.Errorf("%s gives the values %q in exchange/relay, and the table has %q", c.name, c.values, p.params)
		}
		given[p.code] = true
	}
	for _, p := range exchangeProblems {
		if !given[p.code] {
			t.Errorf("%s: exchange/relay has no such code", p.code)
		}
	}
}

// TestReasonsHaveWords checks that every reason that exchange/relay and exchange/link give has a
// word, since it reaches a person inside a sentence.
func TestReasonsHaveWords(t *testing.T) {
	found := map[string]bool{}
	for _, name := range []string{"exchange/relay/reasons.go", "exchange/link/errors.go"} {
		for _, c := range constantsOf(t, name) {
			lit, ok := c.Values[0].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				continue
			}
			reason, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			found[reason] = true
			if _, ok := exchangeWords[reason]; !ok {
				t.Errorf("%s: %s (%q) has no word", name, c.Names[0].Name, reason)
			}
		}
	}
	for reason, w := range exchangeWords {
		if !found[reason] {
			t.Errorf("%q: nothing gives this reason", reason)
		}
		if words[reason] != w {
			t.Errorf("%q has two meanings", reason)
		}
	}
}
