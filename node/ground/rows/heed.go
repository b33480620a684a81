package rows

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
)

// maxBound is the largest bound of a length, or of a number of items or members. The compiler knows
// no larger ones, and takes them for others; no record comes near it.
const maxBound = 1<<31 - 1

// bound checks the bound of a length or of a number.
func bound(where, keyword string, v any) error {
	number, _ := v.(json.Number)
	n, ok := new(big.Rat).SetString(number.String())
	if ok && n.IsInt() && n.Sign() >= 0 && n.Cmp(big.NewRat(maxBound, 1)) <= 0 {
		return nil
	}
	return &Unfit{Keywords, where, fmt.Sprintf("%s: %.100v (it may be 0 to %d)", keyword, v, maxBound)}
}

// aboutTypes are the types that the keywords are about. Of a value of another type they say
// nothing.
var aboutTypes = map[string][]string{
	"minLength": {"string"}, "maxLength": {"string"}, "pattern": {"string"}, "format": {"string"},
	"minimum": numbersOf, "maximum": numbersOf, "exclusiveMinimum": numbersOf, "exclusiveMaximum": numbersOf, "multipleOf": numbersOf,
	"minItems": {"array"}, "maxItems": {"array"}, "uniqueItems": {"array"}, "items": {"array"}, "prefixItems": {"array"},
	"minProperties": {"object"}, "maxProperties": {"object"}, "required": {"object"}, "properties": {"object"}, "additionalProperties": {"object"},
}

var numbersOf = []string{"integer", "number"}

// heeded checks that every keyword of a node checks something: that a keyword is about a type that
// the node takes, and that no branch stands without its condition, nor a condition without a
// branch. What is not checked must not look checked.
func heeded(where string, object map[string]any) error {
	_, hasIf := object["if"]
	_, hasThen := object["then"]
	_, hasElse := object["else"]
	switch {
	case hasIf && !hasThen && !hasElse:
		return &Unfit{Keywords, where, "if (without then or else)"}
	case !hasIf && hasThen:
		return &Unfit{Keywords, where, "then (without if)"}
	case !hasIf && hasElse:
		return &Unfit{Keywords, where, "else (without if)"}
	}
	takes := typesOf(object)
	for _, keyword := range slices.Sorted(maps.Keys(object)) {
		of := aboutTypes[keyword]
		if takes != nil && of != nil && !slices.ContainsFunc(takes, func(t string) bool { return slices.Contains(of, t) }) {
			return &Unfit{Beside, where, fmt.Sprintf("%s: %.100v", keyword, object["type"])}
		}
	}
	return nil
}
