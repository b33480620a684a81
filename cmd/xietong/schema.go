package main

import (
	"encoding/json"
	"slices"
	"strings"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// printFields prints what a value of each field has to be, as whoever brings or asks for one has to
// know it.
func (a *app) printFields(d client.Dataset) {
	fields := schemaFields(d.Schema, d.Key)
	if len(fields) == 0 {
		return
	}
	a.say(text.CLIFields, nil)
	var rows [][]string
	for _, f := range fields {
		var marks []string
		for _, mark := range []struct {
			has  bool
			word text.Code
		}{{f.name == d.Key, text.CLIKey}, {f.required, text.CLIRequired}, {slices.Contains(d.Indexed, f.name), text.CLIIndexed}} {
			if mark.has {
				marks = append(marks, a.t(mark.word, nil))
			}
		}
		rows = append(rows, []string{f.name, f.title, a.typeOf(f), strings.Join(marks, a.t(text.CLIListComma, nil)), a.rulesOf(f)})
	}
	a.table(filled(a.headings([]text.Code{text.WordCode, text.WordTitle, text.WordKind, text.CLIFieldMarks, text.CLIFieldRules}), rows))
}

// schemaField is a property of a JSON Schema, with its keywords in the order of the schema.
type schemaField struct {
	name, title string
	required    bool
	keywords    []string
	values      map[string]json.RawMessage
}

// schemaFields returns the top-level properties of the schema of a record: the key, and then the
// others in the order of the schema.
func schemaFields(schema json.RawMessage, key string) (fields []schemaField) {
	_, members, err := export.Members(schema)
	if err != nil {
		return nil // the node has checked the schema; without properties there are none to show
	}
	names, properties, err := export.Members(members["properties"])
	if err != nil {
		return nil // as above
	}
	required := listOf(members["required"])
	for _, name := range names {
		f := schemaField{name: name, required: slices.Contains(required, name), values: map[string]json.RawMessage{}}
		f.take(properties[name], members["$defs"])
		f.title = export.Spell(f.values["title"])
		if name == key {
			fields = slices.Insert(fields, 0, f)
		} else {
			fields = append(fields, f)
		}
	}
	return fields
}

// maxRefers is how many definitions may refer to one another in what is shown of a field.
const maxRefers = 8

// take takes the keywords of a property, and of the definitions that it refers to, where it does
// not have them itself.
func (f *schemaField) take(property, definitions json.RawMessage) {
	for range maxRefers {
		keywords, values, err := export.Members(property)
		if err != nil {
			return // true or false: there are no rules, or no value
		}
		for _, keyword := range keywords {
			if _, has := f.values[keyword]; !has {
				f.keywords, f.values[keyword] = append(f.keywords, keyword), values[keyword]
			}
		}
		name, refers := strings.CutPrefix(export.Spell(values["$ref"]), "#/$defs/")
		_, all, err := export.Members(definitions)
		if !refers || err != nil {
			return
		}
		property = all[name]
	}
}

// typeOf returns the type of a field in words: the one that the schema says or, where it lists the
// values alone, theirs.
func (a *app) typeOf(f schemaField) string {
	types := listOf(f.values["type"])
	if len(types) == 0 {
		var listed []json.RawMessage
		_ = json.Unmarshal(f.values["enum"], &listed) // without a list there is none to show
		for _, value := range append(listed, f.values["const"]) {
			if t := typeOfValue(value); t != "" && !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
	}
	if len(types) == 0 {
		return ""
	}
	return text.Rule(a.lang, "type", types...)
}

// typeOfValue returns the type of a JSON value; "": there is none.
func typeOfValue(value json.RawMessage) string {
	if len(value) == 0 {
		return ""
	}
	switch value[0] {
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	case '[':
		return "array"
	case '{':
		return "object"
	}
	return "number"
}

// unruly are the keywords that ask nothing of a value, or are shown elsewhere.
var unruly = []string{"type", "title", "description", "$comment", "default", "examples", "deprecated", "readOnly", "writeOnly", "$ref"}

// rulesOf returns what the schema asks of a value of a field, beside its type.
func (a *app) rulesOf(f schemaField) string {
	var rules []string
	for _, keyword := range f.keywords {
		if slices.Contains(unruly, keyword) || keyword == "uniqueItems" && string(f.values[keyword]) != "true" {
			continue
		}
		if rule := text.Rule(a.lang, keyword, listOf(f.values[keyword])...); !slices.Contains(rules, rule) {
			rules = append(rules, rule)
		}
	}
	return strings.Join(rules, a.t(text.CLIListComma, nil))
}

// listOf returns the values of a list, or the one value, as people read them.
func listOf(raw json.RawMessage) (all []string) {
	values := []json.RawMessage{raw}
	if len(raw) == 0 || raw[0] == '[' && json.Unmarshal(raw, &values) != nil {
		return nil
	}
	for _, value := range values {
		if string(value) == "null" {
			all = append(all, "null")
			continue
		}
		all = append(all, export.Spell(value))
	}
	return all
}
