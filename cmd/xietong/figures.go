package main

import (
	"encoding/json"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
)

// The columns of a measure in a file, beside those of what it is told by.
const (
	columnGroup    = "group"    // "" or one of the following two
	columnRecords  = "records"  // records of the group
	columnWith     = "with"     // of them, those that have a value
	columnAnswered = "answered" // jurisdictions that answered
	columnMembers  = "members"  // jurisdictions that were asked
	titleSuffix    = ".title"   // of a place; no field has a point in its name

	groupSuppressed = "suppressed" // all groups that are too small to be told, together
	groupOthers     = "others"     // all groups of the place named after it for which there was no room, together
)

// columns returns the columns of a measure in a file: places says which of the dimensions are
// places.
func (f figures) columns(places []bool) (names []string) {
	for i, by := range f.of.By {
		if names = append(names, by); places[i] {
			names = append(names, by+titleSuffix)
		}
	}
	if len(f.of.By) > 0 {
		names = append(names, columnGroup)
	}
	names = append(names, columnRecords)
	if f.of.Function != client.MeasureCount {
		names = append(names, columnWith, f.of.Function)
	}
	if f.covered != nil && len(f.of.By) == 0 {
		names = append(names, columnAnswered, columnMembers)
	}
	return names
}

// each calls write with every group or, where no groups were asked for, with the result over all
// records.
func (f figures) each(places []bool, write func(export.Row) error) error {
	if len(f.of.By) == 0 {
		whole := client.Group{Count: f.total}
		if f.whole != nil {
			whole = *f.whole
		}
		return write(f.amounts(nil, whole))
	}
	for _, g := range f.groups {
		var row export.Row
		for i, place := range places {
			value, title := json.RawMessage(nil), json.RawMessage(nil)
			if i < len(g.Values) {
				value, title = g.Values[i].Value, jsonText(g.Values[i].Title)
			}
			if row = append(row, value); place {
				row = append(row, title)
			}
		}
		kind := ""
		switch {
		case g.Suppressed:
			kind = groupSuppressed
		case g.Others != nil:
			kind = groupOthers + " " + readValue(g.Others.Value)
		}
		if err := write(f.amounts(append(row, jsonText(kind)), g)); err != nil {
			return err
		}
	}
	return nil
}

// amounts appends the numbers of a group to its row.
func (f figures) amounts(row export.Row, g client.Group) export.Row {
	row = append(row, json.RawMessage(number(g.Count)))
	if f.of.Function != client.MeasureCount {
		row = append(row, json.RawMessage(number(g.With)), jsonNumber(told(f.of, g)))
	}
	if f.covered != nil && len(f.of.By) == 0 {
		row = append(row, json.RawMessage(number(f.covered.Answered)), json.RawMessage(number(f.covered.Members)))
	}
	return row
}

// jsonText returns a text as JSON; nil for the empty one.
func jsonText(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	data, err := encoded(s)
	if err != nil {
		return nil // a text can be encoded
	}
	return data[:len(data)-1] // without the line's end
}

// jsonNumber returns a decimal as JSON; nil where there is none.
func jsonNumber(s string) json.RawMessage {
	if !json.Valid([]byte(s)) {
		return nil
	}
	return json.RawMessage(s)
}
