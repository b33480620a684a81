package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tellers are the files whose errors people are told as a cause, with what stands before each.
var tellers = map[string]string{
	"exchange/gather/measure.go": "not a measure: ", "node/ground/roster/roster.go": "", "node/ground/rows/compile.go": "unusable schema: ",
	"node/ground/rows/schema.go": "unusable schema: ", "node/ground/rows/shown.go": "unusable schema: ", "node/ground/filter/reading.go": "",
	"node/ground/filter/number.go": "", "node/ground/pattern/pattern.go": "", "node/business/catalog/entry.go": "", "node/business/catalog/standard.go": "", "node/flows/adoption/adoption.go": "",
	"certs/trust/objection.go": "invalid objection: ", "certs/trust/keyset.go": "invalid key set: ", "consensus/ledger/receipt.go": "not proven: ",
	"consensus/ledger/policy.go": "", "consensus/ledger/vkey.go": "", "node/ground/offline/tiles.go": "", "node/ground/offline/export.go": "", "node/ground/offline/exported.go": "",
}

// untold are texts of errors that no person is told, or that others stand before.
var untold = []string{"not a measure", "unusable schema", "unreadable file", "invalid catalogue entry", "publish standard: late", "decode standard entry: late"}

// TestEveryCauseHasWords looks through the files whose errors people are told for every text that
// an error is made of: each has words, or stands in the list of those that nobody is told.
func TestEveryCauseHasWords(t *testing.T) {
	for name, before := range tellers {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.Join("../../..", name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for _, arg := range call.Args[:min(len(call.Args), 2)] {
				if cause, ok := causeIn(call, arg); ok && !slices.Contains(untold, cause) && !Known(before+cause) {
					t.Errorf("%s: nobody has words for %q", fset.Position(arg.Pos()), before+cause)
				}
			}
			return true
		})
	}
}

// makers are the functions that make an error of a text.
var makers = []string{"errors.New", "fmt.Errorf", "badSchema", "badFile", "r.refuse", "invalid"}

var verb = regexp.MustCompile(`%[.0-9]*[a-z]`)

// causeIn returns a cause as a call may make it.
func causeIn(call *ast.CallExpr, arg ast.Expr) (string, bool) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			name = x.Name + "." + f.Sel.Name
		}
	}
	lit, ok := arg.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	for _, maker := range makers {
		if name == maker {
			s, err := strconv.Unquote(lit.Value)
			s = strings.TrimPrefix(s, "%w: ")
			return verb.ReplaceAllStringFunc(s, func(v string) string {
				switch v[len(v)-1] {
				case 'd':
					return "3"
				case 'w':
					return "late"
				case 'q':
					return `"x"`
				}
				return "x"
			}), err == nil
		}
	}
	return "", false
}
