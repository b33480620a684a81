package records

import (
	"fmt"
	"strings"
	"testing"

	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/rows"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

const shortFile = "code,name\n520102016000,new\n520102016005,new\n"

// checkedShort checks a file that has no column for the township.
func checkedShort(t *testing.T, desk *Desk, word Missing) (Check, File) {
	t.Helper()
	csv := Reading{Wish: table.Wish{Format: "csv"}, Missing: word}
	c, err := desk.Check(t.Context(), civil, code, csv, strings.NewReader(shortFile))
	if err != nil || c.Good != 2 || fmt.Sprint(c.Missing) != "[township]" {
		t.Fatalf("%s: got %+v, %v", word, c, err)
	}
	return c, File{Reading: csv, Hash: c.Hash, Rows: c.Rows, Good: c.Good, Plan: c.Plan}
}

// township returns the township of a village, as the provider sees it.
func township(t *testing.T, desk *Desk, n int) string {
	t.Helper()
	got, err := desk.Query(t.Context(), newID(), civil, Question{Dataset: code, Key: villageKey(n), Purpose: "statistics"})
	if err != nil || len(got.Rows) != 1 {
		t.Fatalf("village %d: got %d rows, %v", n, len(got.Rows), err)
	}
	value, err := rows.Member(got.Rows[0], "township")
	if err != nil {
		t.Fatal(err)
	}
	return string(value)
}

// U-A9: a file that lacks a column is refused until a word says what becomes of the field.
func TestMissingColumn(t *testing.T) {
	for word, want := range map[Missing]string{MissingKeep: `"T1"`, MissingClear: "null"} {
		_, desk := open(t)
		a, aFile := villageFile("a", "a", "a")
		load(t, desk, a, aFile)
		_, err := desk.Check(t.Context(), civil, code, Reading{}, strings.NewReader(shortFile))
		refusedAs(t, "a file without a column", err, text.ColumnsMissing)
		c, f := checkedShort(t, desk, word)
		if c.Effect.Replaced != 1 || c.Effect.New != 1 || c.Effect.Absent != 2 {
			t.Errorf("%s: got %+v", word, c.Effect)
		}
		load(t, desk, shortFile, f)
		if got := township(t, desk, 0); got != want {
			t.Errorf("%s: got %q, want %q", word, got, want)
		}
		if got := township(t, desk, 5); got != "null" {
			t.Errorf("%s: a new record has %q", word, got)
		}
		if got := township(t, desk, 1); got != `"T1"` {
			t.Errorf("%s: a record that is not in the file has %q", word, got)
		}
	}
}

// TestKeptValueThatChanges changes a record while a file is loaded that keeps one of its values.
// The import is not published with the value from before; the same file again keeps the new one.
func TestKeptValueThatChanges(t *testing.T) {
	for _, kind := range []state.Kind{state.Kind(commandImportOpen), state.Kind(commandImportChunk), state.Kind(commandImportPublish)} {
		l, desk := open(t)
		a, aFile := villageFile("a", "a", "a")
		load(t, desk, a, aFile)
		_, f := checkedShort(t, desk, MissingKeep)
		l.Before = func(k state.Kind) {
			if k == kind {
				l.Before = nil
				put(t, desk, `{"code":"`+villageKey(0)+`","name":"put","township":"T9"}`)
			}
		}
		_, err := desk.Load(t.Context(), newID(), civil, code, f, strings.NewReader(shortFile), nil)
		refusedAs(t, fmt.Sprintf("a put before command %d", kind), err, text.RecordsMoved)
		if got := township(t, desk, 0); got != `"T9"` {
			t.Errorf("before command %d: got %q, want what was put", kind, got)
		}
		_, f = checkedShort(t, desk, MissingKeep)
		load(t, desk, shortFile, f)
		if got := township(t, desk, 0); got != `"T9"` {
			t.Errorf("again: got %q, want what was put", got)
		}
		_, f = checkedShort(t, desk, MissingKeep)
		f.Plan = ""
		_, err = desk.Load(t.Context(), newID(), civil, code, f, strings.NewReader(shortFile), nil)
		refusedAs(t, "no plan", err, text.PlanNeeded)
	}
}

// U-C16: the bad rows of a file are given as they were, and can be mended and imported.
func TestBadRows(t *testing.T) {
	_, desk := open(t)
	data := "code,name,township\n520102016001,a,T1\n5201,\"b, c\",T2\n520102016003,,T3\n"
	var bad strings.Builder
	if err := desk.BadRows(t.Context(), civil, code, Reading{}, text.En, strings.NewReader(data), &bad); err != nil {
		t.Fatal(err)
	}
	mended := strings.Replace(strings.Replace(bad.String(), "5201,", "520102016002,", 1), "520102016003,,", "520102016003,d,", 1)
	c, err := desk.Check(t.Context(), civil, code, Reading{}, strings.NewReader(mended))
	if err != nil || c.Rows != 2 || c.Good != 2 {
		t.Errorf("got %+v, %v, of %q", c, err, mended)
	}
}

// TestNotKeptIsOneRow: a present record that is damaged, or that a later version leaves out, makes
// its own row bad where the file keeps values of it, with line and key; the other rows go in.
func TestNotKeptIsOneRow(t *testing.T) {
	l, desk := open(t)
	a, aFile := villageFile("a", "a", "a")
	load(t, desk, a, aFile)
	damaged := put(t, desk, `{"code":"`+villageKey(1)+`","name":"b","township":"T1"}`)
	if _, err := commandDecay.Do(t.Context(), l, book.Request{}, damaged.Index()); err != nil {
		t.Fatal(err)
	}
	file := "code,name\n" + villageKey(0) + ",new\n" + villageKey(1) + ",new\n" + villageKey(2) + ",new\n"
	how := Reading{Missing: MissingKeep}
	c, err := desk.Check(t.Context(), civil, code, how, strings.NewReader(file))
	if err != nil || c.Rows != 3 || c.Good != 2 || len(c.Bad) != 1 {
		t.Fatalf("got %+v, %v", c, err)
	}
	if f := c.Bad[0].Faults[0]; f.Line != 3 || f.Field != "code" || f.Value != villageKey(1) || f.Reason != "damaged record" {
		t.Errorf("got %+v", f)
	}
	for lang, want := range map[text.Lang]string{text.En: "import it again", text.Zh: "重新导入"} {
		if got := c.Bad[0].Faults[0].Tell(lang); !strings.Contains(got, want) || !strings.Contains(got, villageKey(1)) || strings.Contains(got, "provider") {
			t.Errorf("got %q", got)
		}
	}
	f := File{Reading: how, Hash: c.Hash, Rows: c.Rows, Good: c.Good, Plan: c.Plan, KeepGood: true}
	if _, err := desk.Load(t.Context(), newID(), civil, code, f, strings.NewReader(file), nil); err != nil {
		t.Fatal(err)
	}
	var bad strings.Builder
	if err := desk.BadRows(t.Context(), civil, code, how, text.En, strings.NewReader(file), &bad); err != nil || !strings.Contains(bad.String(), villageKey(1)) {
		t.Errorf("got %q, %v", bad.String(), err)
	}
}
