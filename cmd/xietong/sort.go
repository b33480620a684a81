package main

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// sortBy returns the field that --sort names; "": none.
func (o output) sortBy() (field string, descending bool) {
	field, descending = strings.CutSuffix(o.sort, ":desc")
	return strings.TrimSuffix(field, ":asc"), descending
}

// order returns the order that --sort asks for; asked is false where it asks for none. It must be
// by one of the columns: by its name, or what stands above it in a table, in either language.
func (a *app) order(columns []string) (o export.Order, asked bool, err error) {
	field, descending := a.output.sortBy()
	if field == "" {
		return o, false, nil
	}
	o = export.Order{Column: slices.Index(columns, field), Descending: descending}
	for _, h := range append(a.output.headings, measureHeadings...) {
		if at := slices.Index(columns, h.of); o.Column < 0 && at >= 0 && h.called(field) {
			o.Column = at
		}
	}
	if o.Column < 0 {
		return o, false, a.noColumn(field, columns)
	}
	return o, true, nil
}

// word returns what the heading is called, without the zone of its times.
func (h heading) word(l text.Lang) string {
	word, _, _ := strings.Cut(text.T(l, h.code, nil), "（")
	word, _, _ = strings.Cut(word, " (")
	return word
}

// called reports whether the heading is called so in one of the languages.
func (h heading) called(typed string) bool {
	return slices.ContainsFunc([]text.Lang{text.Zh, text.En}, func(l text.Lang) bool {
		return strings.EqualFold(h.word(l), typed) || strings.EqualFold(aName(text.T(l, h.code, nil)), typed)
	})
}

// noColumn refuses a --sort by what is no column, with the nearest that there is, and all.
func (a *app) noColumn(field string, columns []string) error {
	var words []string
	for _, h := range a.output.headings {
		if slices.Contains(columns, h.of) {
			words = append(words, h.word(a.lang))
		}
	}
	comma := a.t(text.CLINameComma, nil)
	args := text.Args{"field": field, "list": strings.Join(columns, comma), "near": nearestTo(field, slices.Concat(words, columns))}
	if len(words) > 0 {
		args["list"] = a.t(text.CLISortNames, text.Args{"words": strings.Join(words, comma), "columns": args["list"]})
	}
	if args["near"] != "" {
		return usage(text.CLISortNear, args)
	}
	return usage(text.CLISortUnknown, args)
}

// nearestTo returns the first of the names of which the fewest characters must be changed, at most
// a third of what was typed; "": none is near.
func nearestTo(typed string, names []string) (nearest string) {
	folded := []rune(strings.ToLower(typed))
	least := (len(folded)+2)/3 + 1
	for _, name := range names {
		if n := text.Distance(folded, []rune(strings.ToLower(name))); n < least {
			nearest, least = name, n
		}
	}
	return nearest
}

// measureHeadings are the headings of measures.
var measureHeadings = func() []heading {
	all := []heading{{text.CLIGatherCount, columnRecords}, {text.CLIWith, columnWith}}
	for _, f := range functions {
		all = append(all, heading{functionNames[f], f})
	}
	return all
}()

// completesSort makes the shell offer what a list can be sorted by: its headings, or the fields of
// the dataset.
func (a *app) completesSort(c *cobra.Command, headings []heading) {
	values := func(ctx context.Context, a *app, client *client.Client, t beginning) (all []cobra.Completion) {
		for _, h := range headings {
			word := h.word(a.lang)
			all = append(all, value(word, h.of), value(h.of, word))
		}
		if headings == nil {
			all = fieldsOf(ctx, a, client, t)
		}
		return all
	}
	a.completesFlag(c, "sort", values, cobra.ShellCompDirectiveNoFileComp)
}

// sortableRows refuses, before a use is recorded, a --sort by what no record of the answer has: by
// none of the fields that are asked for or, where all are, of the catalogue entry or the standard.
// Where that cannot be had, the question itself tells why.
func (a *app) sortableRows(ctx context.Context, q client.Query) (err error) {
	if a.output.sort == "" || q.Measure != nil {
		return nil
	}
	columns := q.Fields
	if len(columns) == 0 {
		columns = a.columnsThere(ctx, q)
	}
	if len(columns) == 0 {
		return nil
	}
	if isSelector(q.At) && a.asFile() {
		columns = slices.Concat([]string{columnPlace, columnPlaceTitle}, columns)
	}
	_, _, err = a.order(columns)
	return err
}

// columnsThere returns the fields of what a question is about, the key first; nil: they cannot be
// had.
func (a *app) columnsThere(ctx context.Context, q client.Query) []string {
	var of client.NewDataset
	if isSelector(q.At) {
		s, err := a.client().StandardOf(ctx, q.Dataset, "")
		if err != nil {
			return nil
		}
		of = s.NewDataset
	} else {
		d, err := a.dataset(ctx, q.At, q.Dataset)
		if err != nil {
			return nil
		}
		of = d.NewDataset
	}
	fields := slices.Sorted(maps.Keys(fieldTitles(of.Schema)))
	if at := slices.Index(fields, of.Key); at > 0 {
		fields = slices.Insert(slices.Delete(fields, at, at+1), 0, of.Key)
	}
	return fields
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
