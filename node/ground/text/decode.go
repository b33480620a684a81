package text

import (
	"encoding/json"
	"reflect"
)

// Wanted returns what a value should have been that Go's decoder of JSON refused for its type, as
// the API's descriptions tell it; Cause says it in words.
func Wanted(e *json.UnmarshalTypeError) string {
	switch kind := e.Type.Kind(); kind {
	case reflect.String:
		return "expected string"
	case reflect.Bool:
		return "expected boolean"
	case reflect.Float32, reflect.Float64:
		return "expected number"
	case reflect.Slice, reflect.Array:
		return "expected array"
	case reflect.Map, reflect.Struct:
		return "expected object"
	default:
		if reflect.Int <= kind && kind <= reflect.Uint64 {
			return "expected integer"
		}
	}
	return "expected another type"
}
