package xietong_test

import (
	"go/ast"
	"strings"
	"testing"
)

// byOneLog are the files that name an entry by one log, and why: what they show came with a
// receipt, and of such a ledger nothing else is known.
var byOneLog = map[string]string{
	"node/ground/host/proof.go":      "what an entry is about that a receipt proves",
	"node/ground/offline/offline.go": "the same, without a node",
	"node/tree/chains/judge.go":      "an entry of the level above, which a standing names",
	"node/flows/epochs/ends.go":      "an entry that is lost, of the log from before",
	"node/ground/book/booktest":      "a ledger in its first epoch",
}

// TestEntriesAreNamedByTheirEpoch: an entry of a ledger that has begun a new epoch keeps the name
// that it had, so no place names one by the log that is written now (state.Names does it).
func TestEntriesAreNamedByTheirEpoch(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !within(s.dir, "node", "cmd") || byOneLog[s.path] != "" || byOneLog[s.dir] != "" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || sel.Sel.Name != "In" && sel.Sel.Name != "Entry" {
				return true
			}
			of := ast.Expr(sel.X)
			if sel.Sel.Name == "In" && len(call.Args) == 1 {
				of = call.Args[0]
			}
			if inner, ok := of.(*ast.CallExpr); ok {
				if log, ok := inner.Fun.(*ast.SelectorExpr); ok && log.Sel.Name == "Log" {
					t.Errorf("%s names an entry by the log of now: ask Names", fileSet.Position(call.Pos()))
				}
			}
			name, _ := of.(*ast.Ident)
			if field, ok := of.(*ast.SelectorExpr); ok {
				name = field.Sel
			}
			if name != nil && strings.EqualFold(name.Name, "log") {
				t.Errorf("%s names an entry by one log: ask Names, or say why in byOneLog", fileSet.Position(call.Pos()))
			}
			return true
		})
	}
}
