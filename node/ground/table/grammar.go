package table

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// Namespaces of the parts of a workbook (ECMA-376): of the usual form, and of the strict one.
var (
	sheetSpaces  = []string{"http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"}
	listSpaces   = []string{"http://schemas.openxmlformats.org/package/2006/relationships"}
	officeSpaces = []string{"http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://purl.oclc.org/ooxml/officeDocument/relationships"}
)

// places are the elements that are read, and in which elements they stand; "" is the part itself.
// Anywhere else they are refused, since programs differ in whether they read them there.
var places = wordsOf(map[string]string{
	"workbook": "", "workbookPr": "workbook", "sheets": "workbook", "sheet": "sheets",
	"worksheet": "", "sheetViews": "worksheet", "sheetView": "sheetViews", "sheetFormatPr": "worksheet", "cols": "worksheet", "col": "cols", "sheetData": "worksheet", "row": "sheetData", "c": "row", "f": "c", "v": "c", "is": "c",
	"mergeCells": "worksheet", "mergeCell": "mergeCells",
	"sst": "", "si": "sst", "r": "is si", "rPh": "is si", "t": "is si r rPh",
	"styleSheet": "", "numFmts": "styleSheet", "numFmt": "numFmts dxf", "cellXfs": "styleSheet", "xf": "cellXfs cellStyleXfs",
	"Relationships": "", "Relationship": "Relationships",
})

// closed are the elements in which nothing stands but what is read, and what is named here.
var closed = wordsOf(map[string]string{
	"sheets": "", "cols": "", "sheetData": "", "row": "extLst", "c": "extLst", "v": "", "f": "", "t": "", "is": "phoneticPr", "si": "phoneticPr", "rPh": "",
	"mergeCells": "", "sst": "extLst", "numFmts": "", "cellXfs": "", "Relationships": "",
})

// wordsOf divides lists at their spaces; the empty list is one of "".
func wordsOf(lists map[string]string) map[string][]string {
	all := map[string][]string{}
	for name, list := range lists {
		all[name] = strings.Split(list, " ")
	}
	return all
}

// once are the elements that a part has once.
var once = []string{"workbook", "workbookPr", "sheets", "worksheet", "sheetViews", "sheetFormatPr", "cols", "sheetData", "mergeCells", "sst", "styleSheet", "numFmts", "cellXfs", "Relationships"}

// inSheet is the order in which a sheet has what is read of it. What stands behind the rows and
// says how they are shown would come too late for them, and some programs obey it there.
var inSheet = []string{"sheetViews", "sheetFormatPr", "cols", "sheetData", "mergeCells"}

// Limits of one part.
const (
	maxToken = 1 << 20 // bytes of one token
	maxAttrs = 256     // of an element
	maxOpen  = 64      // elements within each other
)

// tokens reads the XML of a part: the elements of its namespaces, and the texts within them. What
// is of other namespaces, or in a list of extensions, is passed over.
type tokens struct {
	in     io.ReadCloser
	xml    *xml.Decoder
	left   int64 // of the part
	token  int   // of one token
	spaces []string
	path   []string // the open elements, "" for one that is passed over
	passed int      // how many of them are: the last ones
	seen   map[string]bool
}

func newTokens(in io.ReadCloser, most int64, spaces []string) *tokens {
	t := &tokens{in: in, left: most, spaces: spaces, seen: map[string]bool{}}
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
	for {
		t.token = maxToken
		token, err := t.xml.Token()
		if err != nil {
			return nil, err
		}
		passed := t.passed > 0
		switch e := token.(type) {
		case xml.StartElement:
			err = t.begin(e)
			passed = t.passed > 0
		case xml.EndElement:
			t.path = t.path[:len(t.path)-1]
			t.passed = max(t.passed-1, 0)
		case xml.Directive:
			err = doubt{"a document type", "!DOCTYPE"}
		}
		if err != nil || !passed {
			return token, err
		}
	}
}

// begin opens an element.
func (t *tokens) begin(e xml.StartElement) error {
	if len(e.Attr) > maxAttrs || len(t.path) >= maxOpen {
		return errBomb
	}
	for i, a := range e.Attr {
		if slices.ContainsFunc(e.Attr[:i], func(b xml.Attr) bool { return a.Name == b.Name }) {
			return doubt{"an attribute twice", a.Name.Local}
		}
	}
	name := e.Name.Local
	if !slices.Contains(t.spaces, e.Name.Space) {
		name = ""
	}
	if err := t.place(name, e.Name.Local); err != nil {
		return err
	}
	if t.passed > 0 || name == "" || name == "extLst" {
		t.passed++
	}
	t.path = append(t.path, name)
	return nil
}

// place checks that an element may stand where it does; its name is "" if it is of another
// namespace.
func (t *tokens) place(name, local string) error {
	parent := t.parent()
	of, read := places[name]
	if slices.Contains(t.path, "extLst") {
		return nil // an extension of one program
	}
	if read && (t.passed > 0 || !slices.Contains(of, parent)) {
		return doubt{"an element where it does not belong", name}
	}
	more, only := closed[parent]
	if only = only || len(t.path) == 0; only && !read && (name == "" || !slices.Contains(more, name)) {
		return doubt{"an element where it does not belong", local}
	}
	return t.sequence(name)
}

// sequence checks that an element comes once and in its order, where that counts.
func (t *tokens) sequence(name string) error {
	if !slices.Contains(once, name) {
		return nil
	}
	if t.seen[name] {
		return doubt{"an element twice", name}
	}
	t.seen[name] = true
	at := slices.Index(inSheet, name)
	if at >= 0 && slices.ContainsFunc(inSheet[at+1:], func(later string) bool { return t.seen[later] }) {
		return doubt{"an element where it does not belong", name}
	}
	return nil
}

// parent returns the innermost open element; "" if none is.
func (t *tokens) parent() string {
	if len(t.path) == 0 {
		return ""
	}
	return t.path[len(t.path)-1]
}

// within reports whether the element that began last stands directly within the other.
func (t *tokens) within(name string) bool { return len(t.path) > 1 && t.path[len(t.path)-2] == name }

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

// text reads the text of an element up to its end.
func (t *tokens) text() (string, error) {
	var b strings.Builder
	for {
		token, err := t.next()
		if err != nil {
			return "", err
		}
		switch e := token.(type) {
		case xml.EndElement:
			return b.String(), nil
		case xml.CharData:
			if b.Write(e); b.Len() > MaxRow {
				return "", errBomb
			}
		}
	}
}

// attr returns an attribute of no namespace, or of one of those that are named.
func attr(e xml.StartElement, name string, spaces ...string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && (a.Name.Space == "" && spaces == nil || slices.Contains(spaces, a.Name.Space)) {
			return a.Value
		}
	}
	return ""
}

func unlessEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
