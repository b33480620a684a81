package filter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	fields  map[string]string // those that the expression names, by the names that stand in it
}

// standard is CEL's library, made once: the functions for planning, and their types for checking.
var standard = sync.OnceValues(func() (*library, error) {
	env, err := cel.NewCustomEnv(append([]cel.EnvOption{cel.StdLib(), cel.ClearMacros()}, declared()...)...)
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
	if err := e.checkZones(); err != nil {
		return nil, err
	}
	f := &Filter{fields: map[string]string{}}
	for _, field := range fields {
		for _, name := range []string{field.Name, ofRecord + field.Name} {
			if _, named := e.named[name]; named {
				f.fields[name] = field.Name
			}
		}
	}
	for name, at := range e.named {
		if field, of := strings.CutPrefix(name, ofRecord); of && f.fields[name] == "" {
			return nil, &Malformed{e.position(at), "there is no field " + field}
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

// known are the types of fields. A Number has no fixed type, because a whole one is an int.
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
		if err := env.AddIdents(decls.NewVariable(f.Name, t), decls.NewVariable(ofRecord+f.Name, t)); err != nil {
			return nil, fmt.Errorf("declare fields: %w", err)
		}
	}
	checked, errs := checker.Check(e.tree, e.source, env)
	if err := first(errs); err != nil {
		return nil, err
	}
	return checked, e.checkEquality(checked)
}

// checkEquality refuses a comparison of two types that are never equal, such as of a text and a
// number: CEL's checker takes any two for our operators.
func (e *Expression) checkEquality(checked *ast.AST) (err error) {
	ast.PreOrderVisit(checked.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() != ast.CallKind || err != nil {
			return
		}
		op, args := x.AsCall().FunctionName(), x.AsCall().Args()
		if op != opEquals && op != opNotEquals && op != opIn {
			return
		}
		a, b := checked.GetType(args[0].ID()), checked.GetType(args[1].ID())
		wrong := mixed(a, b)
		if op == opIn {
			wrong = class(b) != "" && class(b) != "list" && class(b) != "map" || class(b) == "list" && mixed(a, b.Parameters()[0])
		}
		if wrong {
			err = &Malformed{e.position(x.ID()), fmt.Sprintf("found no matching overload for '%s' applied to '(%s, %s)'", op[1:], a, b)}
		}
	}))
	return err
}

// Match reports whether a record, given as canonical JSON, matches. The error is ErrIncomparable,
// that of the context, or that of a record that is no JSON object.
func (f *Filter) Match(ctx context.Context, record []byte) (bool, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(record, &members); err != nil {
		return false, fmt.Errorf("decode record: %w", err)
	}
	values := make(map[string]any, len(f.fields)+1)
	for name, field := range f.fields {
		values[name] = value(members[field])
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
