package table

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"xietong/node/ground/text"
)

// unseen is what of a sheet has values, and is hidden: no clerk has seen what he would import.
type unseen struct {
	columns []bool // that are hidden
	said    []bool // those of which an element says whether they are
	with    []bool // those hidden that have values
	rows    [][2]uint64
	count   uint64 // of rows
	// What says no size of its own is so low, or so narrow, that it is as hidden.
	low, narrow bool
	asFormulas  bool   // formulas are shown in place of their values
	formula     string // the place of one; "": there is none
}

// What is smaller is as hidden: nobody reads it.
const (
	leastWidth  = 1 // of a column, in characters
	leastHeight = 4 // of a row, in points
)

const unseenAt = 20 // places or names that are told of many

// hides reports whether an element hides its row or columns: by its word, or by its size, which is
// usual where it says none. A size that is no number counts as none.
func hides(e xml.StartElement, size string, least float64, usual bool) bool {
	on, known := flag(attr(e, "hidden"))
	return on || !known || isThin(e, size, least, usual)
}

func isThin(e xml.StartElement, size string, least float64, usual bool) bool {
	value := strings.TrimSpace(attr(e, size))
	if value == "" {
		return usual
	}
	n, err := strconv.ParseFloat(value, 64)
	return err != nil || !decimal.MatchString(value) || n < least
}

// before notes what an element before the rows hides.
func (u *unseen) before(e xml.StartElement) error {
	switch e.Name.Local {
	case "sheetView":
		on, known := flag(attr(e, "showFormulas"))
		u.asFormulas = u.asFormulas || on || !known
	case "sheetFormatPr":
		u.usual(e)
	case "col":
		return u.column(e)
	}
	return nil
}

// usual notes the sizes that rows and columns have which say none of their own. Rows that are
// hidden for want of data (zeroHeight) have none: a row that stands in the sheet is shown unless it
// says otherwise itself.
func (u *unseen) usual(e xml.StartElement) {
	u.low = isThin(e, "defaultRowHeight", leastHeight, false)
	if u.narrow = isThin(e, "defaultColWidth", leastWidth, false); u.narrow {
		u.columns, u.with = slices.Repeat([]bool{true}, MaxCells), make([]bool, MaxCells)
	}
}

// column notes whether columns are hidden. Which of two elements about one column counts differs
// between programs, and so does what an element is about that names no columns.
func (u *unseen) column(e xml.StartElement) error {
	first, err := strconv.Atoi(strings.TrimSpace(attr(e, "min")))
	last, err2 := strconv.Atoi(strings.TrimSpace(attr(e, "max")))
	if err != nil || err2 != nil || first < 1 || last < first {
		return doubt{"a value that programs read differently", "col " + text.Short(attr(e, "min")+"-"+attr(e, "max"))}
	}
	if u.said == nil {
		u.said = make([]bool, MaxCells)
	}
	if u.columns == nil {
		u.columns, u.with = make([]bool, MaxCells), make([]bool, MaxCells)
	}
	hidden := hides(e, "width", leastWidth, u.narrow)
	for i := first - 1; i < min(last, MaxCells); i++ {
		if u.said[i] {
			return doubt{"an element twice", "col " + Letters(i)}
		}
		u.columns[i], u.said[i] = hidden, true
	}
	return nil
}

// note notes the values of a row that nobody sees.
func (u *unseen) note(e xml.StartElement, row uint64, cells []Cell) {
	for i := range min(len(cells), len(u.columns)) {
		u.with[i] = u.with[i] || u.columns[i] && filled(cells[i])
	}
	if !hides(e, "ht", leastHeight, u.low) || !slices.ContainsFunc(cells, filled) {
		return
	}
	u.count++
	if last := len(u.rows) - 1; last >= 0 && u.rows[last][1]+1 == row {
		u.rows[last][1] = row
	} else if len(u.rows) <= unseenAt {
		u.rows = append(u.rows, [2]uint64{row, row})
	}
}

// refuse returns the error of values that nobody sees; nil if there are none.
func (u *unseen) refuse(sheet string) error {
	var all []string
	if u.asFormulas && u.formula != "" {
		return broken(0, doubt{"a sheet that shows its formulas", u.formula})
	}
	if u.count > 0 {
		for _, r := range u.rows {
			if all = append(all, line(r[0])); r[1] > r[0] {
				all[len(all)-1] += "-" + line(r[1])
			}
		}
		return text.Fail(text.RowsHidden, text.Args{"sheet": sheet, "count": strconv.FormatUint(u.count, 10), "rows": few(all)}, nil)
	}
	for i, with := range u.with {
		if with {
			all = append(all, Letters(i))
		}
	}
	if len(all) == 0 {
		return nil
	}
	return text.Fail(text.ColumnsHidden, text.Args{"sheet": sheet, "columns": few(all)}, nil)
}

func few(all []string) string {
	if len(all) > unseenAt {
		all = append(all[:unseenAt:unseenAt], "…")
	}
	return strings.Join(all, ", ")
}

// Letters returns the name of a column, counted from 0, such as AB for 27.
func Letters(column int) (name string) {
	for n := column + 1; n > 0; n = (n - 1) / 26 {
		name = string(rune('A'+(n-1)%26)) + name
	}
	return name
}

// inspect reads a sheet once whole, and returns its merged cells. It refuses values that a clerk
// does not see: in hidden rows and columns, and behind the first of merged cells.
func (b *book) inspect(s sheet) ([]merge, error) {
	r, err := b.rows(s)
	if err != nil {
		return nil, err
	}
	defer r.xml.close()
	for err == nil {
		_, err = r.next()
	}
	if !errors.Is(err, io.EOF) {
		return nil, err
	}
	merges, err := r.merged()
	if err != nil {
		return nil, broken(r.row, err)
	}
	if err := r.unseen.refuse(s.name); err != nil {
		return nil, err
	}
	return merges, b.covered(s, merges)
}
