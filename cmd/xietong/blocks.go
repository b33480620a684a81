package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"math"
	"slices"
)

// Bounds of what is read, in bytes. An answer has 16 MiB at most.
const (
	maxPartLine  = 16 << 20
	maxPartBlock = 4 * maxPartLine
	maxBlank     = 1 << 20
)

var (
	errOther   = errors.New("of another question")         // what no command of this question has written
	errDamaged = errors.New("a kept page is damaged")      // what the disk changed
	errAgain   = errors.New("the page is asked for again") // ends the reading of a part
)

// block is what was put on the disk at once: the key of a request, or a page with its rows.
type block struct {
	ask  string
	rows []json.RawMessage
	page *page
	sum  []byte // the line at its end
	end  int64  // where it ends in the file
}

// read reads what is there, and returns where the last block ends that is gone on from; 0: there is
// nothing. Damage to the first line is mended: whose file it is tells the sum of the first block.
func (p *part) read() (end int64, err error) {
	p.since.Write(p.begin)
	err = p.blocks(func(b block) error {
		switch {
		case b.page == nil:
			p.ask, p.asked = b.ask, p.asked+1
		case b.page.Answer.Cursor == "":
			return errAgain
		default:
			p.pages, p.rows, p.ask = append(p.pages, *b.page), p.rows+uint64(len(b.rows)), ""
		}
		end = b.end
		p.since.Reset()
		p.since.Write(b.sum)
		return nil
	})
	p.damaged = errors.Is(err, errDamaged)
	if err != nil && !p.damaged && !errors.Is(err, errAgain) {
		return 0, err
	}
	return p.begins(end)
}

// begins checks the first line of a file whose blocks end there; 0: it has none.
func (p *part) begins(end int64) (int64, error) {
	have := make([]byte, maxBlank)
	n, err := p.file.ReadAt(have, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	have = have[:n]
	switch {
	case bytes.HasPrefix(have, p.begin):
		return max(end, int64(len(p.begin))), nil
	case end > 0:
		_, err := p.file.WriteAt(p.begin, 0)
		return end, err
	case n < maxBlank && bytes.HasPrefix(p.begin, bytes.TrimRight(have, "\x00")): // a loss of power leaves zeros
		p.damaged = false
		return 0, nil
	}
	return 0, errOther
}

// blocks calls each with every block that is whole, from the beginning. It ends where one is cut
// short, as an interruption leaves it. For what else is no block, it returns errDamaged.
func (p *part) blocks(each func(block) error) error {
	since := sha256.New()
	since.Write(p.begin)
	begin := int64(len(p.begin))
	b := block{end: begin}
	s := bufio.NewScanner(io.NewSectionReader(p.file, begin, math.MaxInt64-begin))
	s.Buffer(nil, maxPartLine)
	s.Split(wholeLines)
	for s.Scan() {
		b.end += int64(len(s.Bytes()))
		if !bytes.HasPrefix(s.Bytes(), []byte(`{"sum":`)) {
			since.Write(s.Bytes())
			if !b.add(s.Bytes()) || b.end-begin > maxPartBlock {
				return errDamaged
			}
			continue
		}
		if !bytes.Equal(s.Bytes(), sumLine(since)) || b.ask == "" && b.page == nil {
			return errDamaged
		}
		b.sum = slices.Clone(s.Bytes())
		if err := each(b); err != nil {
			return err
		}
		since.Reset()
		since.Write(b.sum)
		begin, b = b.end, block{end: b.end}
	}
	if err := s.Err(); !errors.Is(err, bufio.ErrTooLong) {
		return err
	}
	return errDamaged
}

// add adds a line to a block, and reports whether it may stand there.
func (b *block) add(data []byte) bool {
	var line partLine
	if json.Unmarshal(data, &line) != nil || b.ask != "" || b.page != nil {
		return false
	}
	switch {
	case line.Ask != "" && len(b.rows) == 0:
		b.ask = line.Ask
	case line.Row != nil:
		b.rows = append(b.rows, line.Row)
	case line.Page != nil && line.Page.Answer != nil && line.Rows == len(b.rows):
		b.page = line.Page
	default:
		return false
	}
	return true
}

// wholeLines splits lines, with their ends. A line that is cut short is left out; what no
// interruption leaves there, such as zeros, is a line.
func wholeLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && bytes.ContainsFunc(data, func(r rune) bool { return r < ' ' }) {
		return len(data), data, nil
	}
	if atEOF {
		return len(data), nil, nil
	}
	return 0, nil, nil
}

// each calls each with every record, and the page that it came with. A record is given when its
// whole page was found undamaged.
func (p *part) each(each func(of page, record json.RawMessage) error) error {
	n, rows := 0, uint64(0)
	err := p.blocks(func(b block) error {
		if b.page == nil {
			return nil
		}
		if n == len(p.pages) {
			return errDamaged
		}
		for _, row := range b.rows {
			if err := each(p.pages[n], row); err != nil {
				return err
			}
		}
		n, rows = n+1, rows+uint64(len(b.rows))
		return nil
	})
	if err == nil && n < len(p.pages) {
		err = errDamaged
	}
	if errors.Is(err, errDamaged) {
		p.rows = rows // these are kept
	}
	return err
}
