package records

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/text"
)

// pairsIn returns how many pairs a bucket has.
func pairsIn(t *testing.T, l *booktest.Ledger, bucket string) (n int) {
	t.Helper()
	reading(t, l, func(r *state.Reader) {
		r.Scan(bucket, nil, nil, func([]byte, []byte) bool {
			n++
			return true
		})
	})
	return n
}

// spoil changes every value of a bucket.
func spoil(t *testing.T, l *booktest.Ledger, bucket string, change func(value []byte) []byte) {
	t.Helper()
	var all []spoilBody
	reading(t, l, func(r *state.Reader) {
		r.Scan(bucket, nil, nil, func(k, v []byte) bool {
			all = append(all, spoilBody{Bucket: bucket, Key: k, Value: change(v)})
			return true
		})
	})
	if len(all) == 0 {
		t.Fatalf("%s is empty", bucket)
	}
	for _, b := range all {
		if _, err := commandSpoil.Do(t.Context(), l, book.Request{}, b); err != nil {
			t.Fatal(err)
		}
	}
}

// TestGivenUpLeavesNothing gives up an import of which some rows are findable already: what makes
// them findable goes too, and nothing that another import or a put has brought.
func TestGivenUpLeavesNothing(t *testing.T) {
	l, desk := open(t)
	first, f := file(0)
	if _, err := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(first), nil); err != nil {
		t.Fatal(err)
	}
	counts := func() (all [3]int) {
		if _, err := desk.Recount(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		return [3]int{pairsIn(t, l, versions.Name), pairsIn(t, l, bucketIndexed), pairsIn(t, l, stagedRows.Name)}
	}
	want := counts()
	for _, again := range []int{0, 1} { // the same keys, and others
		data, f := file(again)
		f.Replace = false
		if again == 0 {
			data = bytes.ReplaceAll(data, []byte("村"), []byte("镇"))
			c, err := desk.Check(t.Context(), civil, code, asCSV, bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			f.Hash = c.Hash
		}
		opened := stagedFile(t, desk, data, f)
		if err := indexRows(l, opened, 2000); err != nil {
			t.Fatal(err)
		}
		if err := desk.abandon(t.Context(), opened); err != nil {
			t.Fatal(err)
		}
		if got := counts(); got != want {
			t.Errorf("file %d: %v pairs of records, indexes and rows are left, want %v", again, got, want)
		}
	}
	if n := visibleRows(t, l); n != importRows+1 {
		t.Errorf("%d records, want %d", n, importRows+1)
	}
}

// TestImportOfAnEarlierVersionEnds: an import that a later version of the dataset stopped is given
// up by whoever loads it, and by the job where nobody does.
func TestImportOfAnEarlierVersionEnds(t *testing.T) {
	for _, loading := range []bool{true, false} {
		l, desk := open(t)
		data, f := file(0)
		if loading {
			l.Before = func(k state.Kind) {
				if k == state.Kind(commandImportIndex) {
					l.Before = nil
					if err := republish(context.Background(), l); err != nil {
						t.Error(err)
					}
				}
			}
			_, err := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(data), nil)
			refusedAs(t, "another version", err, text.DatasetMoved)
		} else {
			stagedFile(t, desk, data, f)
			if err := republish(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := desk.Recount(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		for _, bucket := range []string{bucketImporting, stagedRows.Name, bucketPlaces, bucketRanges, bucketEnded} {
			if n := pairsIn(t, l, bucket); n > 0 {
				t.Errorf("loading %t: %s has %d pairs still", loading, bucket, n)
			}
		}
		if n := visibleRows(t, l); n != 1 {
			t.Errorf("loading %t: %d records, want the one from before", loading, n)
		}
	}
}

// TestDamagedStagingIsStagedAgain: what was staged and cannot be read is staged once more from the
// file, and ends no import for good.
func TestDamagedStagingIsStagedAgain(t *testing.T) {
	for _, bucket := range []string{bucketPlaces, stagedRows.Name} {
		l, desk := open(t)
		data, f := file(0)
		stagedFile(t, desk, data, f)
		spoil(t, l, bucket, func(v []byte) []byte { return v[:len(v)-1] })
		if _, err := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(data), nil); err != nil {
			t.Errorf("%s: %v", bucket, err)
		}
		if n := visibleRows(t, l); n != 1+importRows {
			t.Errorf("%s: %d records, want %d", bucket, n, 1+importRows)
		}
	}
}

// TestDamagedCounterIsNoNumber: a counter that cannot be read is not told as none.
func TestDamagedCounterIsNoNumber(t *testing.T) {
	l, desk := residentsBy(t, "sex")
	loadCSV(t, desk, residentCode, "id,sex\n1,f\n2,m\n3,m\n")
	spoil(t, l, bucketCounters, func(v []byte) []byte { return v[:7] })
	for _, measure := range []string{"count", "count by sex"} {
		if got, err := countBy(t, desk, "civil-affairs", measure); err == nil {
			t.Errorf("%s: got %d records", measure, got.Count)
		}
	}
}

// TestUnseenValuesEndNoCount: a file of too many values that is given up, or put right by one in
// place of all records, does not end the count by its field for good.
func TestUnseenValuesEndNoCount(t *testing.T) {
	for _, published := range []bool{false, true} {
		_, desk := residentsBy(t, "town", "sex")
		good := "id,town,sex\n1,a,f\n2,b,m\n3,b,f\n"
		loadCSV(t, desk, residentCode, good)
		var wrong strings.Builder
		wrong.WriteString("id,town,sex\n")
		for n := range maxCounted + 100 {
			fmt.Fprintf(&wrong, "%d,town %d,f\n", n, n)
		}
		if published {
			loadCSV(t, desk, residentCode, wrong.String())
		} else {
			c, err := desk.Check(t.Context(), civil, residentCode, asCSV, strings.NewReader(wrong.String()))
			if err != nil {
				t.Fatal(err)
			}
			opened := stagedFileOf(t, desk, residentCode, []byte(wrong.String()), File{Reading: asCSV, Hash: c.Hash, Rows: c.Rows, Good: c.Good})
			if err := desk.abandon(t.Context(), opened); err != nil {
				t.Fatal(err)
			}
		}
		if published {
			c, err := desk.Check(t.Context(), civil, residentCode, asCSV, strings.NewReader(good))
			if err != nil {
				t.Fatal(err)
			}
			_, err = desk.Load(t.Context(), newID(), civil, residentCode, File{
				Reading: asCSV, Hash: c.Hash, Rows: c.Rows, Good: c.Good, Replace: true, Plan: c.Plan,
			}, strings.NewReader(good), nil)
			if err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if _, err := desk.Recount(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}
		got, err := countBy(t, desk, "civil-affairs", "count by town, sex")
		if err != nil || shown(got.Groups) != "a/f 1 b/f 1 b/m 1" || got.Scanned != 0 {
			t.Errorf("published %t: got %s, %v, %d records looked at", published, shown(got.Groups), err, got.Scanned)
		}
	}
}

// TestFewerGoodThanChecked: a file of which fewer rows are good than when it was checked, because a
// later version takes fewer, is another file.
func TestFewerGoodThanChecked(t *testing.T) {
	l, desk := republishing(t, 0, typed(`"string"`, ""), typed(`"string"`, ""))
	data := "id,n\n1,a\n2,bb\n"
	c, err := desk.Check(t.Context(), civil, residentCode, asCSV, strings.NewReader(data))
	if err != nil || c.Good != 2 {
		t.Fatal(c.Good, err)
	}
	if _, err := publishFit(t.Context(), l, typed(`"string","maxLength":1`, "")); err != nil {
		t.Fatal(err)
	}
	_, err = desk.Load(t.Context(), newID(), civil, residentCode, File{
		Reading: asCSV, Hash: c.Hash, Rows: c.Rows, Good: c.Good, KeepGood: true,
	}, strings.NewReader(data), nil)
	refusedAs(t, "one row less", err, text.FileChanged)
	if n := pairsIn(t, l, bucketImporting); n > 0 {
		t.Errorf("%d imports are unfinished", n)
	}
}

// TestIndexedTwice: an entry that names an indexed field twice is refused.
func TestIndexedTwice(t *testing.T) {
	l, _ := open(t)
	e := villages()
	e.Indexed = []string{"township", "township"}
	if _, err := publishFit(t.Context(), l, e); err == nil {
		t.Error("it was published")
	}
}
