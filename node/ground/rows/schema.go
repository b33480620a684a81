package rows

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"xietong/node/ground/pattern"
	"xietong/node/ground/scalar"
)

// Schema checks the records of one dataset. Several goroutines may use it at once.
type Schema struct {
	compiled *jsonschema.Schema
	root     *node
	shown    *shape
	fields   []Field // sorted by name
	byName   map[string]Field
	key      string
	indexed  []string
}

// noLoader refuses to load another schema: a schema stands alone.
type noLoader struct{}

func (noLoader) Load(string) (any, error) {
	return nil, errors.New("a schema may refer to itself only")
}

// Compile compiles a JSON Schema (draft 2020-12) of at most MaxSchemaLen bytes. The schema must
// list 1 to MaxFields properties, since a record has only members that the catalogue lists. The key
// must be a text or an integer, and an indexed field a scalar. The error wraps ErrSchema; it is a
// *Unfit for a schema that is beyond what is taken.
func Compile(schema json.RawMessage, key string, indexed []string) (*Schema, error) {
	if len(schema) > MaxSchemaLen {
		return nil, badSchema("%d bytes, more than %d", len(schema), MaxSchemaLen)
	}
	doc, refused := decode(schema, inSchema)
	if refused != nil {
		return nil, badSchema("malformed JSON: %s", refused.Reason)
	}
	s := &Schema{key: key, indexed: slices.Clone(indexed), byName: map[string]Field{}}
	var err error
	if s.root, err = outline(doc); err != nil {
		return nil, err
	}
	if s.compiled, err = compile(doc); err != nil {
		return nil, err
	}
	if err := s.list(doc); err != nil {
		return nil, err
	}
	s.shown = s.recordShape()
	return s, s.checkNamed()
}

// compile compiles a schema that outline has taken.
func compile(doc any) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.AssertFormat()
	const url = "xietong:///schema.json"
	err := c.AddResource(url, doc)
	var compiled *jsonschema.Schema
	if err == nil {
		compiled, err = c.Compile(url)
	}
	if err != nil { // it may have a line for every node
		return nil, badSchema("%.500s", strings.ToValidUTF8(err.Error(), ""))
	}
	return compiled, nil
}

