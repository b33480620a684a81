package rows

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"io"
	"unicode/utf8"
)

// Reader reads the records of a file. One goroutine may use it at a time.
type Reader struct {
	schema *Schema
	next   func() (map[string]any, error) // the decoded row, *Bad, io.EOF, or the error that ends the file
	row    uint64
	seen   map[[16]byte]struct{} // keys so far
	ended  error
}

// NewReader returns a reader of the file.
func NewReader(r io.Reader, f Format, s *Schema) *Reader {
	reader := &Reader{schema: s, seen: map[[16]byte]struct{}{}}
	if f == CSV {
		reader.next = csvRows(r, s)
	} else {
		reader.next = jsonRows(r)
	}
	return reader
}

// Row returns the number of the row that was read last, counted from 1. A header is not counted.
func (r *Reader) Row() uint64 { return r.row }

// Next returns the next record. The error is io.EOF at the end, and a *Bad for a refused row, after
// which the caller can read on. Any other error ends the file; it wraps ErrFile, unless the
// io.Reader itself failed.
func (r *Reader) Next() (Record, error) {
	if r.ended != nil {
		return Record{}, r.ended
	}
	object, err := r.next()
	refused, isBad := errors.AsType[*Bad](err)
	if err != nil && !isBad {
		r.ended = err
		return Record{}, err
	}
	if r.row++; r.row > MaxRows {
		r.ended = badFile("more than %d rows", MaxRows)
		return Record{}, r.ended
	}
	if isBad {
		refused.Row = r.row
		return Record{}, refused
	}
	record, err := r.schema.record(object)
	if err == nil {
		err = r.first(record.Key)
	}
	if refused, isBad := errors.AsType[*Bad](err); isBad {
		refused.Row = r.row
	}
	if err != nil {
		return Record{}, err
	}
	return record, nil
}

// first refuses a key that an earlier row has. It keeps 16 bytes of a hash of each key.
func (r *Reader) first(key []byte) error {
	sum := sha256.Sum256(key)
	short := [16]byte(sum[:16])
	if _, twice := r.seen[short]; twice {
		return bad(r.schema.key, "duplicate key")
	}
	r.seen[short] = struct{}{}
	return nil
}

// jsonRows reads JSON Lines. Blank lines are skipped.
func jsonRows(r io.Reader) func() (map[string]any, error) {
	lines := bufio.NewScanner(withoutMark(r))
	lines.Buffer(make([]byte, 0, 4<<10), MaxRecordLen+2)
	return func() (map[string]any, error) {
		for lines.Scan() {
			line := bytes.TrimSpace(lines.Bytes())
			if len(line) == 0 {
				continue
			}
			object, refused := decodeObject(line)
			if refused != nil {
				return nil, refused
			}
			return object, nil
		}
		if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
			return nil, badFile("a line is longer than %d bytes", MaxRecordLen)
		} else if err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
}

// withoutMark skips the byte order mark that spreadsheets put before UTF-8.
func withoutMark(r io.Reader) *bufio.Reader {
	b := bufio.NewReaderSize(r, 64<<10)
	if mark, err := b.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		b.Discard(3)
	}
	return b
}

// bounded ends a CSV with a row that is too long, before the csv package has read the whole row
// into memory.
type bounded struct {
	r    io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left, 4<<10)])
	b.left -= n
	return n, err
}

var errTooLong = badFile("a row is longer than %d bytes; is a quotation mark not closed?", MaxRecordLen)

// csvRows reads CSV.
func csvRows(r io.Reader, s *Schema) func() (map[string]any, error) {
	limit := &bounded{r: withoutMark(r)}
	c := csv.NewReader(limit)
	c.ReuseRecord, c.FieldsPerRecord = true, -1
	var header []Field
	return func() (map[string]any, error) {
		if header == nil {
			limit.left = 2 * MaxRecordLen
			names, err := c.Read()
			if err == nil {
				header, err = s.header(names)
			} else if errors.Is(err, io.EOF) {
				err = badFile("no header line")
			}
			if err != nil {
				return nil, fileError(err)
			}
		}
		limit.left = 2 * MaxRecordLen // the csv package reads up to 4 KiB ahead
		cells, err := c.Read()
		if err != nil {
			return nil, fileError(err)
		}
		return s.cells(header, cells)
	}
}

// fileError returns the error that ends a CSV.
func fileError(err error) error {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		if errors.Is(parse.Err, errTooLong) {
			return errTooLong
		}
		return badFile("line %d: %v", parse.Line, parse.Err)
	}
	return err
}

// header looks up the fields of a CSV's columns.
func (s *Schema) header(names []string) ([]Field, error) {
	fields := make([]Field, len(names))
	seen := map[string]bool{}
	for i, name := range names {
		f, ok := s.byName[name]
		if !ok || seen[name] {
			return nil, badFile("column %d of the header is no field of the dataset, or is there twice", i+1)
		}
		fields[i], seen[name] = f, true
	}
	if !seen[s.key] {
		return nil, badFile("the header has no column for the key %s", s.key)
	}
	return fields, nil
}

// cells turns the cells of a row into a decoded record.
func (s *Schema) cells(header []Field, cells []string) (map[string]any, error) {
	if len(cells) != len(header) {
		return nil, bad("", "columns")
	}
	object := make(map[string]any, len(cells))
	for i, text := range cells {
		f := header[i]
		switch {
		case !utf8.ValidString(text):
			return nil, bad(f.Name, "not UTF-8")
		case text == "" && !(f.Type == String && f.required && !f.Nullable):
			continue
		}
		v, refused := f.cell(text)
		if refused != nil {
			return nil, refused
		}
		object[f.Name] = v
	}
	return object, nil
}
