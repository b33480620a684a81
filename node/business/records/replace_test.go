package records

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/text"
)

// checked checks a file, and returns what takes the place of all records by it.
func checked(t *testing.T, desk *Desk, data string) (Check, File) {
	t.Helper()
	c, err := desk.Check(t.Context(), civil, code, asCSV, strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return c, File{Reading: asCSV, Hash: c.Hash, Rows: c.Rows, Good: c.Good, Replace: true, Plan: c.Plan}
}

// replacing returns a ledger with the villages 0 to 2, and a file of the villages 1 to 3.
func replacing(t *testing.T) (*booktest.Ledger, *Desk, string) {
	l, desk := open(t)
	a, aFile := villageFile("a", "a", "a")
	load(t, desk, a, aFile)
	b, _ := villageFile("", "a", "b", "b")
	return l, desk, strings.Replace(b, villageKey(0)+",,T1\n", "", 1)
}

// H5, U-A2: the records that are gone from the file of a later year stay, and are counted; they
// leave by an import in place of all records, of which the check says what it would do.
func TestReplaceAll(t *testing.T) {
	l, desk, data := replacing(t)
	c, f := checked(t, desk, data)
	if want := (Effect{New: 1, Replaced: 1, Unchanged: 1, Absent: 1, Since: c.Effect.Since}); c.Effect != want {
		t.Errorf("got %+v, want %+v", c.Effect, want)
	}
	f.Replace = false
	load(t, desk, data, f)
	if got, want := fmt.Sprint(namesNow(t, l)), "map[0:a 1:a 2:b 3:b]"; got != want {
		t.Errorf("without replacement: got %s, want %s", got, want)
	}
	c, f = checked(t, desk, data)
	if want := (Effect{Unchanged: 3, Absent: 1, Since: c.Effect.Since}); c.Effect != want {
		t.Errorf("got %+v, want %+v", c.Effect, want)
	}
	done := load(t, desk, data, f)
	if got, want := fmt.Sprint(namesNow(t, l)), "map[1:a 2:b 3:b]"; got != want || done.Unchanged {
		t.Errorf("got %s, %+v, want %s", got, done, want)
	}
	count := Question{Dataset: code, Measure: counted, Purpose: "statistics", Application: applied}
	if got, err := desk.Query(t.Context(), newID(), civil, count); err != nil || got.Count != 3 {
		t.Errorf("counted %d, %v, want 3", got.Count, err)
	}
	if _, said := entryAt(t, l, done.Published.Index()); !strings.Contains(string(said), `"replaces_all":true,"left":1,`) {
		t.Errorf("published as %s", said)
	}
	history, _, err := desk.History(t.Context(), civil, code, villageKey(0))
	if last := history[len(history)-1]; err != nil || !last.Retracted || last.Index != done.Published.Index() {
		t.Errorf("history of a record that left: got %+v, %v", history, err)
	}
	_, err = desk.Retract(t.Context(), newID(), civil, code, villageKey(0), "r")
	refusedAs(t, "retraction of a record that left", err, text.UnknownRecord)
	c, f = checked(t, desk, data)
	if again := load(t, desk, data, f); !again.Unchanged || again.Published != done.Published {
		t.Errorf("the same file again: got %+v after %+v", again, done)
	}
	put(t, desk, `{"code":"`+villageKey(0)+`","name":"back"}`)
	if got, want := fmt.Sprint(namesNow(t, l)), "map[0:back 1:a 2:b 3:b]"; got != want {
		t.Errorf("after a put: got %s, want %s", got, want)
	}
}

// TestReplaceAsShown checks that nothing leaves of which the check did not tell: a record that is
// put after it, before the import begins or before it is published, or by another plan.
func TestReplaceAsShown(t *testing.T) {
	for what, kind := range map[string]state.Kind{"opened": state.Kind(commandImportOpen), "published": state.Kind(commandImportPublish)} {
		l, desk, data := replacing(t)
		_, f := checked(t, desk, data)
		l.Before = func(k state.Kind) {
			if k == kind {
				l.Before = nil
				put(t, desk, `{"code":"`+villageKey(7)+`","name":"put meanwhile"}`)
			}
		}
		_, err := desk.Load(t.Context(), newID(), civil, code, f, strings.NewReader(data), nil)
		refusedAs(t, "a put before it is "+what, err, text.RecordsMoved)
		if got, want := fmt.Sprint(namesNow(t, l)), "map[0:a 1:a 2:a 7:put meanwhile]"; got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
		c, f := checked(t, desk, data)
		load(t, desk, data, f)
		if got, want := fmt.Sprint(namesNow(t, l)), "map[1:a 2:b 3:b]"; got != want || c.Effect.Absent != 2 {
			t.Errorf("%s: got %s, want %s; %+v", what, got, want, c.Effect)
		}
	}
}

// TestReplaceRefused checks that a file takes the place of all records only as it was checked, and
// with every row.
func TestReplaceRefused(t *testing.T) {
	l, desk, data := replacing(t)
	_, good := checked(t, desk, data)
	_, other := checked(t, desk, data+villageKey(8)+",c,T1\n")
	bad := good
	bad.Rows++
	bad.KeepGood = true
	for what, row := range map[string]struct {
		file File
		want text.Code
	}{
		"no plan":                {File{Reading: good.Reading, Hash: good.Hash, Rows: good.Rows, Good: good.Good, Replace: true}, text.PlanNeeded},
		"the plan of another":    {File{Reading: good.Reading, Hash: good.Hash, Rows: good.Rows, Good: good.Good, Replace: true, Plan: other.Plan}, text.PlanNeeded},
		"a plan of no check":     {File{Reading: good.Reading, Hash: good.Hash, Rows: good.Rows, Good: good.Good, Replace: true, Plan: "00"}, text.PlanNeeded},
		"a row that is not good": {bad, text.ReplaceNotGood},
		"no rows":                {File{Reading: asCSV, Replace: true}, text.NoRows},
	} {
		nothing(t, l, what, row.want, func() error {
			_, err := desk.Load(t.Context(), newID(), civil, code, row.file, strings.NewReader(data), nil)
			return err
		})
	}
	if err := republish(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	nothing(t, l, "a plan of an earlier catalogue entry", text.PlanNeeded, func() error {
		_, err := desk.Load(t.Context(), newID(), civil, code, good, strings.NewReader(data), nil)
		return err
	})
}

// TestReplaceDuringAnswer publishes an import in place of all records between the reading and the
// record of a use: an answer with a record that left is not given, and a count stands as it was.
func TestReplaceDuringAnswer(t *testing.T) {
	for what, row := range map[string]struct {
		q    Question
		want uint64
	}{
		"a record that leaves": {Question{Key: villageKey(0)}, 0},
		"a record that stays":  {Question{Key: villageKey(1)}, 1},
		"a count":              {Question{Measure: counted}, 3},
	} {
		l, desk, data := replacing(t)
		_, f := checked(t, desk, data)
		l.Before = func(k state.Kind) {
			if k == 13 { // the record of a use
				l.Before = nil
				load(t, desk, data, f)
			}
		}
		row.q.Dataset, row.q.Purpose, row.q.Application = code, "statistics", applied
		got, err := desk.Query(t.Context(), newID(), catalog.Local("water"), row.q)
		if err != nil || got.Count != row.want {
			t.Errorf("%s: got %d, %v, want %d", what, got.Count, err, row.want)
		}
	}
}

// TestReplaceCutOff cuts off an import in place of all records at each of its commands. The same
// request is no second import, and another goes on.
func TestReplaceCutOff(t *testing.T) {
	const steps = 2 * 5 // open, stage, index by the keys and by the field, publish
	for at := range steps {
		for _, same := range []bool{true, false} {
			l, desk, data := replacing(t)
			_, f := checked(t, desk, data)
			id := newID()
			cut := &cutting{l, 1 + at/2, at%2 == 1}
			if _, err := NewDesk(cut).Load(t.Context(), id, civil, code, f, strings.NewReader(data), nil); !errors.Is(err, errCut) {
				t.Fatalf("got %v, want that it is cut off", err)
			}
			if !same {
				_, f = checked(t, desk, data)
				id = newID()
			}
			done, err := desk.Load(t.Context(), id, civil, code, f, strings.NewReader(data), nil)
			want := map[string]string{"1": "a", "2": "b", "3": "b"}
			if got := namesNow(t, l); err != nil || !maps.Equal(got, want) || done.Unchanged != (at == steps-1 && !same) {
				t.Errorf("cut off at step %d, same request %t: got %v, %+v, %v", at, same, got, done, err)
			}
			reading(t, l, func(r *state.Reader) {
				if got := ChangesOf(r, code); got.Removed != 1 || got.Last != got.Floor {
					t.Errorf("cut off at step %d: got %+v", at, got)
				}
			})
		}
	}
}
