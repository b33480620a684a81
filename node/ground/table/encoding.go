package table

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	utf16 "golang.org/x/text/encoding/unicode"

	"xietong/node/ground/text"
)

// Encodings are the encodings that can be named.
var Encodings = []string{"utf-8", "gb18030", "big5", "shift-jis", "utf-16le", "utf-16be"}

// alike are other names of encodings. GB18030 holds all of GBK and GB 2312.
var alike = map[string]string{
	"utf8": "utf-8", "utf-8-sig": "utf-8", "gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "ansi": "gb18030", "big-5": "big5", "cp950": "big5",
	"sjis": "shift-jis", "shift_jis": "shift-jis", "cp932": "shift-jis", "utf16le": "utf-16le", "utf16be": "utf-16be", "utf-16": "utf-16le",
}

// encoding returns the encoding that was named; "" if none was.
func (w Wish) encoding() (string, error) {
	name := strings.ToLower(strings.TrimSpace(w.Encoding))
	if other, ok := alike[name]; ok {
		name = other
	}
	for _, known := range append(Encodings, "") {
		if name == known {
			return name, nil
		}
	}
	return "", unknownWish("encoding", w.Encoding, strings.Join(Encodings, ", "))
}

func codec(name string) encoding.Encoding {
	switch name {
	case "gb18030":
		return simplifiedchinese.GB18030
	case "big5":
		return traditionalchinese.Big5
	case "shift-jis":
		return japanese.ShiftJIS
	case "utf-16le":
		return utf16.UTF16(utf16.LittleEndian, utf16.IgnoreBOM)
	case "utf-16be":
		return utf16.UTF16(utf16.BigEndian, utf16.IgnoreBOM)
	}
	return encoding.Nop
}

var marks = []struct{ bytes, encoding string }{{"\xef\xbb\xbf", "utf-8"}, {"\xff\xfe", "utf-16le"}, {"\xfe\xff", "utf-16be"}, {"\x84\x31\x95\x33", "gb18030"}}

// marked returns the encoding that the mark at the beginning tells, and the length of the mark.
func marked(head []byte) (name string, length int) {
	for _, m := range marks {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return m.encoding, len(m.bytes)
		}
	}
	return "", 0
}

// raw returns a reader of the bytes of a file.
func raw(src Source) io.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(src, 0, src.Size()), 64<<10)
}

// decoded returns a reader of the text of a file, in UTF-8 and without a mark.
func decoded(src Source, name string) (io.Reader, error) {
	head, err := headOf(src)
	if err != nil {
		return nil, err
	}
	r := raw(src)
	if of, length := marked(head); of == name {
		if _, err := io.CopyN(io.Discard, r, int64(length)); err != nil {
			return nil, err
		}
	}
	if name == "utf-8" {
		return r, nil
	}
	return codec(name).NewDecoder().Reader(r), nil
}

// judge finds the encoding of a file of text, or checks the one that was named or is marked.
func judge(src Source, w Wish) (string, error) {
	name, err := w.encoding()
	if err != nil {
		return "", err
	}
	head, err := headOf(src)
	if err != nil {
		return "", err
	}
	if of, _ := marked(head); name == "" {
		name = of
	}
	if name != "" {
		return name, whole(src, name)
	}
	seen, err := survey(raw(src))
	switch {
	case err != nil:
		return "", err
	case seen.nuls*10 >= seen.bytes && seen.nuls > 0:
		return "", wide(seen)
	case seen.nuls > 0 && seen.invalid > 0:
		return "", otherKind(kindBinary)
	case seen.invalid == 0 && seen.either() && !isJSON(head):
		return w.among(head, "short UTF-8", "utf-8", "gb18030")
	case seen.invalid == 0 && seen.pairs+seen.longer == 0:
		return "utf-8", modified(src)
	case seen.invalid == 0:
		return "utf-8", nil
	}
	return foreign(src, head, w, seen)
}

