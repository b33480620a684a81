package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// columns returns the number of terminal columns of s: a wide rune (Chinese) takes two, a combining
// mark none.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// clean makes visible what a terminal would obey.
func clean(s string) string { return text.Visible(s) }

// pad fills s up to n columns.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-columns(s))) }

// table prints rows under a heading, columns two spaces apart. A table that is wider than the
// terminal stands as a description of each row.
func (a *app) table(heading []string, rows [][]string) {
	lines := make([][]string, 0, len(rows)+1)
	widths := make([]int, len(heading))
	for _, row := range append([][]string{heading}, rows...) {
		line := make([]string, len(heading))
		for i := range min(len(row), len(line)) {
			line[i] = clean(row[i])
			widths[i] = max(widths[i], columns(line[i]))
		}
		lines = append(lines, line)
	}
	wide := 2 * (len(widths) - 1)
	for _, n := range widths {
		wide += n
	}
	if width := a.width(); width > 0 && wide > width {
		a.stacked(lines[0], lines[1:])
		return
	}
	for _, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			b.WriteString(pad(cell, widths[i]+2))
		}
		fmt.Fprintln(a.stdout, strings.TrimRight(b.String(), " "))
	}
}

// filled returns a table without the columns in which no row has anything.
func filled(heading []string, rows [][]string) ([]string, [][]string) {
	kept := func(cells []string) (some []string) {
		for i, cell := range cells {
			if slices.ContainsFunc(rows, func(row []string) bool { return i < len(row) && row[i] != "" }) {
				some = append(some, cell)
			}
		}
		return some
	}
	lines := make([][]string, len(rows))
	for i, row := range rows {
		lines[i] = kept(row)
	}
	return kept(heading), lines
}

// tables prints rows as tables of tableRows rows each, since a table is as wide as its widest row.
type tables struct {
	app   *app
	print func(lines [][]string)
	lines [][]string
	told  int // tables so far
}

const tableRows = 1000

func (t *tables) Write(row export.Row) error {
	line := make([]string, len(row))
	for i, value := range row {
		line[i] = export.Spell(value)
	}
	if t.lines = append(t.lines, line); len(t.lines) == tableRows {
		return t.Close()
	}
	return nil
}

func (t *tables) Close() error {
	if len(t.lines) == 0 {
		return nil
	}
	if t.told++; t.told > 1 {
		fmt.Fprintln(t.app.stdout)
	}
	t.print(t.lines)
	t.lines = nil
	return nil
}

func (t *tables) Discard() {}

// stacked prints each row as a description, with a blank line between two.
func (a *app) stacked(heading []string, rows [][]string) {
	for i, row := range rows {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		var pairs []pair
		for j, cell := range row {
			pairs = append(pairs, pair{heading[j], cell})
		}
		a.pairs(given(pairs))
	}
}

// pair is one line of a description.
type pair struct{ name, value string }

// pairs prints the properties of one thing, a line each; a value that is too wide is folded beside
// its name or, where one of its words has no room there, below it.
func (a *app) pairs(pairs []pair) {
	widest := 0
	for _, p := range pairs {
		widest = max(widest, columns(clean(p.name)))
	}
	for _, p := range pairs {
		value, indent := clean(p.value), widest+2
		if indent+widestPart(value) > a.width() {
			indent = hanging
		}
		line := strings.TrimRight(pad(clean(p.name), widest+2)+value, " ")
		fmt.Fprintln(a.stdout, fold(line, a.width(), indent))
	}
}

// given leaves out the properties without a value.
func given(pairs []pair) []pair {
	return slices.DeleteFunc(pairs, func(p pair) bool { return p.value == "" })
}

// printJSON prints a wire type.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(visibleJSON{w})
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}
