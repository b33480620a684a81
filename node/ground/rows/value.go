package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodeObject decodes one JSON object strictly: UTF-8, no name twice, bounded in depth and length,
// nothing after it. Numbers get their canonical spelling.
func decodeObject(data []byte) (map[string]any, *Bad) {
	switch {
	case len(data) > MaxRecordLen:
		return nil, bad("", "too long")
	case !utf8.Valid(data):
		return nil, bad("", "not UTF-8")
	}
	v, refused := decode(data, MaxDepth)
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
	return decode(data, MaxDepth)
}

// decoder decodes values that are nested no deeper than deepest.
type decoder struct {
	*json.Decoder
	deepest int
}

// decode decodes one JSON value with nothing after it.
func decode(data []byte, deepest int) (any, *Bad) {
	d := decoder{json.NewDecoder(bytes.NewReader(data)), deepest}
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
		n, ok := canonicalNumber(t.String())
		if !ok {
			return nil, bad(column, "number")
		}
		return n, nil
	case string:
		if strings.ContainsRune(t, utf8.RuneError) {
			// It is half of a surrogate pair, or the mark of text that was lost before.
			return nil, bad(column, "not UTF-8")
		}
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

const maxDigits = 32

// canonicalNumber returns the canonical spelling of a number. An integer without point and exponent
// keeps its digits; any other number becomes the shortest decimal of the nearest float64. ok is
// false for a number that has more than 32 characters or 17 significant digits, or is too large for
// a float64.
func canonicalNumber(s string) (json.Number, bool) {
	if len(s) > maxDigits {
		return "", false
	}
	if !strings.ContainsAny(s, ".eE") {
		if s == "-0" {
			s = "0"
		}
		return json.Number(s), true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || significant(s) > 17 {
		return "", false
	}
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return json.Number(strconv.FormatInt(int64(f), 10)), true
	}
	return json.Number(strconv.FormatFloat(f, 'g', -1, 64)), true
}

// significant counts the digits of a decimal without leading and trailing zeros.
func significant(s string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	return len(strings.Trim(strings.Replace(strings.TrimPrefix(mantissa, "-"), ".", "", 1), "0"))
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
