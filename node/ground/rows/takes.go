package rows

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// freely are the keywords of a schema beside which a property can be taken out of its list, and
// every record that was taken still is: none of them looks at the members of a record together.
var freely = []string{"type", "properties", "required", "additionalProperties", "$defs", "$schema", "$id"}

// TakesAll reports whether a schema surely takes every record that the schema before takes, as it
// shows them: it says the same of each field that it lists, lists none more, and requires no more.
// It decides by what both say, and looks at no record; where it says false, it may be so all the
// same.
func TakesAll(before, next json.RawMessage) bool {
	old, bad := decode(before, inSchema)
	other, worse := decode(next, inSchema)
	was, isObject := old.(map[string]any)
	is, areObjects := other.(map[string]any)
	if bad != nil || worse != nil || !isObject || !areObjects {
		return false
	}
	listed, lists := properties(was), properties(is)
	for name, says := range lists {
		if earlier, there := listed[name]; !there || !reflect.DeepEqual(earlier, says) {
			return false
		}
	}
	required, requires := namesOf(was["required"]), namesOf(is["required"])
	for _, name := range requires {
		if !slices.Contains(required, name) {
			return false
		}
	}
	rest, remains := bare(was), bare(is)
	if len(lists) < len(listed) {
		for keyword := range rest {
			if !slices.Contains(freely, keyword) {
				return false
			}
		}
	}
	for _, of := range []map[string]any{rest, remains} {
		delete(of, "properties")
		delete(of, "required")
	}
	return reflect.DeepEqual(rest, remains)
}

// bare returns an object of a schema without what checks nothing.
func bare(schema map[string]any) map[string]any {
	out := maps.Clone(schema)
	for _, name := range annotations {
		delete(out, name)
	}
	return out
}

// properties returns what a schema says of its properties.
func properties(schema map[string]any) map[string]any {
	all, _ := schema["properties"].(map[string]any)
	out := make(map[string]any, len(all))
	for name, says := range all {
		if of, ok := says.(map[string]any); ok {
			says = bare(of)
		}
		out[name] = says
	}
	return out
}

func namesOf(list any) (names []string) {
	all, _ := list.([]any)
	for _, one := range all {
		if name, ok := one.(string); ok {
			names = append(names, name)
		}
	}
	return names
}
