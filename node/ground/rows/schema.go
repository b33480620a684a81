package rows

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/width"

	"xietong/node/ground/pattern"
	"xietong/node/ground/table"
)

// Schema checks the records of one dataset. Several goroutines may use it at once.
type Schema struct {
	compiled *jsonschema.Schema
	root     *node
	shown    *shape
	fields   []Field // sorted by name
	byName   map[string]Field
	columns  map[string]*column // by name
	key      string
	indexed  []string
	ordered  []string // see Ordered
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
	s := &Schema{key: key, indexed: slices.Clone(indexed), byName: map[string]Field{}, columns: map[string]*column{}, ordered: ordered(schema, key)}
	titles := titlesOf(doc)
	var err error
	if s.root, err = outline(doc); err != nil {
		return nil, err
	}
	if s.compiled, err = compile(doc); err != nil {
		return nil, err
	}
	if err := s.list(doc, titles); err != nil {
		return nil, err
	}
	s.shown = s.recordShape()
	if err := s.shown.checkRequired(s.root); err != nil {
		return nil, err
	}
	return s, cmp.Or(s.checkNamed(), s.titledOnce())
}

// titlesOf reads the titles of the properties, which outline removes.
func titlesOf(doc any) map[string]string {
	titles := map[string]string{}
	top, _ := doc.(map[string]any)
	properties, _ := top["properties"].(map[string]any)
	for name, p := range properties {
		of, _ := p.(map[string]any)
		if title, ok := of["title"].(string); ok && len(title) <= 4*MaxName {
			titles[name] = title
		}
	}
	return titles
}

