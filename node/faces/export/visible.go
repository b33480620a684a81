package export

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf16"
)

// VisibleJSON returns JSON in which every character that a terminal obeys is escaped: control
// characters, those that end a line, and those that change the direction of text. They stand in
// texts alone, so that the value is the same. JSON without any is returned as it is.
func VisibleJSON(data []byte) []byte {
	if bytes.IndexFunc(data, obeyed) < 0 {
		return data
	}
	var b bytes.Buffer
	for _, r := range string(data) {
		if !obeyed(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.Bytes()
}

func obeyed(r rune) bool {
	switch r {
	case '\t', '\n', '\r': // between values; in texts they are escaped already
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}
