package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"

	"xietong/node/ground/scalar"
)

// decodeObject decodes one JSON object strictly: UTF-8, no name twice, bounded in depth and length,
// nothing after it.
func decodeObject(data []byte) (map[string]any, *Bad) {
	switch {
	case len(data) > MaxRecordLen:
		return nil, bad("", "too long")
	case !utf8.Valid(data):
		return nil, bad("", "not UTF-8")
	}
	v, refused := decode(data, inRecord)
	if refused != nil {
		return nil, refused
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, bad("", "not an object")
	}
	return object, nil
}

// decodeScalar decodes one JSON value that is compared with a field. The value may also be a list
// or an object.
func decodeScalar(data []byte) (any, *Bad) {
	if len(data) > MaxRecordLen || !utf8.Valid(data) {
		return nil, bad("", "malformed")
	}
	return decode(data, inRecord)
}

// taking is what is taken of one kind of JSON.
type taking struct {
	deepest    int                             // nesting
	text, name func(string) (_, reason string) // of a text, and of the name of a member
}

// A schema may name any character in its patterns and descriptions. The names in it are looked at
// by outline, which refuses what is not composed.
var (
	inRecord = taking{MaxDepth, scalar.Text, scalar.Text}
	inSchema = taking{
		maxSchemaDepth, func(s string) (_, reason string) { return scalar.Compose(s), "" }, func(s string) (_, reason string) { return s, "" },
	}
)

type decoder struct {
	*json.Decoder
	taking
}

// decode decodes one JSON value with nothing after it. Numbers get their one spelling, and texts
// their composed form.
func decode(data []byte, t taking) (any, *Bad) {
	d := decoder{json.NewDecoder(bytes.NewReader(data)), t}
	d.UseNumber()
	v, refused := decodeValue(d, "", 0)
	if refused != nil {
		return nil, refused
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad("", "malformed")
	}
	return v, nil
}

// decodeValue decodes the next value. column is the top-level member that holds it.
func decodeValue(d decoder, column string, depth int) (any, *Bad) {
	token, err := d.Token()
	if err != nil {
		return nil, bad(column, "malformed")
	}
	if depth > d.deepest {
		return nil, bad(column, "too deep")
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return decodeMembers(d, column, depth)
		}
		return decodeItems(d, column, depth)
	case json.Number:
		n, reason := scalar.Number(t.String())
		if reason != "" {
			return nil, bad(column, reason)
		}
		return json.Number(n.String()), nil
	case string:
		text, reason := d.text(t)
		if reason != "" {
			return nil, bad(column, reason)
		}
		return text, nil
	}
	return token, nil
}

func decodeMembers(d decoder, column string, depth int) (any, *Bad) {
	object := map[string]any{}
	for d.More() {
		token, err := d.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return nil, bad(column, "malformed")
		}
		name, reason := d.name(name)
		if reason != "" {
			return nil, bad(column, reason)
		}
		of := column
		if depth == 0 {
			of = name
		}
		if _, twice := object[name]; twice {
			return nil, bad(of, "duplicate member")
		}
		v, refused := decodeValue(d, of, depth+1)
		if refused != nil {
			return nil, refused
		}
		object[name] = v
	}
	if _, err := d.Token(); err != nil {
		return nil, bad(column, "malformed")
	}
	return object, nil
}

func decodeItems(d decoder, column string, depth int) (any, *Bad) {
	list := []any{}
	for d.More() {
		v, refused := decodeValue(d, column, depth+1)
		if refused != nil {
			return nil, refused
		}
		list = append(list, v)
	}
	if _, err := d.Token(); err != nil {
		return nil, bad(column, "malformed")
	}
	return list, nil
}

// appendValue appends the canonical JSON of a decoded value.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case json.Number:
		return append(b, v...)
	case string:
		return appendText(b, v)
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, item)
		}
		return append(b, ']')
	}
	return appendObject(b, v.(map[string]any))
}

func appendObject(b []byte, object map[string]any) []byte {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		b = appendValue(b, object[name])
	}
	return append(b, '}')
}

const hexDigits = "0123456789abcdef"

// appendText appends a JSON text, and escapes only the characters that must be escaped (RFC 8259
// §7).
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// Members returns the members of a canonical record as they are written.
func Members(record []byte) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(record, &m); err != nil {
		return nil, badFile("decode record: %v", err)
	}
	return m, nil
}

// CheckRow checks a row that somebody else gives: it is a record, or a part of one, in canonical
// form, with no members beside the columns.
func CheckRow(row []byte, columns map[string]bool) error {
	object, refused := decodeObject(row)
	if refused != nil {
		return badFile("a row that is no record: %s", refused.Reason)
	}
	for name := range object {
		if !columns[name] {
			return badFile("a row with the member %.100q, which is no column", name)
		}
	}
	if string(appendValue(nil, object)) != string(row) {
		return badFile("a row that is not in canonical form")
	}
	return nil
}

// Member returns the canonical JSON of one member of a canonical record, or null where the member
// is absent.
func Member(record []byte, field string) ([]byte, error) {
	m, err := Members(record)
	if err != nil {
		return nil, err
	}
	if v, ok := m[field]; ok {
		return v, nil
	}
	return []byte("null"), nil
}

// Project returns a canonical record with only the named members; without fields, it returns the
// record as it is.
func Project(record []byte, fields []string) ([]byte, error) {
	if len(fields) == 0 {
		return record, nil
	}
	m, err := Members(record)
	if err != nil {
		return nil, err
	}
	names := slices.Compact(slices.Sorted(slices.Values(fields)))
	b := []byte{'{'}
	for _, name := range names {
		v, ok := m[name]
		if !ok {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(append(appendText(b, name), ':'), v...)
	}
	return append(b, '}'), nil
}
