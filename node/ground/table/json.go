package table

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// objectLines reads JSON Lines. Blank lines are skipped.
func objectLines(in *lines) func() (Row, error) {
	return func() (Row, error) {
		for {
			line, err := in.next()
			if err != nil {
				return Row{}, err
			}
			object := bytes.TrimSpace(line.text)
			switch {
			case line.long:
				return Row{Line: line.number, JSON: object, Fault: TooLong}, nil
			case len(object) > 0:
				return Row{Line: line.number, JSON: object}, nil
			}
		}
	}
}

// bytesIn reads a text byte by byte and counts its lines.
type bytesIn struct {
	in   *bufio.Reader
	line uint64
}

func newBytes(r io.Reader) *bytesIn { return &bytesIn{bufio.NewReaderSize(r, 64<<10), 1} }

func (b *bytesIn) next() (byte, error) {
	c, err := b.in.ReadByte()
	if err == nil && c == '\n' {
		b.line++
	}
	return c, err
}

// token returns the next byte that is no space.
func (b *bytesIn) token() (byte, error) {
	for {
		c, err := b.next()
		if err != nil || c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c, err
		}
	}
}

// items reads the elements of one JSON list. It finds where each ends, and leaves it to the caller
// to decode it.
type items struct {
	in    *bytesIn
	begun bool
	item  []byte
}

func (i *items) next() (Row, error) {
	c, err := i.in.token()
	if err == nil && !i.begun {
		if c != '[' {
			return Row{}, damaged(i.in.line, "no list")
		}
		c, err = i.in.token()
		if err == nil && c == ']' {
			return i.end()
		}
	} else if err == nil {
		switch c {
		case ']':
			return i.end()
		case ',':
			c, err = i.in.token()
		default:
			return Row{}, damaged(i.in.line, "no comma")
		}
	}
	i.begun = true
	if err != nil {
		return Row{}, i.cut(err)
	}
	if c == ',' || c == ']' {
		return Row{}, damaged(i.in.line, "no record")
	}
	row := Row{Line: i.in.line}
	long, err := i.value(c)
	if err != nil {
		return Row{}, i.cut(err)
	}
	if row.JSON = i.item; long {
		row.Fault = TooLong
	}
	return row, nil
}

// end is where the list ends: nothing may follow it.
func (i *items) end() (Row, error) {
	if _, err := i.in.token(); err == nil {
		return Row{}, damaged(i.in.line, "more after the list")
	} else if !errors.Is(err, io.EOF) {
		return Row{}, err
	}
	return Row{}, io.EOF
}

func (i *items) cut(err error) error {
	if errors.Is(err, io.EOF) {
		return damaged(i.in.line, "the list is not closed")
	}
	return err
}

// value reads the rest of an element that begins with c.
func (i *items) value(c byte) (long bool, err error) {
	i.item = i.item[:0]
	depth, text, escaped := 0, false, false
	for {
		if long = long || len(i.item) >= MaxRow; !long {
			i.item = append(i.item, c)
		}
		switch {
		case escaped:
			escaped = false
		case text:
			escaped, text = c == '\\', c != '"'
		case c == '"':
			text = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		next, err := i.in.in.Peek(1)
		if err != nil {
			return long, err
		}
		if depth <= 0 && !text && (strings.IndexByte("}]\"", c) >= 0 || strings.IndexByte(" \t\r\n,]", next[0]) >= 0) {
			return long, nil
		}
		if c, err = i.in.next(); err != nil {
			return long, err
		}
	}
}
