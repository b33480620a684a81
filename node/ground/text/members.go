package text

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// memberError is a member of a JSON value that is not taken.
type memberError struct {
	path     string // from the outermost value, such as purposes/0/title
	spelling string // of the member that it would be in another case; "": none
	near     string // members that it may be; "": none
	twice    bool
	value    error // what is wrong with its value; nil: nothing
}

func (e *memberError) Unwrap() error { return e.value }

func (e *memberError) Error() string {
	switch {
	case e.twice:
		return fmt.Sprintf("it has the member %q twice", e.path)
	case e.value != nil:
		return fmt.Sprintf("at %q: %v", e.path, e.value)
	case e.near != "":
		return fmt.Sprintf("unknown field %q; near it: %s", e.path, e.near)
	case e.spelling != "":
		return `unknown field "` + e.path + `"; it is spelled "` + e.spelling + `"`
	}
	return `unknown field "` + e.path + `"`
}

// Decode decodes one JSON value into v as it is written. A member counts by its exact name, and a
// name that v has no member of, and one that stands twice, is refused with its path, at every
// depth. Go's decoder takes Category, and ſmallest_cell with its long s, for members of other
// names, and of two it takes the last without a word: what a person reads would not be what is
// done. The names in a map, and in what is kept as it is written, are free, each once. A value of
// another type is a *json.UnmarshalTypeError whose field is a path without the names of Go's types.
func Decode(data []byte, v any) error {
	if json.Valid(data) { // what is no JSON is left to the decoder to refuse
		if refused := members(json.NewDecoder(bytes.NewReader(data)), reflect.TypeOf(v), ""); refused != nil {
			return refused
		}
	}
	err := json.Unmarshal(data, v)
	if malformed, ok := errors.AsType[*json.SyntaxError](err); ok {
		return cmp.Or(syntax(data, malformed), err)
	}
	if other, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		path := slices.DeleteFunc(strings.Split(other.Field, "."), func(name string) bool { return name != strings.ToLower(name) }) // of Go's
		other.Field = strings.Join(path, ".")
	}
	return err
}

// Twice returns the path of a member that stands twice in a JSON value; false: none does.
func Twice(data []byte) (path string, found bool) {
	if !json.Valid(data) {
		return "", false
	}
	if refused := members(json.NewDecoder(bytes.NewReader(data)), nil, ""); refused != nil {
		return refused.path, true
	}
	return "", false
}

// members looks for a member that is not taken in the next value, which is decoded into a type;
// nil: whatever it is.
func members(d *json.Decoder, into reflect.Type, at string) *memberError {
	open, err := d.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return named(open, into, strings.TrimSuffix(at, "/"))
	}
	taken := takenBy(into)
	seen := map[string]bool{}
	for n := 0; d.More(); n++ {
		name := strconv.Itoa(n)
		if open == json.Delim('{') {
			token, _ := d.Token()
			name, _ = token.(string)
			if refused := taken.refuses(name, at, seen[name]); refused != nil {
				return refused
			}
			seen[name] = true
		}
		if refused := members(d, taken.below(name), at+name+"/"); refused != nil {
			return refused
		}
	}
	_, _ = d.Token() // the end: the value is JSON
	return nil
}

// named looks at a text whose type reads it by a rule of its own, such as a name: Go's decoder
// tells what is wrong with it, and not where it stands.
func named(value json.Token, into reflect.Type, at string) *memberError {
	s, ok := value.(string)
	for into != nil && into.Kind() == reflect.Pointer {
		into = into.Elem()
	}
	if !ok || into == nil || at == "" || reflect.PointerTo(into).Implements(decodesJSON) {
		return nil
	}
	reads, ok := reflect.New(into).Interface().(encoding.TextUnmarshaler)
	if !ok {
		return nil
	}
	if err := reads.UnmarshalText([]byte(s)); err != nil {
		return &memberError{path: at, value: err}
	}
	return nil
}

// taking is what a type takes of an object, or of a list.
type taking struct {
	fields map[string]reflect.Type // of a structure, by their names in JSON; nil: every name is taken
	each   reflect.Type            // of the other values; nil: whatever they are
}

var (
	decodesJSON = reflect.TypeFor[json.Unmarshaler]()
	decodesText = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func takenBy(t reflect.Type) taking {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return taking{}
	}
	if p := reflect.PointerTo(t); p.Implements(decodesJSON) || p.Implements(decodesText) {
		return taking{}
	}
	switch t.Kind() {
	case reflect.Struct:
		return taking{fields: fieldsOf(t)}
	case reflect.Map, reflect.Slice, reflect.Array:
		return taking{each: t.Elem()}
	}
	return taking{}
}

// fieldsOf returns the types of the members that a structure is written with, by their names.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		if tag == "-" || !f.IsExported() || f.Anonymous && name == "" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		fields[name] = f.Type
	}
	return fields
}

// refuses tells what is wrong with a member of a name; nil: nothing.
func (t taking) refuses(name, at string, again bool) *memberError {
	if again {
		return &memberError{path: at + name, twice: true}
	}
	if _, known := t.fields[name]; known || t.fields == nil {
		return nil
	}
	refused := &memberError{path: at + name}
	for _, other := range slices.Sorted(maps.Keys(t.fields)) {
		if strings.EqualFold(other, name) {
			refused.spelling = other
		}
	}
	if refused.spelling == "" && name != "" {
		refused.near = Nearest(name, slices.Sorted(maps.Keys(t.fields)))
	}
	return refused
}

func (t taking) below(name string) reflect.Type {
	if of, ok := t.fields[name]; ok {
		return of
	}
	return t.each
}
