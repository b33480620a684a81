package gather

import (
	"bytes"
	"encoding/json"

	"xietong/exchange/decimal"
)

// Label returns the one spelling in which the value of a field, as canonical JSON, names a group: a
// text as it is, everything else as JSON, such as null where a record has no value. A text that
// could be taken for JSON is spelled as JSON too: the text null is "null", in quotation marks. So
// two values are never spelled alike.
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

// spelled reports whether a label is spelled as Label spells its value: somebody who spells it in
// another way tells one value as two. Numbers within lists and objects are not looked at.
func spelled(label string) bool {
	var whole bytes.Buffer
	value := Value(label)
	if err := json.Compact(&whole, value); err != nil || Label(value) != label || whole.String() != string(value) {
		return false
	}
	number, err := decimal.Parse(label)
	return err != nil || !json.Valid([]byte(label)) || number.String() == label
}

// Text returns a text as JSON, with no more escaped than must be.
func Text(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can be encoded
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
