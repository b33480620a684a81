package records

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
)

// indexRows makes the staged rows of an import findable, at most so many in each order.
func indexRows(l book.Ledger, opened uint64, most int) error {
	var now importState
	all := map[uint64][]place{}
	err := l.View(context.Background(), func(r *state.Reader) error {
		now, _ = importAt(r, opened)
		r.Scan(bucketPlaces, book.Be64(opened), nil, func(k, v []byte) bool {
			order := number(k[8:16])
			placesIn(k, v, func(p place) { all[order] = append(all[order], p) })
			return true
		})
		return nil
	})
	for n, o := range now.Orders {
		rows := all[uint64(n)]
		slices.SortFunc(rows, func(a, b place) int { return cmp.Or(cmp.Compare(a.MAC, b.MAC), cmp.Compare(a.Row, b.Row)) })
		body := indexBody{Import: opened, Order: uint64(n), First: o.Done}
		for i := o.Done; i < min(o.Done+uint64(most), uint64(len(rows))); i++ {
			body.Rows = append(body.Rows, rows[i].Row)
		}
		if err == nil && o.Done < o.Rows {
			_, err = commandImportIndex.Do(context.Background(), l, book.Request{}, body)
		}
	}
	return err
}

// TestLowest compares the lowest places of a walk, one walk after another, with all of them sorted.
func TestLowest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var all []place
		for n := range rapid.IntRange(0, 40).Draw(rt, "places") {
			all = append(all, place{MAC: rapid.Uint64Range(0, 9).Draw(rt, "mac"), Row: uint64(n)})
		}
		most := rapid.IntRange(1, 9).Draw(rt, "most")
		var got []place
		for {
			next := lowest{most: most}
			if len(got) > 0 {
				next.above = &got[len(got)-1]
			}
			for _, p := range all {
				next.add(p)
			}
			if len(next.kept) > 2*most {
				rt.Fatalf("%d are kept, want at most %d", len(next.kept), 2*most)
			}
			some := next.sorted()
			if len(some) == 0 {
				break
			}
			got = append(got, some...)
		}
		slices.SortFunc(all, func(a, b place) int { return cmp.Or(cmp.Compare(a.MAC, b.MAC), cmp.Compare(a.Row, b.Row)) })
		if !slices.Equal(got, all) {
			rt.Fatalf("got %v, want %v", got, all)
		}
	})
}

// stagedFile stages the rows of a file and stops there; it returns the number of the import.
func stagedFile(t *testing.T, desk *Desk, data []byte, f File) uint64 {
	t.Helper()
	return stagedFileOf(t, desk, code, data, f)
}

func stagedFileOf(t *testing.T, desk *Desk, of identity.Label, data []byte, f File) uint64 {
	t.Helper()
	set, err := desk.ownDataset(t.Context(), civil, of)
	if err != nil {
		t.Fatal(err)
	}
	l := &loader{desk: desk, set: set, file: f}
	if l.upload, err = (*Files)(nil).takeIn(t.Context(), bytes.NewReader(data), 0); err == nil {
		err = l.open(t.Context(), newID())
	}
	if err == nil {
		_, err = l.stage(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return l.opened
}

// TestRowsAreListedInOrder attacks the state with lists of rows that are not the next ones of an
// order: one twice, one passed over, another import's, out of order, none that was staged. Each is
// refused and nothing is kept of it, and an import of which rows are missing is not published.
func TestRowsAreListedInOrder(t *testing.T) {
	l, desk := open(t)
	data := "code,name,township\n520102016002,a,T1\n520102016003,b,\n520102016004,c,T2\n"
	f := File{Reading: asCSV, Hash: sha256.Sum256([]byte(data)), Rows: 3, Good: 3}
	opened := stagedFile(t, desk, []byte(data), f)
	list := func(order, first uint64, rows ...uint64) (uint64, error) {
		return commandImportIndex.Do(t.Context(), l, book.Request{}, indexBody{Import: opened, Order: order, First: first, Rows: rows})
	}
	var keys []uint64 // the rows in the order of their keys
	reading(t, l, func(r *state.Reader) {
		var places []place
		r.Scan(bucketPlaces, append(book.Be64(opened), book.Be64(0)...), nil, func(k, v []byte) bool {
			if number(k[8:16]) == 0 {
				placesIn(k, v, func(p place) { places = append(places, p) })
			}
			return true
		})
		slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.MAC, b.MAC) })
		for _, p := range places {
			keys = append(keys, p.Row)
		}
	})
	for what, rows := range map[string][]uint64{
		"one twice": {keys[0], keys[0]}, "out of order": {keys[1], keys[0]}, "not staged": {keys[0], 3}, "far beyond": {1 << 63},
	} {
		if _, err := list(0, 0, rows...); err == nil {
			t.Errorf("%s: rows %v were taken", what, rows)
		}
	}
	if _, err := list(7, 0, 0); err == nil {
		t.Error("an order that there is not was taken")
	}
	if _, err := list(1, 0, 1); err == nil {
		t.Error("a row without a value was taken into the order of the field")
	}
	if done, err := list(0, 0, keys[1], keys[2]); err != nil || done != 2 { // the lowest passed over
		t.Fatalf("got %d, %v", done, err)
	}
	if _, err := list(0, 2, keys[0]); err == nil {
		t.Error("a row below the last was taken")
	}
	if done, err := list(0, 0, keys[1], keys[2]); err != nil || done != 2 { // as a client that heard no answer
		t.Errorf("the same again: got %d, %v, want nothing done", done, err)
	}
	if _, err := desk.Load(t.Context(), newID(), civil, code, f, strings.NewReader(data), nil); err != nil { // by another import
		t.Fatal(err)
	}
	reading(t, l, func(r *state.Reader) {
		if s, _ := importAt(r, opened); s.Published != ledger.None || !s.Abandoned {
			t.Errorf("an import of which a row cannot be found: got %+v", s)
		}
	})
	if answer := ask(t, desk, Question{Measure: counted}); answer.Count != 4 {
		t.Errorf("got %d records, want 4", answer.Count)
	}
}

