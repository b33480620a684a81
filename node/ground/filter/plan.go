package filter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/containers"
	"cel.dev/cel-go/common/decls"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"xietong/node/ground/pattern"
)

// Filter is a planned expression. Several goroutines may use it at once.
type Filter struct {
	program cel.Program
	fields  []string // those that the expression names
}

// standard is CEL's library, made once: the functions for planning, and their types for checking.
var standard = sync.OnceValues(func() (*library, error) {
	env, err := cel.NewCustomEnv(cel.StdLib(), cel.ClearMacros())
	if err != nil {
		return nil, err
	}
	types, err := checker.NewEnv(containers.DefaultContainer, env.CELTypeProvider(), checker.CrossTypeNumericComparisons(true))
	if err != nil {
		return nil, err
	}
	if err := types.AddIdents(env.Variables()...); err != nil {
		return nil, err
	}
	return &library{env, types}, types.AddFunctions(slices.Collect(maps.Values(env.Functions()))...)
})

type library struct {
	env   *cel.Env
	types *checker.Env
}

// Plan plans the expression over the fields. The error is a *Malformed, or an internal one where
// CEL refuses the fields themselves.
func (e *Expression) Plan(fields []Field) (*Filter, error) {
	lib, err := standard()
	if err != nil {
		return nil, fmt.Errorf("open CEL's library: %w", err)
	}
	f := &Filter{}
	for _, field := range fields {
		if _, named := slices.BinarySearch(e.names, field.Name); named {
			f.fields = append(f.fields, field.Name)
		}
	}
	checked, err := e.check(lib, fields)
	if err != nil {
		return nil, err
	}
	if out := checked.GetType(checked.Expr().ID()); !out.IsExactType(cel.BoolType) && !out.IsExactType(cel.DynType) {
		return nil, &Malformed{1, "the result is " + out.String() + ", not bool"}
	}
	patterns := &patterns{expression: e, left: pattern.MaxInstructions}
	f.program, err = lib.env.PlanProgram(checked,
		cel.CustomDecoratorV2(patterns.decorate), cel.EvalOptions(cel.OptOptimize), cel.CostTracking(prices{}), cel.CostLimit(CostLimit),
		cel.InterruptCheckFrequency(100))
	if bad, ok := errors.AsType[*Malformed](err); ok {
		return nil, bad
	}
	if err != nil {
		return nil, &Malformed{1, err.Error()}
	}
	return f, nil
}

// known are the types of fields. A Number has no fixed type, because a whole number is an int and
// any other a double.
var known = map[Type]*types.Type{String: types.StringType, Integer: types.IntType, Number: types.DynType, Boolean: types.BoolType}

// check checks the types of the expression. A nullable field has no fixed type, because its value
// may be null.
func (e *Expression) check(lib *library, fields []Field) (*ast.AST, error) {
	env, err := checker.NewEnv(containers.DefaultContainer, lib.env.CELTypeProvider(), checker.CrossTypeNumericComparisons(true),
		checker.ValidatedDeclarations(lib.types))
	if err != nil {
		return nil, fmt.Errorf("declare fields: %w", err)
	}
	for _, f := range fields {
		t, ok := known[f.Type]
		if !ok || f.Nullable {
			t = types.DynType
		}
		if err := env.AddIdents(decls.NewVariable(f.Name, t)); err != nil {
			return nil, fmt.Errorf("declare fields: %w", err)
		}
	}
	checked, errs := checker.Check(e.tree, e.source, env)
	return checked, first(errs)
}

// patterns compiles the patterns of one expression while it is planned.
type patterns struct {
	expression *Expression
	left       int // instructions that may still be compiled
}

// decorate replaces a call of matches by one that charges the record. It is the only way to a
// pattern: what is returned is no call, so CEL's own step that compiles constant patterns passes
// it.
func (p *patterns) decorate(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	call, ok := i.(interpreter.InterpretableCall)
	if !ok || call.Function() != overloads.Matches {
		return i, nil
	}
	at := p.expression.position(call.ID())
	args := call.Args()
	literal, ok := args[len(args)-1].(interpreter.InterpretableConst)
	if !ok || len(args) != 2 {
		return nil, &Malformed{at, "the pattern of matches must be a text in quotation marks"}
	}
	text, _ := literal.Value().(types.String)
	compiled, err := pattern.Compile(string(text), &p.left)
	if err != nil {
		return nil, &Malformed{at, err.Error()}
	}
	return &match{call.ID(), args[0], compiled}, nil
}

// match is a call of matches.
type match struct {
	id      int64
	text    interpreter.InterpretableV2
	pattern *pattern.Pattern
}

func (m *match) ID() int64 { return m.id }

func (m *match) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, m.Exec)
}

func (m *match) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	value := m.text.Exec(frame)
	if types.IsUnknownOrError(value) {
		return value
	}
	text, ok := value.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(value)
	}
	left, _ := frame.ResolveName(workName)
	work, ok := left.(*pattern.Work)
	if !ok {
		return types.NewErr("no work is counted")
	}
	matches, ok := m.pattern.Match(string(text), work)
	if !ok {
		return types.NewErr("the patterns cost too much")
	}
	return types.Bool(matches)
}

// workName is a variable that no expression can name: the work that is left for the record.
const workName = "@work"

// prices are the costs of functions that CEL takes for cheap: a conversion of a text reads all of
// it, and a time zone is read from a file.
type prices struct{}

const zonePrice = 500

func (prices) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	if len(args) == 0 {
		return nil
	}
	price := uint64(1)
	switch function {
	case overloads.TypeConvertString, overloads.TypeConvertBytes, overloads.TypeConvertDuration, overloads.TypeConvertTimestamp,
		overloads.TypeConvertInt, overloads.TypeConvertUint, overloads.TypeConvertDouble, overloads.TypeConvertBool:
		switch v := args[0].(type) {
		case types.String:
			price += uint64(len(v)) / 10
		case types.Bytes:
			price += uint64(len(v)) / 10
		}
	case overloads.TimeGetFullYear, overloads.TimeGetMonth, overloads.TimeGetDayOfYear, overloads.TimeGetDate,
		overloads.TimeGetDayOfMonth, overloads.TimeGetDayOfWeek, overloads.TimeGetHours, overloads.TimeGetMinutes,
		overloads.TimeGetSeconds, overloads.TimeGetMilliseconds:
		if len(args) > 1 {
			price += zonePrice
		}
	default:
		return nil
	}
	return &price
}

// Match reports whether a record, given as canonical JSON, matches. The error is ErrIncomparable,
// that of the context, or that of a record that is no JSON object.
func (f *Filter) Match(ctx context.Context, record []byte) (bool, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(record, &members); err != nil {
		return false, fmt.Errorf("decode record: %w", err)
	}
	values := make(map[string]any, len(f.fields)+1)
	for _, name := range f.fields {
		values[name] = value(members[name])
	}
	values[workName] = pattern.NewWork()
	out, _, err := f.program.ContextEval(ctx, values)
	matches, truth := out.(types.Bool)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil || !truth:
		return false, ErrIncomparable
	}
	return bool(matches), nil
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
