package records

import (
	"errors"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/text"
)

// nothing checks that act is refused with the code and leaves no entry.
func nothing(t *testing.T, l *booktest.Ledger, what string, want text.Code, act func() error) {
	t.Helper()
	before := sizeOf(t, l)
	refusedAs(t, what, act(), want)
	if after := sizeOf(t, l); after != before {
		t.Errorf("%s: what was refused left %d entries", what, after-before)
	}
}

// TestActsOfOthers checks that acts are refused if the actor does not provide the dataset: another
// agency, an unknown agency, no agency, and an agency of another jurisdiction with the provider's
// code.
func TestActsOfOthers(t *testing.T) {
	l, desk := open(t)
	data, f := file(0)
	for what, row := range map[string]struct {
		by   catalog.Actor
		want text.Code
	}{
		"another agency":     {catalog.Local("water"), text.NotProvider},
		"one not there":      {catalog.Local("forestry"), text.UnknownAgency},
		"nobody":             {catalog.Local(""), text.AgencyNeeded},
		"namesake elsewhere": {catalog.Foreign(namesake), text.NotProvider},
	} {
		for verb, act := range map[string]func() error{
			"put": func() error {
				_, err := desk.Put(t.Context(), newID(), row.by, code, []byte(`{"code":"520102016002","name":"x"}`))
				return err
			},
			"retract": func() error {
				_, err := desk.Retract(t.Context(), newID(), row.by, code, "520102016001", "r")
				return err
			},
			"history": func() error {
				_, _, err := desk.History(t.Context(), row.by, code, "520102016001")
				return err
			},
			"check": func() error {
				_, err := desk.Check(t.Context(), row.by, code, f.Reading, strings.NewReader(string(data)))
				return err
			},
			"load": func() error {
				_, err := desk.Load(t.Context(), newID(), row.by, code, f, strings.NewReader(string(data)), nil)
				return err
			},
		} {
			nothing(t, l, verb+" by "+what, row.want, act)
		}
	}
}

// TestActsMoved checks that an act is refused if its dataset or record moved after the decision,
// and that nothing is written.
func TestActsMoved(t *testing.T) {
	l, desk := open(t)
	meanwhile := func(act func() error) {
		l.Before = func(state.Kind) {
			l.Before = nil
			if err := act(); err != nil {
				t.Error(err)
			}
		}
	}
	again := func() error { return republish(t.Context(), l) }
	record := []byte(`{"code":"520102016001","name":"x"}`)
	putOne := func() error {
		_, err := desk.Put(t.Context(), newID(), civil, code, record)
		return err
	}
	retract := func() error {
		_, err := desk.Retract(t.Context(), newID(), civil, code, "520102016001", "r")
		return err
	}
	meanwhile(again)
	refusedAs(t, "put, of another version", putOne(), text.DatasetMoved)
	meanwhile(putOne)
	refusedAs(t, "retract, of a record that was replaced", retract(), text.DatasetMoved)
	meanwhile(retract)
	refusedAs(t, "retract, of one that was retracted", retract(), text.UnknownRecord)
	nothing(t, l, "retract what is not there", text.UnknownRecord, retract)
	for what, reason := range map[string]string{"no reason": " ", "a long reason": strings.Repeat("x", MaxReasonLen+1)} {
		nothing(t, l, what, text.BadRequest, func() error {
			_, err := desk.Retract(t.Context(), newID(), civil, code, "520102016001", reason)
			return err
		})
	}
	nothing(t, l, "a reason with control characters", text.NotText, func() error {
		_, err := desk.Retract(t.Context(), newID(), civil, code, "520102016001", "x\x1b[31m")
		return err
	})
	nothing(t, l, "no such dataset", text.UnknownDataset, func() error {
		_, _, err := desk.History(t.Context(), civil, must(identity.ParseLabel("towns")), "1")
		return err
	})
}

// TestReadAgainOnce checks that a use is decided and read once more if something moved before it
// was recorded, so that the answer is current. If something moves again, the use is refused.
func TestReadAgainOnce(t *testing.T) {
	l, desk := open(t)
	q := Question{Dataset: code, Purpose: "statistics", Application: applied, Measure: counted}
	if _, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q); err != nil {
		t.Fatal(err)
	}
	put(t, desk, `{"code":"520102016002","name":"x"}`)
	times := 0
	moving := func(most int) func(state.Kind) {
		return func(kind state.Kind) {
			if kind != 13 || times == most { // an access
				return
			}
			times++
			if err := republish(t.Context(), l); err != nil {
				t.Error(err)
			}
		}
	}
	l.Before = moving(1)
	views := l.Views.Load()
	got, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q)
	if err != nil || got.Count != 2 || times != 1 {
		t.Errorf("moved once: got %d records, %v, after it moved %d times", got.Count, err, times)
	}
	if n := l.Views.Load() - views; n != 4 { // two are those of the publication
		t.Errorf("moved once: got %d readings, want two of the question's", n-2)
	}
	times, l.Before = 0, moving(9)
	_, err = desk.Query(t.Context(), newID(), catalog.Local("water"), q)
	refusedAs(t, "moved twice", err, text.DatasetMoved)
	if times != 3 {
		t.Errorf("it moved %d times, want before each of two tries and the record of the refusal", times)
	}
}

