package api

import (
	"net/http"
	"regexp"
	"testing"

	"xietong/node/ground/text"
)

var (
	englishPhrase = regexp.MustCompile(`[A-Za-z]{2,}(?: [a-z]{2,}){2,}`)
	goWords       = regexp.MustCompile(`map\[|struct\b|\*os\.|strconv|unmarshal|errors\.|%!|&\{|<nil>|panic|goroutine|0x[0-9a-f]{4}`)
	againInVain   = regexp.MustCompile(`重试|再试`)
	shownCommands = regexp.MustCompile(`(GET|POST) \S+|xietong( [^，。；：、）\s]+)*|“[^”]*”|"[^"]*"`)
)

// TestProblemsSpeakChinese sends every wrong request as a Chinese reader: no part of the problem is
// an English sentence or a word of Go, and nobody is sent to try again what is wrong in itself.
func TestProblemsSpeakChinese(t *testing.T) {
	d := open(t)
	for _, w := range wrongs() {
		w.edit = func(r *http.Request) { r.Header.Set("Accept-Language", "zh-CN") }
		p := d.refused(t, w.id+": "+w.what, w.request, w.want)
		parts := []string{p.Title, p.Detail, p.Where, p.Do}
		for _, f := range p.Errors {
			parts = append(parts, f.Detail)
		}
		for _, part := range parts {
			plain := shownCommands.ReplaceAllString(part, "")
			if m := englishPhrase.FindString(plain) + goWords.FindString(plain); m != "" {
				t.Errorf("%s, %s: %q in %q", w.id, w.what, m, part)
			}
			if again := againInVain.FindString(part); again != "" && text.Status(w.want) == http.StatusBadRequest {
				t.Errorf("%s, %s: %q cannot help: %q", w.id, w.what, again, part)
			}
		}
	}
}
