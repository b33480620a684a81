package catalog

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"xietong/node/ground/policy"
)

// Differences are all differences of a later version of an entry from the one before: those that
// concern who uses the data by name, and whatever else differs in Rest. They are empty only where
// the two say the same. A list is sorted.
type Differences struct {
	Category    []string // before and after; none: the same
	Gone        []string // fields that the schema does not list any more
	New         []string // fields that it did not list before
	Other       []string // fields that it describes in another way; Rest says how
	Purposes    []string // purposes that are gone
	NewPurposes []string // purposes that are new
	Open        []string // purposes for which any agency gets a grant by rule, and got none before
	Dropped     []string // fields that are not indexed any more
	Indexed     []string // fields that are indexed from now on: those put before are found by a scan
	Groups      []string // fields to group by that are gone
	NewGroups   []string // fields to group by that are new
	Measures    []string // measures that are gone, such as "income sum"
	NewMeasures []string // measures that are new
	Cell        []int    // smallest cell before and after; none: the same
	Rest        []Difference
}

// Compare returns the differences of two versions of an entry. What it tells by name it takes out
// of both, and compares the rest member by member: so a member that it does not know by name is
// told too.
func Compare(before, after Entry) (d Differences) {
	if before.Category != after.Category {
		d.Category = []string{before.Category, after.Category}
	}
	if before.SmallestCell != after.SmallestCell {
		d.Cell = []int{before.SmallestCell, after.SmallestCell}
	}
	was, is := described(before.Schema), described(after.Schema)
	d.Gone, d.New = apart(names(was), names(is))
	for _, name := range names(was) {
		if other, still := is[name]; still && !bytes.Equal(was[name], other) {
			d.Other = append(d.Other, name)
		}
	}
	d.Purposes, d.NewPurposes = apart(before.PurposeCodes(), after.PurposeCodes())
	_, d.Open = apart(before.byRule(), after.byRule())
	d.Dropped, d.Indexed = apart(before.Indexed, after.Indexed)
	d.Groups, d.NewGroups = apart(before.GroupBy, after.GroupBy)
	d.Measures, d.NewMeasures = apart(measuresOf(before), measuresOf(after))
	d.Rest = differences(before.without(d, d.Gone), after.without(d, d.New))
	return d
}

// byRule returns the purposes for which any agency gets a grant by rule.
func (e Entry) byRule() []string {
	if e.Category != policy.Unconditional.String() {
		return nil
	}
	return e.PurposeCodes()
}

// without returns the entry as JSON, decoded, without what the differences tell by name; fields are
// those of this version alone.
func (e Entry) without(d Differences, fields []string) any {
	e.Category, e.SmallestCell = "", 0
	told := func(lists ...[]string) func(string) bool {
		return func(s string) bool {
			return slices.ContainsFunc(lists, func(l []string) bool { return slices.Contains(l, s) })
		}
	}
	purpose := told(d.Purposes, d.NewPurposes)
	e.Purposes = slices.DeleteFunc(slices.Clone(e.Purposes), func(p Purpose) bool { return purpose(p.Code.String()) })
	e.Indexed = slices.DeleteFunc(slices.Clone(e.Indexed), told(d.Dropped, d.Indexed))
	e.GroupBy = slices.DeleteFunc(slices.Clone(e.GroupBy), told(d.Groups, d.NewGroups))
	measure, left := told(d.Measures, d.NewMeasures), policy.Measures{}
	for field, functions := range e.Measures {
		functions = slices.DeleteFunc(slices.Clone(functions), func(f string) bool { return measure(field + " " + f) })
		if len(functions) > 0 {
			left[field] = functions
		}
	}
	e.Measures = left
	schema := e.Schema
	e.Schema = nil
	data, _ := json.Marshal(e.normal()) // texts and numbers
	entry, _ := decoded(data).(map[string]any)
	entry["schema"] = withoutFields(decoded(schema), fields)
	return entry
}

// withoutFields takes the fields out of a decoded schema.
func withoutFields(schema any, fields []string) any {
	if s, ok := schema.(map[string]any); ok {
		if properties, ok := s["properties"].(map[string]any); ok {
			maps.DeleteFunc(properties, func(name string, _ any) bool { return slices.Contains(fields, name) })
		}
	}
	return schema
}

// described returns the descriptions of the fields of a schema, each in one spelling.
func described(schema json.RawMessage) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if s, ok := decoded(schema).(map[string]any); ok {
		properties, _ := s["properties"].(map[string]any)
		for name, property := range properties {
			fields[name] = spelled(property)
		}
	}
	return fields
}

func names(fields map[string]json.RawMessage) []string { return slices.Sorted(maps.Keys(fields)) }

func measuresOf(e Entry) (all []string) {
	for field, functions := range e.Measures {
		for _, f := range functions {
			all = append(all, field+" "+f)
		}
	}
	return all
}

// apart returns what only the first list has, and what only the second has.
func apart(before, after []string) (gone, added []string) {
	return onlyIn(before, after), onlyIn(after, before)
}

// onlyIn returns what the list has and the other has not, sorted.
func onlyIn(list, other []string) (all []string) {
	has := map[string]bool{}
	for _, s := range other {
		has[s] = true
	}
	for _, s := range slices.Sorted(slices.Values(list)) {
		if !has[s] {
			all = append(all, s)
		}
	}
	return all
}
