package scalar

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "a\tb\r\nc": "a\tb\r\nc", "e\u0301": "é", "é": "é", "\u212b": "Å", "ﬁ": "ﬁ", "Ａ": "Ａ", "가": "가", "\u1100\u1161": "가", "葛\U000e0100": "葛\U000e0100",
	} {
		if got, reason := Text(in); got != want || reason != "" {
			t.Errorf("%+q: got %+q, %s, want %+q", in, got, reason, want)
		}
	}
	for in, want := range map[string]string{
		"a\u200b": "character U+200B", "\x00": "character U+0000", "\ufffd": "character U+FFFD", "\xff": "character U+FFFD", "\u202eb\u0007": "character U+202E",
	} {
		if got, reason := Text(in); got != "" || reason != want {
			t.Errorf("%+q: got %+q, %q, want %q", in, got, reason, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for in, want := range map[string]string{
		"1e999999999": "number too large", "1e-999999999": "number too small", strings.Repeat("9", 39): "number too long", "x": "type", "": "type",
	} {
		if d, reason := Number(in); !d.IsZero() || reason != want {
			t.Errorf("%.40s: got %s, %q, want %q", in, d, reason, want)
		}
	}
	if d, reason := Number("1.50"); d.String() != "1.5" || reason != "" {
		t.Errorf("got %s, %q", d, reason)
	}
}

// FuzzText checks that a text that is taken is composed, stays as it is when it is taken again, and
// is no more than three times as long.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"e\u0301", "\u0344", "\u0958", strings.Repeat("\u0300", 40), "a\u200b", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, reason := Text(s)
		if reason != "" {
			return
		}
		again, reason := Text(text)
		if again != text || reason != "" || !norm.NFC.IsNormalString(text) || !Composed(text) || !utf8.ValidString(text) || len(text) > 3*len(s) {
			t.Errorf("%+q: became %+q and then %+q, %s", s, text, again, reason)
		}
	})
}
