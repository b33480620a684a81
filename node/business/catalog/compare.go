package catalog

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// Differences are what a later version of an entry has otherwise than the one before, as far as it
// concerns those who use the data. A list is sorted.
type Differences struct {
	Category    []string // before and after; none: the same
	Gone        []string // fields that the schema does not list any more
	New         []string // fields that it did not list before
	Other       []string // fields that it describes in another way
	Purposes    []string // purposes that are gone
	Dropped     []string // fields that are not indexed any more
	Indexed     []string // fields that are indexed from now on: those put before are found by a scan
	Groups      []string // fields to group by that are gone
	NewGroups   []string // fields to group by that are new
	Measures    []string // measures that are gone, such as "income sum"
	NewMeasures []string // measures that are new
	Cell        []int    // smallest cell before and after; none: the same
}

// Compare returns the differences of two versions of an entry.
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
	d.Purposes, _ = apart(before.PurposeCodes(), after.PurposeCodes())
	d.Dropped, d.Indexed = apart(before.Indexed, after.Indexed)
	d.Groups, d.NewGroups = apart(before.GroupBy, after.GroupBy)
	d.Measures, d.NewMeasures = apart(measuresOf(before), measuresOf(after))
	return d
}

// described returns the descriptions of the fields of a schema, each in one spelling.
func described(schema json.RawMessage) map[string]json.RawMessage {
	var s struct {
		Properties map[string]any `json:"properties"`
	}
	_ = json.Unmarshal(schema, &s) // both schemas were compiled
	fields := map[string]json.RawMessage{}
	for name, property := range s.Properties {
		fields[name], _ = json.Marshal(property) // sorts the members
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
	for _, s := range slices.Sorted(slices.Values(before)) {
		if !slices.Contains(after, s) {
			gone = append(gone, s)
		}
	}
	for _, s := range slices.Sorted(slices.Values(after)) {
		if !slices.Contains(before, s) {
			added = append(added, s)
		}
	}
	return gone, added
}
