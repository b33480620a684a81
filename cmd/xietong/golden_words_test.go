package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	englishPhrase = regexp.MustCompile(`[A-Za-z]{2,}(?: [a-z]{2,}){2,}`)
	commandShown  = regexp.MustCompile(`xietong( [^，。；：、）\s]+)*`)
	againInVain   = regexp.MustCompile(`重试|再试|try again`)
)

// TestGoldenSpeaks holds the golden sessions to what the corpus is held to: no English sentence in
// Chinese, nothing that only a programmer reads, and nobody who typed something wrong is sent to
// type it again. Their tables have values of every kind, so that a single word says nothing; what
// the node behind them says is always Chinese.
func TestGoldenSpeaks(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		data, err := os.ReadFile(filepath.Join("testdata", lang+".golden"))
		if err != nil {
			t.Fatal(err)
		}
		for session := range strings.SplitSeq(string(data), "\n$ ") {
			line, said, _ := strings.Cut(session, "\n")
			if strings.Contains(said, "-- exit 2") && againInVain.MatchString(said) {
				t.Errorf("%s, %s: it cannot help to try again:\n%s", lang, line, said)
			}
			for one := range strings.Lines(said) {
				goldenLine(t, lang, line, one)
			}
		}
	}
}

func goldenLine(t *testing.T, lang, line, one string) {
	t.Helper()
	plain := quotedWords.ReplaceAllString(commandShown.ReplaceAllString(one, ""), "")
	if m := goWords.FindString(plain); m != "" {
		t.Errorf("%s, %s: it says %q: %s", lang, line, m, one)
	}
	if m := englishPhrase.FindString(plain); m != "" && lang == "zh" && !strings.HasPrefix(strings.TrimSpace(one), "{") {
		t.Errorf("%s, %s: %q in a Chinese session: %s", lang, line, m, one)
	}
}
