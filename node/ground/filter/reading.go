package filter

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"xietong/node/ground/scalar"
)

// reading goes once through a parsed expression, from the top down: it refuses what is not taken,
// collects the names, and puts in the place of CEL's operators and numbers our own.
type reading struct {
	*Expression
	factory ast.ExprFactory
	numbers []literal
	unread  []bool // numbers that no part of the tree has taken yet
	err     error
}

func newReading(e *Expression, numbers []literal) *reading {
	r := &reading{Expression: e, factory: ast.NewExprFactory(), numbers: numbers, unread: make([]bool, len(numbers))}
	for i := range r.unread {
		r.unread[i] = true
	}
	return r
}

// read returns the first refusal, a *Malformed.
func (r *reading) read() error {
	ast.PreOrderVisit(r.tree.Expr(), ast.NewExprVisitor(r.part))
	if i := slices.Index(r.unread, true); i >= 0 && r.err == nil {
		r.err = &Malformed{int(r.numbers[i].at) + 1, "the number is not understood"}
	}
	return r.err
}

func (r *reading) refuse(x ast.Expr, reason string) {
	if r.err == nil {
		r.err = &Malformed{r.position(x.ID()), reason}
	}
}

// part reads one part. What it puts in the place of the part has its id, so that a message finds
// it.
func (r *reading) part(x ast.Expr) {
	switch x.Kind() {
	case ast.LiteralKind:
		r.literal(x)
	case ast.IdentKind:
		r.name(x, x.AsIdent())
	case ast.SelectKind:
		r.selection(x)
	case ast.CallKind:
		r.call(x)
	case ast.ComprehensionKind:
		if c := x.AsComprehension(); c.IterVar() == recordName || c.IterVar2() == recordName {
			r.refuse(x, misplaced)
		}
	case ast.MapKind, ast.StructKind:
		r.refuse(x, "a value in braces is not taken")
	}
}

// literal composes a text, and puts in the value of a number.
func (r *reading) literal(x ast.Expr) {
	switch v := x.AsLiteral().(type) {
	case types.String:
		text, reason := scalar.Text(string(v))
		if reason != "" {
			r.refuse(x, reason)
			return
		}
		x.SetKindCase(r.factory.NewLiteral(x.ID(), types.String(text)))
	case types.Int, types.Uint, types.Double:
		r.number(x)
	}
}

const (
	// recordName is the name by which a field of any name is found: record.name, record["姓名"].
	recordName = "record"
	misplaced  = `record stands only before .NAME or ["NAME"]`

	// ofRecord stands before the name of a field in the tree, so that it is no name that a variable
	// of the expression can have.
	ofRecord = "@record:"
)

// name takes a name that stands by itself.
func (r *reading) name(x ast.Expr, name string) {
	name = strings.TrimPrefix(name, ".") // .name is name
	if name == recordName {
		r.refuse(x, misplaced)
		return
	}
	r.named[name] = x.ID()
}

// selection takes record.NAME as the field. What stands behind a field is looked for in its value.
func (r *reading) selection(x ast.Expr) {
	s := x.AsSelect()
	switch of := s.Operand(); {
	case of.Kind() != ast.IdentKind || of.AsIdent() != recordName:
	case s.IsTestOnly():
		r.refuse(x, "has(record.NAME) is not taken; write record.NAME != null")
	default:
		r.field(x, s.FieldName())
	}
}

// field puts a field in the place of the part that says record.
func (r *reading) field(x ast.Expr, name string) {
	name = ofRecord + scalar.Compose(name)
	r.named[name] = x.ID()
	x.SetKindCase(r.factory.NewIdent(x.ID(), name))
}

// builders are the macros that are not taken.
var builders = []string{"map", "filter"}

func (r *reading) call(x ast.Expr) {
	c := x.AsCall()
	name, args := c.FunctionName(), c.Args()
	switch {
	case c.IsMemberFunction() && slices.Contains(builders, name):
		r.refuse(x, name+" is not taken; exists, exists_one and all are")
	case inexact[name] != "":
		r.refuse(x, inexact[name]+" is not taken, because not every result is exact; multiply the other side")
	case name == operators.Index && args[0].Kind() == ast.IdentKind && args[0].AsIdent() == recordName:
		if field, ok := literalText(args[1]); ok {
			r.field(x, field)
		} // else record is met as a name that stands by itself
	case replaced[name] != "":
		x.SetKindCase(r.factory.NewCall(x.ID(), replaced[name], args...))
	case slices.Contains(zoned, name) && len(args) > 0:
		if zone, ok := literalText(args[len(args)-1]); ok && c.IsMemberFunction() {
			r.zones = append(r.zones, zoneAt{args[len(args)-1].ID(), zone})
		}
	}
}

func literalText(x ast.Expr) (string, bool) {
	if x.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := x.AsLiteral().(types.String)
	return string(text), ok
}

// zoned are the functions that take a time zone.
var zoned = []string{
	overloads.TimeGetFullYear, overloads.TimeGetMonth, overloads.TimeGetDayOfYear, overloads.TimeGetDate, overloads.TimeGetDayOfMonth,
	overloads.TimeGetDayOfWeek, overloads.TimeGetHours, overloads.TimeGetMinutes, overloads.TimeGetSeconds, overloads.TimeGetMilliseconds,
}

type zoneAt struct {
	id   int64
	name string
}

// checkZones refuses a time zone that is none, and the one of the machine: each county would answer
// by another.
func (e *Expression) checkZones() error {
	for _, z := range e.zones {
		hours := types.Timestamp{Time: time.Unix(0, 0)}.Receive(overloads.TimeGetHours, overloads.TimestampToHoursWithTz, []ref.Val{types.String(z.name)})
		if types.IsError(hours) || strings.EqualFold(z.name, "local") {
			return &Malformed{e.position(z.id), "there is no time zone " + z.name}
		}
	}
	return nil
}

// plain are the names that CEL can spell by themselves.
var plain = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reserved are those that it takes for something else.
var reserved = strings.Fields(`false true null in as break const continue else for function if import let loop package namespace return var
	void while ` + recordName)

// Spell returns how a filter names a field.
func Spell(field string) string {
	if plain.MatchString(field) && !slices.Contains(reserved, field) {
		return field
	}
	return recordName + `["` + field + `"]`
}

// Example returns a comparison of the field that a malformed filter probably means: one that is
// named in it and cannot be named by itself, else any that is named in it, else one that can be
// named by itself.
func Example(expression string, fields []Field) string {
	if len(fields) == 0 {
		return ""
	}
	expression = scalar.Compose(expression)
	meant := fields[max(0, slices.IndexFunc(fields, func(f Field) bool { return Spell(f.Name) == f.Name }))]
	for best, i := 0, 0; i < len(fields); i++ {
		name := fields[i].Name
		likely := 2 * len(name)
		if spelled := Spell(name); spelled != name && !strings.Contains(expression, spelled) && !strings.Contains(expression, recordName+"."+name) {
			likely += 1 << 10
		}
		if mentions(expression, name) && likely > best {
			meant, best = fields[i], likely
		}
	}
	value := map[Type]string{Integer: "> 0", Number: "> 0.5", Boolean: "== true"}[meant.Type]
	if value == "" {
		value = `== "…"`
	}
	return Spell(meant.Name) + " " + value
}

// mentions reports whether a name stands in the expression, and is not a part of another.
func mentions(expression, name string) bool {
	if !plain.MatchString(name) {
		return strings.Contains(expression, name)
	}
	return regexp.MustCompile(`\b` + name + `\b`).MatchString(expression)
}
