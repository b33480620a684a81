// Package filter evaluates CEL expressions over records: it tells which records a query wants.
//
//	category == "111" && name.startsWith("观")
//
// Each field of the dataset is a variable of its type. An absent field is null; a comparison that
// has no meaning (with null, or between types) is no match and no error. The length and depth of an
// expression are bounded before it runs, and its cost while it runs. The package decides nothing
// about permissions: Fields tells which fields an expression reveals, and the caller asks package
// policy about them. The replicated state never uses it, because Apply decides nothing.
package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"
)

// Limits of an expression.
const (
	MaxLen    = 4 << 10 // bytes
	CostLimit = 20_000  // of one record, in CEL's units
	maxDepth  = 32
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

// ErrTooCostly is returned for an expression that costs more than CostLimit on one record.
var ErrTooCostly = errors.New("filter too costly")

// Malformed is the error of an expression that cannot be compiled.
type Malformed struct {
	Position int // character, counted from 1
	Reason   string
}

func (m *Malformed) Error() string { return fmt.Sprintf("character %d: %s", m.Position, m.Reason) }

// Filter is a compiled expression. Several goroutines may use it at once.
type Filter struct {
	program cel.Program
	fields  []string // those that the expression refers to, sorted
}

// Compile compiles the expression over the fields. The error is a *Malformed, or an internal one
// where CEL refuses the fields themselves. The cost is not known before Match.
func Compile(expression string, fields []Field) (*Filter, error) {
	if len(expression) > MaxLen {
		return nil, &Malformed{MaxLen, fmt.Sprintf("longer than %d bytes", MaxLen)}
	}
	env, err := environment(fields)
	if err != nil {
		return nil, err
	}
	checked, issues := env.Compile(expression)
	if err := issues.Err(); err != nil {
		return nil, malformed(issues)
	}
	if out := checked.OutputType(); !out.IsExactType(cel.BoolType) && !out.IsExactType(cel.DynType) {
		return nil, &Malformed{1, "the result is " + out.String() + ", not bool"}
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(CostLimit))
	if err != nil {
		return nil, &Malformed{1, err.Error()}
	}
	return &Filter{program, referred(checked, fields)}, nil
}

// environment declares the fields. A nullable field has no fixed type, because its value may be
// null; a Number has none either, because a whole number is an int and any other a double.
func environment(fields []Field) (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.ParserRecursionLimit(maxDepth), cel.ParserExpressionSizeLimit(MaxLen), cel.CrossTypeNumericComparisons(true),
	}
	known := map[Type]*cel.Type{String: cel.StringType, Integer: cel.IntType, Number: cel.DynType, Boolean: cel.BoolType}
	for _, f := range fields {
		if strings.ContainsAny(f.Name, "-. ") {
			continue // no expression can name it
		}
		t, ok := known[f.Type]
		if !ok || f.Nullable {
			t = cel.DynType
		}
		options = append(options, cel.Variable(f.Name, t))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("declare fields: %w", err)
	}
	return env, nil
}

func malformed(issues *cel.Issues) error {
	first := issues.Errors()[0]
	reason, _, _ := strings.Cut(first.Message, "\n")
	reason, _, _ = strings.Cut(reason, " expecting {") // cut off a long list of tokens
	return &Malformed{max(first.Location.Column()+1, 1), reason}
}

// referred returns the fields that the expression names.
func referred(checked *cel.Ast, fields []Field) []string {
	names := map[string]bool{}
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.IdentKind {
			names[e.AsIdent()] = true
		}
	}))
	var out []string
	for _, f := range fields {
		if names[f.Name] {
			out = append(out, f.Name)
		}
	}
	slices.Sort(out)
	return out
}

// Fields returns the names of the fields that the expression refers to, sorted.
func (f *Filter) Fields() []string { return slices.Clone(f.fields) }

// Match reports whether a record, given as canonical JSON, matches. The error is ErrTooCostly, or
// that of a record that is no JSON object.
func (f *Filter) Match(record []byte) (bool, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(record, &members); err != nil {
		return false, fmt.Errorf("decode record: %w", err)
	}
	values := make(map[string]any, len(f.fields))
	for _, name := range f.fields {
		values[name] = value(members[name])
	}
	out, _, err := f.program.Eval(values)
	if cancelled, ok := errors.AsType[interpreter.EvalCancelledError](err); ok && cancelled.Cause == interpreter.CostLimitExceeded {
		return false, ErrTooCostly
	}
	return err == nil && out == types.True, nil
}

// value decodes a member. A whole number within int64 is an int; any other number is a double.
func value(raw json.RawMessage) any {
	if raw == nil {
		return types.NullValue
	}
	var n int64
	if json.Unmarshal(raw, &n) == nil && string(raw) != "null" {
		return n
	}
	var v any
	if json.Unmarshal(raw, &v) != nil || v == nil {
		return types.NullValue
	}
	return v
}
