package table

import (
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"xietong/node/ground/text"
)

// sheetRows reads the rows of one sheet as a stream.
type sheetRows struct {
	xml    *tokens
	shared *texts
	dates  []bool // by style
	day0   int
	row    uint64 // that was read last
	column int    // of the next cell
	cells  []Cell
	merges merges
	unseen unseen
}

// rows opens a sheet.
func (b *book) rows(s sheet) (*sheetRows, error) {
	err := b.readShared()
	r := &sheetRows{day0: b.day0, shared: b.shared, dates: b.dates}
	if err == nil {
		r.xml, err = b.part(s.part, maxSheet, sheetSpaces)
	}
	if err != nil {
		return nil, broken(0, err)
	}
	return r, nil
}

// readShared reads what the sheets share, once.
func (b *book) readShared() (err error) {
	if b.shared != nil {
		return nil
	}
	b.shared = &texts{}
	seen := map[string]bool{}
	for _, t := range b.targets {
		if seen[t.kind] && (t.kind == "sharedStrings" || t.kind == "styles") {
			return doubt{"two parts of one kind", t.kind}
		}
		seen[t.kind] = true
		switch {
		case err != nil:
		case t.kind == "sharedStrings":
			b.shared, err = b.texts(t.part)
		case t.kind == "styles":
			b.dates, err = b.styles(t.part)
		}
	}
	return err
}

// next returns the next row that is not empty.
func (r *sheetRows) next() (Row, error) {
	for {
		token, err := r.xml.next()
		if errors.Is(err, io.EOF) { // the data must have ended before
			return Row{}, broken(r.row, io.ErrUnexpectedEOF)
		} else if err != nil {
			return Row{}, broken(r.row, err)
		}
		switch e := token.(type) {
		case xml.EndElement:
			if e.Name.Local == "sheetData" {
				return Row{}, io.EOF
			}
		case xml.StartElement:
			if err := r.unseen.before(e); err != nil {
				return Row{}, broken(r.row, err)
			}
			if e.Name.Local != "row" {
				continue
			}
			if err := r.begin(e); err != nil {
				return Row{}, broken(r.row, err)
			}
			if err := r.read(); err != nil {
				return Row{}, broken(r.row, err)
			}
			if err := r.spread(); err != nil {
				return Row{}, broken(r.row, err)
			}
			r.unseen.note(e, r.row, r.cells)
			if slices.ContainsFunc(r.cells, filled) {
				return Row{Line: r.row, Cells: r.cells}, nil
			}
		}
	}
}

func filled(c Cell) bool { return strings.TrimSpace(c.Text) != "" }

// begin counts a row. Rows stand in order, so that their number is bounded.
func (r *sheetRows) begin(e xml.StartElement) error {
	r.cells, r.column = r.cells[:0], 0
	number := r.row + 1
	if at := attr(e, "r"); at != "" {
		n, err := strconv.ParseUint(at, 10, 32)
		if err != nil || n < number {
			return doubt{"an element where it does not belong", text.Short(at)}
		}
		number = n
	}
	if r.row = number; number > maxSheetRow {
		return errBomb
	}
	return nil
}

// read reads the cells of a row.
func (r *sheetRows) read() error {
	for {
		token, err := r.xml.next()
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.EndElement:
			if e.Name.Local == "row" {
				return nil
			}
		case xml.StartElement:
			if e.Name.Local != "c" {
				continue
			}
			if err := r.cell(e); err != nil {
				return err
			}
		}
	}
}

// cell reads one cell. A formula counts by the value that was kept with it; one with which none was
// kept was never calculated, and what a person sees of it is not in the file.
func (r *sheetRows) cell(e xml.StartElement) error {
	column, at := r.column, attr(e, "r")
	if at != "" {
		var row uint64
		var ok bool
		switch column, row, ok = placeOf(at); {
		case !ok:
			return errors.New("no place of a cell")
		case column < r.column, row != r.row:
			return doubt{"an element where it does not belong", text.Short(at)}
		}
	}
	if r.column = column + 1; r.column > MaxCells {
		return errBomb
	}
	kind := attr(e, "t")
	value, formula, err := r.value(kind, at)
	if err != nil {
		return err
	}
	c, err := r.made(kind, attr(e, "s"), value)
	if formula != "" {
		c = Cell{Text: formula, Kind: Failed}
	}
	if err != nil || c.Text == "" {
		return err
	}
	for len(r.cells) < column {
		r.cells = append(r.cells, Cell{})
	}
	r.cells = append(r.cells, c)
	return nil
}

// value reads the value of a cell up to its end: <is> if it has its text within, otherwise <v>. It
// returns the formula of a cell that has one and no value.
func (r *sheetRows) value(kind, at string) (value, formula string, err error) {
	var seen [3]bool
	for {
		token, err := r.xml.next()
		if err != nil {
			return "", "", err
		}
		e, isStart := token.(xml.StartElement)
		if _, ends := token.(xml.EndElement); ends {
			if seen[0] && !seen[1] && !seen[2] {
				return "", formula, nil
			}
			return value, "", nil
		} else if !isStart {
			continue
		}
		is := slices.Index([]string{"f", "v", "is"}, e.Name.Local)
		got, err := r.xml.content(e.Name.Local)
		switch {
		case err != nil:
			return "", "", err
		case seen[is], is > 0 && got != "" && (kind == "inlineStr") != (is == 2):
			return "", "", doubt{"a cell with two values", at}
		case is > 0 && got != "":
			value = got
		case is == 0:
			formula, r.unseen.formula = "="+text.Short(got), cmp.Or(r.unseen.formula, at, "f")
		}
		seen[is] = true
	}
}

