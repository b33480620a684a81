package rows

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"xietong/node/ground/pattern"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// record checks the row that was read last. The error is a *Bad for a refused row; any other ends
// the file.
func (r *rowSource) record() (Record, error) {
	if r.format.Objects() {
		return outcome(r.ofObject())
	}
	r.unmended(r.marked())
	if reason := brokenRows[r.last.Fault]; reason != "" {
		r.mark(wholeRow)
		return Record{}, bad("", reason)
	}
	return r.ofCells()
}

var brokenRows = map[table.Fault]string{table.OpenQuote: "open quote", table.BareQuote: "bare quote", table.TooLong: "too long"}

// ofObject checks a row that is an object.
func (r *rowSource) ofObject() (Record, *Bad) {
	r.object, r.marks = nil, r.marks[:0]
	if reason := brokenRows[r.last.Fault]; reason != "" {
		return Record{}, bad("", reason)
	}
	object, refused := decodeObject(r.last.JSON)
	if refused != nil {
		return Record{}, r.wherein(refused)
	}
	r.object = object
	marked, _ := object[ownMark].(string)
	r.unmended(marked)
	for name := range object {
		if strings.HasPrefix(name, OwnColumn) {
			delete(object, name)
		}
	}
	return r.schema.check(object, r.ofMarks())
}

// wherein says of a row that is no JSON up to which character it is.
func (r *rowSource) wherein(b *Bad) *Bad {
	if b.Reason != "malformed" || json.Valid(r.last.JSON) {
		return b
	}
	until, mark := text.Malformed(r.last.JSON)
	f := Fault{Field: b.Column, Reason: "wrong character", Value: until, Expected: mark}
	switch {
	case until == "":
		f.Reason = "cut short"
	case mark != "":
		f.Reason = "chinese mark"
	}
	return badOf([]Fault{f})
}

// outcome returns a record or why it was refused: a *Bad that is nil must be no error.
func outcome(record Record, refused *Bad) (Record, error) {
	if refused != nil {
		return Record{}, refused
	}
	return record, nil
}

// ofCells checks a row of cells. An empty cell is an absent member, or null where it must be.
func (r *rowSource) ofCells() (Record, error) {
	switch {
	case !r.fits():
		r.mark(wholeRow)
		return Record{}, badOf([]Fault{{Reason: "columns", Expected: strconv.Itoa(r.header.width())}})
	case r.isHeader():
		return Record{}, bad("", "header again")
	}
	object, work := make(map[string]any, len(r.header.Columns)), pattern.NewWork()
	faults := r.ofMarks()
	for i, cell := range r.last.Cells {
		at := r.column(i)
		c := r.schema.columns[at.Field]
		blank := strings.TrimSpace(cell.Text) == "" && (cell.Kind != table.Merged || c == nil)
		switch {
		case blank, strings.HasPrefix(at.Header, OwnColumn), c != nil && about(faults, c.Name):
		case c == nil:
			faults = append(faults, Fault{Letter: table.Letters(i), Reason: "no header", Value: cut(cell.Text)})
		default:
			v, reading, refused := c.read(cell, r.options.AsSpreadsheet, work)
			if refused != nil {
				faults = append(faults, c.fault(refused, cell.Text))
				if untold[refused.Reason] {
					r.mark(c.Name)
				}
				continue
			}
			object[at.Field] = v
			if reading != "" && len(r.readings) < maxReadings {
				r.readings = append(r.readings, Reading{r.last.Line, at.Letter, at.Field, cut(cell.Text), reading})
			}
		}
	}
	r.nulls(object, faults)
	return r.withKept(object, faults)
}

// untold are the faults of a cell that its text does not tell.
var untold = map[string]bool{"digits lost": true, "formula failed": true, "merged": true}

// isHeader reports whether the row is the header again, as where two lists were put together.
func (r *rowSource) isHeader() bool {
	return r.schema.saysHeader(r.names, len(r.last.Cells), func(i int) (field, cell string) {
		return r.column(i).Field, r.last.Cells[i].Text
	})
}

// isTotal reports whether the row may be the total of the list: its first cell, or its key, says
// so.
func (r *rowSource) isTotal() bool {
	first := true
	for i, cell := range r.last.Cells {
		if cell.Text == "" || !first && r.column(i).Field != r.schema.key {
			continue
		}
		first = false
		if len(cell.Text) < 40 && totals[strings.ToLower(strings.TrimRight(strings.Join(strings.Fields(cell.Text), ""), ":："))] {
			return true
		}
	}
	return false
}

var totals = map[string]bool{"合计": true, "总计": true, "小计": true, "共计": true, "总和": true, "合計": true, "總計": true, "total": true, "sum": true, "subtotal": true}

// nulls puts null where a column of the file has no value, and can mean nothing else by that.
func (r *rowSource) nulls(object map[string]any, faults []Fault) {
	for _, at := range r.header.Columns {
		if c := r.schema.columns[at.Field]; c != nil && c.emptyIsNull() && !about(faults, at.Field) {
			if _, has := object[at.Field]; !has {
				object[at.Field] = nil
			}
		}
	}
}

// noteShort notes a good row of a text that has fewer cells than the header, which is taken as a
// spreadsheet leaves out what is empty at the end: it may be cut short as well.
func (r *rowSource) noteShort() {
	if r.format.Objects() || r.format == table.XLSX || len(r.last.Cells) >= r.header.width() {
		return
	}
	if r.shorts++; len(r.short) < maxAlike {
		r.short = append(r.short, r.last.Line)
	}
}

// fits reports whether the row has as many cells as the header has columns. In text, one cell less
// may be a row that is cut short, and one more a delimiter within a cell. Empty cells at the end
// count as none. Workbooks, and spreadsheets that save text, leave them out.
func (r *rowSource) fits() bool {
	width, cells := r.header.width(), r.last.Cells
	if r.format == table.XLSX {
		return true
	}
	if len(cells) < width && !r.options.AsSpreadsheet {
		return false
	}
	return !slices.ContainsFunc(cells[min(max(width, len(r.header.Columns)), len(cells)):], func(c table.Cell) bool { return strings.TrimSpace(c.Text) != "" })
}

// fault returns the fault of a cell that cannot be read as its field.
func (c *column) fault(refused *Bad, cell string) Fault {
	f := Fault{Field: c.Name, Reason: refused.Reason, Value: cut(cell)}
	if f.Reason == "type" {
		var types []string
		for _, name := range []string{"string", "integer", "number", "boolean", "array", "object"} {
			of := kindNames[name]
			if c.wants&of == of && !(name == "integer" && c.wants&fractionKind != 0) {
				types = append(types, name)
			}
		}
		f.Expected, f.Example = strings.Join(types, ", "), exampleOf(types)
	}
	return f
}
