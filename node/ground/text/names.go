package text

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// shaping are the scripts whose words have characters that nobody sees: they join letters, part
// them, or choose a form of one. They belong to the word where they stand in it, and nowhere else.
var shaping = []*unicode.RangeTable{
	unicode.Mongolian, unicode.Tibetan, unicode.Arabic, unicode.Phags_Pa, unicode.Syriac, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
	unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala,
}

const (
	nonJoiner         = '\u200c'
	joiner            = '\u200d'
	mongolianStop     = '\u180e' // parts the last vowel of a Mongolian word
	narrowSpace       = '\u202f' // stands before a Mongolian suffix
	textStyle         = '\ufe0e'
	pictureStyle      = '\ufe0f'
	brailleBlank      = '\u2800'
	objectReplacement = '\ufffc'
	ideographicSpace  = '\u3000'
	firstIdeographic  = '\U000e0100' // selectors of variants of ideographs, as names of people have them
	lastIdeographic   = '\U000e01ef'
)

// hides reports whether the character at i is one that nobody sees, or that changes how the rest is
// seen: a line break, a character of format such as those of direction, a filler, or the selector
// of a variant. What a word of its script is written with hides nothing.
func hides(s []rune, i int) bool {
	r := s[i]
	switch {
	case r < unicode.MaxASCII:
		return unicode.IsControl(r)
	case r == brailleBlank || r == objectReplacement:
		return true
	case !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return false
	}
	return !shapes(s, i)
}

// shapes reports whether the character at i, which is seen by what it does alone, does it there.
func shapes(s []rune, i int) bool {
	if i == 0 {
		return false
	}
	before := s[i-1]
	switch r := s[i]; {
	case r == textStyle || r == pictureStyle:
		return unicode.In(before, unicode.So, unicode.Sm) && !radical(before)
	case unicode.Is(unicode.Mongolian, r) && unicode.Is(unicode.Variation_Selector, r):
		return letter(unicode.Mongolian, before)
	case r == mongolianStop || r == narrowSpace:
		return within(s, i, unicode.Mongolian)
	case r == joiner || r == nonJoiner:
		return slices.ContainsFunc(shaping, func(script *unicode.RangeTable) bool { return within(s, i, script) })
	}
	return false
}

// within reports whether the character at i stands between two letters of the script. The selector
// of a variant belongs to its letter.
func within(s []rune, i int, script *unicode.RangeTable) bool {
	before := i - 1
	if before > 0 && unicode.Is(unicode.Variation_Selector, s[before]) {
		before--
	}
	return before >= 0 && i+1 < len(s) && letter(script, s[before]) && letter(script, s[i+1])
}

func letter(script *unicode.RangeTable, r rune) bool {
	return unicode.Is(script, r) && unicode.In(r, unicode.L, unicode.M) && !unicode.Is(unicode.Variation_Selector, r)
}

// deceives reports whether the character at i is seen, and taken for another: a space of another
// kind, a radical that looks like the character that it is a part of, a character for private use,
// whose form each machine chooses.
func deceives(s []rune, i int) bool {
	r := s[i]
	switch {
	case r <= unicode.MaxASCII || r == ideographicSpace:
		return false
	case r == narrowSpace:
		return !shapes(s, i)
	}
	return radical(r) || unicode.In(r, unicode.Zs, unicode.Co, unicode.Noncharacter_Code_Point)
}

func radical(r rune) bool { return unicode.Is(unicode.Radical, r) }

// Nameable reports whether a text may be a name: all of it can be read, is seen, and is what it
// looks like. Names are what people tell things by: titles of agencies, datasets, fields and
// purposes, names of places, of levels and of questions. It holds where a name comes in; what was
// recorded before is read as it is, and shown as Visible shows it.
func Nameable(s string) bool {
	_, _, found := disguised(s)
	return Readable(s) && !found
}

// disguised returns the first character that no name may have, and where it stands, from 0.
func disguised(s string) (at int, r rune, found bool) {
	all := []rune(s)
	for i, r := range all {
		if hides(all, i) || deceives(all, i) {
			return i, r, true
		}
	}
	return 0, 0, false
}

// CheckName refuses a text that may be no name, as NotText or NameDisguised, with what it is the
// name of. Every room calls it where a name comes in.
func CheckName(of, s string) error {
	if !Readable(s) {
		return Fail(NotText, Args{"name": of}, nil)
	}
	if at, r, found := disguised(s); found {
		return Fail(NameDisguised, Args{"name": of, "value": fmt.Sprintf("%U", r), "position": strconv.Itoa(at + 1)}, nil)
	}
	return nil
}

// SameName reports whether two names look the same, or nearly so: in another width, with another
// space, or with what nobody sees.
func SameName(a, b string) bool { return asSeen(a) == asSeen(b) }

func asSeen(s string) string {
	all := []rune(norm.NFKC.String(s))
	seen := slices.DeleteFunc(all, func(r rune) bool {
		return r == brailleBlank || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
	})
	return strings.Join(strings.Fields(string(seen)), " ")
}
