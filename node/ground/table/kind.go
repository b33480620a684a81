package table

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"xietong/node/ground/text"
)

// kind is what a file is by its first bytes. The words are told (text).
type kind string

const (
	kindText   kind = ""
	kindBook   kind = "workbook"
	kindEmpty  kind = "empty"
	kindOld    kind = "an .xls of Excel 97-2003"
	kindLocked kind = "locked"
	kindBinBk  kind = "an .xlsb workbook"
	kindODS    kind = "an .ods workbook"
	kindZip    kind = "a zip archive or another document"
	kindPDF    kind = "a PDF"
	kindWeb    kind = "a web page or XML, whatever its name says"
	kindImage  kind = "a picture"
	kindPacked kind = "a packed file"
	kindBinary kind = "no text"
	kindNoBook kind = "no .xlsx workbook"
	kindUTF7   kind = "text in UTF-7"
)

// magics are the first bytes of files that are no table.
var magics = []struct {
	bytes string
	kind  kind
}{
	{"%PDF-", kindPDF}, {"\x89PNG", kindImage}, {"\xff\xd8\xff", kindImage}, {"GIF8", kindImage}, {"\x1f\x8b", kindPacked}, {"7z\xbc\xaf", kindPacked}, {"Rar!", kindPacked},
}

func headOf(src Source) ([]byte, error) {
	head := make([]byte, 4096)
	n, err := src.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return head[:n], nil
}

func kindOf(src Source, head []byte) kind {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.bytes)) {
			return m.kind
		}
	}
	switch start := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))); {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return zipped(src)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return compound(src)
	case len(start) == 0 && int64(len(head)) == src.Size():
		return kindEmpty
	case bytes.HasPrefix(start, []byte("<html")), bytes.HasPrefix(start, []byte("<!doctype")), bytes.HasPrefix(start, []byte("<?xml")),
		bytes.HasPrefix(start, []byte("<table")), bytes.HasPrefix(start, []byte("<head")), bytes.HasPrefix(start, []byte("<meta")):
		return kindWeb
	}
	return kindText
}

// compound tells a workbook with a password from an .xls: both are compound files (MS-CFB), whose
// directory names the streams in UTF-16.
func compound(src Source) kind {
	const most = 64 << 20
	b := make([]byte, 1<<20)
	wanted := []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
	for at := int64(0); at < min(src.Size(), most); at += int64(len(b) - len(wanted)) {
		n, _ := src.ReadAt(b, at)
		if bytes.Contains(b[:n], wanted) {
			return kindLocked
		}
	}
	return kindOld
}

func otherKind(k kind) error {
	switch k {
	case kindEmpty:
		return text.Fail(text.FileEmpty, nil, nil)
	case kindLocked:
		return text.Fail(text.FileLocked, nil, nil)
	case kindPDF, kindImage, kindPacked, kindZip, kindBinary: // no spreadsheet program opens it
		return text.Fail(text.FileNoTable, text.Args{"what": string(k)}, nil)
	}
	return text.Fail(text.FileKind, text.Args{"what": string(k)}, nil)
}

func tooLarge(limit int64) error {
	return text.Fail(text.FileTooLarge, text.Args{"what": "the file", "limit": strconv.FormatInt(limit>>20, 10) + " MiB"}, nil)
}

func damaged(at uint64, reason string) error {
	return text.Fail(text.FileDamaged, text.Args{"line": line(at), "reason": reason}, nil)
}

// inspectText finds the format and the delimiter of a file of text.
func inspectText(src Source, w Wish, t *Taken) error {
	r, err := decoded(src, t.Encoding)
	if err != nil {
		return err
	}
	beginning, err := io.ReadAll(io.LimitReader(r, 256<<10))
	if err != nil {
		return err
	}
	start := strings.TrimSpace(string(beginning))
	if t.Format == "" {
		t.Format = formatOf(start)
	}
	if t.Format == JSONL && oneObject(start) {
		return text.Fail(text.FileOneObject, nil, nil)
	}
	if t.Format.Objects() {
		return nil
	}
	if t.Delimiter, err = w.delimiter(); err != nil {
		return err
	}
	if t.Delimiter == "" && t.Format == TSV {
		t.Delimiter = "\t"
	}
	if t.Delimiter == "" {
		t.Delimiter = delimiterOf(beginning)
	}
	t.Format = CSV
	if t.Delimiter == "\t" {
		t.Format = TSV
	}
	return nil
}

func formatOf(start string) Format {
	switch {
	case strings.HasPrefix(start, "[") && strings.IndexAny(strings.TrimSpace(start[1:]), "{]") == 0:
		return JSON
	case strings.HasPrefix(start, "{") && (strings.HasPrefix(strings.TrimSpace(start[1:]), `"`) || strings.HasPrefix(strings.TrimSpace(start[1:]), "}")):
		return JSONL
	}
	return CSV
}

// oneObject reports whether the first line begins an object that later lines go on with.
func oneObject(start string) bool {
	first, _, more := strings.Cut(start, "\n")
	return more && strings.TrimSpace(first) == "{"
}

// delimiters are tried in this order; of two that fit alike, the first is taken.
var delimiters = []struct{ name, is string }{
	{"comma", ","}, {"semicolon", ";"}, {"tab", "\t"}, {"|", "|"}, {"full-width comma", "，"},
}

// Delimiters are the signs by which the cells of a file may be divided.
const Delimiters = ",;\t|，"

// delimiter returns the delimiter that was named; "" if none was.
func (w Wish) delimiter() (string, error) {
	var known []string
	for _, d := range delimiters {
		if w.Delimiter == d.is || strings.EqualFold(strings.TrimSpace(w.Delimiter), d.name) || w.Delimiter == `\t` && d.is == "\t" {
			return d.is, nil
		}
		known = append(known, d.name)
	}
	if w.Delimiter == "" {
		return "", nil
	}
	return "", unknownWish("delimiter", w.Delimiter, strings.Join(known, ", "))
}

// delimiterOf finds the delimiter by which the first rows have equally many cells, and the most.
func delimiterOf(beginning []byte) string {
	best, most := ",", 0
	for _, d := range delimiters {
		if fit := fitOf(beginning, d.is); fit > most {
			best, most = d.is, fit
		}
	}
	return best
}

// fitOf returns how well a delimiter divides the first rows: how many rows have the most usual
// number of cells, times how many cells those are beyond one.
func fitOf(beginning []byte, comma string) int {
	s := &splitter{in: newLines(bytes.NewReader(beginning)), comma: comma}
	counts, rows := map[int]int{}, 0
	for rows < 30 {
		row, err := s.next()
		if err != nil {
			break
		}
		counts[len(row.Cells)]++
		rows++
	}
	usual := 1
	for cells, n := range counts {
		if n > counts[usual] || n == counts[usual] && cells > usual {
			usual = cells
		}
	}
	if usual == 1 {
		return 0
	}
	return counts[usual]*1000/rows + min(usual, 100)
}
