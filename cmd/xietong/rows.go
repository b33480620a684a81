package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// record is a record for people, with the fields in their original order.
type record struct {
	names  []string
	values map[string]string
}

// parseRecord reads a JSON object. A string becomes its text, null the empty text, and any other
// value compact JSON.
func parseRecord(data []byte) (record, error) {
	r := record{values: map[string]string{}}
	dec := json.NewDecoder(bytes.NewReader(data))
	if start, err := dec.Token(); err != nil || start != json.Delim('{') {
		return r, fmt.Errorf("read record: it is no JSON object")
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return r, fmt.Errorf("read record: %w", err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return r, fmt.Errorf("read record: %w", err)
		}
		field := name.(string) // the keys of an object are strings
		if _, seen := r.values[field]; !seen {
			r.names = append(r.names, field)
		}
		r.values[field] = showValue(raw)
	}
	return r, nil
}

func showValue(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil && len(raw) > 0 && raw[0] == '"' {
		return s
	}
	if string(raw) == "null" {
		return ""
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// parseRecords reads rows and returns them with the names of the columns: the fields that were
// asked for, or else all fields sorted by name, so that the columns do not depend on the first row.
func parseRecords(rows []json.RawMessage, fields []string) ([]record, []string, error) {
	records := make([]record, 0, len(rows))
	names := slices.Clone(fields)
	for _, row := range rows {
		r, err := parseRecord(row)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range r.names {
			if len(fields) == 0 && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		records = append(records, r)
	}
	if len(fields) == 0 {
		slices.Sort(names)
	}
	return records, names, nil
}

// printRecords prints records as a table, or one alone as a description.
func (a *app) printRecords(rows []json.RawMessage, fields []string, alone bool) error {
	records, names, err := parseRecords(rows, fields)
	if err != nil {
		return err
	}
	if alone && len(records) == 1 {
		var pairs []pair
		for _, name := range names {
			pairs = append(pairs, pair{name, records[0].values[name]})
		}
		a.pairs(pairs)
		return nil
	}
	if len(records) == 0 {
		return nil
	}
	var lines [][]string
	for _, r := range records {
		var line []string
		for _, name := range names {
			line = append(line, r.values[name])
		}
		lines = append(lines, line)
	}
	a.table(names, lines)
	return nil
}
