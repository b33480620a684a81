package filter

import (
	"cmp"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"xietong/exchange/decimal"
	"xietong/node/ground/scalar"
)

// Our own operators, which no expression can name. Behind the mark stands what a person wrote.
const (
	opEquals    = "%=="
	opNotEquals = "%!="
	opLess      = "%<"
	opLessEq    = "%<="
	opGreater   = "%>"
	opGreaterEq = "%>="
	opIn        = "%in"
	opAdd       = "%+"
	opSubtract  = "%-"
	opMultiply  = "%*"
	opNegate    = "%-_"
)

// replaced are the operators of CEL and ours. CEL compares a double with an int by a detour, rounds
// what it adds, and says of a text and a number that they are not equal.
var replaced = map[string]string{
	operators.Equals: opEquals, operators.NotEquals: opNotEquals, operators.Less: opLess, operators.LessEquals: opLessEq,
	operators.Greater: opGreater, operators.GreaterEquals: opGreaterEq, operators.In: opIn, operators.OldIn: opIn,
	operators.Add: opAdd, operators.Subtract: opSubtract, operators.Multiply: opMultiply, operators.Negate: opNegate,
}

// inexact are the operators that are not taken.
var inexact = map[string]string{operators.Divide: "/", operators.Modulo: "%"}

// declared are our operators as CEL's checker and planner know them. Of equality and in, the
// checker takes any two types: see mixed.
var declared = sync.OnceValue(func() []cel.EnvOption {
	var all []cel.EnvOption
	for op, order := range map[string]func(int) bool{
		opLess: func(c int) bool { return c < 0 }, opLessEq: func(c int) bool { return c <= 0 },
		opGreater: func(c int) bool { return c > 0 }, opGreaterEq: func(c int) bool { return c >= 0 },
	} {
		of := numbers(op, cel.BoolType)
		for _, t := range []*cel.Type{cel.StringType, cel.BoolType, cel.BytesType, cel.TimestampType, cel.DurationType} {
			of = append(of, overload(op, cel.BoolType, t, t))
		}
		all = append(all, cel.Function(op, append(of, cel.SingletonBinaryBinding(func(a, b ref.Val) ref.Val {
			c, ok := compare(a, b)
			if !ok {
				return noMeaning(a, b)
			}
			return types.Bool(order(c))
		}))...))
	}
	for _, op := range []string{opEquals, opNotEquals, opIn} {
		all = append(all, cel.Function(op, overload(op, cel.BoolType, cel.DynType, cel.DynType)))
	}
	list := cel.ListType(cel.TypeParamType("A"))
	plus := append(numbers(opAdd, nil),
		overload(opAdd, cel.StringType, cel.StringType, cel.StringType), overload(opAdd, cel.BytesType, cel.BytesType, cel.BytesType),
		overload(opAdd, list, list, list), overload(opAdd, cel.DurationType, cel.DurationType, cel.DurationType),
		overload(opAdd, cel.TimestampType, cel.TimestampType, cel.DurationType),
		overload(opAdd, cel.TimestampType, cel.DurationType, cel.TimestampType), cel.SingletonBinaryBinding(add))
	minus := append(numbers(opSubtract, nil), overload(opSubtract, cel.DurationType, cel.DurationType, cel.DurationType),
		overload(opSubtract, cel.DurationType, cel.TimestampType, cel.TimestampType),
		overload(opSubtract, cel.TimestampType, cel.TimestampType, cel.DurationType), cel.SingletonBinaryBinding(subtract))
	return append(all, cel.Function(opAdd, plus...), cel.Function(opSubtract, minus...),
		cel.Function(opMultiply, append(numbers(opMultiply, nil), cel.SingletonBinaryBinding(multiply))...),
		cel.Function(opNegate, overload(opNegate, cel.IntType, cel.IntType), overload(opNegate, cel.IntType, cel.UintType),
			overload(opNegate, cel.DoubleType, cel.DoubleType), cel.SingletonUnaryBinding(negate)))
})

