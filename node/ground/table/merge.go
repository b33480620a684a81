package table

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"

	"xietong/node/ground/text"
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

// merged reads what follows the rows of a sheet, and returns its merged cells in their order.
func (r *sheetRows) merged() (all []merge, err error) {
	for {
		start, err := r.xml.start()
		if err != nil {
			slices.SortFunc(all, func(a, b merge) int { return cmp.Compare(a.first, b.first) })
			return all, unlessEnd(err)
		}
		if start.Name.Local != "mergeCell" {
			continue
		}
		m, ok := mergeOf(attr(start, "ref"))
		if !ok {
			return nil, doubt{"merged cells of no place", text.Short(attr(start, "ref"))}
		}
		if all = append(all, m); len(all) > maxMerges {
			return nil, errBomb
		}
	}
}

// mergeOf reads a range such as B4:B5, or B4.
func mergeOf(ref string) (m merge, ok bool) {
	from, to, two := strings.Cut(ref, ":")
	if !two {
		to = from
	}
	left, first, ok1 := placeOf(from)
	right, last, ok2 := placeOf(to)
	return merge{uint32(first), uint32(last), uint16(left), uint16(right)}, ok1 && ok2 && left <= right && first <= last
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

// covering is a range of merged cells that a sheet is being read in.
type covering struct {
	merge
	shows string // what stands in its first cell
}

// covered refuses a sheet in which merged cells hide a value: only what the first of them holds is
// shown.
func (b *book) covered(s sheet, all []merge) error {
	if len(all) == 0 {
		return nil
	}
	r, err := b.rows(s)
	if err != nil {
		return err
	}
	defer r.xml.close()
	over, last := make([]*covering, MaxCells), uint64(0)
	for len(all) > 0 || r.row <= last {
		row, err := r.next()
		if errors.Is(err, io.EOF) {
			row.Line = maxSheetRow
		} else if err != nil {
			return err
		}
		for len(all) > 0 && uint64(all[0].first) <= row.Line {
			if err := all[0].cover(over); err != nil {
				return broken(r.row, err)
			}
			last, all = max(last, uint64(all[0].last)), all[1:]
		}
		if at, hidden := uncovered(row, over); hidden {
			return broken(r.row, doubt{"a merged cell that hides a value", at})
		}
		if row.Cells == nil {
			return nil
		}
	}
	return nil
}

// cover puts merged cells over their columns.
func (m merge) cover(over []*covering) error {
	c := &covering{merge: m}
	for i := int(m.left); i <= int(m.right); i++ {
		if of := over[i]; of != nil && of.last >= m.first {
			return doubt{"merged cells over each other", Letters(i) + line(uint64(m.first))}
		}
		over[i] = c
	}
	return nil
}

// uncovered returns where a value stands in the row that merged cells hide.
func uncovered(row Row, over []*covering) (at string, hidden bool) {
	for i, c := range row.Cells {
		switch of := over[i]; {
		case of == nil || row.Line > uint64(of.last):
		case row.Line == uint64(of.first) && i == int(of.left):
			of.shows = c.Text
		case filled(c) && c.Text != of.shows:
			return Letters(i) + line(row.Line), true
		}
	}
	return "", false
}
