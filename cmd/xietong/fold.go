package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// One rule for narrow terminals: what is wider than the terminal is folded at its spaces, or
// between Chinese characters; a table that is wider stands as a description of each row. A word,
// such as a hash, a pin or the name of an entry, is never broken, so that it can be copied whole.
// Where the output is no terminal, nothing is folded, except where $COLUMNS says so.

// hanging is how much the lines after the first are indented.
const hanging = 2

// width returns how many columns there are; 0: as many as it takes.
func (a *app) width() int {
	if n, err := strconv.Atoi(a.getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	return a.columns
}

// line prints a line, folded where it is too wide.
func (a *app) line(w io.Writer, s string) {
	indent := len(s) - len(strings.TrimLeft(s, " ")) + hanging
	fmt.Fprintln(w, fold(s, a.width(), indent))
}

// closing must not begin a line, and opening must not end one.
const (
	closing = "，。、；：！？）”》〉】"
	opening = "（“《〈【"
)

// fold breaks a line at the width, 0 for none; each line after the first is indented.
func fold(s string, width, indent int) string {
	if width == 0 || columns(s) <= width {
		return s
	}
	var lines []string
	line, at := "", 0
	for _, part := range parts(s) {
		n := columns(strings.TrimRight(part, " "))
		if at+n > width && strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimRight(line, " "))
			line, at = strings.Repeat(" ", indent), indent
		}
		line, at = line+part, at+columns(part)
	}
	return strings.Join(append(lines, strings.TrimRight(line, " ")), "\n")
}

// widestPart returns the columns of the widest part of a line that may not be broken.
func widestPart(s string) (widest int) {
	for _, part := range parts(s) {
		widest = max(widest, columns(strings.TrimRight(part, " ")))
	}
	return widest
}

// parts cuts a line where it may be broken: after spaces, and beside a character of two columns.
func parts(s string) (all []string) {
	begin, before := 0, rune(0)
	for i, r := range s {
		wide := runeColumns(r) == 2 || runeColumns(before) == 2
		after := before == ' ' && r != ' '
		if before != 0 && (after || wide && r != ' ' && !strings.ContainsRune(closing, r) && !strings.ContainsRune(opening, before)) {
			all = append(all, s[begin:i])
			begin = i
		}
		before = r
	}
	return append(all, s[begin:])
}
