package table

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"xietong/node/ground/text"
)

// directoryMost is how much of a zip archive may be read to list what is in it, in bytes: what is
// listed costs about ten times as much memory.
const directoryMost = 2 << 20

var errBomb = errors.New("more than a workbook can have")

// measured reads a Source, and fails when more is read than is left.
type measured struct {
	Source
	left int64
}

func (m *measured) ReadAt(p []byte, at int64) (int, error) {
	if m.left -= int64(len(p)); m.left < 0 {
		return 0, errBomb
	}
	return m.Source.ReadAt(p, at)
}

func unzip(src Source) (*zip.Reader, error) {
	m := &measured{src, directoryMost}
	z, err := zip.NewReader(m, src.Size())
	m.left = 1 << 62
	return z, err
}

// zipped says what a zip archive is by what it holds.
func zipped(src Source) kind {
	z, err := unzip(src)
	if err != nil {
		return kindBook // opening it tells what is wrong
	}
	b := &book{zip: z}
	main, err := b.main()
	switch {
	case err != nil || path.Ext(main) == ".xml" && b.file(main) != nil:
		return kindBook
	case path.Ext(main) == ".bin":
		return kindBinBk
	case b.file("content.xml") != nil:
		return kindODS
	}
	return kindZip
}

// main returns the part of the workbook itself.
func (b *book) main() (string, error) {
	targets, err := b.relations("")
	for _, t := range targets {
		if t.kind == "officeDocument" && strings.Contains(t.part, "workbook") {
			return t.part, err
		}
	}
	for _, name := range []string{"xl/workbook.xml", "xl/workbook.bin"} {
		if b.file(name) != nil {
			return name, err
		}
	}
	return "", err
}

