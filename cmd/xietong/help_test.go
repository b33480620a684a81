package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestHelpFolds (E33) shows the help of every command on narrow and usual terminals: no line is
// wider than the terminal, unless it is a command to be copied or has one word that is too long.
func TestHelpFolds(t *testing.T) {
	for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		b := newWorkbench(t, lang)
		for _, width := range []int{40, 60, 80, 100} {
			b.app.columns = width
			for _, path := range b.commands() {
				_, stdout, _ := b.run(append(path, "--help")...)
				examples := false
				for line := range strings.Lines(stdout) {
					line = strings.TrimRight(line, "\n")
					if line == "Examples:" || line == "示例：" {
						examples = true
					} else if line == "" {
						examples = false
					}
					indent := columns(line) - columns(strings.TrimLeft(line, " "))
					if !examples && columns(line) > width && indent+widestPart(strings.TrimLeft(line, " ")) <= width && !flagName.MatchString(line) {
						t.Errorf("%s, %d columns: %q has a line of %d columns:\n%s", lang, width, path, columns(line), line)
					}
				}
			}
		}
	}
}

// TestHelpNamesValues (F37): no flag has the name of a Go type for its value, and a verb that has
// others below it shows its own arguments, too.
func TestHelpNamesValues(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	for _, path := range b.commands() {
		_, stdout, _ := b.run(append(path, "--help")...)
		if slices.Contains(path, "echo") { // a process that the bench starts
			continue
		}
		if m := regexp.MustCompile(`--[a-z-]+ (string|int|strings|duration|float64)\b`).FindString(stdout); m != "" {
			t.Errorf("%q: a flag is shown as %q", path, m)
		}
	}
	for verb, want := range map[string]string{"invite": "xietong invite NAME", "tree": "xietong tree [FLAGS]"} {
		if _, stdout, _ := b.run(verb, "--help"); !strings.Contains(stdout, want) {
			t.Errorf("%s: the usage lacks %q:\n%s", verb, want, stdout)
		}
	}
}

// commands returns every command of the program, as it is typed.
func (b *workbench) commands() (all [][]string) {
	a := b.app
	a.getenv = func(string) string { return "" }
	var walk func(c *cobra.Command, path []string)
	walk = func(c *cobra.Command, path []string) {
		all = append(all, path)
		for _, child := range c.Commands() {
			walk(child, append(slices.Clone(path), child.Name()))
		}
	}
	walk(a.rootCommand(), nil)
	return all
}
