package gather

import (
	"encoding/json"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// TestLabels checks the labels of values that read alike.
func TestLabels(t *testing.T) {
	for value, want := range map[string]string{
		`null`: `null`, `"null"`: `"null"`, `5`: `5`, `"5"`: `"5"`, `true`: `true`, `"true"`: `"true"`, `"村"`: `村`, `""`: ``, `" "`: ` `,
		`"\"5\""`: `"\"5\""`, `["a"]`: `["a"]`, `"[\"a\"]"`: `"[\"a\"]"`, `"a\nb"`: "a\nb", `"520102"`: `"520102"`, `"<a>"`: `<a>`,
	} {
		if got := Label([]byte(value)); got != want || !spelled(want) {
			t.Errorf("label of %s: got %s, want %s", value, got, want)
		}
		if got := string(Value(want)); got != value {
			t.Errorf("value of %s: got %s, want %s", want, got, value)
		}
	}
}

// TestEveryTextHasALabel checks that no two texts have one label, that none has that of another
// value, and that any text that somebody else answers can be told as JSON.
func TestEveryTextHasALabel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`["\[\]{}nul5: ,\\]{0,6}`)).Draw(t, "text")
		label := Label(Text(text))
		if got := string(Value(label)); got != string(Text(text)) || !spelled(label) {
			t.Errorf("the text %q became %s", text, got)
		}
		if !json.Valid(Value(text)) {
			t.Errorf("the label %q cannot be told: %s", text, Value(text))
		}
	})
}

// TestOtherSpellings checks that no jurisdiction tells one value as two groups.
func TestOtherSpellings(t *testing.T) {
	m := Measure{Function: Count, By: []By{{Field: "c"}}}
	for _, label := range []string{`"a"`, `5.0`, `5e0`, ` 5`, `[1, 2]`, `""`, `"村"`} {
		if err := CheckGroups(m, []Group{{Values: []string{label}, Count: 1}}); !errors.Is(err, ErrSum) {
			t.Errorf("a group labelled %s: got %v", label, err)
		}
	}
	for _, label := range []string{`a`, `5`, `"5"`, `[1,2]`, ``, `村`, `007`, `5.0.0`} {
		if err := CheckGroups(m, []Group{{Values: []string{label}, Count: 1}}); err != nil {
			t.Errorf("a group labelled %s: %v", label, err)
		}
	}
}