// numbers returns the overloads of an operator for any two kinds of numbers. result is nil where
// the result is a number: a whole one of two whole ones.
func numbers(op string, result *cel.Type) (all []cel.FunctionOpt) {
	kinds := []*cel.Type{cel.IntType, cel.UintType, cel.DoubleType}
	for _, a := range kinds {
		for _, b := range kinds {
			of := result
			if of == nil {
				of = cel.DoubleType
			}
			if result == nil && a != cel.DoubleType && b != cel.DoubleType {
				of = cel.IntType
			}
			all = append(all, overload(op, of, a, b))
		}
	}
	return all
}

func overload(op string, result *cel.Type, args ...*cel.Type) cel.FunctionOpt {
	id := op
	for _, a := range args {
		id += " " + a.String()
	}
	return cel.Overload(id, args, result)
}

// noMeaning is the error of two values between which an operator has no meaning.
func noMeaning(a, b ref.Val) ref.Val {
	return types.NewErr("no operation between %s and %s", a.Type().TypeName(), b.Type().TypeName())
}

// compare orders two values; ok is false where they have no order.
func compare(a, b ref.Val) (c int, ok bool) {
	if x, y, ok := bothInts(a, b); ok {
		return cmp.Compare(x, y), true
	}
	x, isNumber, fits := numeric(a)
	y, alsoNumber, alsoFits := numeric(b)
	if isNumber && alsoNumber {
		return x.Cmp(y), fits && alsoFits
	}
	order, ordered := a.(traits.Comparer)
	if !ordered || isNumber || alsoNumber || a.Type() != b.Type() {
		return 0, false
	}
	n, ok := order.Compare(b).(types.Int)
	return int(n), ok
}

// operand is one side of a comparison.
type operand struct {
	ref.Val
	literal bool // written in the expression: a null in it asks whether there is a value
}

// part returns a part of the operand.
func (o operand) part(v ref.Val) operand { return operand{v, o.literal} }

// same reports whether two values are equal; comparable is false where that has no meaning: for
// values of different types, and for a value that is absent and one that is not, unless null was
// written.
func same(a, b operand) (equal, comparable bool) {
	if x, y, ok := bothInts(a.Val, b.Val); ok {
		return x == y, true
	}
	aNull, bNull := a.Type() == types.NullType, b.Type() == types.NullType
	x, isNumber, fits := numeric(a.Val)
	y, alsoNumber, alsoFits := numeric(b.Val)
	switch {
	case aNull || bNull:
		return aNull && bNull, aNull && bNull || aNull && a.literal || bNull && b.literal
	case isNumber && alsoNumber:
		return x == y, fits && alsoFits
	case isNumber || alsoNumber || a.Type() != b.Type():
		return false, false
	}
	switch left := a.Val.(type) {
	case traits.Lister:
		return sameItems(a, b, left, b.Val.(traits.Lister))
	case traits.Mapper:
		return sameMembers(a, b, left, b.Val.(traits.Mapper))
	}
	return a.Equal(b.Val) == types.True, true
}

// sameItems compares lists. One pair that is unequal decides, whatever the others are.
func sameItems(a, b operand, left, right traits.Lister) (equal, comparable bool) {
	if left.Size() != right.Size() {
		return false, true
	}
	comparable = true
	others := right.Iterator()
	for items := left.Iterator(); items.HasNext() == types.True; {
		equal, ok := same(a.part(items.Next()), b.part(others.Next()))
		if ok && !equal {
			return false, true
		}
		comparable = comparable && ok
	}
	return comparable, comparable
}

// sameMembers compares objects, likewise.
func sameMembers(a, b operand, left, right traits.Mapper) (equal, comparable bool) {
	if left.Size() != right.Size() {
		return false, true
	}
	comparable = true
	for names := left.Iterator(); names.HasNext() == types.True; {
		name := names.Next()
		other, found := right.Find(name)
		if !found {
			return false, true
		}
		equal, ok := same(a.part(left.Get(name)), b.part(other))
		if ok && !equal {
			return false, true
		}
		comparable = comparable && ok
	}
	return comparable, comparable
}

