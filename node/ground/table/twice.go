package table

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// distinctPairs is of how many characters a text of UTF-8 is longer than a short one. Of the common
// characters of GB 2312 not one in five has two bytes that are UTF-8: that so many different ones
// do, and no other stands beside them, does not happen.
const distinctPairs = 12

// twice looks at the characters of two bytes of a text that is UTF-8, each of which may be one of
// GB18030, too: 女 in GBK is Ů. It tells apart what nobody writes in one of them.
type twice struct {
	han    uint64           // that are Han in GB18030
	common uint64           // of these, those of GB 2312
	worded uint64           // Latin letters in words
	other  bool             // one is no Latin letter
	seen   map[[2]byte]bool // until there are distinctPairs
	word   word
}

// add adds the next character.
func (t *twice) add(char []byte) {
	c, size := utf8.DecodeRune(char)
	if size == 2 {
		if t.seen == nil {
			t.seen = map[[2]byte]bool{}
		}
		if len(t.seen) < distinctPairs {
			t.seen[[2]byte(char)] = true
		}
		t.read(char)
		t.other = t.other || !isLatin(c)
	}
	if size == 1 && unicode.IsLetter(c) || size == 2 && isLatin(c) {
		t.word.add(c)
		return
	}
	t.end()
}

// isLatin reports whether a character of two bytes is a letter of a language of today.
func isLatin(c rune) bool { return c >= 'À' && c <= 'ɏ' && unicode.IsLetter(c) }

// read counts what two bytes are in GB18030.
func (t *twice) read(pair []byte) {
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(pair)
	if c, size := utf8.DecodeRune(out); err == nil && size == len(out) && unicode.Is(unicode.Han, c) {
		t.han++
		if pair[1] >= 0xa1 {
			t.common++
		}
	}
}

// end ends a word.
func (t *twice) end() {
	if w := t.word; !w.mixed && w.ascii >= 2 && w.two <= w.ascii {
		t.worded += w.two
	}
	t.word = word{}
}

// chinese reports whether all the pairs may be Chinese in GB18030: they are few, most of them are
// common Han there, and they are not the letters of words in a Latin script.
func (t *twice) chinese(pairs uint64) bool {
	latin := !t.other && t.worded*2 >= pairs
	return t.han == pairs && t.common*4 >= pairs*3 && len(t.seen) < distinctPairs && !latin
}

// word is a word as far as it was read. Chinese beside letters, such as VIP女, is no word: its case
// changes in the middle, or it ends with a capital.
type word struct {
	ascii, two uint64 // letters
	mixed      bool   // small and capital letters stand as in no word
	capital    bool   // the letter before was one
	last       bool   // the letter before was a capital of two bytes
}

func (w *word) add(c rune) {
	upper, letters := unicode.IsUpper(c), w.ascii+w.two
	if c < utf8.RuneSelf {
		if w.ascii++; w.last {
			w.two++
		}
		w.capital, w.last = upper, false
		return
	}
	w.mixed = w.mixed || w.last || letters > 0 && upper && !w.capital || letters > 1 && !upper && w.capital
	if w.capital, w.last = upper, upper; !upper {
		w.two++
	}
}
