// Package filter evaluates CEL expressions over records: it tells which records a query wants.
//
//	category == "111" && name.startsWith("观")
//	record["姓名"] == "张三" && amount >= 99999999999999.99
//
// Each field of the dataset is a variable of its type; an absent field is null. A field whose name
// CEL cannot spell is record["NAME"], and any field may be named so, or as record.NAME. record
// stands nowhere else: it counts as the field, and as no more.
//
// Numbers are exact: an operator compares and adds any two numbers, of records and of the
// expression, as decimals, whatever their types; / and % are refused, because not every result
// would be exact. Texts are compared in their composed form (Unicode NFC). A comparison that has no
// meaning for a record (of an absent value, between types, of an item that is not there), and one
// that costs too much, is no error of the query: the record could not be compared, which the caller
// counts and tells beside the result, and never is it a silent no. Whether a value is absent is
// asked by == null and != null.
//
// An expression comes from outside, so it is taken in two steps. Parse bounds it and tells the
// names in it, by which the caller has the use permitted. Plan, which costs more, comes after that.
// What one record may cost is bounded: in CEL's units, for patterns as package pattern says, and
// for lists by all that they hold, because CEL compares a list of lists for the price of the outer
// one.
//
// Not taken are: a pattern that is no literal, because patterns are compiled once; the macros map
// and filter, because they build values that no field holds; maps and messages, {"a": 1}, because
// the types of maps of maps double with each level while they are checked; a time zone that is
// none. Zones are those of the program, not of the machine.
//
// The package decides nothing about permissions. The replicated state never uses it, because Apply
// decides nothing.
package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	_ "time/tzdata" // a machine may have no zones, and all must answer alike

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types/ref"
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
	named  map[string]int64  // the part that says each name; ofRecord stands before those of record
	beyond map[int64]ref.Val // numbers that CEL's own types cannot hold, by their parts
	zones  []zoneAt          // time zones
}

// language parses.
var language = func() *parser.Parser {
	p, err := parser.NewParser(
		parser.EnablePrattParser(true), parser.MaxRecursionDepth(maxDepth), parser.ExpressionSizeCodePointLimit(MaxLen),
		parser.ErrorRecoveryLimit(1), parser.ErrorReportingLimit(1), parser.EnableHiddenAccumulatorName(true),
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
	zeros, numbers := masked(expression)
	tree, errs := language.Parse(common.NewTextSource(zeros))
	if err := first(errs); err != nil {
		if _, errs := language.Parse(source); first(errs) != nil {
			err = first(errs) // with the numbers as they were written
		}
		return nil, err
	}
	if ast.NodeCount(tree) > maxNodes {
		return nil, &Malformed{1, fmt.Sprintf("it has more than %d parts", maxNodes)}
	}
	e := &Expression{tree: tree, source: source, named: map[string]int64{}, beyond: map[int64]ref.Val{}}
	return e, newReading(e, numbers).read()
}

// Names returns every name in the expression, sorted: of the fields that its result may depend on,
// and of its own variables.
func (e *Expression) Names() []string {
	var names []string
	for name := range e.named {
		names = append(names, strings.TrimPrefix(name, ofRecord))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

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
	reason, _, _ = strings.Cut(reason, " (did you mean")
	reason = strings.ReplaceAll(reason, "'%", "'") // our operators, as a person writes them
	reason = strings.ReplaceAll(reason, ofRecord, "record.")
	return &Malformed{max(all[0].Location.Column()+1, 1), fmt.Sprintf("%.300s", reason)}
}