// content reads what is in an element of a cell.
func (t *tokens) content(of string) (string, error) {
	if of == "is" {
		return t.rich()
	}
	return t.text()
}

// rich reads a text with its formats up to its end: of one <t>, or of runs. What says how it sounds
// is no part of it.
func (t *tokens) rich() (string, error) {
	var b strings.Builder
	plain, runs, depth := 0, 0, len(t.path)
	for {
		token, err := t.next()
		if err != nil {
			return "", err
		}
		e, isStart := token.(xml.StartElement)
		switch {
		case len(t.path) < depth:
			if plain > 1 || plain == 1 && runs > 0 {
				return "", doubt{"a cell with two values", "t"}
			}
			return b.String(), nil
		case !isStart || e.Name.Local != "t":
			continue
		case t.within("r"):
			runs++
		case t.within("rPh"):
			continue
		default:
			plain++
		}
		s, err := t.text()
		if err != nil {
			return "", err
		}
		if b.WriteString(s); b.Len() > MaxRow {
			return "", errBomb
		}
	}
}

// made makes the cell of what a sheet holds.
func (r *sheetRows) made(kind, style, value string) (Cell, error) {
	if value == "" {
		return Cell{}, nil
	}
	switch kind {
	case "s":
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil || n >= uint64(r.shared.len()) {
			return Cell{}, errors.New("no such shared text")
		}
		return Cell{Text: r.shared.at(int(n))}, nil
	case "str", "inlineStr":
		return Cell{Text: unescaped(value)}, nil
	case "b":
		on, known := flag(value)
		if !known {
			return Cell{}, doubt{"a value that programs read differently", text.Short(value)}
		}
		return Cell{Text: map[bool]string{true: "TRUE", false: "FALSE"}[on], Kind: Boolean}, nil
	case "e":
		return Cell{Text: value, Kind: Failed}, nil
	case "d":
		if !isoDate.MatchString(value) {
			return Cell{}, doubt{"a value that programs read differently", text.Short(value)}
		}
		return Cell{Text: strings.TrimSuffix(value, "T00:00:00"), Kind: Date}, nil
	case "", "n":
	default:
		return Cell{}, errors.New("unknown kind of cell")
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !decimal.MatchString(value) {
		return Cell{}, doubt{"a value that programs read differently", text.Short(value)}
	}
	if s, err := strconv.Atoi(style); err == nil && s >= 0 && s < len(r.dates) && r.dates[s] {
		if date, ok := dateOf(n, r.day0); ok {
			return Cell{Text: date, Kind: Date}, nil
		}
		return Cell{Text: "#####", Kind: Failed}, nil // as programs show it, or as a day that never was
	}
	return numberOf(n), nil
}

// Values as a sheet has them (XML Schema, xsd:double and xsd:dateTime).
var (
	decimal = regexp.MustCompile(`^\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?\s*$`)
	isoDate = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)?(T?\d\d:\d\d:\d\d(\.\d+)?Z?)?$`)
)

// placeOf returns the column and the row of a cell's name, such as 27 and 7 for AB7: columns are
// counted from 0.
func placeOf(name string) (column int, row uint64, ok bool) {
	n := 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= 'A' && c <= 'Z' && n <= MaxCells:
			n = n*26 + int(c-'A') + 1
		default:
			row, err := strconv.ParseUint(name[i:], 10, 32)
			return n - 1, row, n > 0 && n <= MaxCells && err == nil && row > 0
		}
	}
	return 0, 0, false
}

var escape = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescaped replaces _x000D_ and the like by their characters (ECMA-376, ST_Xstring).
func unescaped(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	return escape.ReplaceAllStringFunc(s, func(e string) string {
		n, err := strconv.ParseUint(e[2:6], 16, 16)
		if c := rune(n); err == nil && utf8.ValidRune(c) {
			return string(c)
		}
		return e
	})
}

// texts are the texts that the sheets share, in one piece of memory.
type texts struct {
	bytes []byte
	ends  []uint32
}

func (t *texts) len() int { return len(t.ends) }

func (t *texts) at(i int) string {
	from := uint32(0)
	if i > 0 {
		from = t.ends[i-1]
	}
	return string(t.bytes[from:t.ends[i]])
}

// texts reads the shared texts.
func (b *book) texts(part string) (*texts, error) {
	in, err := b.part(part, maxSheet, sheetSpaces)
	if err != nil {
		return nil, err
	}
	defer in.close()
	all := &texts{}
	for {
		start, err := in.start()
		if err != nil {
			return all, unlessEnd(err)
		}
		if start.Name.Local != "si" {
			continue
		}
		value, err := in.rich()
		if err != nil {
			return nil, err
		}
		all.bytes = append(all.bytes, unescaped(value)...)
		all.ends = append(all.ends, uint32(len(all.bytes)))
		if len(all.bytes) > maxStrings || len(all.ends) > maxShared {
			return nil, errBomb
		}
	}
}