// list reads the fields from the schema's properties.
func (s *Schema) list(doc any, titles map[string]string) error {
	top, _ := doc.(map[string]any)
	properties, ok := top["properties"].(map[string]any)
	if !ok || len(properties) == 0 || len(properties) > MaxFields {
		return badSchema("it must list 1 to %d properties", MaxFields)
	}
	required, _ := top["required"].([]any)
	for name := range properties {
		p := s.compiled.Properties[name]
		f := fieldOf(p)
		f.Name, f.required = name, slices.Contains(required, any(name))
		s.byName[name] = f
		s.columns[name] = &column{
			Field: f, title: titles[name], property: p, outline: s.root.members[name], wants: wanted(p), format: formatOf(p), key: name == s.key,
		}
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

// Title returns the title of a field; "": it has none.
func (s *Schema) Title(field string) string {
	if c, ok := s.columns[field]; ok {
		return c.title
	}
	return ""
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

// Takes reports whether the schema takes a canonical record.
func (s *Schema) Takes(record []byte) bool {
	_, err := s.Record(record)
	return err == nil
}

// TakesOf reports whether the schema takes the fields of a canonical record, each by itself. What
// it says does not depend on any other field, so a rule about several fields at once is not looked
// at.
func (s *Schema) TakesOf(record []byte, fields []string) bool {
	object, refused := decodeObject(record)
	if refused != nil {
		return false
	}
	work := pattern.NewWork()
	for _, name := range fields {
		c, ok := s.columns[name]
		if !ok {
			return false
		}
		v, has := object[name]
		if !has && c.required || has && (!c.outline.within(v, work) || c.property.Validate(v) != nil) {
			return false
		}
	}
	return true
}

// record checks a decoded record.
func (s *Schema) record(object map[string]any) (Record, error) {
	r, refused := s.check(object, nil)
	if refused != nil {
		return Record{}, refused
	}
	return r, nil
}

// check checks a decoded record, of which cells had faults: those fields are not in it.
func (s *Schema) check(object map[string]any, faults []Fault) (Record, *Bad) {
	faults = append(faults, s.unlisted(object)...)
	given := faults
	for _, f := range s.rules(object) {
		if !about(given, f.Field) {
			faults = append(faults, f)
		}
	}
	if len(faults) > 0 {
		return Record{}, badOf(faults)
	}
	r := Record{JSON: appendObject(nil, object), Key: appendValue(nil, object[s.key])}
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

// unlisted takes the members out of a record that the schema does not list, and returns them as
// faults.
func (s *Schema) unlisted(object map[string]any) (faults []Fault) {
	var names []string
	for name := range object {
		if _, ok := s.byName[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		delete(object, name)
		if len(faults) < maxFaults {
			faults = append(faults, Fault{Field: cut(name), Reason: "unknown field", Expected: s.near(name)})
		}
	}
	return faults
}

// rules checks a record against the schema, and that it has a key. It returns all faults.
func (s *Schema) rules(object map[string]any) (faults []Fault) {
	if !s.root.within(object, pattern.NewWork()) {
		return []Fault{{Reason: "too much work"}}
	}
	if object[s.key] == nil {
		delete(object, s.key) // no key is a missing key, whatever a schema says of null
	}
	if err := s.compiled.Validate(object); err != nil {
		faults = s.broken(object, err)
	}
	if reason := badKey(object[s.key]); reason != "" && !about(faults, s.key) {
		f := Fault{Field: s.key, Reason: reason}
		if reason != "required" {
			f.Value = valueOf(object[s.key])
		}
		faults = append([]Fault{f}, faults...)
	}
	return faults
}

// badKey returns what is wrong with a key. None has spaces around it, and none is nothing but
// spaces: nobody could see the difference, or ask for the record.
func badKey(key any) (reason string) {
	text, isText := key.(string)
	switch bare := strings.TrimSpace(text); {
	case key == nil, isText && bare == "":
		return "required"
	case isText && bare != text:
		return "spaces around"
	}
	return ""
}

// about reports whether one of the faults is about the field.
func about(faults []Fault, field string) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return f.Field == field })
}

// Value reads a value of the field as a person types it. It returns the value in canonical JSON,
// which equals the bytes of the same value in a record. It need not be one that the schema takes: a
// key may be of a record that was put under an earlier one. The error is a *Bad.
func (s *Schema) Value(field, typed string) ([]byte, error) {
	if _, ok := s.byName[field]; !ok {
		return nil, bad(field, "unknown field")
	}
	v, refused := s.columns[field].typed(typed)
	if refused != nil {
		return nil, refused
	}
	return appendValue(nil, v), nil
}

// Key reads a key by which somebody asks, as Value does, and refuses one that no record can have.
// Spaces around it are not meant, as no key has any; full-width letters and digits, which an input
// method types, are narrow where the schema takes the key so alone. The error is a *Bad.
func (s *Schema) Key(typed string) ([]byte, error) {
	c, bare := s.columns[s.key], strings.TrimSpace(typed)
	v, refused := c.typed(bare)
	if refused != nil {
		if v, _ = c.typed(width.Fold.String(bare)); v == nil {
			return nil, refused
		}
	}
	if v, refused = c.fitting(v); refused != nil {
		return nil, refused
	}
	return appendValue(nil, v), nil
}

// Cell reads a cell of a file of text, as an import does. The error is a *Bad.
func (s *Schema) Cell(field, cell string) ([]byte, error) {
	if _, ok := s.byName[field]; !ok {
		return nil, bad(field, "unknown field")
	}
	v, _, refused := s.columns[field].read(table.Cell{Text: cell}, false, pattern.NewWork())
	if refused != nil {
		return nil, refused
	}
	return appendValue(nil, v), nil
}

// EmptyIsNull reports whether an empty cell of a file is null in the column of the field.
func (s *Schema) EmptyIsNull(field string) bool {
	c, ok := s.columns[field]
	return ok && c.emptyIsNull()
}

// JSONValue reads a value that comes as JSON, and that the field may have, or null. From a shell,
// every value comes as a text. The error is a *Bad, with what is wanted: a value that no record can
// have is a mistake, and equal to none.
func (s *Schema) JSONValue(field string, raw json.RawMessage) ([]byte, error) {
	return s.jsonValue(field, raw, func(c *column, v any) (any, *Bad) { return v, c.check(v) })
}

// Asked is JSONValue for a value that somebody asks for: a text is narrow as in Key.
func (s *Schema) Asked(field string, raw json.RawMessage) ([]byte, error) {
	return s.jsonValue(field, raw, (*column).fitting)
}

func (s *Schema) jsonValue(field string, raw json.RawMessage, fitting func(*column, any) (any, *Bad)) ([]byte, error) {
	f, ok := s.byName[field]
	if !ok {
		return nil, bad(field, "unknown field")
	}
	c := s.columns[field]
	v, refused := decodeScalar(raw)
	if refused != nil {
		return nil, bad(field, refused.Reason)
	}
	if typed, isText := v.(string); isText && f.Type != String && (f.Type != Other || c.check(v) != nil) {
		if v, refused = c.typed(typed); refused != nil {
			return nil, refused
		}
	}
	if v, refused = fitting(c, v); refused != nil {
		return nil, refused
	}
	return appendValue(nil, v), nil
}

// fitting returns a value that the field may have: the value or, where that is a text that no
// record can have, its narrow form. It refuses what fits in neither.
func (c *column) fitting(v any) (any, *Bad) {
	refused := c.check(v)
	if typed, isText := v.(string); isText && refused != nil {
		if narrow := width.Fold.String(typed); c.check(narrow) == nil {
			return narrow, nil
		}
	}
	return v, refused
}

// typed reads a value as a person types it.
func (c *column) typed(text string) (any, *Bad) {
	v, refused := c.cell(text, pattern.NewWork())
	if refused != nil {
		return nil, badOf([]Fault{c.fault(refused, text)})
	}
	return v, nil
}

// check refuses a value that the field of no record can have. Null stands for none.
func (c *column) check(v any) *Bad {
	if v == nil {
		return nil
	}
	if !c.outline.within(v, pattern.NewWork()) {
		return bad(c.Name, "too much work")
	}
	err := c.property.Validate(v)
	top, broken := errors.AsType[*jsonschema.ValidationError](err)
	if err == nil || !broken {
		return nil
	}
	f := Fault{Reason: "schema"}
	if all := faultsOf(v, leaves(top)[0]); len(all) > 0 {
		f = all[0]
	}
	f.Field, f.Value = c.Name, valueOf(v)
	return badOf([]Fault{f})
}
