package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// One rule for narrow terminals: what is wider than the terminal is folded at its spaces, or
// between Chinese characters; a table that is wider stands as a description of each row. A word,
// such as a hash, a pin or the name of an entry, is never broken, and neither is a command, so that
// it can be copied whole. Where the output is no terminal, nothing is folded, except where $COLUMNS
// says so.

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

// copied finds what a person copies as a whole: what stands between back quotes; a command with its
// arguments, which are ASCII up to a word that ends with a mark, or a short name; a flag with its
// value. A sentence that goes on behind a command may be taken for a name, and is not broken there.
var copied = func() *regexp.Regexp {
	const word, name, last = ` [!-~]*[^ ,.:;\x80-\x{10ffff}]`, ` [\pL\pN]{1,8}`, ` [!-~]+`
	return regexp.MustCompile("`[^`]*`" + `|xietong(` + word + `)*(` + name + `(` + word + `)+)*(` + last + `|` + name + `)?|--[a-z-]*[a-z]` + last)
}()

// parts cuts a line where it may be broken: after spaces, and beside a character of two columns,
// unless that is amid a command.
func parts(s string) (all []string) {
	begin, before := 0, rune(0)
	whole := copied.FindAllStringIndex(s, -1)
	for i, r := range s {
		for len(whole) > 0 && i >= whole[0][1] {
			whole = whole[1:]
		}
		if len(whole) > 0 && i > whole[0][0] {
			before = r
			continue
		}
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
