package host

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"xietong/node/ground/book"
)

// A cursor is what a caller brings back; a text that is not the one it was given is none, however
// near it is. Every character is changed into every other one.
func TestTokenThatWasChanged(t *testing.T) {
	h := open(t, t.TempDir())
	defer func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=\n"
	for _, content := range []string{"", "1", "12", "123"} { // each length leaves other spare bits
		token := h.SealToken([]byte(content))
		if got, err := h.OpenToken(token); err != nil || !bytes.Equal(got, []byte(content)) {
			t.Fatalf("got %q, %v, want %q", got, err, content)
		}
		refused := func(changed string) {
			t.Helper()
			if got, err := h.OpenToken(changed); !errors.Is(err, book.ErrToken) {
				t.Errorf("%q for %q: got %q, %v, want none", changed, token, got, err)
			}
		}
		for at := range token {
			refused(token[:at])
			for _, c := range alphabet {
				refused(token[:at] + string(c) + token[at:])
				if changed := token[:at] + string(c) + token[at+1:]; changed != token {
					refused(changed)
				}
			}
		}
		refused(token + "\n")
		refused(strings.Repeat("A", maxTokenLen+1))
	}
}
