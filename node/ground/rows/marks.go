package rows

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"xietong/node/ground/table"
)

// ownMark is the column, or the member, by which a row that was refused is refused again until
// somebody has changed what is wrong with it: the text of a cell does not tell that a spreadsheet
// has lost its last digits, or that the row was cut short. It holds a trace of each such cell, by
// its field, and of the row itself, as wholeRow:
//
//	文=5f0c2a9d *=77e1b034
//
// A trace that is no longer that of the cell is mended, and one that was emptied says that the row
// is right as it stands.
const (
	ownMark  = OwnColumn + "mark"
	wholeRow = "*"
)

// mark says that what the row has in the field, or all that it has, is refused until it is changed.
func (r *rowSource) mark(field string) {
	if !slices.Contains(r.marks, field) {
		r.marks = append(r.marks, field)
	}
}

// traced returns the marks of the row as the column has them.
func (r *rowSource) traced() string {
	var all []string
	for _, field := range r.marks {
		all = append(all, field+"="+r.trace(field))
	}
	return strings.Join(all, " ")
}

// unmended begins the marks of a row with those that it came with, of what is as it was refused.
func (r *rowSource) unmended(marked string) {
	r.marks = r.marks[:0]
	for _, m := range strings.Fields(marked) {
		if field, trace, ok := strings.Cut(m, "="); ok && trace == r.trace(field) {
			r.mark(field)
		}
	}
}

// ofMarks returns the faults of what is unmended.
func (r *rowSource) ofMarks() (faults []Fault) {
	for _, field := range r.marks {
		f := Fault{Reason: "unmended"}
		if field != wholeRow {
			f.Field, f.Value = field, cut(r.has(field))
		}
		faults = append(faults, f)
	}
	return faults
}

// marked returns what the row has in the column of the marks.
func (r *rowSource) marked() string {
	for i, c := range r.header.Columns {
		if c.Header == ownMark && i < len(r.last.Cells) {
			return r.last.Cells[i].Text
		}
	}
	return ""
}

// has returns what the row has in a field.
func (r *rowSource) has(field string) string {
	if r.format.Objects() {
		if v, ok := r.object[field]; ok {
			return string(appendValue(nil, v))
		}
		return ""
	}
	for i, c := range r.header.Columns {
		if c.Field == field && i < len(r.last.Cells) {
			return r.written(i)
		}
	}
	return ""
}

// trace returns 8 hex digits of the hash of what the row has in a field, or of all its fields.
// Spaces count once, since programs change them.
func (r *rowSource) trace(field string) string {
	text := r.has(field)
	if field == wholeRow {
		var all []string
		for i := range r.last.Cells {
			c := r.column(i)
			if cell := strings.TrimSpace(r.last.Cells[i].Text); cell != "" && !strings.HasPrefix(c.Header, OwnColumn) {
				all = append(all, c.Field+"="+r.written(i))
			}
		}
		slices.Sort(all) // columns may be moved
		text = strings.Join(all, " ")
	}
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(text), " ")))
	return hex.EncodeToString(sum[:4])
}

// column returns the column of a cell; the zero Column is one without a header.
func (r *rowSource) column(i int) Column {
	if i < len(r.header.Columns) {
		return r.header.Columns[i]
	}
	return Column{}
}

// written returns a cell as a file of text has it. A workbook's TRUE is true, which needs no
// reading as a spreadsheet.
func (r *rowSource) written(i int) string {
	cell := r.last.Cells[i]
	if c := r.schema.columns[r.column(i).Field]; cell.Kind == table.Boolean && c != nil && c.wants&textKind == 0 {
		return strings.ToLower(cell.Text)
	}
	return cell.Text
}