// TestIndexedInPasses loads files of more rows than are sorted at once, from every state in which
// an earlier load may have stopped. Every row is found by its key and its field, and nothing that
// was staged stays once the job has run.
func TestIndexedInPasses(t *testing.T) {
	for _, stop := range []int{0, 1, 699, 2500} {
		l, desk := open(t)
		data, f := file(0)
		opened := stagedFile(t, desk, data, f)
		if err := indexRows(l, opened, stop); err != nil {
			t.Fatal(err)
		}
		desk.sortedAtOnce = 400
		var told []uint64
		_, err := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(data), func(done, total uint64) {
			told = append(told, done)
			if total != importRows {
				t.Errorf("progress of %d rows, want %d", total, importRows)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSorted(told) || len(told) == 0 || told[len(told)-1] != importRows {
			t.Errorf("stopped after %d: progress %v", stop, told)
		}
		for _, n := range []int{0, 1, rand.N(importRows), importRows - 1} {
			q := Question{Key: fmt.Sprintf("2%05d%06d", 0, n)}
			if got := ask(t, desk, q); len(got.Rows) != 1 {
				t.Errorf("stopped after %d: row %d is found %d times", stop, n, len(got.Rows))
			}
		}
		townships := 0
		reading(t, l, func(r *state.Reader) {
			for n := range 100 {
				value := fmt.Appendf(nil, `"520102%03d"`, n)
				newView(r).indexed(code, "township", desk.valueMAC(code, "township", value), 0, onward, func(found) bool {
					townships++
					return true
				})
			}
		})
		if townships != importRows {
			t.Errorf("stopped after %d: %d rows are found by their field, want %d", stop, townships, importRows)
		}
		if _, err := desk.Recount(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		reading(t, l, func(r *state.Reader) {
			for _, bucket := range []string{stagedRows.Name, bucketPlaces, bucketRanges, bucketEnded} {
				r.Scan(bucket, nil, nil, func(k, _ []byte) bool {
					t.Errorf("stopped after %d: %s has %x still", stop, bucket, k)
					return false
				})
			}
		})
	}
}

// TestLongestImportIsKept keeps the longest values that an import may come to.
func TestLongestImportIsKept(t *testing.T) {
	const most = 1<<64 - 1
	s := importState{Code: must(identity.ParseLabel(strings.Repeat("c", 63))), Rows: most, Done: most, Published: ledger.RefTo(most - 1)}
	for range 64 {
		s.Frontier = append(s.Frontier, make([]byte, 32))
	}
	row := stagedRow{Entry: most}
	for n := range uint64(1 + catalog.MaxIndexed) {
		s.Orders = append(s.Orders, order{Field: strings.Repeat("f", 64), Rows: most, Done: most, Last: place{MAC: most, Row: most}})
		row.Indexed = append(row.Indexed, placed{Order: n})
		row.Groups = append(row.Groups, most, most)
	}
	if err := imports.Check(s); err != nil {
		t.Error(err)
	}
	row.Indexed, row.Groups = row.Indexed[1:], row.Groups[2:]
	if err := stagedRows.Check(row); err != nil {
		t.Error(err)
	}
}
