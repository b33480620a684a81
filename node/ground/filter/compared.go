package filter

import (
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Compared calls visit with each text of the expression that is compared with a field by ==, != or
// in, and returns its first error. So a text that the field of no record can have is found before
// it is answered by none.
func (e *Expression) Compared(visit func(field, text string) error) (err error) {
	own := map[string]bool{} // variables of macros
	ast.PreOrderVisit(e.tree.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() == ast.ComprehensionKind {
			of := x.AsComprehension()
			own[of.IterVar()], own[of.IterVar2()], own[of.AccuVar()] = true, true, true
		}
	}))
	ast.PreOrderVisit(e.tree.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() != ast.CallKind || err != nil {
			return
		}
		op, args := x.AsCall().FunctionName(), x.AsCall().Args()
		if op != opEquals && op != opNotEquals && op != opIn {
			return
		}
		for i, field := range args {
			if field.Kind() != ast.IdentKind || own[field.AsIdent()] || op == opIn && i > 0 {
				continue
			}
			for _, text := range textsOf(args[1-i]) {
				if err == nil {
					err = visit(strings.TrimPrefix(field.AsIdent(), ofRecord), text)
				}
			}
		}
	}))
	return err
}

// textsOf returns the text that a part is, or those of the list that it is.
func textsOf(x ast.Expr) (texts []string) {
	switch x.Kind() {
	case ast.LiteralKind:
		if text, ok := x.AsLiteral().(types.String); ok {
			return []string{string(text)}
		}
	case ast.ListKind:
		for _, item := range x.AsList().Elements() {
			texts = append(texts, textsOf(item)...)
		}
	}
	return texts
}
