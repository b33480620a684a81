package text

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// syntaxError is a place at which bytes are no JSON.
type syntaxError struct {
	line, column int    // of the character, counted from 1
	found        string // the character
	kind         syntaxKind
}

type syntaxKind int

const (
	wrongCharacter syntaxKind = iota
	wrongBeginning            // nothing of it is JSON
	somethingMore             // behind the value
)

func (e *syntaxError) Error() string {
	switch {
	case e.kind == wrongBeginning:
		return fmt.Sprintf("it is no JSON: it begins with %q", e.found)
	case e.kind == somethingMore:
		return fmt.Sprintf("line %d, column %d: something follows the JSON value", e.line, e.column)
	case plainMarks[e.found] != "":
		return fmt.Sprintf("line %d, column %d: %q is a Chinese mark, where JSON has \"%s\"", e.line, e.column, e.found, plainMarks[e.found])
	}
	return fmt.Sprintf("line %d, column %d: %q must not stand there", e.line, e.column, e.found)
}

// plainMarks are the marks of JSON, by those that a Chinese input method gives for them.
var plainMarks = map[string]string{
	"，": ",", "：": ":", "“": `"`, "”": `"`, "｛": "{", "｝": "}", "［": "[", "］": "]", "【": "[", "】": "]", "＂": `"`,
}

// syntax returns where data is no JSON, in lines and characters; nil: it ends too early, or err
// says another thing.
func syntax(data []byte, err *json.SyntaxError) error {
	at := int(err.Offset) - 1
	if at < 0 || at >= len(data) || strings.Contains(err.Error(), "unexpected end") || !strings.Contains(err.Error(), "invalid character") ||
		strings.Contains(err.Error(), "max depth") {
		return nil
	}
	line := bytes.Count(data[:at], []byte("\n"))
	begun := data[bytes.LastIndexByte(data[:at], '\n')+1 : at]
	r, size := utf8.DecodeRune(data[at:])
	out := &syntaxError{line: line + 1, column: utf8.RuneCount(begun) + 1, found: string(r)}
	switch {
	case r == utf8.RuneError && size < 2:
		return nil
	case strings.Contains(err.Error(), "after top-level value"):
		out.kind = somethingMore
	case len(bytes.TrimSpace(data[:at])) == 0 || !bytes.ContainsAny(data[:at], "{[\""):
		out.kind, out.found = wrongBeginning, firstWord(data)
	}
	return out
}

// Malformed returns what a text has, up to the character that is no JSON where it stands, with the
// mark that JSON has there if it is a Chinese one. until is "" where the text ends too early, or is
// JSON.
func Malformed(data []byte) (until, mark string) {
	var wrong *json.SyntaxError
	var v any
	if !errors.As(json.Unmarshal(data, &v), &wrong) {
		return "", ""
	}
	if syntax(data, wrong) == nil {
		return "", ""
	}
	r, size := utf8.DecodeRune(data[wrong.Offset-1:])
	const most = 24
	before := []rune(strings.TrimSpace(string(data[:int(wrong.Offset)-1+size])))
	if until = string(before[max(0, len(before)-most):]); len(before) > most {
		until = "…" + until
	}
	return until, plainMarks[string(r)]
}

// firstWord returns the beginning of a text, up to a space.
func firstWord(data []byte) string {
	word, _, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
	word, _, _ = strings.Cut(word, " ")
	const most = 12
	if r := []rune(word); len(r) > most {
		word = string(r[:most]) + "…"
	}
	return word
}
