package gather

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

// TestLabels checks the labels of values that read alike.
func TestLabels(t *testing.T) {
	for value, want := range map[string]string{
		`null`: `null`, `"null"`: `"null"`, `5`: `5`, `"5"`: `"5"`, `true`: `true`, `"true"`: `"true"`, `"村"`: `村`, `""`: ``, `" "`: ` `,
		`"\"5\""`: `"\"5\""`, `["a"]`: `["a"]`, `"[\"a\"]"`: `"[\"a\"]"`, `"a\nb"`: "a\nb", `"520102"`: `"520102"`, `"<a>"`: `<a>`,
	} {
		if got := Label([]byte(value)); got != want {
			t.Errorf("label of %s: got %s, want %s", value, got, want)
		}
		if got := string(Value(want)); got != value {
			t.Errorf("value of %s: got %s, want %s", want, got, value)
		}
	}
}

// TestEveryTextIsALabel checks that a text that somebody else answers as a label is a value that
// can be told as JSON, and that the label of it is that text.
func TestEveryTextIsALabel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`["\[\]{}nul5: ,\\]{0,6}`)).Draw(t, "text")
		value := Value(text)
		if !json.Valid(value) || Label(value) != text {
			t.Errorf("the label %q is the value %s, whose label is %q", text, value, Label(value))
		}
		whole := Text(text)
		if got := string(Value(Label(whole))); got != string(whole) {
			t.Errorf("the text %s became %s", whole, got)
		}
	})
}
