// Package filter evaluates CEL expressions over records: it tells which records a query wants.
//
//	category == "111" && name.startsWith("观")
//
// Each field of the dataset is a variable of its type; an absent field is null. A comparison that
// has no meaning for a record (with null, between types, of an item that is not there), and one
// that costs too much, is no error of the query: the record could not be compared, which the caller
// counts and tells beside the result.
//
// An expression comes from outside, so it is taken in two steps. Parse bounds it and tells the
// names in it, by which the caller has the use permitted. Plan, which costs more, comes after that.
// What one record may cost is bounded: in CEL's units, for patterns as package pattern says, and
// for lists by all that they hold, because CEL compares a list of lists for the price of the outer
// one.
//
// Not taken are: a pattern that is no literal, because patterns are compiled once; the macros map
// and filter, because they build values that no field holds; maps and messages, {"a": 1}, because
// the types of maps of maps double with each level while they are checked.
//
// The package decides nothing about permissions. The replicated state never uses it, because Apply
// decides nothing.
package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/parser"
)

// Limits of an expression.
const (
	MaxLen    = 4 << 10 // bytes
	costLimit = 20_000  // of one record, in CEL's units
	maxDepth  = 32
	maxNodes  = 500 // of the syntax tree, with what macros become
)

// Type is the type of a field's values.
type Type uint8

// The types. Other is a value of any type.
const (
	String Type = iota + 1
	Integer
	Number
	Boolean
	Other
)

// Field is one variable of the expressions.
type Field struct {
	Name     string
	Type     Type
	Nullable bool
}

// ErrIncomparable is returned for a record that cannot be compared.
var ErrIncomparable = errors.New("the record cannot be compared")

// Malformed is the error of an expression that is not taken.
type Malformed struct {
	Position int // character, counted from 1
	Reason   string
}

func (m *Malformed) Error() string { return fmt.Sprintf("character %d: %s", m.Position, m.Reason) }

// Expression is an expression that has been parsed and bounded, and not yet planned.
type Expression struct {
	tree   *ast.AST
	source common.Source
	names  []string // sorted
}

// builders are the macros that are not taken.
var builders = []string{"map", "filter"}

// language parses.
var language = func() *parser.Parser {
	p, err := parser.NewParser(
		parser.EnablePrattParser(true), parser.MaxRecursionDepth(maxDepth), parser.ExpressionSizeCodePointLimit(MaxLen),
		parser.ErrorRecoveryLimit(1), parser.ErrorReportingLimit(1),
		parser.Macros(parser.HasMacro, parser.AllMacro, parser.ExistsMacro, parser.ExistsOneMacro),
	)
	if err != nil {
		panic(err) // the options are constants
	}
	return p
}()

// Parse parses the expression, and plans and compiles nothing. The error is a *Malformed.
func Parse(expression string) (*Expression, error) {
	if len(expression) > MaxLen {
		return nil, &Malformed{MaxLen, fmt.Sprintf("longer than %d bytes", MaxLen)}
	}
	source := common.NewTextSource(expression)
	tree, errs := language.Parse(source)
	if err := first(errs); err != nil {
		return nil, err
	}
	if ast.NodeCount(tree) > maxNodes {
		return nil, &Malformed{1, fmt.Sprintf("it has more than %d parts", maxNodes)}
	}
	e := &Expression{tree: tree, source: source}
	return e, e.visit()
}

// visit collects the names, and refuses what the package comment says is not taken.
func (e *Expression) visit() (err error) {
	names := map[string]bool{}
	ast.PreOrderVisit(e.tree.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		switch {
		case x.Kind() == ast.IdentKind:
			names[strings.TrimPrefix(x.AsIdent(), ".")] = true // .name is name
		case x.Kind() == ast.CallKind && x.AsCall().IsMemberFunction() && slices.Contains(builders, x.AsCall().FunctionName()):
			err = &Malformed{e.position(x.ID()), x.AsCall().FunctionName() + " is not taken; exists, exists_one and all are"}
		case x.Kind() == ast.MapKind || x.Kind() == ast.StructKind:
			err = &Malformed{e.position(x.ID()), "a value in braces is not taken"}
		}
	}))
	for name := range names {
		e.names = append(e.names, name)
	}
	slices.Sort(e.names)
	return err
}

// Names returns every name in the expression, sorted: of the fields that its result may depend on,
// and of its own variables.
func (e *Expression) Names() []string { return slices.Clone(e.names) }

// position returns the character at which a part of the expression begins.
func (e *Expression) position(id int64) int {
	return max(e.tree.SourceInfo().GetStartLocation(id).Column()+1, 1)
}

// first returns the first of the errors as a *Malformed; nil where there is none.
func first(errs *common.Errors) error {
	all := errs.GetErrors()
	if len(all) == 0 {
		return nil
	}
	reason, _, _ := strings.Cut(all[0].Message, "\n")
	reason, _, _ = strings.Cut(reason, " expecting {") // cut off a long list of tokens
	return &Malformed{max(all[0].Location.Column()+1, 1), fmt.Sprintf("%.300s", reason)}
}
