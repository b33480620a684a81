package text

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxShown is how many bytes of a value a problem shows.
const maxShown = 2 << 10

// shown returns a value of a problem as a person may see it. It may come from anybody: a clerk
// typed it, or a neighbour refused with it. Back quotes mark what is there to be copied, and are
// the sentence's alone.
func shown(value string) string {
	if len(value) > maxShown {
		value = strings.ToValidUTF8(value[:maxShown], "") + "…"
	}
	return strings.ReplaceAll(Visible(value), "`", "'")
}

// Visible makes visible the control characters, those that end a line, and those that change the
// direction of text: a terminal or a page obeys them otherwise; and what shows nothing, with which
// two names look like one. What words are written with stays, and so does the selector of a variant
// of an ideograph: names of people have it. What is no UTF-8 becomes U+FFFD.
func Visible(s string) string {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, unprintable) {
		return s
	}
	var b strings.Builder
	all := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	for i, r := range all {
		if hides(all, i) && !variant(all, i) {
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// unprintable reports whether a character may have to be made visible: it is asked of every value
// that is shown.
func unprintable(r rune) bool {
	one := [1]rune{r}
	return hides(one[:], 0)
}

// variant reports whether the character at i selects a variant of the ideograph before it.
func variant(s []rune, i int) bool {
	return i > 0 && s[i] >= firstIdeographic && s[i] <= lastIdeographic && unicode.Is(unicode.Han, s[i-1])
}

// Mebibytes returns a number of bytes as people read it, in whole MiB.
func Mebibytes(n uint64) string { return strconv.FormatUint(n>>20, 10) + " MiB" }
