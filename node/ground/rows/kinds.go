package rows

import (
	"encoding/json"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// kinds is a set of kinds of JSON values.
type kinds uint8

const (
	textKind kinds = 1 << iota
	integerKind
	fractionKind // numbers that are no integers
	booleanKind
	listKind
	objectKind
	nullKind

	numberKind = integerKind | fractionKind
	anyKind    = nullKind<<1 - 1
)

var kindNames = map[string]kinds{
	"string": textKind, "integer": integerKind, "number": numberKind, "boolean": booleanKind, "array": listKind, "object": objectKind, "null": nullKind,
}

// kindOf returns the kind of a decoded value.
func kindOf(v any) kinds {
	switch v := v.(type) {
	case string:
		return textKind
	case bool:
		return booleanKind
	case []any:
		return listKind
	case map[string]any:
		return objectKind
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return fractionKind
		}
		return integerKind
	}
	return nullKind
}

// kindsOf returns the kinds that a schema may accept: no value of another kind is good. A schema
// goes in no circle, and is small with its references unfolded (outline).
func kindsOf(s *jsonschema.Schema) kinds {
	may := anyKind
	if s.Bool != nil && !*s.Bool {
		return 0
	}
	if s.Types != nil && !s.Types.IsEmpty() {
		may = 0
		for _, name := range s.Types.ToStrings() {
			may |= kindNames[name]
		}
	}
	if s.Enum != nil {
		may &= union(s.Enum.Values, kindOf)
	}
	if s.Const != nil {
		may &= kindOf(*s.Const)
	}
	if s.Ref != nil {
		may &= kindsOf(s.Ref)
	}
	for _, all := range s.AllOf {
		may &= kindsOf(all)
	}
	for _, some := range [][]*jsonschema.Schema{s.AnyOf, s.OneOf} {
		if len(some) > 0 {
			may &= union(some, kindsOf)
		}
	}
	return may
}

func union[T any](of []T, kind func(T) kinds) (all kinds) {
	for _, v := range of {
		all |= kind(v)
	}
	return all
}

// wanted returns the kinds that a cell of the schema is read as. A schema that names none wants a
// text, unless it bounds numbers.
func wanted(s *jsonschema.Schema) kinds {
	may := kindsOf(s)
	switch {
	case may != anyKind:
		return may
	case s.Minimum != nil || s.Maximum != nil || s.ExclusiveMinimum != nil || s.ExclusiveMaximum != nil || s.MultipleOf != nil:
		return numberKind
	}
	return textKind
}

// fieldOf returns the type of a property: a scalar type, a scalar type with null, or Other.
func fieldOf(s *jsonschema.Schema) Field {
	may := kindsOf(s)
	f := Field{Nullable: may&nullKind != 0}
	switch rest := may &^ nullKind; rest {
	case textKind:
		f.Type = String
	case integerKind:
		f.Type = Integer
	case numberKind, fractionKind:
		f.Type = Number
	case booleanKind:
		f.Type = Boolean
	default:
		return Field{Type: Other, Nullable: true}
	}
	return f
}

// formatOf returns the format that a schema asks of a text; "" if none.
func formatOf(s *jsonschema.Schema) string {
	if s.Format != nil {
		return s.Format.Name
	}
	if s.Ref != nil {
		return formatOf(s.Ref)
	}
	for _, below := range append(append(s.AllOf[:len(s.AllOf):len(s.AllOf)], s.AnyOf...), s.OneOf...) {
		if name := formatOf(below); name != "" {
			return name
		}
	}
	return ""
}
