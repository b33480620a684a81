package text

import "testing"

func TestTwice(t *testing.T) {
	for data, want := range map[string]string{
		`{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}`: "", `1`: "", `[]`: "", `{`: "", `{"a":1,"a":`: "",
		`{"a":1,"a":1}`: "a", `{"p":[{"t":1},{"t":1,"x":{},"t":2}]}`: "p/1/t", `[1,[{"a":[],"a":null}]]`: "1/0/a", `{"a":1,"\u0061":2}`: "a",
	} {
		if path, found := Twice([]byte(data)); path != want || found != (want != "") {
			t.Errorf("%s: got %q, %t, want %q", data, path, found, want)
		}
	}
}