// among returns the one of several encodings in which words stand that the file should have. Where
// they stand in none, or in several, it asks.
func (w Wish) among(head []byte, reason string, may ...string) (found string, err error) {
	for _, name := range may {
		decoded, _ := codec(name).NewDecoder().Bytes(head) // its end may cut a character
		if !slices.ContainsFunc(w.Words, func(word string) bool { return telling(word) && strings.Contains(string(decoded), word) }) {
			continue
		}
		if found != "" {
			return "", unsure(reason, may...)
		}
		found = name
	}
	if found == "" {
		return "", unsure(reason, may...)
	}
	return found, nil
}

// telling reports whether a word tells an encoding: it has two characters that are not ASCII.
func telling(word string) bool {
	n := 0
	for _, c := range word {
		if c >= utf8.RuneSelf {
			n++
		}
	}
	return n >= 2
}

// isJSON reports whether the text begins as JSON does, which is UTF-8 (RFC 8259 §8.1).
func isJSON(head []byte) bool {
	text := bytes.TrimLeft(head, " \t\r\n")
	return len(text) > 0 && (text[0] == '{' || text[0] == '[')
}

func line(n uint64) string { return strconv.FormatUint(n, 10) }

// unsure asks which encoding it is.
func unsure(reason string, may ...string) error {
	return text.Fail(text.EncodingUnsure, text.Args{"encodings": strings.Join(may, ", "), "reason": reason}, nil)
}

// wide asks about a file with many NUL bytes: it is UTF-16 without its mark.
func wide(seen surveyed) error {
	if seen.oddNuls*2 > seen.nuls {
		return unsure("no mark", "utf-16le")
	}
	return unsure("no mark", "utf-16be")
}

// foreign judges a file that is not UTF-8. Text of Big5 and Shift-JIS decodes as GB18030 too, into
// rare characters: GB18030 is taken where most of it is common Chinese.
func foreign(src Source, head []byte, w Wish, seen surveyed) (string, error) {
	var may []string
	for _, name := range []string{"gb18030", "big5", "shift-jis"} {
		if err := whole(src, name); err == nil {
			may = append(may, name)
		} else if !isBroken(err) {
			return "", err
		}
	}
	common := seen.common*10 >= seen.double*9
	switch {
	case len(may) > 0 && may[0] == "gb18030" && (common || len(may) == 1):
		return "gb18030", nil
	case len(may) > 0:
		return w.among(head, "not common Chinese", may...)
	}
	return "", text.Fail(text.EncodingBroken, text.Args{"line": line(seen.invalid), "encoding": "utf-8", "reason": "no encoding fits"}, nil)
}

func isBroken(err error) bool {
	f, ok := errors.AsType[*text.Failure](err)
	return ok && f.Code == text.EncodingBroken
}

// whole checks that all of the file is text of the encoding. U+FFFD that stands in UTF-8 was there
// before, and is a matter of its row.
func whole(src Source, name string) error {
	r, err := decoded(src, name)
	if err != nil {
		return err
	}
	in, at := bufio.NewReaderSize(r, 64<<10), uint64(1)
	for {
		c, size, err := in.ReadRune()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case c == utf8.RuneError && size == 1:
			return text.Fail(text.EncodingBroken, text.Args{"line": line(at), "encoding": name, "reason": "other bytes"}, nil)
		case c == utf8.RuneError && name != "utf-8":
			return unread(src, name, at)
		case c == '\n':
			at++
		}
	}
}

// unread refuses a file of which the decoder made U+FFFD. It makes one of a character that was lost
// before, and stands there as U+FFFD in the encoding itself, and of bytes that are not of the
// encoding, as where another one is named.
func unread(src Source, name string, at uint64) error {
	reason := "other bytes"
	if lost, err := codec(name).NewEncoder().Bytes([]byte("\uFFFD")); err == nil {
		found, err := holds(raw(src), lost)
		if err != nil {
			return err
		}
		if found {
			reason = "lost characters"
		}
	}
	return text.Fail(text.EncodingBroken, text.Args{"line": line(at), "encoding": name, "reason": reason}, nil)
}

