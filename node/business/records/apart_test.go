package records

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestUnfitTellsNoOtherField (S37, S37b): that a record is not as the entry in force says is told
// to whoever asks for what does not fit, and to nobody else.
func TestUnfitTellsNoOtherField(t *testing.T) {
	_, desk := republishing(t, 3, typed(`"string"`, `,"name":{"type":"string"}`), typed(`"integer"`, `,"name":{"type":["string","null"]}`))
	dataset := must(identity.ParseLabel("residents"))
	if _, err := desk.Put(t.Context(), newID(), civil, dataset, []byte(`{"id":"2","n":1,"name":"李"}`)); err != nil {
		t.Fatal(err)
	}
	told := func(q Question) string {
		q.Dataset, q.Purpose, q.Application = dataset, "statistics", applied
		got, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q)
		if err != nil {
			return string(failure.Of(err).Code)
		}
		return fmt.Sprint(got.Count, " left out ", got.Unfit)
	}
	for key, want := range map[string]string{"1": "1 left out 0", "2": "1 left out 0", "7": "0 left out 0"} {
		if got := told(Question{Key: key, Fields: []string{"id", "name"}}); got != want {
			t.Errorf("record %s: got %s, want %s", key, got, want)
		}
	}
	for _, q := range []Question{
		{Key: "1", Fields: []string{"n"}}, {Key: "1", Fields: []string{"id"}, Where: map[string]json.RawMessage{"n": []byte("1")}},
		{Key: "1", Fields: []string{"id"}, Filter: "n == 1"}, {Key: "1"},
	} {
		if got := told(q); got != "0 left out 1" {
			t.Errorf("%+v: got %s", q, got)
		}
	}
	all := func(r Answer, err error) string { return fmt.Sprint(r.Count, " left out ", r.Unfit, err) }
	for measure, want := range map[string]string{"": "3 left out 0", "id": "3 left out 0", "n": "1 left out 2"} {
		q := Question{Dataset: dataset, Purpose: "statistics", Application: applied, Measure: gather.Measure{Function: gather.Count}}
		if measure != "" {
			q.Measure.By = []gather.By{{Field: measure}}
		}
		if got := all(desk.Query(t.Context(), newID(), catalog.Local("water"), q)); got != want+" <nil>" {
			t.Errorf("count by %q: got %s, want %s", measure, got, want)
		}
	}
	for key, want := range map[string]Outcome{"1": No, "2": Yes, "7": NoSuchRecord} {
		v, err := desk.Verify(t.Context(), newID(), catalog.Local("water"), Claim{
			Dataset: dataset, Key: key, Field: "name", Value: []byte(`"李"`), Purpose: "statistics",
		})
		if err != nil || v.Outcome != want {
			t.Errorf("the name of %s: got %s, %v, want %s", key, v.Outcome, err, want)
		}
	}
}

// accessOf returns the payload of the newest record of a use.
func accessOf(t *testing.T, l *booktest.Ledger) (a struct{ Keys []string }, payload string) {
	t.Helper()
	heads := l.Heads(t, 0)
	last := len(heads) - 1
	for heads[last].Kind != ledger.KindAccess {
		last--
	}
	reading(t, l, func(r *state.Reader) {
		data, err := l.Payload(r, uint64(last))
		if err == nil {
			err = json.Unmarshal(data, &a)
		}
		if payload = string(data); err != nil {
			t.Fatal(err)
		}
	})
	return a, payload
}

// TestUsesShareNoKeys (S38): the records of two uses, which the consumer may read, have no name of
// a record in common, also of the same record.
func TestUsesShareNoKeys(t *testing.T) {
	l, desk := open(t)
	seen := map[string]bool{}
	for range 2 {
		for _, use := range []func() error{
			func() error {
				_, err := desk.Query(t.Context(), newID(), catalog.Local("water"), Question{
					Dataset: code, Key: "520102016001", Purpose: "statistics", Application: applied,
				})
				return err
			},
			func() error {
				_, err := desk.Verify(t.Context(), newID(), catalog.Local("water"), Claim{
					Dataset: code, Key: "520102016001", Field: "name", Value: []byte(`"x"`), Purpose: "statistics",
				})
				return err
			},
		} {
			if err := use(); err != nil {
				t.Fatal(err)
			}
			a, payload := accessOf(t, l)
			if len(a.Keys) != 1 || slices.ContainsFunc(a.Keys, func(k string) bool { return seen[k] }) {
				t.Errorf("got the keys %v, after %v", a.Keys, seen)
			}
			mac := fmt.Sprintf("%x", desk.keyMAC(code, []byte(`"520102016001"`)))
			if strings.Contains(payload, mac[:32]) {
				t.Errorf("the state's own name of the record is in %s", payload)
			}
			seen[a.Keys[0]] = true
		}
	}
}

