package rows

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// This file finds what no file could ever meet, before anything is published: every row would be
// refused, with a sentence that does not say why.

// bounded are the keywords of which the first may not be above the second; strictly: nor like it.
var bounded = []struct {
	low, high string
	strictly  bool
}{
	{"minLength", "maxLength", false}, {"minItems", "maxItems", false}, {"minProperties", "maxProperties", false},
	{"minimum", "maximum", false}, {"exclusiveMinimum", "maximum", true}, {"minimum", "exclusiveMaximum", true}, {"exclusiveMinimum", "exclusiveMaximum", true},
}

// meetable refuses a node of a schema whose own keywords leave no value.
func meetable(where string, object map[string]any) error {
	if all, ok := object["enum"].([]any); ok && !slices.ContainsFunc(all, func(v any) bool { return ofType(v, typesOf(object)) }) {
		return &Unfit{Never, where, "enum"}
	}
	if v, ok := object["const"]; ok && !ofType(v, typesOf(object)) {
		return &Unfit{Never, where, "const"}
	}
	for _, b := range bounded {
		low, hasLow := rational(object[b.low])
		high, hasHigh := rational(object[b.high])
		if !hasLow || !hasHigh {
			continue
		}
		if c := low.Cmp(high); c > 0 || b.strictly && c == 0 {
			return &Unfit{Never, where, b.low + ", " + b.high}
		}
	}
	return nil
}

// typesOf returns the types that a node takes; nil: any, or what is none (the compiler says so).
func typesOf(object map[string]any) (types []string) {
	all, _ := object["type"].([]any)
	if one, ok := object["type"].(string); ok {
		all = []any{one}
	}
	for _, t := range all {
		if !slices.Contains(valueTypes, fmt.Sprint(t)) {
			return nil
		}
		types = append(types, fmt.Sprint(t))
	}
	return types
}

// valueTypes are the types of JSON Schema.
var valueTypes = []string{"array", "boolean", "integer", "null", "number", "object", "string"}

// ofType reports whether a value has one of the types; nil: it has.
func ofType(v any, types []string) bool {
	if types == nil {
		return true
	}
	is := []string{"null"}
	switch v := v.(type) {
	case string:
		is = []string{"string"}
	case bool:
		is = []string{"boolean"}
	case json.Number:
		if is = []string{"number"}; whole(v) {
			is = numbersOf
		}
	case []any:
		is = []string{"array"}
	case map[string]any:
		is = []string{"object"}
	}
	return slices.ContainsFunc(is, func(t string) bool { return slices.Contains(types, t) })
}

func whole(n json.Number) bool {
	r, ok := rational(n)
	return ok && r.IsInt()
}

// rational returns the value of a number, whose digits decode has bounded.
func rational(v any) (*big.Rat, bool) {
	n, _ := v.(json.Number)
	return new(big.Rat).SetString(n.String())
}

// titledOnce refuses a title of two fields, or that is the name of another: nothing tells which of
// them a column with that header is.
func (s *Schema) titledOnce() error {
	has := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.columns)) {
		has[name] = name
	}
	for _, name := range slices.Sorted(maps.Keys(s.columns)) {
		title := trimmed(s.columns[name].title)
		other, taken := has[title]
		switch {
		case title == "" || title == name:
		case taken:
			return &Unfit{TitleTwice, "properties/" + name, strings.Join([]string{name, other, title}, "\n")}
		default:
			has[title] = name
		}
	}
	return nil
}
