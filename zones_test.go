package xietong_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// formatsTime are the files that write a time in another form than RFC 3339 in UTC, with the reason
// why each may.
var formatsTime = map[string]string{
	"node/ground/text/lang.go":             "the one place that writes times for people",
	"node/ground/rows/cell.go":             "a date of a record, which has no zone",
	"node/ground/table/style.go":           "a cell of a spreadsheet, which has no zone",
	"node/business/questions/questions.go": "the key of a month, which is counted in zone.Ledger",
}

// TestTimesAreToldInOnePlace (U-B14): a time for people is written by package text, in the zone of
// the node, and nothing reads the zone of the machine.
func TestTimesAreToldInOnePlace(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		if s.test || s.dir == decidesDir {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch written := timeWritten(n); {
			case written == "local":
				t.Errorf("%s: reads the zone of the machine; a node has its own", fileSet.Position(n.Pos()))
			case written != "" && formatsTime[s.path] == "":
				t.Errorf("%s: writes a time as %s; text.At and text.Day do that for people, and machines get RFC 3339 in UTC", fileSet.Position(n.Pos()), written)
			case written != "":
				used[s.path] = true
			}
			return true
		})
	}
	for path := range formatsTime {
		if !used[path] {
			t.Errorf("%s writes no times any more; take it off the list", path)
		}
	}
}

// timeWritten returns the form in which a node of the syntax writes a time; "local": it takes the
// zone of the machine; "": it is no such thing, or writes RFC 3339 of a time in UTC.
func timeWritten(n ast.Node) string {
	if s, ok := n.(*ast.SelectorExpr); ok && named(s.X) == "time" && s.Sel.Name == "Local" {
		return "local"
	}
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return ""
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	switch {
	case !ok:
		return ""
	case f.Sel.Name == "Local" && len(call.Args) == 0:
		return "local"
	case !slices.Contains([]string{"Format", "AppendFormat"}, f.Sel.Name) || len(call.Args) == 0:
		return ""
	}
	switch form := call.Args[len(call.Args)-1].(type) {
	case *ast.BasicLit:
		if strings.Contains(form.Value, "2006") || strings.Contains(form.Value, "15:04") {
			return form.Value
		}
	case *ast.SelectorExpr:
		utc, _ := f.X.(*ast.CallExpr)
		if named(form.X) == "time" && !(strings.HasPrefix(form.Sel.Name, "RFC3339") && utc != nil && isUTC(utc)) {
			return "time." + form.Sel.Name
		}
	}
	return ""
}

func named(e ast.Expr) string {
	if name, ok := e.(*ast.Ident); ok {
		return name.Name
	}
	return ""
}

// isUTC reports whether a call makes a time one of UTC.
func isUTC(call *ast.CallExpr) bool {
	f, ok := call.Fun.(*ast.SelectorExpr)
	return ok && f.Sel.Name == "UTC"
}
