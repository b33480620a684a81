package filter

import (
	"slices"

	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"

	"xietong/node/ground/pattern"
)

// meter replaces, while an expression is planned, the parts that CEL does not charge for by their
// work.
type meter struct {
	expression *Expression
	left       int // instructions that patterns may still have
}

func (m *meter) decorate(i interpreter.InterpretableV2) (interpreter.InterpretableV2, error) {
	switch part := i.(type) {
	case interpreter.InterpretableConst:
		if n, ok := m.expression.beyond[part.ID()]; ok {
			return interpreter.NewConstValue(part.ID(), n), nil
		}
	case interpreter.InterpretableConstructor:
		if slices.ContainsFunc(part.InitVals(), func(v interpreter.InterpretableV2) bool { return !constant(v) }) {
			return &weighed{i}, nil
		}
	case interpreter.InterpretableCall:
		switch part.Function() {
		case overloads.Matches:
			return m.matches(part)
		case opAdd:
			return &weighed{i}, nil
		case opEquals, opNotEquals, opIn:
			return compared(part), nil
		}
	}
	return i, nil
}

func constant(i interpreter.InterpretableV2) bool {
	_, ok := i.(interpreter.InterpretableConst)
	return ok
}

// compared returns a comparison by our own rules. It weighs one side before it compares: no more is
// compared than that side holds. A constant side is small enough.
func compared(call interpreter.InterpretableCall) interpreter.InterpretableV2 {
	args := call.Args()
	written := [2]bool{constant(args[0]), constant(args[1])}
	if !written[0] && !written[1] {
		args[1] = &weighed{args[1]}
	}
	compare, want := same, true
	switch call.Function() {
	case opNotEquals:
		want = false
	case opIn:
		compare = contained
	}
	return interpreter.NewCall(call.ID(), call.Function(), call.OverloadID(), args, func(args ...ref.Val) ref.Val {
		is, comparable := compare(operand{args[0], written[0]}, operand{args[1], written[1]})
		if !comparable {
			return noMeaning(args[0], args[1])
		}
		return types.Bool(is == want)
	})
}

// weighed is a part whose value is charged by all that it holds.
type weighed struct{ interpreter.InterpretableV2 }

func (w *weighed) Eval(vars interpreter.Activation) ref.Val {
	return interpreter.EvalActivation(vars, w.Exec)
}

func (w *weighed) Exec(frame *interpreter.ExecutionFrame) ref.Val {
	value := w.InterpretableV2.Exec(frame)
	if types.IsUnknownOrError(value) {
		return value
	}
	if work, ok := workOf(frame); !ok || !weigh(value, work) {
		return types.NewErr("the value is too large")
	}
	return value
}

const valueWork = 10 // of one value, and the bytes of a text for one more

// weigh charges a value by what it holds; a value that stands in several places counts in each.
func weigh(value ref.Val, left *pattern.Work) bool {
	switch v := value.(type) {
	case types.String:
		return left.Spend(valueWork + len(v)/valueWork)
	case types.Bytes:
		return left.Spend(valueWork + len(v)/valueWork)
	case traits.Lister:
		for items := v.Iterator(); items.HasNext() == types.True; {
			if !weigh(items.Next(), left) {
				return false
			}
		}
	case traits.Mapper:
		for keys := v.Iterator(); keys.HasNext() == types.True; {
			if item, found := v.Find(keys.Next()); found && !weigh(item, left) {
				return false
			}
		}
	}
	return left.Spend(valueWork)
}

// matches replaces a call of matches by one that charges the record. It is the only way to a
// pattern: what is returned is no call, so CEL's own step that compiles constant patterns passes
// it.
func (m *meter) matches(call interpreter.InterpretableCall) (interpreter.InterpretableV2, error) {
	at := m.expression.position(call.ID())
	args := call.Args()
	literal, ok := args[len(args)-1].(interpreter.InterpretableConst)
	if !ok || len(args) != 2 {
		return nil, &Malformed{at, "the pattern of matches must be a text in quotation marks"}
	}
	text, _ := literal.Value().(types.String)
	compiled, err := pattern.Compile(string(text), &m.left)
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
	work, ok := workOf(frame)
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

func workOf(frame *interpreter.ExecutionFrame) (work *pattern.Work, ok bool) {
	left, _ := frame.ResolveName(workName)
	work, ok = left.(*pattern.Work)
	return work, ok
}

// prices are the costs of functions that CEL takes for cheap: a conversion of a text, or its size,
// reads all of it, and a time zone is looked up; and those of our own operators.
type prices struct{}

const (
	zonePrice = 500
	textRate  = 10 // bytes of a text that cost one more

	exactPrice = 10 // of adding or multiplying what is not two ints
)

func (prices) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	if len(args) == 0 {
		return nil
	}
	price := uint64(1)
	switch function {
	case overloads.Size, overloads.TypeConvertString, overloads.TypeConvertBytes, overloads.TypeConvertDuration, overloads.TypeConvertTimestamp,
		overloads.TypeConvertInt, overloads.TypeConvertUint, overloads.TypeConvertDouble, overloads.TypeConvertBool:
		price += length(args[0]) / textRate
	case opEquals, opNotEquals, opLess, opLessEq, opGreater, opGreaterEq:
		price += min(length(args[0]), length(args[1])) / textRate
	case opAdd, opSubtract, opMultiply:
		price += (length(args[0]) + length(args[1])) / textRate
		if _, _, ints := bothInts(args[0], args[1]); !ints {
			price += exactPrice
		}
	case opIn:
		price += items(args[1])
	case opNegate:
	default:
		if !slices.Contains(zoned, function) {
			return nil
		}
		if len(args) > 1 {
			price += zonePrice
		}
	}
	return &price
}

// length returns the bytes of a text, and 0 for any other value.
func length(v ref.Val) uint64 {
	switch v := v.(type) {
	case types.String:
		return uint64(len(v))
	case types.Bytes:
		return uint64(len(v))
	}
	return 0
}

func items(v ref.Val) uint64 {
	if list, ok := v.(traits.Lister); ok {
		if n, ok := list.Size().(types.Int); ok && n > 0 {
			return uint64(n)
		}
	}
	return 0
}
