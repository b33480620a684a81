package main

import (
	"slices"
	"strings"

	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// sortBy returns the field that --sort names; "": none.
func (o output) sortBy() (field string, descending bool) {
	field, descending = strings.CutSuffix(o.sort, ":desc")
	return strings.TrimSuffix(field, ":asc"), descending
}

// order returns the order that --sort asks for; asked is false where it asks for none. It must be
// by one of the columns.
func (a *app) order(columns []string) (o export.Order, asked bool, err error) {
	field, descending := a.output.sortBy()
	if field == "" {
		return o, false, nil
	}
	o = export.Order{Column: slices.Index(columns, field), Descending: descending}
	if o.Column < 0 {
		o.Column = slices.Index(columns, a.measureHeading(field))
	}
	if o.Column < 0 {
		return o, false, usage(text.CLISortUnknown, text.Args{"field": field, "list": strings.Join(columns, a.t(text.CLINameComma, nil))})
	}
	return o, true, nil
}

// measureHeading returns the column of a measure whose heading for people it is; "": none.
func (a *app) measureHeading(heading string) string {
	codes := map[string]text.Code{columnRecords: text.CLIGatherCount, columnWith: text.CLIWith}
	for _, f := range functions {
		codes[f] = functionNames[f]
	}
	for column, code := range codes {
		if a.t(code, nil) == heading {
			return column
		}
	}
	return ""
}

// sortAs puts values into the order that --sort asks for, and their rows with them.
func sortAs[T any](a *app, all []T, rows []export.Row, columns []string) error {
	o, asked, err := a.order(columns)
	if asked {
		sortBy(o, all, rows)
	}
	return err
}

// sortBy sorts values by their rows, and the rows with them.
func sortBy[T any](o export.Order, all []T, rows []export.Row) {
	type pair struct {
		value T
		row   export.Row
	}
	pairs := make([]pair, len(all))
	for i := range all {
		pairs[i] = pair{all[i], rows[i]}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return o.Compare(a.row, b.row) })
	for i, p := range pairs {
		all[i], rows[i] = p.value, p.row
	}
}
