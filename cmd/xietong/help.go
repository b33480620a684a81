package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"xietong/node/ground/text"
)

// help prints the help of a command, folded to the terminal. Examples are commands, which are never
// broken.
func (a *app) help(c *cobra.Command) {
	heading := func(code text.Code) { fmt.Fprintf(a.stdout, "\n%s\n", a.t(code, nil)) }
	about := c.Long
	if about == "" {
		about = c.Short
	}
	a.paragraphs(about)
	heading(text.CLIUsage)
	use := c.UseLine()
	if c.HasAvailableSubCommands() {
		if strings.Contains(c.Use, " ") { // it is a verb itself
			a.line(a.stdout, "  "+use)
		}
		use = c.CommandPath() + " " + a.t(text.CLICommandWord, nil)
	}
	a.line(a.stdout, "  "+use)
	if c.HasExample() {
		heading(text.CLIExamples)
		fmt.Fprintln(a.stdout, c.Example)
	}
	if c.HasAvailableSubCommands() {
		heading(text.CLICommands)
		for _, child := range c.Commands() {
			if child.IsAvailableCommand() {
				a.described("  "+pad(child.Name(), child.NamePadding())+" ", child.Short)
			}
		}
	}
	if c.HasAvailableLocalFlags() {
		heading(text.CLIFlags)
		a.flags(c.LocalFlags())
	}
	if c.HasAvailableInheritedFlags() {
		heading(text.CLIGlobalFlags)
		a.flags(c.InheritedFlags())
	}
	if !c.HasParent() {
		fmt.Fprintln(a.stdout)
		a.paragraphs(a.t(text.CLIExitCodes, nil))
	}
}

// flagName is a flag with its value, as pflag sets it before what it is for.
var flagName = regexp.MustCompile(`^ +(-[a-z], )?--[a-z-]+( \S+)?  +`)

func (a *app) flags(set *pflag.FlagSet) {
	for line := range strings.Lines(set.FlagUsages()) {
		line = strings.TrimRight(line, " \n")
		name := flagName.FindString(line)
		a.described(name, strings.TrimPrefix(line, name))
	}
}

// leastRoom is how many columns what a name is for has beside it; where there are fewer, it stands
// below.
const leastRoom = 30

// described prints a name and what it is for, in two columns.
func (a *app) described(name, what string) {
	indent, width := columns(name), a.width()
	if width > 0 && width-indent < leastRoom {
		const below = 10
		fmt.Fprintln(a.stdout, strings.TrimRight(name, " "))
		fmt.Fprintln(a.stdout, fold(strings.Repeat(" ", below)+what, width, below))
		return
	}
	fmt.Fprintln(a.stdout, fold(name+what, width, indent))
}

// paragraphs prints the text of a help. Its lines are broken for a terminal of usual width; for a
// narrow one a sentence is put together again before it is folded.
func (a *app) paragraphs(about string) {
	width := a.width()
	for _, line := range whole(about, width) {
		fmt.Fprintln(a.stdout, fold(line, width, len(line)-len(strings.TrimLeft(line, " "))))
	}
}

// whole returns the lines of a text or, where one of them is wider than the terminal, its
// paragraphs: a line goes on in the next unless it ends a sentence, or the next is indented.
func whole(about string, width int) (lines []string) {
	lines = strings.Split(about, "\n")
	wide := false
	for _, line := range lines {
		wide = wide || width > 0 && columns(line) > width
	}
	if !wide {
		return lines
	}
	joined := lines[:1:1]
	for _, line := range lines[1:] {
		last := &joined[len(joined)-1]
		end, size := utf8.DecodeLastRuneInString(*last)
		switch {
		case size == 0 || line == "" || line[0] == ' ' || strings.ContainsRune(".:。：；", end):
			joined = append(joined, line)
		case runeColumns(end) == 2:
			*last += line
		default:
			*last += " " + line
		}
	}
	return joined
}
