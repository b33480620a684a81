package main

import (
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// Texts of others stand in lists. Where a terminal would obey a character, or a sheet cannot hold
// it, it is written visibly, as \x1b, and that is told. A record that is written to a file is given
// as it is, or not at all.

// escaping makes characters of rows visible, and counts the cells that had some.
type escaping struct {
	of    func(rune) bool
	cells uint64
}

// obeyed reports whether a terminal obeys the rune, or a sheet has no place for it.
func obeyed(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF || unicode.Is(unicode.Bidi_Control, r)
}

// visibleJSON takes whole JSON values, and passes on what a terminal does not obey.
type visibleJSON struct{ to io.Writer }

func (v visibleJSON) Write(value []byte) (int, error) {
	if _, err := v.to.Write(export.VisibleJSON(value)); err != nil {
		return 0, err
	}
	return len(value), nil
}

// row returns the row with such characters escaped in every cell.
func (e *escaping) row(row export.Row) export.Row {
	if e == nil {
		return row
	}
	out := slices.Clone(row)
	for i, value := range row {
		if s := export.Spell(value); strings.ContainsFunc(s, e.of) {
			out[i], _ = json.Marshal(e.escaped(s)) // a text
			e.cells++
		}
	}
	return out
}

func (e *escaping) escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if quoted := strconv.QuoteRuneToASCII(r); e.of(r) {
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// escapes returns how rows are escaped; nil: they are given as they are. list says that they are no
// records.
func (a *app) escapes(list bool) *escaping {
	f := export.Format(a.output.format)
	onTerminal := a.output.file == "" && a.columns > 0 && (f == export.CSV || f == export.TSV)
	if onTerminal || list && f == export.XLSX {
		return &escaping{of: obeyed}
	}
	return nil
}

// tellEscaped tells how many cells were changed.
func (a *app) tellEscaped(e *escaping) {
	if e != nil && e.cells > 0 {
		a.tell(text.CLIEscaped, text.Args{"count": number(e.cells)})
	}
}
