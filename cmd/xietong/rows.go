package main

import (
	"encoding/json"
	"slices"

	"xietong/node/faces/export"
)

// columnsOf returns the names of the columns of records: the fields that were asked for, or else
// all fields sorted by name, so that the columns do not depend on the first row.
func columnsOf(rows []json.RawMessage, fields []string) ([]string, error) {
	if len(fields) > 0 {
		return fields, nil
	}
	var names []string
	for _, row := range rows {
		members, _, err := export.Members(row)
		if err != nil {
			return nil, err
		}
		for _, name := range members {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
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