// TestForeignReadings counts the readings and commands of a use by another jurisdiction's agency:
// as many as for an agency of this one.
func TestForeignReadings(t *testing.T) {
	l, desk := open(t)
	by := catalog.Foreign(namesake)
	q := Question{Dataset: code, Key: "520102016001", Purpose: "statistics", Application: applied, Evidence: []byte("x")}
	claim := Claim{Dataset: code, Key: q.Key, Field: "name", Value: []byte(`"x"`), Purpose: q.Purpose, Evidence: q.Evidence}
	for n, row := range []struct {
		use  func() error
		want int64
	}{
		{func() error { _, err := desk.Query(t.Context(), newID(), by, q); return err }, 2}, // it applies
		{func() error { _, err := desk.Query(t.Context(), newID(), by, q); return err }, 1},
		{func() error { _, err := desk.Verify(t.Context(), newID(), by, claim); return err }, 1},
	} {
		views, proposals := l.Views.Load(), l.Proposals.Load()
		err := row.use()
		if views, proposals = l.Views.Load()-views, l.Proposals.Load()-proposals; err != nil || views != row.want || proposals != row.want {
			t.Errorf("use %d: got %d readings and %d commands, %v, want %d of each", n+1, views, proposals, err, row.want)
		}
	}
}

// TestBadCursor checks that a malformed cursor, and a cursor of another question, is refused before
// an application is filed.
func TestBadCursor(t *testing.T) {
	l, desk := open(t)
	put(t, desk, `{"code":"520102016002","name":"x"}`)
	q := Question{Dataset: code, Purpose: "statistics", Limit: 1}
	first, err := desk.Query(t.Context(), newID(), civil, q)
	if err != nil || first.Cursor == "" {
		t.Fatalf("got the cursor %q, %v", first.Cursor, err)
	}
	for what, cursor := range map[string]string{
		"no token": "x", "no cursor": l.SealToken([]byte("x")), "of another asker": first.Cursor,
	} {
		q.Cursor, q.Application = cursor, applied
		nothing(t, l, what, text.BadCursor, func() error {
			_, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q)
			return err
		})
	}
	q.Cursor, q.Filter = first.Cursor, `name == "x"`
	nothing(t, l, "of another question", text.BadCursor, func() error {
		_, err := desk.Query(t.Context(), newID(), civil, q)
		return err
	})
	q.Filter = ""
	if got, err := desk.Query(t.Context(), newID(), civil, q); err != nil || got.Count != 1 || got.Cursor != "" {
		t.Errorf("its own: got %d rows and the cursor %q, %v", got.Count, got.Cursor, err)
	}
}

// TestErasedAnswers checks that an answer leaves out an erased record, and that a claim about it
// finds no record.
func TestErasedAnswers(t *testing.T) {
	l, desk := open(t)
	entry := put(t, desk, `{"code":"520102016002","name":"x"}`)
	if _, err := commandErase.Do(t.Context(), l, book.Request{}, entry.Index()); err != nil {
		t.Fatal(err)
	}
	got, err := desk.Query(t.Context(), newID(), civil, Question{Dataset: code, Purpose: "statistics"})
	if err != nil || got.Count != 1 || got.Scanned != 2 {
		t.Errorf("got %d of %d records, %v, want the one that is left", got.Count, got.Scanned, err)
	}
	v, err := desk.Verify(t.Context(), newID(), civil, Claim{
		Dataset: code, Key: "520102016002", Field: "name", Value: []byte(`"x"`), Purpose: "statistics",
	})
	if err != nil || v.Outcome != NoSuchRecord {
		t.Errorf("a claim: got %s, %v, want %s", v.Outcome, err, NoSuchRecord)
	}
}

// TestOutcomes checks that a claim is confirmed, denied, or finds no such record. An absent field
// equals null.
func TestOutcomes(t *testing.T) {
	_, desk := open(t)
	for _, row := range []struct{ key, field, value, want string }{
		{"520102016001", "name", `"纪念塔社区"`, "yes"}, {"520102016001", "name", `"x"`, "no"}, {"520102016001", "township", `null`, "yes"},
		{"520102016001", "township", `""`, "no"}, {"520102016009", "name", `"x"`, "no-such-record"},
		{"520102016001", "height", `1`, "unknown-field"}, {"520102016001", "name", `{`, "asked-unfit"}, {"520102016001", "name", ``, "bad-request"},
	} {
		v, err := desk.Verify(t.Context(), newID(), civil, Claim{
			Dataset: code, Key: row.key, Field: row.field, Value: []byte(row.value), Purpose: "statistics",
		})
		told := string(v.Outcome)
		if f, ok := errors.AsType[*text.Failure](err); ok {
			told = string(f.Code)
		}
		if told != row.want || err == nil && v.Check() != nil {
			t.Errorf("%s of %s is %s: got %s, %v, want %s", row.field, row.key, row.value, told, err, row.want)
		}
	}
}
