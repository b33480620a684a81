package rows

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"xietong/node/ground/scalar"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// OwnColumn begins the header of the columns that WriteBad adds. An import ignores such columns,
// and such members of objects. No field has such a name.
const OwnColumn = "xietong:"

// headerWithin is in how many of the first rows a header is looked for, below the title of a list.
const headerWithin = 10

// Header is the header of a file with cells.
type Header struct {
	First, Line uint64   // the lines where it begins and ends
	Titles      []uint64 // lines above it, which hold the title of the list
	Columns     []Column
}

// width returns the number of columns up to the last that has a header.
func (h Header) width() int {
	for i := len(h.Columns) - 1; i >= 0; i-- {
		if h.Columns[i].Header != "" {
			return i + 1
		}
	}
	return 0
}

// Column is one column of a file.
type Column struct {
	Letter string // A, B, …, AA
	Header string // as the file has it
	Field  string // "" where the column is none of the dataset's: it has no header, or one of OwnColumn
}

// trimmed returns the header of a column without the space and the marks around it.
func trimmed(header string) string {
	return strings.TrimFunc(header, func(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc) })
}

// Headers returns the names and the titles of the fields: what stands above the columns of a file.
func (s *Schema) Headers() (all []string) {
	for _, f := range s.fields {
		all = append(all, f.Name)
		if title := trimmed(s.columns[f.Name].title); title != "" {
			all = append(all, title)
		}
	}
	return all
}

func folded(name string) string { return width.Fold.String(name) }

// named returns which headers stand for which field: its name, its title, and either of them in
// another width. A title of two fields, or one that is the name of another, stands for none.
func (s *Schema) named() map[string]string {
	all := map[string]string{}
	for _, of := range []func(c *column) string{
		func(c *column) string { return c.Name }, func(c *column) string { return trimmed(c.title) },
		func(c *column) string { return folded(c.Name) }, func(c *column) string { return folded(trimmed(c.title)) },
	} {
		count := map[string]int{}
		for _, c := range s.columns {
			count[of(c)]++
		}
		for name, c := range s.columns {
			if header := of(c); header != "" && count[header] == 1 {
				if _, taken := all[header]; !taken {
					all[header] = name
				}
			}
		}
	}
	return all
}

// standsFor returns the field that a header stands for, by the names that named returns: as some
// programs write it, a letter and its accent stand apart.
func standsFor(names map[string]string, header string) (field string, known bool) {
	header = scalar.Compose(header)
	if field, known = names[header]; !known {
		field, known = names[folded(header)]
	}
	return field, known
}

// LikeHeader returns a function that reports whether a record with the cells, under the names of
// their fields, would be taken for the header that comes again.
func (s *Schema) LikeHeader(columns []string) func(cells []string) bool {
	names := s.named()
	return func(cells []string) bool {
		return s.saysHeader(names, len(cells), func(i int) (field, cell string) { return columns[i], cells[i] })
	}
}

// saysHeader reports whether all cells that are not empty say what stands above them, the key's
// too.
func (s *Schema) saysHeader(names map[string]string, cells int, at func(int) (field, cell string)) (is bool) {
	for i := range cells {
		field, cell := at(i)
		cell = trimmed(cell)
		if cell == "" || field == "" {
			continue
		}
		if says, _ := standsFor(names, cell); says != field {
			return false
		}
		is = is || field == s.key
	}
	return is
}

// resolved is one row as a header.
type resolved struct {
	columns []Column
	known   int
	faults  []text.HeaderFault
}

// resolve looks up the columns of a row as if it were the header.
func (s *Schema) resolve(cells []table.Cell) (r resolved) {
	names, at := s.named(), map[string]string{}
	for i, cell := range cells {
		c := Column{Letter: table.Letters(i), Header: trimmed(cell.Text)}
		field, known := standsFor(names, c.Header)
		switch {
		case c.Header == "", strings.HasPrefix(c.Header, OwnColumn):
		case !known:
			r.faults = append(r.faults, text.HeaderFault{Kind: "unknown", Letter: c.Letter, Header: c.Header, Field: s.near(c.Header)})
		case at[field] != "":
			r.faults = append(r.faults, text.HeaderFault{Kind: "twice", Letter: c.Letter, Header: c.Header, Other: at[field], Field: field})
		default:
			c.Field, at[field] = field, c.Letter
			r.known++
		}
		r.columns = append(r.columns, c)
	}
	if at[s.key] == "" {
		r.faults = append(r.faults, text.HeaderFault{Kind: "key", Field: s.called(s.key)})
	}
	return r
}

