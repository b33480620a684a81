package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"slices"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// part is the file in which the pages of a long answer are kept until the last has come, so that
// the same command goes on after an interruption. It is JSON Lines, which only their owner may
// read:
//
//	{"question":"5f2a…"}                                        SHA-256 of what is asked
//	{"ask":"01890a5d-ac96-774b-bcce-b302099a8057"}              before a page that is a use: the key of its request
//	{"sum":"9d3c…"}                                             the end of a block
//	{"row":{"code":"520102016001","name":"纪念塔社区"}}          the rows of a page
//	{"page":{"cursor":"bmV4dA","columns":["code",…],…},"rows":1} after them, with their number
//	{"sum":"04be…"}
//
// A block is what is put on the disk at once: the key of a request, or a page with its rows. The
// SHA-256 at its end is over its lines and the line before them, which is the sum of the block
// before, or the question: so the blocks are a chain, and what the disk changed is no answer. The
// chain is checked when the file is opened and whenever its rows are given. It is no proof against
// whoever writes the file: the file is believed, and so it must be this user's alone (see
// openMine).
//
// What follows the last whole block is cut off when the file is opened, and so is the page at the
// end of the answer: no file is an answer by itself, without a request to the node. The key of a
// page that is asked for again is kept, so that it is the same use. Every page is on the disk
// before it counts and the next is asked for. One command at a time holds the file. What is asked,
// in the first line, includes the node that is asked.
type part struct {
	file    *os.File
	w       *bufio.Writer
	begin   []byte    // the first line
	since   hash.Hash // over the last line that ended a block, and what was written since
	pages   []page
	rows    uint64 // of the pages
	ask     string // the key of the page that did not come; "": none
	asked   int    // keys so far: each is a use, or may be one
	damaged bool   // what follows the pages was damaged on the disk, and is cut off
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
	Rows     int             `json:"rows,omitempty"`
	Sum      string          `json:"sum,omitempty"`
}

const partSuffix = ".part"

// opLock is the operation of the error of a file that cannot be locked.
const opLock = "lock"

// openPart opens the file, or makes it for the question. A file of another question is refused, and
// one that others may have written.
func openPart(path, question string) (*part, error) {
	begin, err := encoded(partLine{Question: question})
	if err != nil {
		return nil, err
	}
	f, err := openMine(path)
	if err != nil {
		return nil, err
	}
	p := &part{file: f, w: bufio.NewWriterSize(f, 1<<20), begin: begin, since: sha256.New()}
	err = tryLock(f)
	if err != nil {
		err = &fs.PathError{Op: opLock, Path: path, Err: err}
	} else {
		err = p.goOn()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return p, nil
}

// goOn reads what is there, cuts off what is no whole block, and begins where nothing is there.
func (p *part) goOn() error {
	end, err := p.read()
	if err == nil {
		err = p.file.Truncate(end)
	}
	if err == nil {
		_, err = p.file.Seek(end, io.SeekStart)
	}
	if err != nil || end > 0 {
		return err
	}
	p.since.Reset()
	return p.write(p.begin)
}

func (p *part) write(data []byte) error {
	p.since.Write(data) // never fails
	_, err := p.w.Write(data)
	return err
}

func (p *part) writeLine(line partLine) error {
	data, err := encoded(line)
	if err == nil {
		err = p.write(data)
	}
	return err
}

// seal ends a block, and puts it on the disk.
func (p *part) seal() error {
	end := sumLine(p.since)
	p.since.Reset()
	return errors.Join(p.write(end), p.w.Flush(), p.file.Sync())
}

// sumLine returns the line that ends a block.
func sumLine(since hash.Hash) []byte {
	return fmt.Appendf(nil, `{"sum":"%x"}`+"\n", since.Sum(nil))
}

// asking notes the key of the page that is asked for next.
func (p *part) asking(key string) error {
	if key == p.ask { // it is the one that did not come
		return nil
	}
	if err := errors.Join(p.writeLine(partLine{Ask: key}), p.seal()); err != nil {
		return err
	}
	p.ask = key
	p.asked++
	return nil
}

// take keeps a page. It counts when it is on the disk.
func (p *part) take(got page) error {
	answer := *got.Answer
	rows := answer.Rows
	for _, row := range rows {
		if err := p.writeLine(partLine{Row: row}); err != nil {
			return err
		}
	}
	if answer.Rows = nil; len(p.pages) > 0 {
		answer.Columns = nil // those of the first page
	}
	got.Answer = &answer
	if err := errors.Join(p.writeLine(partLine{Page: &got, Rows: len(rows)}), p.seal()); err != nil {
		return err
	}
	p.pages, p.rows, p.ask = append(p.pages, got), p.rows+uint64(len(rows)), ""
	return nil
}

// last returns the answer of the last page that came; nil: none did.
func (p *part) last() *client.Answer {
	if len(p.pages) == 0 {
		return nil
	}
	return p.pages[len(p.pages)-1].Answer
}

func (p *part) close() { _ = p.file.Close() } // what counts is on the disk

// kept is an error after which the same command goes on.
type kept struct {
	err  error
	file string
	rows uint64
	last *client.Answer // of the last page that came; nil: none
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
	return &kept{err, file, p.rows, p.last()}
}

func (k *kept) do() (text.Code, text.Args) {
	args := text.Args{"file": k.file, "count": fmt.Sprint(k.rows)}
	if noSpace(k.err) {
		return text.CLIPartFull, args
	}
	if k.last != nil && k.last.Unfinished {
		return text.CLIPagesKept, looking(k.last, args)
	}
	return text.CLIPartKept, args
}
