package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"xietong/node/ground/rows"
)

// Faithful counts the values that an import would not read again as they are, from the cell that is
// written for them. Null, the empty text and a text of spaces look like no value, or like null
// where there must be one; where the schema takes both texts and others, a cell may be either; and
// what a spreadsheet makes of a lost value, such as 6.2E+18 or #N/A, is none. A record all of whose
// cells say what the header says is taken for the header. JSON holds every value.
type Faithful struct {
	Lost   uint64
	Column string // of the first that is lost

	schema *rows.Schema              // nil: nothing is lost
	header func(cells []string) bool // nil: no row was seen yet
}

// NewFaithful returns a count of 0, for a file of the format.
func NewFaithful(schema json.RawMessage, key string, f Format) (*Faithful, error) {
	if f == JSON || f == JSONL {
		return &Faithful{}, nil
	}
	s, err := rows.Compile(schema, key, nil)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return &Faithful{schema: s}, nil
}

// See looks at a row.
func (f *Faithful) See(columns []string, row Row) {
	if f.schema == nil {
		return
	}
	if f.header == nil {
		f.header = f.schema.LikeHeader(columns)
	}
	cells := make([]string, len(row))
	for i, value := range row {
		if cells[i] = Spell(value); value != nil && !f.holds(columns[i], value) {
			f.lose(columns[i])
		}
	}
	if f.header(cells) {
		f.lose(columns[slices.IndexFunc(cells, func(cell string) bool { return cell != "" })])
	}
}

func (f *Faithful) lose(column string) {
	if f.Lost++; f.Lost == 1 {
		f.Column = column
	}
}

// holds reports whether the cell of a value is read as the value.
func (f *Faithful) holds(column string, value json.RawMessage) bool {
	cell := Spell(value)
	if string(value) == "null" {
		return f.schema.EmptyIsNull(column)
	}
	if strings.TrimSpace(cell) == "" {
		return false
	}
	again, err := f.schema.Cell(column, cell)
	return err == nil && string(again) == string(value)
}