// called returns the name of a field with its title, if it has one.
func (s *Schema) called(name string) string {
	if title := trimmed(s.columns[name].title); title != "" && title != name {
		return name + " (" + text.Short(title) + ")"
	}
	return name
}

// near returns the field whose name or title is nearest to a header; "" if none is near.
func (s *Schema) near(header string) string {
	best, least := "", 1+len([]rune(header))/2
	for _, f := range s.fields {
		for _, name := range []string{f.Name, trimmed(s.columns[f.Name].title)} {
			if name == "" || len(name) > 4*MaxName {
				continue
			}
			if d := distance(strings.ToLower(folded(header)), strings.ToLower(folded(name))); d < least {
				best, least = s.called(f.Name), d
			}
		}
	}
	return best
}

// distance returns how many characters are put in, taken out or replaced to make b of a. Of a long
// text only the beginning counts.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	return text.Distance(x[:min(len(x), MaxName)], y[:min(len(y), MaxName)])
}

// header finds the header among the first rows: the first row, or two rows with merged cells, whose
// columns are all known. What stands above it is the title of the list, and must be short: a row
// that may be a record is never passed over. Where no row fits, the error says what is wrong with
// the row that comes nearest.
func (s *Schema) header(first []table.Row) (h Header, used int, err error) {
	var nearest resolved
	var at int
	for i, row := range first {
		r := s.resolve(row.Cells)
		last, fits := i, len(r.faults) == 0
		if !fits && i+1 < len(first) {
			if both := s.resolve(merged(row.Cells, first[i+1].Cells)); len(both.faults) == 0 && r.known > 0 {
				r, last, fits = both, i+1, true
			}
		}
		if fits && !titled(first[:i], r.known) {
			r.faults = []text.HeaderFault{{Kind: "above", Letter: line(first[0]), Other: line(first[i-1])}}
			nearest, at = r, i
			break
		}
		if fits {
			return headerOf(first, i, last, r), last + 1, nil
		}
		if r.known > nearest.known || i == 0 {
			nearest, at = r, i
		}
	}
	return h, 0, s.refused(first[at].Line, nearest.faults)
}

// refused returns the refusal of a header that ends in the line.
func (s *Schema) refused(line uint64, faults []text.HeaderFault) error {
	return text.Fail(text.HeaderRefused, text.Args{
		"line": strconv.FormatUint(line, 10), "faults": text.HeaderFaults(faults), "fields": s.listed(),
	}, nil)
}

func line(row table.Row) string { return strconv.FormatUint(row.Line, 10) }

// titled reports whether the rows above a header of so many fields can be nothing but the title of
// the list: each has one cell alone, or at most half as many as the header. A row with more may be
// a record.
func titled(above []table.Row, known int) bool {
	return !slices.ContainsFunc(above, func(row table.Row) bool {
		n := 0
		for _, c := range row.Cells {
			if trimmed(c.Text) != "" {
				n++
			}
		}
		return n >= known || n > 1 && 2*n > known
	})
}

func headerOf(first []table.Row, from, to int, r resolved) Header {
	h := Header{First: first[from].Line, Line: first[to].Line, Columns: r.columns}
	for _, row := range first[:from] {
		h.Titles = append(h.Titles, row.Line)
	}
	return h
}

// merged returns the header of two rows: of each column the lower cell, or the upper one, of which
// cells were merged downwards.
func merged(upper, lower []table.Cell) []table.Cell {
	both := slices.Clone(lower)
	for len(both) < len(upper) {
		both = append(both, table.Cell{})
	}
	for i, c := range upper {
		if trimmed(both[i].Text) == "" {
			both[i] = c
		}
	}
	return both
}

// listed returns the fields as a list.
func (s *Schema) listed() string {
	const most = 40
	var names []string
	for _, f := range s.fields[:min(len(s.fields), most)] {
		names = append(names, s.called(f.Name))
	}
	if len(s.fields) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}
