package rows

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Ordered returns the fields as people list them: the key, and then the others in the order in
// which the schema lists its properties.
func (s *Schema) Ordered() []string { return slices.Clone(s.ordered) }

// ordered returns the names of the properties of a schema that was compiled, the key first.
func ordered(schema json.RawMessage, key string) []string {
	var s struct {
		Properties json.RawMessage `json:"properties"`
	}
	names := []string{key}
	if json.Unmarshal(schema, &s) != nil {
		return names
	}
	d := json.NewDecoder(bytes.NewReader(s.Properties))
	if _, err := d.Token(); err != nil { // the brace
		return names
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err != nil || d.Decode(&value) != nil {
			return names
		}
		if text, ok := name.(string); ok && text != key {
			names = append(names, text)
		}
	}
	return names
}
