package table

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
)

// physical is one line of a file, without its end.
type physical struct {
	text   []byte
	end    string // LF, CR LF or CR; "" at the end of the file
	number uint64
	long   bool // the text is only its beginning
}

// lines reads the lines of a text. A line ends with LF, CR LF or CR, also where a file has several
// of them: so spreadsheets and editors show it.
type lines struct {
	in     *bufio.Reader
	number uint64
	back   []physical // lines to read again, the next one last
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, 64<<10)} }

// next returns the next line; the error is io.EOF after the last.
func (l *lines) next() (physical, error) {
	if n := len(l.back); n > 0 {
		p := l.back[n-1]
		l.back = l.back[:n-1]
		return p, nil
	}
	return l.read()
}

func (l *lines) read() (p physical, err error) {
	l.number++
	p.number = l.number
	for begun := false; ; begun = true {
		if _, err := l.in.Peek(1); errors.Is(err, io.EOF) && begun {
			return p, nil
		} else if err != nil {
			return p, err
		}
		part, _ := l.in.Peek(l.in.Buffered()) // what is buffered is there
		n := bytes.IndexAny(part, "\r\n")
		ends := n >= 0
		if !ends {
			n = len(part)
		}
		if p.long = p.long || len(p.text)+n > MaxRow; !p.long {
			p.text = append(p.text, part[:n]...)
		}
		_, _ = l.in.Discard(n)
		if ends {
			p.end = l.lineEnd()
			return p, nil
		}
	}
}

// lineEnd reads the end of a line, which is there.
func (l *lines) lineEnd() string {
	end, _ := l.in.ReadByte()
	if next, err := l.in.Peek(1); end == '\r' && err == nil && next[0] == '\n' {
		_, _ = l.in.Discard(1)
		return "\r\n"
	}
	return string(rune(end))
}

// unread gives lines back, to be read again.
func (l *lines) unread(read []physical) {
	slices.Reverse(read)
	l.back = append(l.back, read...)
}

// splitter reads the rows of CSV (RFC 4180) with any delimiter.
type splitter struct {
	in    *lines
	comma string
	p     parsed
}

// next returns the next row that is not empty.
func (s *splitter) next() (Row, error) {
	for {
		row, err := s.row()
		if err != nil || row.Fault != Good || slices.ContainsFunc(row.Cells, func(c Cell) bool { return strings.TrimSpace(c.Text) != "" }) {
			return row, err
		}
	}
}

// row reads one row. Where a quotation mark that was opened is not closed, or is closed within a
// cell of a later line, one is missing in the first line: that line is one bad row, and reading
// goes on after it.
func (s *splitter) row() (Row, error) {
	line, err := s.in.next()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: line.number}
	s.p.start(s.comma)
	s.p.add(line.text)
	var more []physical
	end := line.end
	size, fault := len(line.text), faultOf(line.long, &s.p)
	for fault == Good && s.p.within {
		next, err := s.in.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return Row{}, err
		}
		if err == nil {
			more = append(more, next)
		}
		if size += len(end) + len(next.text); err != nil || next.long || size > MaxRow {
			fault = OpenQuote
			break
		}
		s.p.add([]byte(end)) // it is of the cell, and stays as the file has it
		s.p.add(next.text)
		end = next.end
		if s.p.bare {
			fault = OpenQuote
		}
	}
	if fault == OpenQuote {
		s.in.unread(more)
		s.p.start(s.comma)
		s.p.add(line.text)
	}
	row.Cells, row.Fault = s.p.finish(), fault
	if len(row.Cells) > MaxCells {
		row.Cells, row.Fault = row.Cells[:MaxCells], TooLong
	}
	return row, nil
}

func faultOf(long bool, p *parsed) Fault {
	switch {
	case long:
		return TooLong
	case p.bare:
		return BareQuote
	}
	return Good
}

// parsed is a row that is being taken apart.
type parsed struct {
	comma  string
	cells  []Cell
	cell   []byte
	within bool // a quotation mark is open
	quoted bool // the cell had one, which was closed
	begun  bool // the cell has something
	bare   bool // a quotation mark stood within a cell
}

func (p *parsed) start(comma string) { *p = parsed{comma: comma, cells: p.cells[:0], cell: p.cell[:0]} }

// add goes on with a part of the row, at the end of which no quotation mark is cut off from one
// that would double it.
func (p *parsed) add(part []byte) {
	for len(part) > 0 {
		switch {
		case p.within:
			part = p.inside(part)
		case bytes.HasPrefix(part, []byte(p.comma)):
			p.end()
			part = part[len(p.comma):]
		case part[0] == '"' && !p.begun:
			p.within, p.begun = true, true
			part = part[1:]
		default:
			p.bare = p.bare || part[0] == '"' || p.quoted
			p.begun = true
			n := p.plain(part)
			p.cell = append(p.cell, part[:n]...)
			part = part[n:]
		}
	}
}

// plain returns how many bytes of a part are of the cell: at least one, and up to the delimiter or
// a quotation mark.
func (p *parsed) plain(part []byte) int {
	n := len(part)
	if comma := bytes.Index(part, []byte(p.comma)); comma >= 0 {
		n = comma
	}
	if mark := bytes.IndexByte(part[1:n], '"'); mark >= 0 {
		n = mark + 1
	}
	return n
}

// inside reads up to the quotation mark that closes the cell.
func (p *parsed) inside(part []byte) []byte {
	mark := bytes.IndexByte(part, '"')
	switch {
	case mark < 0:
		p.cell = append(p.cell, part...)
		return nil
	case mark+1 < len(part) && part[mark+1] == '"':
		p.cell = append(p.cell, part[:mark+1]...)
		return part[mark+2:]
	}
	p.cell = append(p.cell, part[:mark]...)
	p.within, p.quoted = false, true
	return part[mark+1:]
}

func (p *parsed) end() {
	p.cells = append(p.cells, Cell{Text: string(p.cell)})
	p.cell, p.quoted, p.begun = p.cell[:0], false, false
}

func (p *parsed) finish() []Cell {
	p.end()
	return p.cells
}
