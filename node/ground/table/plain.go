package table

import (
	"bytes"
	"io"
)

// Plain returns the text of a small file that is no table, such as a catalogue entry, in UTF-8 and
// without a mark. Its encoding is judged as that of a table is. The error is a *text.Failure.
func Plain(data []byte) ([]byte, error) {
	src := bytes.NewReader(data)
	name, err := judge(src, Wish{})
	if err != nil {
		return nil, err
	}
	r, err := decoded(src, name)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
