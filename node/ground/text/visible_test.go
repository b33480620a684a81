package text

import "testing"

// TestVisible: what shows nothing, or changes how the rest is shown, is seen.
func TestVisible(t *testing.T) {
	for s, want := range map[string]string{
		"民政局":          "民政局",
		"民政局\u3164":    `民政局\u3164`,
		"民政局\u115f":    `民政局\u115f`,
		"南\u202e明区":    `南\u202e明区`,
		"南明区\u2028":    `南明区\u2028`,
		"a\x1b[2J":     `a\x1b[2J`,
		"葛\U000e0100城": "葛\U000e0100城", // a variant of a character, as names have it
		"水务局\ufe00":    `水务局\ufe00`,
		"水务局\u2800":    `水务局\u2800`,
		"☎\ufe0f":      "☎\ufe0f",
		"می\u200cشود":  "می\u200cشود", // as words of Persian are written
		"南\u200c明区":    `南\u200c明区`,
		"\xff":         "\uFFFD",
	} {
		if got := Visible(s); got != want {
			t.Errorf("Visible(%q) = %q, want %q", s, got, want)
		}
	}
}