// contained reports whether a list has an item, or an object a member of that name. An equal item
// decides, whatever the others are.
func contained(item, in operand) (has, comparable bool) {
	switch all := in.Val.(type) {
	case traits.Lister:
		comparable = true
		for items := all.Iterator(); items.HasNext() == types.True; {
			equal, ok := same(item, in.part(items.Next()))
			if ok && equal {
				return true, true
			}
			comparable = comparable && ok
		}
		return false, comparable
	case traits.Mapper:
		name, isText := item.Val.(types.String)
		_, found := all.Find(name)
		return found, isText
	}
	return false, false
}

// add adds numbers exactly, and joins texts and lists.
func add(a, b ref.Val) ref.Val {
	if sum, ok := inInts(a, b, types.Int.Add); ok {
		return sum
	}
	if x, y, ok := bothNumeric(a, b); ok {
		return result(x.Plus(y))
	}
	if left, isText := a.(types.String); isText {
		if right, alsoText := b.(types.String); alsoText {
			return types.String(scalar.Compose(string(left) + string(right)))
		}
	}
	if left, ok := a.(traits.Adder); ok && a.Type() != types.NullType {
		return left.Add(b)
	}
	return noMeaning(a, b)
}

func subtract(a, b ref.Val) ref.Val {
	if difference, ok := inInts(a, b, types.Int.Subtract); ok {
		return difference
	}
	if x, y, ok := bothNumeric(a, b); ok {
		return result(x.Plus(y.Negated()))
	}
	if left, ok := a.(traits.Subtractor); ok {
		return left.Subtract(b)
	}
	return noMeaning(a, b)
}

func multiply(a, b ref.Val) ref.Val {
	if product, ok := inInts(a, b, types.Int.Multiply); ok {
		return product
	}
	if x, y, ok := bothNumeric(a, b); ok {
		return result(x.Times(y))
	}
	return noMeaning(a, b)
}

func negate(a ref.Val) ref.Val {
	if x, is, fits := numeric(a); is && fits {
		return valueOf(x.Negated())
	}
	return noMeaning(a, a)
}

func bothInts(a, b ref.Val) (x, y types.Int, ok bool) {
	x, isInt := a.(types.Int)
	y, alsoInt := b.(types.Int)
	return x, y, isInt && alsoInt
}

// inInts returns the result of two ints, unless it is beyond an int: then a Decimal may hold it.
func inInts(a, b ref.Val, op func(types.Int, ref.Val) ref.Val) (ref.Val, bool) {
	x, y, ok := bothInts(a, b)
	if !ok {
		return nil, false
	}
	out := op(x, y)
	return out, !types.IsError(out)
}

func bothNumeric(a, b ref.Val) (x, y decimal.Decimal, ok bool) {
	x, isNumber, fits := numeric(a)
	y, alsoNumber, alsoFits := numeric(b)
	return x, y, isNumber && alsoNumber && fits && alsoFits
}

// result returns a number, or the error where it has too many digits to be exact.
func result(d decimal.Decimal, err error) ref.Val {
	if err != nil {
		return types.NewErr("a result that is not exact")
	}
	return valueOf(d)
}

// mixed reports whether two types are so different that no value of the one can be compared with
// one of the other.
func mixed(a, b *types.Type) bool {
	x, y := class(a), class(b)
	switch {
	case x == "" || y == "":
		return false
	case x == "list" && y == "list":
		return mixed(a.Parameters()[0], b.Parameters()[0])
	}
	return x != y
}

// class returns what a type is compared with; "" where that is not known before a record is read,
// or is everything.
func class(t *types.Type) string {
	switch t.Kind() {
	case types.IntKind, types.UintKind, types.DoubleKind:
		return "number"
	case types.DynKind, types.AnyKind, types.TypeParamKind, types.NullTypeKind:
		return ""
	case types.ListKind:
		return "list"
	case types.MapKind:
		return "map"
	}
	return t.TypeName()
}
