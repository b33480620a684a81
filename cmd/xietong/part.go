package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// part is the file in which the pages of a long answer are kept until the last has come, so that
// the same command goes on after an interruption. It is JSON Lines, which only their owner may
// read:
//
//	{"question":"5f2a…"}                                        SHA-256 of what is asked
//	{"ask":"01890a5d-ac96-774b-bcce-b302099a8057"}              before a page that is a use: the key of its request
//	{"row":{"code":"520102016001","name":"纪念塔社区"}}          its rows
//	{"page":{"cursor":"bmV4dA","columns":["code","name"],…}}    after them
//
// What follows the last whole page is cut off when the file is opened, and so is the page at the
// end of the answer: no file is an answer by itself, without a request to the node. The key of a
// page that is asked for again is kept, so that it is the same use. Every page is on the disk
// before the next is asked for. One command at a time holds the file.
//
// The file is believed, and so it must be this user's alone: see openMine. What is asked, in the
// first line, includes the node that is asked.
type part struct {
	file  *os.File
	w     *bufio.Writer
	pages []page
	rows  uint64
	ask   string // the key of the page that did not come; "": none
	asked int    // keys so far: each is a use, or may be one
}

// page is what an answer tells beside its rows.
type page struct {
	From   string         `json:"from,omitempty"` // who answered, where many were asked
	Title  string         `json:"title,omitempty"`
	Sum    string         `json:"sum,omitempty"`   // SHA-256 of its rows, where they have a key
	Answer *client.Answer `json:"answer"`          // without its rows
	Period client.Period  `json:"period,omitzero"` // of a list that has one
}

type partLine struct {
	Question string          `json:"question,omitempty"`
	Ask      string          `json:"ask,omitempty"`
	Row      json.RawMessage `json:"row,omitempty"`
	Page     *page           `json:"page,omitempty"`
}

const (
	partSuffix  = ".part"
	maxPartLine = 16 << 20 // bytes
)

// openPart opens the file, or makes it for the question. A file of another question is refused, and
// one that others may have written.
func openPart(path, question string) (*part, error) {
	f, err := openMine(path)
	if err != nil {
		return nil, err
	}
	p := &part{file: f, w: bufio.NewWriterSize(f, 1<<20)}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	end, err := p.read(question)
	if err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil && end == 0 {
		err = p.write(partLine{Question: question})
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

// errOther is returned for what no command of this question has written.
var errOther = errors.New("of another question")

// read reads what is there, and returns where the last whole page ends.
func (p *part) read(question string) (end int64, err error) {
	at, rows := int64(0), uint64(0)
	var last cutPage
	err = p.lines(func(line partLine, size int) error {
		at += int64(size)
		switch {
		case line.Question != "" && line.Question != question, line.Question == "" && end == 0, line.Page != nil && line.Page.Answer == nil:
			return errOther
		case line.Question != "":
			end = at
		case line.Ask != "":
			p.ask, rows = line.Ask, 0
			p.asked++
		case line.Row != nil:
			rows++
		case line.Page != nil:
			last = cutPage{end, p.rows, p.ask}
			p.pages, p.rows, p.ask, end = append(p.pages, *line.Page), p.rows+rows, "", at
			rows = 0
		}
		return nil
	})
	if n := len(p.pages); err == nil && n > 0 && p.pages[n-1].Answer.Cursor == "" { // it is asked for again
		p.pages, p.rows, p.ask, end = p.pages[:n-1], last.rows, last.ask, last.begins
	}
	return end, err
}

// cutPage is where the last page begins, with the rows before it, and the key of its request.
type cutPage struct {
	begins int64
	rows   uint64
	ask    string
}

// lines calls each with every whole line from the beginning. A line that is cut short ends it.
func (p *part) lines(each func(line partLine, size int) error) error {
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s := bufio.NewScanner(p.file)
	s.Buffer(nil, maxPartLine)
	s.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, data[:i+1], nil
		}
		if atEOF {
			return len(data), nil, nil // cut short
		}
		return 0, nil, nil
	})
	for s.Scan() {
		var line partLine
		if json.Unmarshal(s.Bytes(), &line) != nil {
			return errOther
		}
		if err := each(line, len(s.Bytes())); err != nil {
			return err
		}
	}
	return s.Err()
}

func (p *part) write(line partLine) error {
	data, err := encoded(line)
	if err == nil {
		_, err = p.w.Write(data)
	}
	return err
}

// flush puts what was written on the disk.
func (p *part) flush() error { return errors.Join(p.w.Flush(), p.file.Sync()) }

// asking notes the key of the page that is asked for next.
func (p *part) asking(key string) error {
	if key == p.ask { // it is the one that did not come
		p.asked--
	}
	p.ask = key
	p.asked++
	return errors.Join(p.write(partLine{Ask: key}), p.flush())
}

// take keeps a page.
func (p *part) take(got page) error {
	answer := *got.Answer
	for _, row := range answer.Rows {
		if err := p.write(partLine{Row: row}); err != nil {
			return err
		}
	}
	p.rows += uint64(len(answer.Rows))
	if answer.Rows = nil; len(p.pages) > 0 {
		answer.Columns = nil // those of the first page
	}
	got.Answer = &answer
	p.pages, p.ask = append(p.pages, got), ""
	return errors.Join(p.write(partLine{Page: &got}), p.flush())
}

// each calls each with every record, and the page that it came with.
func (p *part) each(each func(of page, record json.RawMessage) error) error {
	n := 0
	return p.lines(func(line partLine, _ int) error {
		switch {
		case line.Row != nil && n < len(p.pages):
			return each(p.pages[n], line.Row)
		case line.Page != nil:
			n++
		}
		return nil
	})
}

func (p *part) close() { _ = p.file.Close() } // what counts is on the disk

// kept is an error after which the same command goes on.
type kept struct {
	err  error
	file string
	rows uint64
}

func (k *kept) Error() string { return k.err.Error() }
func (k *kept) Unwrap() error { return k.err }

// asPart returns an error of the pages as a problem for a person.
func asPart(err error, file string, p *part) error {
	problem, ok := errors.AsType[*client.Problem](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errOther), ok && slices.Contains([]text.Code{text.BadCursor, text.CursorNotOfList}, text.Code(problem.Code)):
		return text.Fail(text.PagesOther, text.Args{"file": file}, nil)
	case p == nil:
		return err
	}
	return &kept{err, file, p.rows}
}

func (k *kept) do() (text.Code, text.Args) {
	return text.CLIPartKept, text.Args{"file": k.file, "count": fmt.Sprint(k.rows)}
}
