package rows

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"xietong/node/ground/table"
)

// aNumber is a number as a spreadsheet program or a person writes it, which is no formula.
var aNumber = regexp.MustCompile(`^[-+]?[0-9][0-9.,]*([eE][-+]?[0-9]+)?%?$`)

// guarded puts an apostrophe before a text that spreadsheet programs take for a formula, and before
// one that begins with an apostrophe, so that unguarded knows it.
func guarded(cell string) string {
	first, _ := utf8.DecodeRuneInString(cell)
	if cell == "" || !strings.ContainsRune("'=+-@\t\r\n＝＋－＠", first) || aNumber.MatchString(cell) {
		return cell
	}
	return "'" + cell
}

func unguarded(cell string) string { return strings.TrimPrefix(cell, "'") }

// ofBadRows reports whether a row is the header of a file of bad rows.
func ofBadRows(cells []table.Cell) bool {
	has := func(name string) bool {
		return slices.ContainsFunc(cells, func(c table.Cell) bool { return trimmed(c.Text) == name })
	}
	return has(ownLine) && has(ownFault)
}

// unguard takes the apostrophes away that guarded puts before cells.
func unguard(cells []table.Cell) {
	for i, c := range cells {
		if c.Kind == table.Text {
			cells[i].Text = unguarded(c.Text)
		}
	}
}
