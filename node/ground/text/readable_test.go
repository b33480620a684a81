package text

import (
	"encoding/json"
	"testing"
)

// TestReadable holds what may be recorded: no GBK, nothing that was lost before, no
// control character.
func TestReadable(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "民政局": true, "e\u0301": true, "a\nb": true, "𠮷": true,
		"\xc3\xf1\xd5\xfe": false, "民\uFFFD局": false, "\x00": false, "a\tb\r\n": true, "\x1b[31m": false, "a\x07": false, "\u0085": false, "a\x00": false, "\xed\xa0\x80": false,
	} {
		if got := Readable(s); got != want {
			t.Errorf("%q: got %t, want %t", s, got, want)
		}
	}
	for data, want := range map[string]string{
		`{"purposes":[{"code":"t","title":"\u0000"}]}`: "purposes/0/title", "{\"title\":\"\xc8\xcb\"}": "title", `{"a\ud800":1}`: "?", `["x",["\ufffd"]]`: "1/0",
		`{"title":"人口","n":1,"list":["a"]}`: "",
	} {
		var v any
		if err := json.Unmarshal([]byte(data), &v); err != nil {
			t.Fatal(err)
		}
		if got, found := Unreadable(v, ""); got != want || found != (want != "") {
			t.Errorf("%q: got %q, %t, want %q", data, got, found, want)
		}
	}
}
