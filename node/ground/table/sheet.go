package table

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// sheetRows reads the rows of one sheet as a stream.
type sheetRows struct {
	xml    *tokens
	shared *texts
	dates  []bool // by style
	day0   int
	row    uint64 // that was read last
	cells  []Cell
	merges merges
}

// rows opens a sheet.
func (b *book) rows(s sheet) (*sheetRows, error) {
	err := b.readShared()
	r := &sheetRows{day0: b.day0, shared: b.shared, dates: b.dates}
	if err == nil {
		r.xml, err = b.part(s.part, maxSheet)
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
	for _, t := range b.targets {
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
				r.xml.close()
				return Row{}, io.EOF
			}
		case xml.StartElement:
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
			if slices.ContainsFunc(r.cells, func(c Cell) bool { return strings.TrimSpace(c.Text) != "" }) {
				return Row{Line: r.row, Cells: r.cells}, nil
			}
		}
	}
}

// begin counts a row. Rows stand in order, so that their number is bounded.
func (r *sheetRows) begin(e xml.StartElement) error {
	r.cells = r.cells[:0]
	number := r.row + 1
	if at := attr(e, "r"); at != "" {
		n, err := strconv.ParseUint(at, 10, 32)
		if err != nil || n < number {
			return errors.New("rows out of order")
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

// cell reads one cell. A formula counts by the value that was kept with it.
func (r *sheetRows) cell(e xml.StartElement) error {
	column := len(r.cells)
	if at := attr(e, "r"); at != "" {
		var ok bool
		if column, ok = columnOf(at); !ok || column < len(r.cells) {
			return errors.New("cells out of order")
		}
	}
	kind, style := attr(e, "t"), attr(e, "s")
	value, err := r.value()
	if err != nil {
		return err
	}
	c, err := r.made(kind, style, value)
	if err != nil || c.Text == "" {
		return err
	}
	for len(r.cells) < column {
		r.cells = append(r.cells, Cell{})
	}
	r.cells = append(r.cells, c)
	return nil
}

// value reads the value of a cell up to its end: of <v>, or the texts of <is>.
func (r *sheetRows) value() (string, error) {
	var b strings.Builder
	taking, skipping := false, false
	for {
		token, err := r.xml.next()
		if err != nil {
			return "", err
		}
		switch e := token.(type) {
		case xml.StartElement:
			taking = !skipping && (e.Name.Local == "v" || e.Name.Local == "t")
			skipping = skipping || e.Name.Local == "rPh"
		case xml.EndElement:
			taking = false
			if e.Name.Local == "rPh" {
				skipping = false
			}
			if e.Name.Local == "c" || e.Name.Local == "si" {
				return b.String(), nil
			}
		case xml.CharData:
			if taking {
				b.Write(e)
			}
			if b.Len() > MaxRow {
				return "", errBomb
			}
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
		return Cell{Text: map[bool]string{true: "TRUE", false: "FALSE"}[value == "1" || value == "true"], Kind: Boolean}, nil
	case "e":
		return Cell{Text: value, Kind: Failed}, nil
	case "d":
		return Cell{Text: strings.TrimSuffix(value, "T00:00:00"), Kind: Date}, nil
	case "", "n":
	default:
		return Cell{}, errors.New("unknown kind of cell")
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return Cell{}, err
	}
	if s, err := strconv.Atoi(style); err == nil && s >= 0 && s < len(r.dates) && r.dates[s] {
		if date, ok := dateOf(n, r.day0); ok {
			return Cell{Text: date, Kind: Date}, nil
		}
	}
	return numberOf(n), nil
}

// columnOf returns the column of a cell's name, such as 27 for AB7, counted from 0.
func columnOf(name string) (int, bool) {
	n := 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c >= 'A' && c <= 'Z' && n <= MaxCells:
			n = n*26 + int(c-'A') + 1
		default:
			return n - 1, n > 0 && n <= MaxCells && c >= '0' && c <= '9'
		}
	}
	return 0, false
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
	in, err := b.part(part, maxSheet)
	if err != nil {
		return nil, err
	}
	defer in.close()
	all, r := &texts{}, &sheetRows{xml: in}
	for {
		start, err := in.start()
		if err != nil {
			return all, unlessEnd(err)
		}
		if start.Name.Local != "si" {
			continue
		}
		value, err := r.value()
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
