package gather

import (
	"bytes"
	"encoding/json"
)

// Label returns the one spelling in which the value of a field, as canonical JSON, names a group: a
// text as it is, everything else as JSON, such as null where a record has no value. A text that
// could be taken for JSON is spelled as JSON too: the text null is "null", in quotation marks. So
// two values are never spelled alike, and every text is the label of a value.
func Label(value []byte) string {
	var s string
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &s) != nil || json.Valid([]byte(s)) {
		return string(value)
	}
	return s
}

// Value is the opposite of Label: the value as JSON.
func Value(label string) json.RawMessage {
	if json.Valid([]byte(label)) {
		return json.RawMessage(label)
	}
	return Text(label)
}

// Text returns a text as JSON, with no more escaped than must be.
func Text(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can be encoded
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
