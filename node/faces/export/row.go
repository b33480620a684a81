package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// ErrNoObject is returned for a row that is no JSON object.
var ErrNoObject = errors.New("a row is no JSON object")

// Members returns the names of an object's members in their order, and their values.
func Members(object []byte) (names []string, values map[string]json.RawMessage, err error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, nil, ErrNoObject
	}
	values = map[string]json.RawMessage{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, nil, fmt.Errorf("read row: %w", err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, nil, fmt.Errorf("read row: %w", err)
		}
		name := token.(string) // the names of an object are texts
		if _, twice := values[name]; !twice {
			names = append(names, name)
		}
		values[name] = value
	}
	return names, values, nil
}

// RowOf returns an object as a row with the columns. A member that is no column is left out.
func RowOf(object []byte, columns []string) (Row, error) {
	_, values, err := Members(object)
	if err != nil {
		return nil, err
	}
	row := make(Row, len(columns))
	for i, name := range columns {
		row[i] = values[name]
	}
	return row, nil
}

// Columns returns the names under which encoding/json writes the fields of a struct, in their
// order, but for those that are tagged `export:"-"`: they are no part of a list.
func Columns(of reflect.Type) (names []string) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			names = append(names, Columns(f.Type)...)
		case f.IsExported() && name != "-" && f.Tag.Get("export") != "-":
			names = append(names, name)
		}
	}
	return slices.Clip(names)
}
