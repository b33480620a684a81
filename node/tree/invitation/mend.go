package invitation

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// maxGiven bounds the text in which an invitation is looked for, in bytes.
const maxGiven = 4 * maxLen

// inside finds where in a text an invitation begins, of whatever version.
var inside = regexp.MustCompile(`(?i)x[tr][0-9]{1,3}-`)

// mend returns the line as it was written from what arrived of it: with the command, quotation
// marks or words around it, broken by spaces and line breaks, in other letters than those that were
// sent (lower case, full width, a typographic hyphen). Its checksum tells whether that is all that
// happened to it.
func mend(given string) string {
	if len(given) > maxGiven {
		return given
	}
	s := strings.Map(plain, given)
	if at := inside.FindStringIndex(s); at != nil {
		s = s[at[0]:]
	}
	var b strings.Builder
	for i, part := range strings.Fields(s) {
		if i > 0 && strings.HasPrefix(part, "--") { // a flag of the command
			break
		}
		end := strings.IndexFunc(part, foreign)
		if end < 0 {
			end = len(part)
		}
		b.WriteString(part[:end])
		if end < len(part) {
			break
		}
	}
	line := strings.TrimRight(b.String(), ".") // of the sentence
	last := strings.LastIndexByte(line, '-')
	return strings.ToLower(line[:last+1]) + strings.ToUpper(line[last+1:])
}

// Begun reports whether an invitation begins somewhere in a text, of whatever version.
func Begun(given string) bool { return inside.MatchString(strings.Map(plain, given)) }

// plain returns the rune that was meant: -1 for what is not seen and for what stands around.
func plain(r rune) rune {
	if folded := []rune(width.Fold.String(string(r))); len(folded) == 1 {
		r = folded[0]
	}
	switch {
	case unicode.Is(unicode.Pd, r) || r == '−': // dashes, and the sign of a subtraction
		return '-'
	case unicode.Is(unicode.Cf, r) || strings.ContainsRune("\"'`“”‘’「」『』", r):
		return -1
	case unicode.IsSpace(r):
		return ' '
	}
	return r
}

// foreign reports whether a rune is in no invitation.
func foreign(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._", r)
}