// file returns a file of the archive; nil if there is none. Some programs write the names with
// backslashes, or in another case than they refer to them.
func (b *book) file(name string) *zip.File {
	for _, f := range b.zip.File {
		if strings.EqualFold(strings.ReplaceAll(f.Name, `\`, "/"), name) {
			return f
		}
	}
	return nil
}

// sheet is one sheet of a workbook.
type sheet struct {
	name   string
	part   string // its name in the archive
	hidden bool
}

// book is an open workbook (ECMA-376).
type book struct {
	zip    *zip.Reader
	sheets []sheet
	day0   int // 1904, or else 1900

	targets map[string]target // of the workbook
	shared  *texts            // nil: not read yet
	dates   []bool            // by style
}

func openBook(src Source) (*book, error) {
	if src.Size() > maxBook {
		return nil, tooLarge(maxBook)
	}
	z, err := unzip(src)
	if err != nil {
		return nil, broken(0, err)
	}
	b := &book{zip: z, day0: 1900}
	main, err := b.main()
	if err == nil {
		b.targets, err = b.relations(main)
	}
	if err == nil {
		err = b.list(main)
	}
	if err != nil {
		return nil, broken(0, err)
	}
	return b, nil
}

// broken returns the error of a workbook that cannot be read on.
func broken(row uint64, err error) error {
	if _, told := errors.AsType[*text.Failure](err); told {
		return err
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // nobody may take it for the end
	}
	if errors.Is(err, errBomb) {
		return text.Fail(text.FileTooLarge, text.Args{"what": "a part of the workbook", "limit": strconv.Itoa(maxSheet>>20) + " MiB"}, nil)
	}
	return text.Fail(text.FileDamaged, text.Args{"line": line(row + 1), "reason": "damaged workbook"}, err)
}

// part opens a part of the workbook, which has at most the given number of bytes. A part that is
// not there is empty.
func (b *book) part(name string, most int64) (*tokens, error) {
	f := b.file(name)
	if f == nil {
		return newTokens(io.NopCloser(strings.NewReader("")), most), nil
	}
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	return newTokens(in, most), nil
}

// target is what a part refers to.
type target struct{ kind, part string }

// relations reads what the ids of a part refer to; "" is the archive itself.
func (b *book) relations(of string) (map[string]target, error) {
	name := "_rels/.rels"
	if of != "" {
		name = path.Join(path.Dir(of), "_rels", path.Base(of)+".rels")
	}
	t, err := b.part(name, maxPart)
	if err != nil {
		return nil, err
	}
	defer t.close()
	all := map[string]target{}
	for {
		start, err := t.start()
		if err != nil || len(all) > 10*maxSheets {
			return all, unlessEnd(err)
		}
		if start.Name.Local == "Relationship" {
			name := attr(start, "Target")
			if !strings.HasPrefix(name, "/") {
				name = path.Join(path.Dir(of), name)
			}
			all[attr(start, "Id")] = target{path.Base(attr(start, "Type")), strings.TrimPrefix(name, "/")}
		}
	}
}

// list reads which sheets there are.
func (b *book) list(main string) error {
	t, err := b.part(main, maxPart)
	if err != nil {
		return err
	}
	defer t.close()
	for {
		start, err := t.start()
		if err != nil {
			return unlessEnd(err)
		}
		switch start.Name.Local {
		case "workbookPr":
			if on := attr(start, "date1904"); on == "1" || on == "true" {
				b.day0 = 1904
			}
		case "sheet":
			s := sheet{name: attr(start, "name"), part: b.targets[attr(start, "id")].part}
			s.hidden = attr(start, "state") == "hidden" || attr(start, "state") == "veryHidden"
			if kind := b.targets[attr(start, "id")].kind; kind != "worksheet" {
				continue // a chart
			}
			if b.sheets = append(b.sheets, s); len(b.sheets) > maxSheets {
				return errBomb
			}
		}
	}
}

// pivot reports whether the sheet has a pivot table.
func (b *book) pivot(s sheet) (bool, error) {
	targets, err := b.relations(s.part)
	for _, t := range targets {
		if t.kind == "pivotTable" {
			return true, err
		}
	}
	return false, err
}

func unlessEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// tokens reads the XML of a part.
type tokens struct {
	in    io.ReadCloser
	xml   *xml.Decoder
	left  int64 // of the part
	token int   // of one token
}

// maxToken is how long one token may be, in bytes.
const maxToken = 1 << 20

func newTokens(in io.ReadCloser, most int64) *tokens {
	t := &tokens{in: in, left: most}
	t.xml = xml.NewDecoder(t)
	return t
}

// Read implements io.Reader for the decoder: a bomb ends here.
func (t *tokens) Read(p []byte) (int, error) {
	n, err := t.in.Read(p[:min(len(p), 4<<10)])
	t.left, t.token = t.left-int64(n), t.token-n
	if t.left < 0 || t.token < 0 {
		return 0, errBomb
	}
	return n, err
}

func (t *tokens) close() { t.in.Close() } // the archive was only read

// next returns the next token, which is valid until the next is read. The error is io.EOF at the
// end.
func (t *tokens) next() (xml.Token, error) {
	t.token = maxToken
	return t.xml.RawToken()
}

// start returns the next start of an element.
func (t *tokens) start() (xml.StartElement, error) {
	for {
		token, err := t.next()
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// inspectBook chooses the sheet: the one that is named, or the only one with data.
func inspectBook(src Source, w Wish) (Taken, error) {
	b, err := openBook(src)
	if err != nil {
		return Taken{}, err
	}
	taken := Taken{Format: XLSX}
	var shown, hidden, pivots, all []string
	for _, s := range b.sheets {
		all = append(all, s.name)
		if w.Sheet != "" && s.name != w.Sheet {
			continue
		}
		pivot, err := b.pivot(s)
		if err != nil {
			return Taken{}, broken(0, err)
		}
		full, err := b.full(s)
		switch {
		case err != nil:
			return Taken{}, err
		case pivot:
			pivots = append(pivots, s.name)
		case w.Sheet != "":
			taken.Sheet = s.name
			return taken, nil
		case !full:
		case s.hidden:
			hidden = append(hidden, s.name)
		default:
			shown = append(shown, s.name)
		}
	}
	taken.Hidden = strings.Join(hidden, ", ")
	switch {
	case len(pivots) > 0 && len(shown) == 0:
		return Taken{}, text.Fail(text.SheetPivot, text.Args{"sheet": pivots[0]}, nil)
	case w.Sheet != "":
		return Taken{}, text.Fail(text.SheetUnknown, text.Args{"sheet": text.Short(w.Sheet), "sheets": strings.Join(all, ", ")}, nil)
	case len(shown) > 1:
		return Taken{}, text.Fail(text.SheetNeeded, text.Args{"sheets": strings.Join(shown, ", ")}, nil)
	case len(shown) == 0 && len(hidden) > 0:
		return Taken{}, text.Fail(text.SheetHidden, text.Args{"sheets": strings.Join(hidden, ", ")}, nil)
	case len(shown) == 0:
		return Taken{}, otherKind(kindEmpty)
	}
	taken.Sheet = shown[0]
	return taken, nil
}

// full reports whether the sheet has a row.
func (b *book) full(s sheet) (bool, error) {
	r, err := b.rows(s)
	if err != nil {
		return false, err
	}
	defer r.xml.close()
	_, err = r.next()
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, err
}

func openSheet(src Source, name string) (*Reader, error) {
	b, err := openBook(src)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(b.sheets, func(s sheet) bool { return s.name == name })
	if i < 0 {
		return nil, text.Fail(text.SheetUnknown, text.Args{"sheet": text.Short(name), "sheets": ""}, nil)
	}
	r, err := b.rows(b.sheets[i])
	if err != nil {
		return nil, err
	}
	if r.merges.coming, err = b.merged(b.sheets[i]); err != nil {
		return nil, errors.Join(broken(0, err), r.xml.in.Close())
	}
	return &Reader{next: r.next}, nil
}
