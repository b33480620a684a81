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

// zipped says what a zip archive is by what it holds.
func zipped(src Source) kind {
	b, err := unzip(src)
	if err != nil {
		return kindBook // opening it tells what is wrong
	}
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
func (b *book) main() (main string, err error) {
	targets, err := b.relations("")
	for _, t := range targets {
		if t.kind != "officeDocument" {
			continue
		}
		if main != "" {
			return "", doubt{"two parts of one kind", t.kind}
		}
		main = t.part
	}
	if main != "" || err != nil {
		return main, err
	}
	for _, name := range []string{"xl/workbook.xml", "xl/workbook.bin"} {
		if b.file(name) != nil {
			return name, nil
		}
	}
	return "", nil
}

// sheet is one sheet of a workbook.
type sheet struct {
	name   string
	part   string // its name in the archive
	hidden bool
	table  bool // and no chart
}

// book is an open workbook (ECMA-376).
type book struct {
	zip    *zip.Reader
	files  map[string]*zip.File // by partName
	twice  string               // a name that stands twice; "" if none does
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
	b, err := unzip(src)
	if err == nil {
		err = b.undoubted(src)
	}
	if err != nil {
		return nil, broken(0, err)
	}
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
	if d, ok := errors.AsType[doubt](err); ok {
		return text.Fail(text.FileAmbiguous, text.Args{"reason": d.reason, "what": text.Short(d.what)}, err)
	}
	return text.Fail(text.FileDamaged, text.Args{"line": line(row + 1), "reason": "damaged workbook"}, err)
}

// part opens a part of the workbook, which has at most the given number of bytes, and whose
// elements are of the given namespaces.
func (b *book) part(name string, most int64, spaces []string) (*tokens, error) {
	f := b.file(name)
	if f == nil {
		return nil, io.ErrUnexpectedEOF
	}
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	return newTokens(in, most, spaces), nil
}

// target is what a part refers to.
type target struct{ kind, part string }

// relations reads what the ids of a part refer to; "" is the archive itself.
func (b *book) relations(of string) (map[string]target, error) {
	name := "_rels/.rels"
	if of != "" {
		name = path.Join(path.Dir(of), "_rels", path.Base(of)+".rels")
	}
	if b.file(name) == nil {
		return nil, nil
	}
	t, err := b.part(name, maxPart, listSpaces)
	if err != nil {
		return nil, err
	}
	defer t.close()
	all := map[string]target{}
	for {
		start, err := t.start()
		if err != nil {
			return all, unlessEnd(err)
		}
		if start.Name.Local != "Relationship" {
			continue
		}
		id := attr(start, "Id")
		if _, twice := all[id]; twice {
			return nil, doubt{"an id twice", id}
		}
		if all[id] = targetOf(of, start); len(all) > 10*maxSheets {
			return nil, errBomb
		}
	}
}

// targetOf reads a relation of a part. Its kind is a word for the kinds that are read.
func targetOf(of string, start xml.StartElement) target {
	t := target{kind: attr(start, "Type")}
	for _, space := range officeSpaces {
		if kind, ok := strings.CutPrefix(t.kind, space+"/"); ok {
			t.kind = kind
		}
	}
	name := strings.ReplaceAll(attr(start, "Target"), `\`, "/")
	if !strings.HasPrefix(name, "/") {
		name = path.Join("/", path.Dir(of), name)
	}
	if attr(start, "TargetMode") != "External" {
		t.part = path.Clean(name)[1:]
	}
	return t
}

// list reads which sheets there are.
func (b *book) list(main string) error {
	t, err := b.part(main, maxPart, sheetSpaces)
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
			on, known := flag(attr(start, "date1904"))
			if !known {
				return doubt{"a value that programs read differently", "date1904"}
			}
			if on {
				b.day0 = 1904
			}
		case "sheet":
			if err := b.add(start); err != nil {
				return err
			}
		}
	}
}

// flag reads a value that is true or false; known is false for any other text.
func flag(s string) (on, known bool) {
	switch s {
	case "1", "true":
		return true, true
	case "", "0", "false":
		return false, true
	}
	return false, false
}

// add takes a sheet into the list. Two sheets of one name, or of one part, are refused.
func (b *book) add(start xml.StartElement) error {
	to := b.targets[attr(start, "id", officeSpaces...)]
	s := sheet{name: attr(start, "name"), part: to.part}
	if state := attr(start, "state"); state != "" && state != "visible" {
		s.hidden = true
	}
	if len(s.name) > maxName {
		return errBomb
	}
	for _, other := range b.sheets {
		if strings.EqualFold(other.name, s.name) {
			return doubt{"two sheets of one name", s.name}
		}
		if partName(other.part) == partName(s.part) {
			return doubt{"a part of two sheets", s.name}
		}
	}
	switch to.kind {
	case "worksheet":
		s.table = true
	case "chartsheet", "dialogsheet":
	default:
		if !strings.HasPrefix(to.kind, "http://schemas.microsoft.com/") { // of a macro
			return io.ErrUnexpectedEOF
		}
	}
	if b.sheets = append(b.sheets, s); len(b.sheets) > maxSheets {
		return errBomb
	}
	return nil
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

// inspectBook chooses the sheet, the one that is named or the only one with data, and reads it once
// whole.
func inspectBook(src Source, w Wish) (Taken, error) {
	b, err := openBook(src)
	if err != nil {
		return Taken{}, err
	}
	s, taken, err := b.choose(w)
	if err == nil {
		taken.found.merges, err = b.inspect(s)
	}
	if err != nil {
		return Taken{}, err
	}
	return taken, nil
}

// choose returns the sheet to read.
func (b *book) choose(w Wish) (chosen sheet, taken Taken, err error) {
	var shown []sheet
	var names, hidden, pivots, all []string
	for _, s := range b.sheets {
		if !s.table {
			continue
		}
		all = append(all, s.name)
		if w.Sheet != "" && s.name != w.Sheet {
			continue
		}
		pivot, err := b.pivot(s)
		if err != nil {
			return sheet{}, Taken{}, broken(0, err)
		}
		full, err := b.full(s)
		switch {
		case err != nil:
			return sheet{}, Taken{}, err
		case pivot:
			pivots = append(pivots, s.name)
		case w.Sheet != "":
			return s, Taken{Format: XLSX, Sheet: s.name, found: &found{part: s.part}}, nil
		case !full:
		case s.hidden:
			hidden = append(hidden, s.name)
		default:
			shown, names = append(shown, s), append(names, s.name)
		}
	}
	switch {
	case len(pivots) > 0 && len(shown) == 0:
		return sheet{}, Taken{}, text.Fail(text.SheetPivot, text.Args{"sheet": pivots[0]}, nil)
	case w.Sheet != "":
		return sheet{}, Taken{}, text.Fail(text.SheetUnknown, text.Args{"sheet": text.Short(w.Sheet), "sheets": few(all)}, nil)
	case len(shown) > 1:
		return sheet{}, Taken{}, text.Fail(text.SheetNeeded, text.Args{"sheets": few(names)}, nil)
	case len(shown) == 0 && len(hidden) > 0:
		return sheet{}, Taken{}, text.Fail(text.SheetHidden, text.Args{"sheets": few(hidden)}, nil)
	case len(shown) == 0:
		return sheet{}, Taken{}, otherKind(kindEmpty)
	}
	return shown[0], Taken{Format: XLSX, Sheet: shown[0].name, Hidden: few(hidden), found: &found{part: shown[0].part}}, nil
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

// openSheet opens the sheet that Inspect has chosen, which is told by its part.
func openSheet(src Source, t Taken) (*Reader, error) {
	b, err := openBook(src)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(b.sheets, func(s sheet) bool { return t.found != nil && s.table && s.part == t.found.part })
	if i < 0 {
		return nil, text.Fail(text.SheetUnknown, text.Args{"sheet": text.Short(t.Sheet), "sheets": ""}, nil)
	}
	r, err := b.rows(b.sheets[i])
	if err != nil {
		return nil, err
	}
	r.merges.coming = t.found.merges
	return &Reader{next: r.next}, nil
}
