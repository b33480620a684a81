package export

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// objects writes JSON and JSON Lines. A value that a row does not have is left out; null is
// written. Characters that a terminal obeys are escaped, since records come from others.
type objects struct {
	w                  *bufio.Writer
	names              [][]byte // of the columns, as JSON with a colon
	begin, after, last string
	rows               int
}

func newObjects(to io.Writer, columns []string, begin, after, last string) Writer {
	o := &objects{w: bufio.NewWriter(to), begin: begin, after: after, last: last}
	for _, name := range columns {
		o.names = append(o.names, append(quoteJSON(name), ':'))
	}
	o.w.WriteString(begin) // an error stays, and Close returns it
	return o
}

// quoteJSON returns a text as JSON, in which only what must be is escaped.
func quoteJSON(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a text can be encoded
	return VisibleJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

func (o *objects) Write(row Row) error {
	if o.rows > 0 && o.begin != "" {
		o.w.WriteString(o.after)
	}
	o.rows++
	o.w.WriteByte('{')
	members := 0
	for i, value := range row {
		if value == nil {
			continue
		}
		if members++; members > 1 {
			o.w.WriteByte(',')
		}
		o.w.Write(o.names[i])
		o.w.Write(VisibleJSON(value))
	}
	if o.w.WriteByte('}'); o.begin == "" {
		o.w.WriteString(o.after)
	}
	if _, err := o.w.Write(nil); err != nil {
		return fmt.Errorf("write row: %w", err)
	}
	return nil
}

func (o *objects) Discard() {}

func (o *objects) Close() error {
	o.w.WriteString(o.last)
	if err := o.w.Flush(); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	return nil
}
