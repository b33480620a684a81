package export

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

// TestVisibleJSON (S29c): the value is the same, and a terminal obeys nothing of it.
func TestVisibleJSON(t *testing.T) {
	const hostile = "a\u009b2J\u0085\x7f\u202egnp.\u2066\u2028\u061c\u200f民\U0001F600 \t\n"
	for _, v := range []any{hostile, map[string]any{hostile: []any{hostile, 1.5, nil}}, json.RawMessage(`{"x":"` + "\u202e\u009b" + `"}`)} {
		data, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		shown := VisibleJSON(data)
		if i := strings.IndexFunc(string(shown), func(r rune) bool {
			return r != '\n' && unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
		}); i >= 0 {
			t.Errorf("byte %d of %q is obeyed", i, shown)
		}
		var before, after any
		if err := json.Unmarshal(data, &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(shown, &after); err != nil {
			t.Fatal(err)
		}
		if got, _ := json.Marshal(after); string(got) != string(must(json.Marshal(before))) {
			t.Errorf("got %s of %s", got, data)
		}
	}
	if plain := []byte(`{"名":"民 é"}`); string(VisibleJSON(plain)) != string(plain) {
		t.Error("plain JSON was changed")
	}
}

// TestObjectsAreVisible: so are rows that are written as JSON, names and values.
func TestObjectsAreVisible(t *testing.T) {
	var b strings.Builder
	w := newObjects(&b, []string{"a\u202e"}, "", "\n", "")
	if err := w.Write(Row{json.RawMessage("\"\u009b\"")}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), `{"a\u202e":"\u009b"}`+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}
