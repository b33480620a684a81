package records

import (
	"strings"
	"testing"

	"xietong/node/business/catalog"
	"xietong/node/ground/table"
)

// TestSameRecord (F22): a record that is there already is not put again; one that was retracted or
// is another is.
func TestSameRecord(t *testing.T) {
	l, desk := open(t)
	record := func(name string) []byte { return []byte(`{"code":"` + villageKey(8) + `","name":"` + name + `"}`) }
	does := func(what string, name string, replaced, unchanged bool) Put {
		t.Helper()
		before := len(l.Heads(t, 0))
		got, err := desk.Put(t.Context(), newID(), civil, code, record(name))
		wrote := len(l.Heads(t, 0)) > before
		if err != nil || got.Replaced != replaced || got.Unchanged != unchanged || wrote == unchanged {
			t.Fatalf("%s: got %+v, %v, written %t", what, got, err, wrote)
		}
		return got
	}
	first := does("the first", "a", false, false)
	if again := does("the same", "a", false, true); again.Entry != first.Entry {
		t.Errorf("got %+v after %+v, want the entry of the record", again, first)
	}
	does("another", "b", true, false)
	does("as at first", "a", true, false)
	if _, err := desk.Retract(t.Context(), newID(), civil, code, villageKey(8), "r"); err != nil {
		t.Fatal(err)
	}
	does("after a retraction", "a", false, false)
	if _, err := desk.Put(t.Context(), newID(), catalog.Local("water"), code, record("a")); err == nil {
		t.Error("another agency was told that the record is the same")
	}
}

// TestSameRows (F22): a file of which every row is as its record is not imported, whatever came
// before, and with any words; one that would change something is.
func TestSameRows(t *testing.T) {
	a, _ := villageFile("a", "a", "a")
	two, _ := villageFile("a", "a")
	other, _ := villageFile("a", "a", "b")
	short := "code,name\n" + villageKey(0) + ",a\n"
	for what, row := range map[string]struct {
		file             string
		missing          Missing
		replace          bool
		between          string // a record that is put between the check and the load
		keep, same, left bool
	}{
		"a part of it":          {file: two, same: true},
		"all, in place of all":  {file: a, replace: true, same: true},
		"a part of it, in all":  {file: two, replace: true, left: true},
		"values are kept":       {file: short, missing: MissingKeep, same: true},
		"values are cleared":    {file: short, missing: MissingClear},
		"another row":           {file: other},
		"good rows are alike":   {file: two + "5201,x,T1\n", keep: true, same: true},
		"one was put meanwhile": {file: two, between: `{"code":"` + villageKey(1) + `","name":"p"}`},
	} {
		l, desk := open(t)
		whole, f := villageFile("a", "a", "a")
		load(t, desk, whole, f)
		put(t, desk, `{"code":"520102016009","name":"x"}`) // so that the file itself was not the last change
		if row.replace {
			if _, err := desk.Retract(t.Context(), newID(), civil, code, "520102016009", "r"); err != nil {
				t.Fatal(err)
			}
		}
		how := Reading{Wish: table.Wish{Format: "csv"}, Missing: row.missing}
		c, err := desk.Check(t.Context(), civil, code, how, strings.NewReader(row.file))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if row.between != "" {
			put(t, desk, row.between)
		}
		before := len(l.Heads(t, 0))
		done := load(t, desk, row.file, File{Reading: how, Hash: c.Hash, Rows: c.Rows, Good: c.Good, Plan: c.Plan, Replace: row.replace, KeepGood: row.keep})
		wrote := len(l.Heads(t, 0)) > before
		if done.Unchanged != row.same || wrote == row.same || done.Opened.IsZero() != row.same || (done.Left > 0) != row.left || done.Published.IsZero() {
			t.Errorf("%s: got %+v, written %t", what, done, wrote)
		}
	}
}