// holds reports whether the bytes stand in what is read.
func holds(r io.Reader, wanted []byte) (bool, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		window, err := in.Peek(len(wanted))
		switch {
		case bytes.Equal(window, wanted):
			return true, nil
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		}
		in.Discard(1)
	}
}

// surveyed is what one pass over the bytes of a file finds.
type surveyed struct {
	bytes, nuls, oddNuls uint64
	invalid              uint64 // the line of the first byte that is not UTF-8
	pairs, longer        uint64 // sequences of two bytes of UTF-8, and of more
	two                  twice
	double, common       uint64 // characters of two bytes in GB18030, and those of GB 2312
}

// either reports whether a text that is UTF-8 may as well be a few words of Chinese in GB18030.
func (s *surveyed) either() bool { return s.pairs > 0 && s.longer == 0 && s.two.chinese(s.pairs) }

// survey reads a file as UTF-8 and as GB18030 at once.
func survey(r io.Reader) (s surveyed, err error) {
	in, at := bufio.NewReaderSize(r, 64<<10), uint64(1)
	var gb halves
	defer func() { s.two.end() }()
	for {
		window, err := in.Peek(utf8.UTFMax)
		if len(window) == 0 {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return s, err
		}
		c, size := utf8.DecodeRune(window)
		switch {
		case c == 0:
			s.nuls, s.oddNuls = s.nuls+1, s.oddNuls+s.bytes&1
		case c == '\n':
			at++
		case c == utf8.RuneError && size == 1:
			s.invalid = cmp.Or(s.invalid, at)
		case size == 2:
			s.pairs++
		case size > 2:
			s.longer++
		}
		if s.longer == 0 && s.invalid == 0 {
			s.two.add(window[:size])
		}
		for _, b := range window[:size] {
			gb.add(b, &s)
		}
		s.bytes += uint64(size)
		in.Discard(size)
	}
}

// halves counts the characters of two bytes, a byte at a time.
type halves struct {
	lead byte // 0: none
	skip int  // bytes of a character of four
}

func (h *halves) add(b byte, s *surveyed) {
	switch {
	case h.skip > 0:
		h.skip--
	case h.lead == 0 && b >= 0x81 && b < 0xff:
		h.lead = b
	case h.lead != 0 && b >= '0' && b <= '9':
		h.lead, h.skip = 0, 2
	case h.lead != 0:
		s.double++
		if b >= 0xa1 && (h.lead >= 0xb0 && h.lead <= 0xf7 || h.lead >= 0xa1 && h.lead <= 0xa3) {
			s.common++
		}
		h.lead = 0
	}
}

var utf7 = regexp.MustCompile(`\+([A-Za-z0-9+/]*)-?`)

// leastShifted is how many Han characters a file in UTF-7 has at least. CPU+RAM and other words
// with a plus sign are some too, by chance.
const leastShifted = 4

// modified refuses a file of ASCII alone that is Chinese in UTF-7: every plus sign in it begins Han
// characters, or stands for itself.
func modified(src Source) error {
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(raw(src), head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	han := 0
	for _, m := range utf7.FindAllSubmatchIndex(head[:n], -1) {
		more := shifted(string(head[m[2]:m[3]]))
		if more == 0 && m[3] > m[2] && m[1] < len(head) { // a run at the end may go on
			return nil
		}
		han += more
	}
	if han < leastShifted || isJSON(head[:n]) {
		return nil
	}
	return otherKind(kindUTF7)
}

// shifted returns how many characters a run of base64 has if it is Han characters in UTF-16 and
// nothing else.
func shifted(run string) (han int) {
	b, err := base64.RawStdEncoding.Strict().DecodeString(run)
	if err != nil || len(b)%2 != 0 {
		return 0
	}
	for i := 0; i < len(b); i += 2 {
		if c := rune(b[i])<<8 | rune(b[i+1]); !unicode.Is(unicode.Han, c) {
			return 0
		}
	}
	return len(b) / 2
}