// list reads the fields from the schema's properties.
func (s *Schema) list(doc any) error {
	top, _ := doc.(map[string]any)
	properties, ok := top["properties"].(map[string]any)
	if !ok || len(properties) == 0 || len(properties) > MaxFields {
		return badSchema("it must list 1 to %d properties", MaxFields)
	}
	required, _ := top["required"].([]any)
	for name, p := range properties {
		f := fieldOf(p)
		f.Name, f.required = name, slices.Contains(required, any(name))
		s.byName[name] = f
		s.fields = append(s.fields, f)
	}
	slices.SortFunc(s.fields, func(a, b Field) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	return nil
}

// Field returns a field by its name; ok is false where the schema does not list it.
func (s *Schema) Field(name string) (f Field, ok bool) {
	f, ok = s.byName[name]
	return f, ok
}

func (s *Schema) checkNamed() error {
	key, ok := s.byName[s.key]
	if !ok || key.Nullable || key.Type != String && key.Type != Integer {
		return badSchema("the key %q must be a property of type string or integer", s.key)
	}
	for _, name := range s.indexed {
		if f, ok := s.byName[name]; !ok || f.Type == Other {
			return badSchema("the indexed field %q must be a property of one scalar type", name)
		}
	}
	return nil
}

var typeNames = map[string]FieldType{"string": String, "integer": Integer, "number": Number, "boolean": Boolean}

// fieldOf reads the type of one property: a scalar type, a scalar type with null, or Other.
func fieldOf(property any) Field {
	p, _ := property.(map[string]any)
	switch t := p["type"].(type) {
	case string:
		if known, ok := typeNames[t]; ok {
			return Field{Type: known}
		}
	case nil:
		if texts(p["enum"]) {
			return Field{Type: String}
		}
	case []any:
		rest := slices.DeleteFunc(slices.Clone(t), func(v any) bool { return v == "null" })
		if len(rest) == 1 && len(t) == 2 {
			name, _ := rest[0].(string)
			if known, ok := typeNames[name]; ok {
				return Field{Type: known, Nullable: true}
			}
		}
	}
	return Field{Type: Other, Nullable: true}
}

// texts reports whether an enum lists only texts: then a cell such as 111 is a text and no number.
func texts(enum any) bool {
	list, _ := enum.([]any)
	return len(list) > 0 && !slices.ContainsFunc(list, func(v any) bool { _, ok := v.(string); return !ok })
}

// Fits reports whether a value of a record, in canonical JSON, has the type of its field, or is
// null. One that was put under an earlier schema may not: then it is comparable with no value of
// the type, neither equal nor unequal.
func (s *Schema) Fits(field string, value []byte) bool {
	f := s.byName[field]
	if f.Type == Other || len(value) == 0 || string(value) == "null" {
		return true
	}
	switch value[0] {
	case '"':
		return f.Type == String
	case 't', 'f':
		return f.Type == Boolean
	case '[', '{':
		return false
	}
	return f.Type == Number || f.Type == Integer && !bytes.Contains(value, []byte{'.'})
}

// Fields returns the fields, sorted by name.
func (s *Schema) Fields() []Field { return slices.Clone(s.fields) }

// Record checks one record. The error is a *Bad.
func (s *Schema) Record(data []byte) (Record, error) {
	object, refused := decodeObject(data)
	if refused != nil {
		return Record{}, refused
	}
	return s.record(object)
}

// record checks a decoded record.
func (s *Schema) record(object map[string]any) (Record, error) {
	for name := range object {
		if _, ok := s.byName[name]; !ok {
			return Record{}, bad("", "unknown field")
		}
	}
	key, ok := object[s.key]
	if !ok || key == nil {
		return Record{}, bad(s.key, "required")
	}
	if !s.root.within(object, pattern.NewWork()) {
		return Record{}, bad("", "too much work")
	}
	if err := s.compiled.Validate(object); err != nil {
		return Record{}, broken(err)
	}
	r := Record{JSON: appendObject(nil, object), Key: appendValue(nil, key)}
	if len(r.JSON) > MaxRecordLen {
		return Record{}, bad("", "too long")
	}
	if unlisted, _ := s.Unlisted(r.JSON); len(unlisted) > 0 { // no answer would ever show it
		return Record{}, bad(unlisted[0], "unknown field")
	}
	for _, field := range s.indexed {
		if v := object[field]; v != nil {
			r.Indexed = append(r.Indexed, IndexedValue{field, appendValue(nil, v)})
		}
	}
	return r, nil
}

// broken returns the first rule that a record breaks, with its field.
func broken(err error) *Bad {
	var e *jsonschema.ValidationError
	if !errors.As(err, &e) {
		return bad("", "schema")
	}
	for len(e.Causes) > 0 {
		e = e.Causes[0]
	}
	out := bad("", "schema")
	if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
		out.Reason = path[len(path)-1]
	}
	if len(e.InstanceLocation) > 0 {
		out.Column = e.InstanceLocation[0]
	} else if missing, ok := e.ErrorKind.(*kind.Required); ok && len(missing.Missing) > 0 {
		out.Column, out.Reason = missing.Missing[0], "required"
	}
	return out
}

// Value reads a value of the field as a person types it. It returns the value in canonical JSON,
// which equals the bytes of the same value in a record. The error is a *Bad.
func (s *Schema) Value(field, typed string) ([]byte, error) {
	f, ok := s.byName[field]
	if !ok {
		return nil, bad(field, "unknown field")
	}
	v, refused := f.cell(typed)
	if refused != nil {
		return nil, refused
	}
	return appendValue(nil, v), nil
}

// JSONValue is Value for a value that comes as JSON.
func (s *Schema) JSONValue(field string, raw json.RawMessage) ([]byte, error) {
	f, ok := s.byName[field]
	if !ok {
		return nil, bad(field, "unknown field")
	}
	v, refused := decodeScalar(raw)
	if refused != nil {
		return nil, bad(field, refused.Reason)
	}
	if typed, isText := v.(string); isText && f.Type != String && f.Type != Other {
		return s.Value(field, typed) // from a shell, every value comes as a text
	}
	return appendValue(nil, v), nil
}

// cell reads the text of a value as the field's type.
func (f Field) cell(text string) (any, *Bad) {
	switch f.Type {
	case String:
		composed, reason := scalar.Text(text)
		if reason != "" {
			return nil, bad(f.Name, reason)
		}
		return composed, nil
	case Boolean:
		v, err := strconv.ParseBool(text)
		if err != nil || text != "true" && text != "false" {
			return nil, bad(f.Name, "type")
		}
		return v, nil
	}
	v, refused := decodeScalar([]byte(text))
	if refused != nil && refused.Reason == "malformed" {
		return nil, bad(f.Name, "type")
	}
	if refused != nil {
		return nil, bad(f.Name, refused.Reason)
	}
	if _, isNumber := v.(json.Number); !isNumber && f.Type != Other {
		return nil, bad(f.Name, "type")
	}
	return v, nil
}
