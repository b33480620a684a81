package records

import (
	"fmt"
	"strings"
	"testing"

	"xietong/consensus/state"
)

// movedTo is a file of n records with as many pairs of age and town, of which all of one field are
// others each time.
func movedTo(n, ages, time int, towns bool) string {
	var b strings.Builder
	b.WriteString("id,age,town\n")
	for i := range n {
		age, town := i%ages, i/ages
		if towns {
			town += time * n
		} else {
			age += time * ages
		}
		fmt.Fprintf(&b, "%d,%d,town %d\n", i, age, town)
	}
	return b.String()
}

// TestAllMovedAtOnce: files that give every record another group leave a field and a pair counted
// that have fewer groups than are counted before and after, however many files come before the job.
func TestAllMovedAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("loads eight files, one after the other")
	}
	for what, c := range map[string]struct {
		n, ages int
		towns   bool
	}{"values of a field": {2100, 1, true}, "pairs of two fields": {3000, 50, false}} {
		l, desk := residentsBy(t, "age", "town")
		for time := range 4 {
			loadCleared(t, desk, movedTo(c.n, c.ages, time, c.towns))
			if time == 1 { // two come one after another
				continue
			}
			recounted(t, desk)
			reading(t, l, func(r *state.Reader) {
				k := countsOf(r, residentCode)
				for by, want := range map[[2]uint64]int{{1, 0}: c.ages, {2, 0}: c.n / c.ages, {1, 2}: c.n} {
					if got := len(k.groups(r, residentCode, by[0], by[1])); got != want {
						t.Errorf("%s, file %d, by %v: got %d groups, want %d, of %+v", what, time, by, got, want, k)
					}
				}
			})
		}
		reading(t, l, func(r *state.Reader) {
			counters := 0
			r.Scan(bucketCounters, nil, nil, func(_, _ []byte) bool { counters++; return true })
			if k := countsOf(r, residentCode); counters > 2*c.n+c.ages+3 || k.untidy() {
				t.Errorf("%s: %d counters are left, %+v", what, counters, k)
			}
		})
	}
}

func recounted(t *testing.T, desk *Desk) {
	t.Helper()
	if _, err := desk.Recount(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
}

// loadCleared imports a file, clearing the fields that it has no column for.
func loadCleared(t *testing.T, desk *Desk, file string) {
	t.Helper()
	how := asCSV
	how.Missing = MissingClear
	check, err := desk.Check(t.Context(), civil, residentCode, how, strings.NewReader(file))
	if err != nil || check.BadCount > 0 {
		t.Fatalf("check: %+v, %v", check.Bad, err)
	}
	of := File{Reading: how, Hash: check.Hash, Rows: check.Rows, Good: check.Good, Plan: check.Plan}
	if _, err = desk.Load(t.Context(), newID(), civil, residentCode, of, strings.NewReader(file), nil); err != nil {
		t.Fatal(err)
	}
}
