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
	"cel.dev/cel-go/common/types"

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
	meter := &meter{expression: e, left: pattern.MaxInstructions}
	f.program, err = lib.env.PlanProgram(checked,
		cel.CustomDecoratorV2(meter.decorate), cel.EvalOptions(cel.OptOptimize), cel.CostTracking(prices{}), cel.CostLimit(costLimit),
		cel.InterruptCheckFrequency(100))
	if bad, ok := errors.AsType[*Malformed](err); ok {
		return nil, bad
	}
	if err != nil {
		return nil, &Malformed{1, fmt.Sprintf("%.300v", err)}
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
