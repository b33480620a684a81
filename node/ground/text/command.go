package text

import (
	"regexp"
	"strings"
	"unicode"
)

// leftOut stands in a command for a value that is none of an argument.
const leftOut = "…"

// commandBegun finds a command that has begun where a sentence without back quotes breaks off.
var commandBegun = regexp.MustCompile(`(?:xietong|\{xietong\}|\{program\}) [-A-Za-z{} ]*$`)

// inCommand reports whether what follows the beginning of a sentence stands in a command, which a
// person copies into a shell.
func inCommand(before string) bool {
	return strings.Count(before, "`")%2 == 1 || commandBegun.MatchString(before)
}

// Argument returns a value as it stands in a command. It may come from another jurisdiction, and a
// shell obeys more characters than a terminal does: a value that is none of a name, a number, an
// entry or a list of such is left out. One with spaces stands in quotation marks.
func Argument(value string) string {
	words := strings.Split(value, " ")
	for _, word := range words {
		if !plainWord(word) {
			return leftOut
		}
	}
	if len(words) > 1 {
		return `"` + value + `"`
	}
	return value
}

// Folder returns a folder of this machine as it stands in a command: in quotation marks where a
// shell would not take it as it stands.
func Folder(path string) string {
	if path != "" && !strings.HasPrefix(path, "~") && !strings.ContainsFunc(path, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune("-_.,:/@·+=%~（）", r)
	}) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// commandLine returns a value that is a command, as a room puts it together.
func commandLine(value string) string {
	rest, ours := strings.CutPrefix(value, "xietong ")
	for word := range strings.SplitSeq(rest, " ") {
		if ours = ours && plainWord(strings.TrimPrefix(word, "--")); !ours {
			return leftOut
		}
	}
	return value
}

// plainWord reports whether a shell takes a word as it stands, and no program takes it for a flag.
func plainWord(word string) bool {
	return word == "" || !strings.HasPrefix(word, "-") && !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N) && !strings.ContainsRune("-_.,:/@…·（）", r)
	})
}

// inserted returns the value of a name as it stands behind the beginning of a sentence.
func inserted(before, name, value string) string {
	switch {
	case name == "give", name == "renew":
		return commandLine(value)
	case name == "xietong", name == "program": // the command line makes them, and quotes what is in them
		return value
	case name == "dir" && (inCommand(before) || strings.HasSuffix(before, "--data ")): // a folder is of this machine
		return Folder(value)
	case inCommand(before):
		return Argument(value)
	}
	return value
}
