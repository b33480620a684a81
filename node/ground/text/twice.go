package text

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Twice returns the path of a member that stands twice in a JSON value, such as purposes/0/title;
// false: none does. Of two such members, Go's decoder takes the last without a word. What is no
// JSON is left to a decoder to refuse.
func Twice(data []byte) (path string, found bool) {
	if !json.Valid(data) {
		return "", false
	}
	return twice(json.NewDecoder(bytes.NewReader(data)), "")
}

func twice(d *json.Decoder, at string) (path string, found bool) {
	open, err := d.Token()
	if err != nil || open != json.Delim('{') && open != json.Delim('[') {
		return "", false
	}
	seen := map[string]bool{}
	for n := 0; d.More(); n++ {
		below := at + strconv.Itoa(n)
		if open == json.Delim('{') {
			name, _ := d.Token()
			text, _ := name.(string)
			if below = at + text; seen[text] {
				return below, true
			}
			seen[text] = true
		}
		if path, found = twice(d, below+"/"); found {
			return path, true
		}
	}
	_, _ = d.Token() // the end: the value is JSON
	return "", false
}