// paged asks a question page by page, and returns the field of every row.
func paged(t *testing.T, desk *Desk, by catalog.Actor, q Question, field string) (all []string, unfit uint64) {
	t.Helper()
	for pages := 0; ; pages++ {
		got, err := desk.Query(t.Context(), newID(), by, q)
		if err != nil || len(got.Rows) > q.Limit || pages > 1000 {
			t.Fatal(len(got.Rows), pages, err)
		}
		for _, row := range got.Rows {
			var members map[string]any
			if err := json.Unmarshal(row, &members); err != nil {
				t.Fatal(err)
			}
			all = append(all, fmt.Sprint(members[field]))
		}
		unfit += got.Unfit
		if q.Cursor = got.Cursor; q.Cursor == "" {
			return all, unfit
		}
	}
}

// TestRowsAreToldApart (S39): two questions for fields without the key have their rows in orders
// that tell nothing of each other, whatever the pages, and every row once. With the key, and to the
// provider, there is one order.
func TestRowsAreToldApart(t *testing.T) {
	const n = MaxLimit + 500
	_, desk := republishing(t, n, typed(`"string"`, `,"m":{"type":"string"}`), typed(`"string"`, `,"m":{"type":"string"},"z":{"type":"string"}`))
	dataset := must(identity.ParseLabel("residents"))
	var all []string
	for i := range n {
		all = append(all, fmt.Sprint(i))
		if _, err := desk.Put(t.Context(), newID(), civil, dataset, fmt.Appendf(nil, `{"id":"%d","m":"%d","n":"%d"}`, i, i, i)); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	order := func(by catalog.Actor, limit int, field string, fields ...string) []string {
		got, _ := paged(t, desk, by, Question{
			Dataset: dataset, Purpose: "statistics", Application: applied, Limit: limit, Fields: append(fields, field),
		}, field)
		if !slices.Equal(slices.Sorted(slices.Values(got)), all) {
			t.Fatalf("%s by %d: got %d rows, want each of %d once", field, limit, len(got), n)
		}
		return got
	}
	water := catalog.Local("water")
	inPlace := func(a, b []string) (same int) {
		for i := range a {
			if a[i] == b[i] {
				same++
			}
		}
		return same
	}
	one, other := order(water, 300, "m"), order(water, 1000, "n")
	if same := inPlace(one, other); same > n/50 {
		t.Errorf("%d of %d rows are at the same place in two answers", same, n)
	}
	if same := inPlace(one, order(water, 170, "m")); same != n {
		t.Errorf("%d of %d rows are at the same place of the same question in other pages", same, n)
	}
	if same := inPlace(order(civil, 300, "m"), order(civil, 1000, "n", "id")); same != n {
		t.Errorf("%d of %d rows are at the same place for the provider", same, n)
	}
	if same := inPlace(order(water, 300, "m", "id"), order(water, 1000, "n", "id")); same != n {
		t.Errorf("%d of %d rows are at the same place with the key", same, n)
	}
}

// TestCursorsStayInTheirQuestion (S39b): a cursor stands behind a record that its answer showed
// with the key. Were it good for a question without the key, the difference of the answers at two
// cursors would be the value of the one record between.
func TestCursorsStayInTheirQuestion(t *testing.T) {
	_, desk := republishing(t, 6, typed(`"string"`, ""), typed(`"string"`, `,"m":{"type":"string"}`))
	asked := func(cursor string, fields ...string) (Answer, error) {
		return desk.Query(t.Context(), newID(), catalog.Local("water"), Question{
			Dataset: must(identity.ParseLabel("residents")), Purpose: "statistics", Application: applied, Limit: 1, Fields: fields, Cursor: cursor,
		})
	}
	for _, row := range [][2][]string{{{"id"}, {"n"}}, {{"id", "n"}, {"n"}}, {{"n"}, {"m", "n"}}, {{"n"}, {"id", "n"}}, {{"id", "n"}, {"id"}}} {
		shown, err := asked("", row[0]...)
		if err != nil || shown.Cursor == "" {
			t.Fatal(shown, err)
		}
		if got, err := asked(shown.Cursor, row[1]...); failure.Of(err).Code != text.BadCursor {
			t.Errorf("%v at the cursor of %v: got %s, %v", row[1], row[0], got.Rows, err)
		}
		if got, err := asked(shown.Cursor, row[0]...); err != nil || len(got.Rows) != 1 {
			t.Errorf("%v at its own cursor: got %s, %v", row[0], got.Rows, err)
		}
	}
}

// TestLeftOutOfABatchIsToldOnce: what is left out of a batch of rows that are told apart is in one
// of its pages.
func TestLeftOutOfABatchIsToldOnce(t *testing.T) {
	_, desk := republishing(t, 40, typed(`"string"`, ""), typed(`"string","maxLength":1`, ""))
	got, unfit := paged(t, desk, catalog.Local("water"), Question{
		Dataset: must(identity.ParseLabel("residents")), Purpose: "statistics", Application: applied, Limit: 3, Fields: []string{"n"},
	}, "n")
	if len(got) != 10 || unfit != 30 {
		t.Errorf("got %d rows and %d left out, want 10 and 30", len(got), unfit)
	}
}
