package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/width"

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

// printTable prints rows under a heading, columns two spaces apart.
func printTable(w io.Writer, heading []string, rows [][]string) {
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
	for _, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			b.WriteString(pad(cell, widths[i]+2))
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}

// pair is one line of a description.
type pair struct{ name, value string }

// printPairs prints the properties of one thing, a line each.
func printPairs(w io.Writer, pairs []pair) {
	widest := 0
	for _, p := range pairs {
		widest = max(widest, columns(clean(p.name)))
	}
	for _, p := range pairs {
		fmt.Fprintln(w, strings.TrimRight(pad(clean(p.name), widest+2)+clean(p.value), " "))
	}
}

// given leaves out the properties without a value.
func given(pairs []pair) []pair {
	return slices.DeleteFunc(pairs, func(p pair) bool { return p.value == "" })
}

// printJSON prints a wire type.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}
