// Package scalar gives texts and numbers the one spelling in which they are kept and compared: in
// records, keys, conditions, claims and filters.
//
//	e + U+0301 (two characters)    ->  é (one: Unicode NFC)
//	1.50, 15e-1                    ->  1.5
//	a + U+200B                     ->  refused: "character U+200B"
//	1e400                          ->  refused: "number too large"
//
// So equal values are equal bytes, have one MAC and are one key. A reason is a word of package
// text, and never holds the value, which may be personal data. The package is pure.
package scalar

import (
	"errors"
	"fmt"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"xietong/exchange/decimal"
)

// Number reads a number in any spelling of JSON. It returns the reason why a number cannot be kept
// exactly; "" where it can.
func Number(s string) (d decimal.Decimal, reason string) {
	d, err := decimal.Parse(s)
	switch {
	case errors.Is(err, decimal.ErrLong):
		return d, "number too long"
	case errors.Is(err, decimal.ErrSmall):
		return d, "number too small"
	case errors.Is(err, decimal.ErrLarge):
		return d, "number too large"
	case err != nil:
		return d, "type"
	}
	return d, ""
}

// Text returns a text in its composed form (Unicode NFC), or the reason why it is not taken: a
// character that nobody sees, by which two texts that look alike differ.
func Text(s string) (text, reason string) {
	for _, r := range s {
		if hidden(r) {
			return "", fmt.Sprintf("character U+%04X", r)
		}
	}
	return Compose(s), ""
}

// Compose returns a text in its composed form (Unicode NFC), whatever its characters.
func Compose(s string) string { return norm.NFC.String(s) }

// Composed reports whether a text is in its composed form.
func Composed(s string) bool { return norm.NFC.IsNormalString(s) }

// hidden reports whether a character is none that a person writes: a control character other than
// tab and line break, one that shows nothing (Unicode's Default_Ignorable_Code_Point), one that
// turns the direction of the text, one that is no character (U+FFFE), or the mark of text that was
// lost (U+FFFD). The Mongolian vowel separator and the marks that stand before a number are
// written, and so are the selectors of a variant of the character before them; composing divides
// long rows of accents by U+034F.
func hidden(r rune) bool {
	switch r {
	case '\t', '\n', '\r', '\u034f', '\u180e':
		return false
	case unicode.ReplacementChar:
		return true
	}
	return unicode.IsControl(r) || r > 0x7f && !unicode.Is(unicode.Prepended_Concatenation_Mark, r) &&
		unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Noncharacter_Code_Point)
}
