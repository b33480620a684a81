package api

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/ground/text"
)

// formats are the formats of bodies: JSON, with numbers of any size. How large a number may be is
// decided, and told, by the room that takes it.
func formats() map[string]huma.Format {
	all := maps.Clone(huma.DefaultFormats)
	for name, f := range all {
		f.Unmarshal = unmarshal
		all[name] = f
	}
	return all
}

// unreadable is what stands before the path of a text that may not be recorded. The decoder puts a
// mark for whatever it cannot read, and what is recorded stays.
const unreadable = "no readable text: "

// mistyped is what stands before the path of a value of another type than is wanted, and before
// what is wanted, of which a space divides it.
const mistyped = "mistyped: "

// Names of members count as they are written, for the library's check of a body as for what decodes
// it, so that both see one document.
func init() { huma.ValidateStrictCasing = true }

// typed decodes a value into a type. Its description was held against it before, as far as huma
// knows numbers: 1e2 is a whole number there, and Go's decoder takes no exponent.
func typed(data []byte, v any) error {
	err := text.Decode(data, v)
	if other, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New(mistyped + cmp.Or(other.Field, "body") + " " + text.Wanted(other))
	}
	return err
}

// unmarshal decodes a body. What is only to be looked at by huma gets numbers near enough to know
// their type; a number that is beyond a float64 would be an error of the library otherwise.
func unmarshal(data []byte, v any) error {
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // RFC 8259, 8.1: a mark may be there
	generic, ok := v.(*any)
	if !ok {
		return typed(data, v)
	}
	var whole json.RawMessage
	if err := text.Decode(data, &whole); err != nil { // also where something follows the value
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(whole)))
	d.UseNumber()
	if err := d.Decode(generic); err != nil {
		return err
	}
	if where, found := text.Unreadable(*generic, ""); found {
		return errors.New(unreadable + where)
	}
	if name, twice := text.Twice(whole); twice { // the decoder takes the last
		return fmt.Errorf("it has the member %q twice", name)
	}
	return near(generic)
}

// null stands for the null of a body. The library takes a member that is null for one that is left
// out, and a program that lacks a value writes null: so it would ask for everything.
type null struct{}

// near replaces the numbers of a value by floats; one that is too large becomes an infinity. It
// replaces null by what is of no type, so that it is taken where any value may be, and nowhere
// else.
func near(v *any) error {
	switch of := (*v).(type) {
	case nil:
		*v = null{}
	case json.Number:
		f, err := strconv.ParseFloat(of.String(), 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return err
		}
		*v = f
	case []any:
		for i := range of {
			if err := near(&of[i]); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, item := range of {
			if err := near(&item); err != nil {
				return err
			}
			of[name] = item
		}
	}
	return nil
}
