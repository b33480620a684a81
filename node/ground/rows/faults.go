package rows

import (
	"errors"
	"math/big"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"xietong/node/ground/text"
)

// Fault is one fault of a row.
type Fault = text.RowFault

// maxFaults is how many faults of one row are told.
const maxFaults = 20

// broken returns all rules that a record, or its value at a place, breaks, in the order of their
// fields.
func (s *Schema) broken(object map[string]any, err error, at ...string) (faults []Fault) {
	var top *jsonschema.ValidationError
	if !errors.As(err, &top) {
		return []Fault{{Reason: "schema"}}
	}
	for _, e := range leaves(top) {
		e.InstanceLocation = slices.Concat(at, e.InstanceLocation)
		faults = append(faults, faultsOf(object, e)...)
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return strings.Compare(a.Field, b.Field) })
	return slices.CompactFunc(faults, func(a, b Fault) bool { return a.Field == b.Field && a.Reason == b.Reason })
}

// badOf returns the faults of a row, of which there is at least one.
func badOf(faults []Fault) *Bad {
	faults = faults[:min(len(faults), maxFaults)]
	return &Bad{Column: faults[0].Field, Reason: faults[0].Reason, Faults: faults}
}

// leaves returns the errors that say what is wrong. Where none of several forms fits, the form that
// the value comes nearest to says it, if it is one alone; otherwise that none fits.
func leaves(e *jsonschema.ValidationError) (all []*jsonschema.ValidationError) {
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
		near := slices.DeleteFunc(slices.Clone(e.Causes), func(c *jsonschema.ValidationError) bool {
			return slices.ContainsFunc(leaves(c), func(l *jsonschema.ValidationError) bool {
				_, other := l.ErrorKind.(*kind.Type)
				return other && slices.Equal(l.InstanceLocation, e.InstanceLocation)
			})
		})
		if len(near) == 1 {
			return leaves(near[0])
		}
		return []*jsonschema.ValidationError{e}
	}
	if len(e.Causes) == 0 {
		return []*jsonschema.ValidationError{e}
	}
	for _, c := range e.Causes {
		all = append(all, leaves(c)...)
	}
	return all
}

// faultsOf returns what one error says.
func faultsOf(object any, e *jsonschema.ValidationError) []Fault {
	reason := "schema"
	if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
		reason = path[len(path)-1]
	}
	if missing, ok := e.ErrorKind.(*kind.Required); ok && len(e.InstanceLocation) == 0 {
		var all []Fault
		for _, name := range missing.Missing {
			all = append(all, Fault{Field: name, Reason: "required"})
		}
		return all
	}
	f := Fault{Reason: reason}
	if len(e.InstanceLocation) > 0 {
		f.Field = e.InstanceLocation[0]
		if at := valueAt(object, e.InstanceLocation); at != nil {
			f.Value = valueOf(at)
		}
	}
	f.Expected, f.Example = expectedOf(e.ErrorKind)
	if exponent.MatchString(f.Value) && reason == "pattern" {
		f.Reason = "exponent"
	}
	return []Fault{f}
}

// valueAt returns the value at a place of a record; nil if there is none.
func valueAt(v any, path []string) any {
	for _, name := range path {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// expectedOf returns what a rule wants, and a value that fits it.
func expectedOf(k jsonschema.ErrorKind) (wants, example string) {
	switch k := k.(type) {
	case *kind.Type:
		return strings.Join(k.Want, ", "), exampleOf(k.Want)
	case *kind.Pattern:
		return cut(k.Want), sample(k.Want)
	case *kind.Format:
		return k.Want, formatExamples[k.Want]
	case *kind.Enum:
		return listOf(k.Want), ""
	case *kind.Const:
		return valueOf(k.Want), ""
	case *kind.Minimum:
		return "≥ " + number(k.Want), ""
	case *kind.Maximum:
		return "≤ " + number(k.Want), ""
	case *kind.ExclusiveMinimum:
		return "> " + number(k.Want), ""
	case *kind.ExclusiveMaximum:
		return "< " + number(k.Want), ""
	case *kind.MultipleOf:
		return number(k.Want), ""
	case *kind.MinLength:
		return strconv.Itoa(k.Want), ""
	case *kind.MaxLength:
		return strconv.Itoa(k.Want), ""
	case *kind.MinItems:
		return strconv.Itoa(k.Want), ""
	case *kind.MaxItems:
		return strconv.Itoa(k.Want), ""
	}
	return "", ""
}

var formatExamples = map[string]string{
	"date": "2020-02-03", "time": "08:30:00+08:00", "date-time": "2020-02-03T08:30:00+08:00", "duration": "P3D", "email": "name@example.org",
	"ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "uri": "https://example.org/a", "uuid": "12345678-1234-1234-1234-123456789012",
}

func exampleOf(types []string) string {
	for _, t := range types {
		if e := map[string]string{"integer": "12", "number": "12.5", "boolean": "true", "array": `["a","b"]`, "object": `{"a":1}`}[t]; e != "" {
			return e
		}
	}
	return ""
}

// listOf returns the first values of a list.
func listOf(values []any) string {
	const most = 8
	var b []string
	for _, v := range values[:min(len(values), most)] {
		b = append(b, valueOf(v))
	}
	if len(values) > most {
		b = append(b, "…")
	}
	return strings.Join(b, " | ")
}

// number returns a bound in plain decimals.
func number(r *big.Rat) string {
	if r.IsInt() {
		return r.RatString()
	}
	s := r.FloatString(18)
	return strings.TrimRight(s, "0")
}

// sample returns a text that fits a pattern; "" if none is found at once.
func sample(pattern string) string {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	var b strings.Builder
	spell(&b, tree.Simplify(), 0)
	if fits, err := regexp.Compile(pattern); err != nil || b.Len() > 60 || !fits.MatchString(b.String()) {
		return ""
	}
	return b.String()
}

// spell writes the shortest text of a part of a pattern, with digits that count up.
func spell(b *strings.Builder, r *syntax.Regexp, depth int) {
	if depth > 50 || b.Len() > 60 {
		return
	}
	switch r.Op {
	case syntax.OpLiteral:
		b.WriteString(string(r.Rune))
	case syntax.OpCharClass:
		if len(r.Rune) == 0 {
			return
		}
		c := max(r.Rune[0], ' ')
		if next := '1' + rune(b.Len()%9); slices.ContainsFunc(pairs(r.Rune), func(p [2]rune) bool { return p[0] <= next && next <= p[1] }) {
			c = next
		}
		b.WriteRune(c)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('a')
	case syntax.OpPlus, syntax.OpCapture, syntax.OpAlternate:
		spell(b, r.Sub[0], depth+1)
	case syntax.OpRepeat:
		for range min(r.Min, 60) {
			spell(b, r.Sub[0], depth+1)
		}
	case syntax.OpConcat:
		for _, sub := range r.Sub {
			spell(b, sub, depth+1)
		}
	}
}

func pairs(ends []rune) (all [][2]rune) {
	for i := 0; i+1 < len(ends); i += 2 {
		all = append(all, [2]rune{ends[i], ends[i+1]})
	}
	return all
}
