package table

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
)

// merge is a range of merged cells: the first of them has the value, and the others none.
type merge struct {
	first, last uint32 // rows, counted from 1
	left, right uint16 // columns, counted from 0
}

// merges are those of a sheet.
type merges struct {
	coming []merge // by their first row
	here   []merge // that the row may be in
	widest int     // cells of the widest row so far: nothing is merged beyond
}

// merged reads which cells of a sheet are merged. The sheet tells it after its rows, so that it is
// read to its end.
func (b *book) merged(s sheet) (all []merge, err error) {
	t, err := b.part(s.part, maxSheet)
	if err != nil {
		return nil, err
	}
	defer t.close()
	if err := t.skipRows(); err != nil {
		return nil, unlessEnd(err)
	}
	for {
		token, err := t.next()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		start, isStart := token.(xml.StartElement)
		end, isEnd := token.(xml.EndElement)
		switch {
		case err != nil, isEnd && (end.Name.Local == "mergeCells" || end.Name.Local == "worksheet"):
			slices.SortFunc(all, func(a, b merge) int { return cmp.Compare(a.first, b.first) })
			return all, nil
		case isStart && start.Name.Local == "mergeCell":
			if m, ok := mergeOf(attr(start, "ref")); ok {
				all = append(all, m)
			}
		}
		if len(all) > maxMerges {
			return nil, errBomb
		}
	}
}

// skipRows reads past the end of the rows. The error is io.EOF where there is none.
func (t *tokens) skipRows() error {
	const name = "sheetData"
	buf, n := make([]byte, 32<<10), 0
	for {
		read, err := t.in.Read(buf[n:])
		n += read
		if t.left -= int64(read); t.left < 0 {
			return errBomb
		}
		for at := 0; ; at += len(name) {
			i := bytes.Index(buf[at:n], []byte(name))
			if i < 0 {
				break
			}
			at += i
			if open := bytes.LastIndexByte(buf[:at], '<'); open >= 0 && open+1 < at && buf[open+1] == '/' {
				t.xml = xml.NewDecoder(io.MultiReader(bytes.NewReader(bytes.TrimLeft(buf[at+len(name):n], " >\r\n\t")), t))
				return nil
			}
		}
		if err != nil {
			return err
		}
		keep := min(n, 256) // an end may be cut
		n = copy(buf, buf[n-keep:n])
	}
}

// mergeOf reads a range such as B4:B5.
func mergeOf(ref string) (m merge, ok bool) {
	from, to, ok := strings.Cut(ref, ":")
	if !ok {
		return m, false
	}
	left, ok1 := columnOf(from)
	right, ok2 := columnOf(to)
	first, err1 := rowOf(from)
	last, err2 := rowOf(to)
	return merge{uint32(first), uint32(last), uint16(left), uint16(right)}, ok1 && ok2 && err1 == nil && err2 == nil && left <= right && first <= last
}

// rowOf returns the row of a cell's name, such as 7 for AB7.
func rowOf(name string) (uint64, error) {
	return strconv.ParseUint(strings.TrimLeft(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"), 10, 32)
}

// spread says of the cells of the row that was read which are empty because they are merged. Ranges
// do not overlap, so that all that a row is in have at most MaxCells columns.
func (r *sheetRows) spread() error {
	m := &r.merges
	m.widest = max(m.widest, len(r.cells))
	row := uint32(r.row)
	m.here = slices.DeleteFunc(m.here, func(at merge) bool { return at.last < row })
	for ; len(m.coming) > 0 && m.coming[0].first <= row; m.coming = m.coming[1:] {
		of := m.coming[0]
		if of.first == row && int(of.left) < len(r.cells) && r.cells[of.left].Text != "" { // there is a value to be missed
			m.here = append(m.here, of)
		}
	}
	columns := 0
	for _, at := range m.here {
		if columns += int(at.right-at.left) + 1; columns > MaxCells {
			return errors.New("overlapping ranges")
		}
		for i := int(at.left); i <= int(at.right) && i < m.widest; i++ {
			for len(r.cells) <= i {
				r.cells = append(r.cells, Cell{})
			}
			if (row > at.first || i > int(at.left)) && r.cells[i].Text == "" {
				r.cells[i].Kind = Merged
			}
		}
	}
	return nil
}
