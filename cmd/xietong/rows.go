package main

import (
	"encoding/json"
	"slices"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// columnsOf returns the names of the columns of records, each once: the fields that were asked for,
// or else those that the answer names. The node takes no answer whose rows have others.
func columnsOf(answer *client.Answer, fields []string) []string {
	if len(fields) > 0 {
		return joined(nil, fields)
	}
	return answer.Columns
}

// joined returns names with those of others that are not among them.
func joined(names, others []string) []string {
	for _, name := range others {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// sortRecords sorts the records of an answer as the flags say, or else, where they are all that
// there are, column by column: the key comes first.
func (a *app) sortRecords(answer *client.Answer, columns []string, whole bool) error {
	o, asked, err := a.order(columns)
	switch {
	case err != nil || !asked && (!whole || a.jsonOnly):
		return err
	case !asked:
		o = export.Order{Column: export.All}
	case !whole && !a.jsonOnly:
		a.tell(text.CLISortedPage, nil)
	}
	rows, err := rowsOf(answer.Rows, columns)
	if err == nil {
		sortBy(o, answer.Rows, rows)
	}
	return err
}

// showRecords gives records as the flags say; for people one that was asked for alone is a
// description.
func (a *app) showRecords(records []json.RawMessage, columns []string, alone bool) error {
	if a.asFile() {
		return a.write(columns, func(write func(export.Row) error) error { return eachRow(records, columns, write) })
	}
	var lines [][]string
	err := eachRow(records, columns, func(row export.Row) error {
		line := make([]string, len(row))
		for i, value := range row {
			line[i] = export.Spell(value)
		}
		lines = append(lines, line)
		return nil
	})
	switch {
	case err != nil:
		return err
	case alone && len(lines) == 1:
		var pairs []pair
		for i, name := range columns {
			pairs = append(pairs, pair{name, lines[0][i]})
		}
		a.pairs(pairs)
	case len(lines) > 0:
		a.table(columns, lines)
	}
	return nil
}

// eachRow calls each with every record as a row.
func eachRow(records []json.RawMessage, columns []string, each func(export.Row) error) error {
	for _, record := range records {
		row, err := export.RowOf(record, columns)
		if err == nil {
			err = each(row)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
