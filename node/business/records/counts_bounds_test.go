package records

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/text"
)

// residentsBy returns a ledger with a dataset that is counted by the fields, and its desk.
func residentsBy(t *testing.T, fields ...string) (*booktest.Ledger, *Desk) {
	t.Helper()
	l := booktest.New(t, nanming.String(), commands())
	if err := publish(l); err != nil {
		t.Fatal(err)
	}
	if _, err := publishFit(t.Context(), l, countedEntry(fields...)); err != nil {
		t.Fatal(err)
	}
	return l, NewDesk(l)
}

func countBy(t *testing.T, desk *Desk, as, measure string) (Answer, error) {
	t.Helper()
	return desk.Query(t.Context(), newID(), catalog.Local(as), Question{
		Dataset: residentCode, Purpose: "statistics", Application: applied, Measure: parsed(measure),
	})
}

// TestTooManyValuesAreNotCounted puts more different values into one field than are counted. The
// field is told once, and its counters are deleted; a count by it looks at every record, and a
// count by another field still looks at none.
func TestTooManyValuesAreNotCounted(t *testing.T) {
	l, desk := residentsBy(t, "sex", "town")
	var told []string
	desk.Uncounted = func(dataset identity.Label, fields []string, err error) {
		told = append(told, fmt.Sprint(dataset, fields, err))
	}
	var file strings.Builder
	file.WriteString("id,sex,town\n")
	for n := range maxCounted + 500 {
		fmt.Fprintf(&file, "%d,%s,town %d\n", n, []string{"f", "m"}[n%2], n)
	}
	loadCSV(t, desk, residentCode, file.String())
	for range 2 {
		if _, err := desk.Recount(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"residents [town] <nil>"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
	reading(t, l, func(r *state.Reader) {
		counters, names := 0, 0
		r.Scan(bucketCounters, nil, nil, func(k, v []byte) bool { counters++; return true })
		r.Scan(bucketLabels, nil, nil, func(k, v []byte) bool { names++; return true })
		if counters != 4 || names != 2 { // all, of which the sex is counted, of either sex
			t.Errorf("%d counters and %d labels are kept: %+v", counters, names, countsOf(r, residentCode))
		}
	})
	got, err := countBy(t, desk, "civil-affairs", "count by sex")
	if err != nil || shown(got.Groups) != "f 2250 m 2250" || got.Scanned != 0 {
		t.Errorf("by sex: got %s, %v, %d records looked at", shown(got.Groups), err, got.Scanned)
	}
	_, err = countBy(t, desk, "civil-affairs", "count by town")
	refusedAs(t, "by town", err, text.TooManyGroups)
	put(t, desk, `{"code":"520102016002","name":"x"}`)
	_, err = desk.Put(t.Context(), newID(), civil, residentCode, []byte(`{"id":"0","town":"town 1"}`))
	if err != nil {
		t.Errorf("a put afterwards: %v", err)
	}
}

// loadCSV imports a CSV file.
func loadCSV(t testing.TB, desk *Desk, code identity.Label, file string) Loaded {
	t.Helper()
	check, err := desk.Check(t.Context(), civil, code, asCSV, strings.NewReader(file))
	if err != nil || check.BadCount > 0 {
		t.Fatalf("check: %+v, %v", check.Bad, err)
	}
	got, err := desk.Load(t.Context(), newID(), civil, code, File{
		Reading: asCSV, Hash: check.Hash, Rows: check.Rows, Good: check.Good,
	}, strings.NewReader(file), nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestTooManyPairsAreNotCounted has few values of two fields each, and more pairs of them than are
// counted.
func TestTooManyPairsAreNotCounted(t *testing.T) {
	_, desk := residentsBy(t, "age", "town")
	var file strings.Builder
	file.WriteString("id,age,town\n")
	for n := range 90 * 50 {
		fmt.Fprintf(&file, "%d,%d,town %d\n", n, n%90, n/90)
	}
	loadCSV(t, desk, residentCode, file.String())
	if _, err := desk.Recount(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	for measure, want := range map[string]int{"count by age": 90, "count by town": 50} {
		if got, err := countBy(t, desk, "civil-affairs", measure); err != nil || len(got.Groups) != want || got.Scanned != 0 {
			t.Errorf("%s: got %d groups, %v, %d records looked at", measure, len(got.Groups), err, got.Scanned)
		}
	}
	_, err := countBy(t, desk, "civil-affairs", "count by town, age")
	refusedAs(t, "by both", err, text.TooManyGroups)
}

// TestLongValuesEndNoCount (S01f): one record with a value that is longer than a name of a group
// may be is in every count and sum by that field, in a group of its own, and takes none out of
// service.
func TestLongValuesEndNoCount(t *testing.T) {
	_, desk := residentsBy(t, "sex", "town")
	longest := strings.Repeat("x", maxValueLen)
	putPerson(t, desk, 0, `"sex":"f","town":"`+longest+`"`)
	if got, err := countBy(t, desk, "civil-affairs", "count by town"); err != nil || shown(got.Groups) != longest+" 1" || got.Scanned != 0 {
		t.Errorf("by the longest value: got %d groups, %v, %d records looked at", len(got.Groups), err, got.Scanned)
	}
	putPerson(t, desk, 1, `"sex":"f","age":20,"town":`+longTown)
	putPerson(t, desk, 2, `"sex":"m","age":30,"town":"`+longest+`x"`)
	putPerson(t, desk, 3, `"sex":"m","age":40,"town":`+longTown)
	cut := longest[:maxValueLen-3] + "…"
	for measure, want := range map[string]string{
		"count by sex":          "f 2 m 2",
		"count by town":         longest + " 1 " + cut + " 1 " + beganTown + " 2",
		"count by sex, town":    "f/" + longest + " 1 f/" + beganTown + " 1 m/" + cut + " 1 m/" + beganTown + " 1",
		"sum(age) by town":      longest + " 1 " + cut + " 1 1:30 " + beganTown + " 2 2:60",
		"sum(age) by town, sex": longest + "/f 1 " + cut + "/m 1 1:30 " + beganTown + "/f 1 1:20 " + beganTown + "/m 1 1:40",
	} {
		got, err := countBy(t, desk, "civil-affairs", measure)
		if err != nil || shown(got.Groups) != want || got.Check() != nil || got.Incomparable > 0 {
			t.Errorf("%s: got %s, %v, %v, want %s", measure, shown(got.Groups), err, got.Check(), want)
		}
		if counts := strings.HasPrefix(measure, "count"); counts && got.Scanned != 0 {
			t.Errorf("%s: %d records looked at", measure, got.Scanned)
		}
	}
	if got, err := countBy(t, desk, "water", "count by town"); err != nil || shown(got.Groups) != beganTown+" 2 * 2" {
		t.Errorf("small ones, to others: got %q, %v", shown(got.Groups), err)
	}
}

// TestUnreadableRecordsAreTold declares a field after one record was damaged and another was
// erased: the first is told beside the groups, and the second is left out, as of a scan.
func TestUnreadableRecordsAreTold(t *testing.T) {
	l, desk := residentsBy(t)
	var entries []identity.Entry
	for i, sex := range []string{"f", "m", "f", "m"} {
		entries = append(entries, putPerson(t, desk, i, `"sex":"`+sex+`"`))
	}
	for i, c := range []book.Command[uint64, book.Nothing]{commandDecay, commandErase} {
		if _, err := c.Do(t.Context(), l, book.Request{}, entries[i].Index()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := publishFit(t.Context(), l, countedEntry("sex", "town")); err != nil {
		t.Fatal(err)
	}
	told := func(scanned uint64) {
		t.Helper()
		for measure, want := range map[string]string{"count by sex": "f 1 m 1", "count by town, sex": "null/f 1 null/m 1"} {
			got, err := countBy(t, desk, "civil-affairs", measure)
			if err != nil || shown(got.Groups) != want || got.Unreadable != 1 || got.Scanned != scanned || got.Check() != nil {
				t.Errorf("%s: got %s, %v, %d unreadable, %d looked at", measure, shown(got.Groups), err, got.Unreadable, got.Scanned)
			}
		}
	}
	told(4)
	if _, err := desk.Recount(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	told(0)
}

// TestCountsStandAfterRestart closes a node with counts, also in the middle of an import, and
// counts after it was opened again.
func TestCountsStandAfterRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "j")
	h, desk, err := openDesk(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := publishFit(t.Context(), h, countedEntry("sex")); err != nil {
		t.Fatal(err)
	}
	putPerson(t, desk, 1, `"sex":"f"`)
	loadCSV(t, desk, residentCode, "id,sex\n1,m\n2,f\n3,f\n")
	for n, want := range []string{"f 2 m 1", "f 3", "f 4"} {
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if h, desk, err = openDesk(dir, nil); err != nil {
			t.Fatal(err)
		}
		got, err := countBy(t, desk, "civil-affairs", "count by sex")
		if err != nil || shown(got.Groups) != want || got.Scanned != 0 {
			t.Errorf("restart %d: got %s, %v, %d records looked at, want %s", n, shown(got.Groups), err, got.Scanned, want)
		}
		switch n {
		case 0:
			putPerson(t, desk, 1, `"sex":"f"`)
		case 1:
			if _, err := desk.Recount(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			loadCSV(t, desk, residentCode, fmt.Sprintf("id,sex\n1,f\n%d,f\n", 9))
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRunCountsWhatWasPutBefore has the job of a desk find what is not counted, in time.
func TestRunCountsWhatWasPutBefore(t *testing.T) {
	l, desk := residentsBy(t)
	putPerson(t, desk, 1, `"sex":"f"`)
	if _, err := publishFit(t.Context(), l, countedEntry("sex")); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		desk.Uncounted = func(_ identity.Label, _ []string, err error) { t.Error(err) }
		desk.moved = make(chan struct{}, 1)
		var group sync.WaitGroup
		group.Go(func() { desk.Run(ctx) })
		time.Sleep(recountEvery + time.Second)
		cancel()
		group.Wait()
	})
	if got, err := countBy(t, desk, "civil-affairs", "count by sex"); err != nil || shown(got.Groups) != "f 1" || got.Scanned != 0 {
		t.Errorf("got %s, %v, %d records looked at", shown(got.Groups), err, got.Scanned)
	}
}
