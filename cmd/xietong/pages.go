package main

import (
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// inPages is a list that comes in pages.
type inPages[T any] struct {
	name    string // the pages of another list are not taken for its own
	page    func(context.Context, client.List) (pageOf[T], error)
	orders  []string // columns by which the node sorts it; by another one each page is sorted here
	heading []heading
	spare   []string         // as in listed
	line    func(T) []string // a row for people
}

// pageOf is a page of a list.
type pageOf[T any] struct {
	rows   []T
	whole  any // the wire type that holds the rows, for -o json
	period client.Period
	cursor string // of the next page; "" at the end
}

// pageFlags are the flags of every list that comes in pages.
func (a *app) pageFlags(flags *pflag.FlagSet, l *client.List) {
	flags.IntVar(&l.Limit, "limit", 0, a.t(text.CLIFlagPage, nil))
	flags.StringVar(&l.Cursor, "cursor", "", a.t(text.CLIFlagCursor, nil))
	flags.Bool("all", false, a.t(text.CLIFlagAllPages, nil))
}

// showPages shows the page of a list that was asked for or, with --all, all pages.
func showPages[T any](a *app, cmd *cobra.Command, l client.List, list inPages[T]) error {
	err := a.within(cmd.Flags(), "limit", 1, client.MaxListed)
	if err != nil {
		return err
	}
	switch all, err := cmd.Flags().GetBool("all"); {
	case err != nil:
		return err
	case all:
		if err := notTogether(cmd.Flags(), "all", "cursor"); err != nil {
			return err
		}
		return allPagesOf(cmd.Context(), a, l, list)
	}
	if l.Sort, err = list.orderOf(a); err != nil {
		return err
	}
	got, err := list.page(cmd.Context(), l)
	if err != nil {
		return err
	}
	if by, _ := a.output.sortBy(); by != "" && l.Sort == "" && (got.cursor != "" || l.Cursor != "") && !a.jsonOnly {
		a.tell(text.CLISortedPage, nil)
	}
	return a.paged(got.period, got.cursor, show(a, listed[T]{
		rows: got.rows, whole: func([]T) any { return got.whole }, heading: list.heading, spare: list.spare, line: list.line,
	}))
}

// orderOf returns the order that the node is asked for; "": its own.
func (list inPages[T]) orderOf(a *app) (string, error) {
	columns := export.Columns(reflect.TypeFor[T]())
	o, asked, err := a.order(columns)
	switch {
	case err != nil || !asked || !slices.Contains(list.orders, columns[o.Column]):
		return "", err
	case o.Descending:
		return columns[o.Column] + ":desc", nil
	}
	return columns[o.Column], nil
}

// paged tells, beside a page that was shown, of which period it is, and how to get the next one.
func (a *app) paged(of client.Period, cursor string, err error) error {
	if err != nil || a.jsonOnly {
		return err
	}
	a.tellPeriod(of)
	if cursor != "" {
		a.tell(text.CLIListMore, text.Args{"cursor": cursor})
	}
	return nil
}

func (a *app) tellPeriod(of client.Period) {
	for _, end := range []struct {
		code text.Code
		at   string
	}{{text.CLIListSince, of.From}, {text.CLIListBefore, of.To}} {
		if end.at != "" {
			a.tell(end.code, text.Args{"at": a.localTime(end.at)})
		}
	}
}

// allPagesOf gets all pages of a list, and gives them when the last has come. With --out they lie
// beside the file until then, and the same command goes on with them.
func allPagesOf[T any](ctx context.Context, a *app, l client.List, list inPages[T]) error {
	l.Limit = cmp.Or(l.Limit, client.MaxListed)
	columns := export.Columns(reflect.TypeFor[T]())
	if _, _, err := a.order(columns); err != nil {
		return err
	}
	ask := func(_ *part, cursor string) (page, error) {
		l.Cursor = cursor
		got, err := list.page(ctx, l)
		answer := client.Answer{Cursor: got.cursor}
		for _, row := range got.rows {
			object, err := encoded(row)
			if err != nil {
				return page{}, err
			}
			answer.Rows = append(answer.Rows, object)
		}
		return page{Answer: &answer, Period: got.period}, err
	}
	show := func(p *part) error {
		if p.rows == 0 && !a.asFile() && !a.jsonOnly {
			a.tell(text.CLINothing, nil)
			return nil
		}
		return a.writeSorted(columns, p.rowsOf(columns), list.forPeople(a, columns))
	}
	return a.allOf([]any{list.name, l}, ask, show, func(p *part) { a.tellPeriod(p.pages[0].Period) })
}

// rowsOf gives the rows of all pages with the columns.
func (p *part) rowsOf(columns []string) eachOf {
	return func(write func(export.Row) error) error {
		return p.each(func(_ page, object json.RawMessage) error {
			row, err := export.RowOf(object, columns)
			if err != nil {
				return err
			}
			return write(row)
		})
	}
}

// forPeople makes the lines of a table of rows of the list.
func (list inPages[T]) forPeople(a *app, columns []string) *forPeople {
	return &forPeople{list.heading, list.spare, func(row export.Row) (export.Row, error) {
		members := map[string]json.RawMessage{}
		for i, value := range row {
			if value != nil {
				members[columns[i]] = value
			}
		}
		object, err := encoded(members)
		if err != nil {
			return nil, err
		}
		var one T
		if err := json.Unmarshal(object, &one); err != nil {
			return nil, err
		}
		cells := list.line(one)
		line := make(export.Row, len(cells))
		for i, cell := range cells {
			if line[i], err = encoded(cell); err != nil {
				return nil, err
			}
		}
		return line, nil
	}}
}
