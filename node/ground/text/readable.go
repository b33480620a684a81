package text

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Readable reports whether a text may be recorded: it is UTF-8, and has neither control characters,
// except tabs and line breaks, nor U+FFFD, which stands where a text was lost before. What is
// recorded stays for ever, and Go's decoder of JSON puts U+FFFD for whatever it cannot read, such
// as GBK.
func Readable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r'
	})
}

// Recordable refuses a text that may not be recorded, as NotText with its name. Every room calls it
// where a free text of a statement comes in, whoever wrote it.
func Recordable(name, s string) error {
	if !Readable(s) {
		return Fail(NotText, Args{"name": name}, nil)
	}
	return nil
}

// Unreadable returns the path of a text in a decoded JSON value, or of a name in it, that may not
// be recorded, such as purposes/0/title; false: there is none.
func Unreadable(v any, path string) (where string, found bool) {
	switch v := v.(type) {
	case string:
		return path, !Readable(v)
	case []any:
		for i, item := range v {
			if where, found := Unreadable(item, below(path, strconv.Itoa(i))); found {
				return where, true
			}
		}
	case map[string]any:
		for name, item := range v {
			if !Readable(name) {
				return below(path, "?"), true
			}
			if where, found := Unreadable(item, below(path, name)); found {
				return where, true
			}
		}
	}
	return "", false
}

func below(path, name string) string { return strings.TrimPrefix(path+"/"+name, "/") }
