package roster

import (
	"cmp"
	_ "embed" // the table is part of the binary
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// traditional lists the characters that occur in the names of China's divisions and have other
// forms, each followed by those forms: "县 縣". It is derived from TSCharacters.txt of OpenCC
// (github.com/BYVoid/OpenCC, Apache License 2.0), of which it holds what the names need. A form
// that occurs in a name itself is left out (the 乾 of 乾县 is not 干).
//
//go:embed traditional.txt
var traditional string

var simplified = sync.OnceValue(func() map[rune]rune {
	of := map[rune]rune{}
	for line := range strings.Lines(traditional) {
		simple, others, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, other := range others {
			of[other] = []rune(simple)[0]
		}
	}
	return of
})

// Fold returns a name in the one spelling in which typed names are compared: letters and digits
// alone, in half width and lower case, without accents, with traditional characters simplified. So
// "南 明區", "Nan-ming" and "Ｎａｎｍíｎｇ" become 南明区, nanming and nanming.
func Fold(s string) string {
	if !plain(s) {
		s = norm.NFKD.String(s)
	}
	return strings.Map(folded, s)
}

// plain reports whether a text is of ASCII and common Chinese characters alone, which have one
// form.
func plain(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c > unicode.MaxASCII && !han(c) }) < 0
}

func han(c rune) bool { return c >= 0x4e00 && c <= 0x9fff }

// folded returns a character as Fold has it; -1: not at all.
func folded(c rune) rune {
	switch accent := c >= 0x300 && c <= 0x36f; {
	case han(c):
		return cmp.Or(simplified()[c], c)
	case accent, !unicode.In(c, unicode.L, unicode.M, unicode.Nd):
		return -1
	}
	return cmp.Or(simplified()[unicode.ToLower(c)], unicode.ToLower(c))
}

// The lengths of the codes of GB/T 2260 and of the codes of the statistics office, which go on with
// three digits for a township and three for a village.
const (
	codeLen     = 6
	townshipLen = codeLen + 3
	villageLen  = townshipLen + 3
)

// key is Fold, in which a code that goes on with zeros only is the code of the county.
func key(s string) string {
	k := Fold(s)
	if countyOf(k) == "" {
		return k
	}
	for len(k) > codeLen && strings.HasSuffix(k, "000") {
		k = k[:len(k)-3]
	}
	return k
}

// generics end the Chinese names of places and say what kind of place it is; what ends with another
// of them stands before that.
var generics = []string{
	"特别行政区", "行政委员会", "自治区", "自治州", "自治县", "自治旗", "行委", "地区", "林区", "特区", "新区", "省", "市", "区", "县", "州", "盟", "旗",
}

// autonomous are the generics that an official short name shortens to one character (威宁县).
var autonomous = []string{"自治区", "自治州", "自治县", "自治旗"}

// words end English names as generics do.
var words = map[string]bool{
	"province": true, "municipality": true, "city": true, "prefecture": true, "county": true, "district": true, "banner": true,
	"league": true, "region": true, "area": true, "committee": true, "administrative": true, "autonomous": true, "special": true,
	"new": true, "joint": true, "forestry": true,
}

// proper returns the keys of the place's own names.
func (p Place) proper() []string { return keys(p.called()...) }

// all returns every key of the place.
func (p Place) all() []string { return slices.Concat(p.proper(), p.loose(), keys(p.Code)) }

// loose returns the keys of the texts that people use as well: the label, and the names without
// what says the kind of place, or with the longer word for it (南明, Nanming, 威宁自治县).
func (p Place) loose() []string {
	whole, short := Fold(p.DisplayName), Fold(p.ShortName)
	bare := withoutGeneric(short)
	all := []string{p.Name.Label().String(), bare, withoutGeneric(whole), withoutWords(p.EnglishName)}
	for _, generic := range autonomous {
		if bare != "" && strings.HasSuffix(whole, generic) {
			all = append(all, bare+generic)
		}
	}
	return keys(all...)
}

func keys(texts ...string) (all []string) {
	for _, s := range texts {
		if k := key(s); k != "" {
			all = append(all, k)
		}
	}
	return all
}

func withoutGeneric(name string) string {
	for _, g := range generics {
		if bare, ok := strings.CutSuffix(name, g); ok {
			return bare
		}
	}
	return ""
}

func withoutWords(english string) string {
	all := strings.Fields(english)
	for len(all) > 1 && words[strings.ToLower(all[len(all)-1])] {
		all = all[:len(all)-1]
	}
	return strings.Join(all, " ")
}
