package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Who mistypes a verb or a flag is told the nearest, and never one that ends, replaces, publishes
// or agrees to something: what is typed after a suggestion is typed without a second thought.
var (
	graveVerbs = []string{
		"withdraw", "revoke", "renew", "remove", "retract", "end", "merge", "cancel", "confirm", "object", "publish", "import", "stop", "acknowledge", "init",
	}
	graveFlags = []string{"yes", "force", "rekey", "replace", "leave-out", "recovery", "keep-good", "missing", "alone"}
)

// nearestVerb returns the verb of a command that was probably meant; "": none is near, or it is
// grave.
func nearestVerb(c *cobra.Command, typed string) string {
	var names []string
	for _, child := range c.Commands() {
		if child.IsAvailableCommand() {
			names = append(names, child.Name())
		}
	}
	return nearest(typed, names, graveVerbs)
}

// nearestFlag is nearestVerb of flags.
func nearestFlag(c *cobra.Command, typed string) string {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	return nearest(typed, names, graveFlags)
}

// nearest returns the name with the fewest mistakes, of two at most and of fewer than half its
// letters, or the only one that begins as typed; "" where a grave one is as near.
func nearest(typed string, names, grave []string) string {
	typed = strings.ToLower(typed)
	best, least := []string(nil), 3
	for _, name := range names {
		n := mistakes(typed, name)
		if len(typed) > 1 && strings.HasPrefix(name, typed) {
			n = 0 // a word that was not finished
		}
		if n < least {
			best, least = nil, n
		}
		if n == least && 2*n < len(name) {
			best = append(best, name)
		}
	}
	if len(best) == 0 || slices.ContainsFunc(best, func(name string) bool { return slices.Contains(grave, name) }) {
		return ""
	}
	return best[0]
}

// mistakes counts the letters that are missing, too many or others, and neighbours that changed
// places.
func mistakes(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range y {
		rows[0][j+1] = j + 1
	}
	for i := range x {
		for j := range y {
			other := 1
			if x[i] == y[j] {
				other = 0
			}
			n := min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+other)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				n = min(n, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = n
		}
	}
	return rows[len(x)][len(y)]
}
