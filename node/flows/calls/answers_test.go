package calls_test

import (
	"fmt"
	"strings"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/records"
	"xietong/node/ground/text"
)

// TestUnreadableAnswers: a signed answer that has not the form of one is recorded as refused, and
// not shown.
func TestUnreadableAnswers(t *testing.T) {
	w := newWorld(t)
	entry := func(p *place) identity.Entry { return p.Names().Entry(7) }
	good := records.Answer{Rows: [][]byte{[]byte(`{}`)}, Count: 1, AsOf: 6, Use: records.Use{Grant: entry(w.City)}}
	changed := func(f func(*records.Answer)) []byte {
		r := good
		f(&r)
		return encoded(r)
	}
	for what, row := range map[string]struct {
		content []byte
		entry   identity.Entry
	}{
		"nothing":                 {nil, entry(w.City)},
		"a row that is no JSON":   {changed(func(r *records.Answer) { r.Rows = [][]byte{[]byte(`{}]`)} }), entry(w.City)},
		"a row that is no object": {changed(func(r *records.Answer) { r.Rows = [][]byte{[]byte(`7`)} }), entry(w.City)},
		"a count of other rows":   {changed(func(r *records.Answer) { r.Count = 2 }), entry(w.City)},
		"groups that nobody asked for": {changed(func(r *records.Answer) {
			r.Rows, r.Groups = nil, []gather.Group{{Values: []string{}, Count: 1}}
		}), entry(w.City)},
		"rows without end":        {changed(func(r *records.Answer) { r.Rows = make([][]byte, records.MaxLimit+1) }), entry(w.City)},
		"a grant of another":      {changed(func(r *records.Answer) { r.Grant = entry(w.County) }), entry(w.City)},
		"no grant":                {changed(func(r *records.Answer) { r.Grant = identity.Entry{} }), entry(w.City)},
		"a record of another":     {encoded(good), entry(w.County)},
		"a use that nobody wrote": {encoded(good), identity.Entry{}},
	} {
		w.County.Told = &relay.Answer{
			Result: relay.Result{Content: row.content, Entry: row.entry}, Evidence: []byte("signed there"),
		}
		id, before := newID(), w.County.Size(t)
		got, err := w.County.Ask.Query(t.Context(), id, by(water), guiyang, lookup())
		refused(t, what, err, text.AnswerRefused)
		if got.Rows != nil || got.Count != 0 || w.County.Size(t) != before+1 {
			t.Fatalf("%s: got %q, and %d entries were made, want one", what, got.Rows, w.County.Size(t)-before)
		}
		_, said := w.County.SaidAt(t, w.County.Names().Entry(before))
		if said["outcome"] != float64(text.Number(text.AnswerRefused)) || said["entry"] != nil || said["request_id"] != id.String() {
			t.Errorf("%s: recorded as %v", what, said)
		}
	}
	claim := records.Claim{Dataset: villages, Key: "1", Field: "name", Value: []byte(`1`), Purpose: purpose}
	w.County.Told = &relay.Answer{Result: relay.Result{
		Content: encoded(records.Verdict{Outcome: "maybe", Use: records.Use{Grant: entry(w.City)}}), Entry: entry(w.City),
	}}
	_, err := w.County.Ask.Verify(t.Context(), newID(), by(water), guiyang, claim)
	refused(t, "a verdict that is none", err, text.AnswerRefused)
	w.County.Told = &relay.Answer{Result: relay.Result{Content: encoded(map[int][]byte{1: {}})}}
	_, err = w.County.Ask.Receipt(t.Context(), by(water), entry(w.City))
	refused(t, "a receipt that is none", err, text.AnswerRefused)
}

// TestInventedMembers (E01): an answer of 70,000 members that the node that answers made up, of
// which whoever shows it makes so many columns for each of a thousand rows, is refused, and so is
// every row that is no record with the columns, and every page that could go on without end.
func TestInventedMembers(t *testing.T) {
	w := newWorld(t)
	var wide strings.Builder
	for i := range 70_000 {
		fmt.Fprintf(&wide, `,"a%05d":1`, i)
	}
	row := func(rows ...string) func(*records.Answer) {
		return func(r *records.Answer) {
			for r.Rows = nil; len(rows) > 0; rows = rows[1:] {
				r.Rows = append(r.Rows, []byte(rows[0]))
			}
			r.Count = uint64(len(r.Rows))
		}
	}
	for what, change := range map[string]func(*records.Answer){
		"":                          func(*records.Answer) {},
		"70,000 members":            row("{"+wide.String()[1:]+"}", "{}", "{}"),
		"a member that is none":     row(`{"name":"a","phone":"1"}`),
		"a member twice":            row(`{"name":"a","name":"b"}`),
		"not in canonical form":     row(`{"name":"a","code":"1"}`),
		"a control character":       row(`{"name":"a\u001b]0;x\u0007"}`),
		"nested without end":        row(`{"name":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`),
		"a record that is too long": row(`{"name":"` + strings.Repeat("a", 64<<10) + `"}`),
		"more rows than asked for":  row("{}", "{}", "{}", "{}"),
		"a column twice":            func(r *records.Answer) { r.Columns = []string{"name", "name"} },
		"a column not asked for":    func(r *records.Answer) { r.Columns = []string{"name", "phone"} },
		"a column of no name":       func(r *records.Answer) { r.Columns = []string{"x\x1b[31m"} },
		"257 columns":               func(r *records.Answer) { r.Columns = strings.Split(wide.String(), ",")[:257] },
		"a page of nothing":         func(r *records.Answer) { r.Cursor, r.Scanned = "AAAA", 0 },
		"the same cursor":           func(r *records.Answer) { r.Cursor = "BBBB" },
		"a long cursor":             func(r *records.Answer) { r.Cursor = strings.Repeat("A", 1000) },
	} {
		answer := records.Answer{
			Rows: [][]byte{[]byte(`{"code":"1","name":"a"}`)}, Columns: []string{"code", "name"}, Count: 1, Scanned: 4, AsOf: 6, Cursor: "CCCC",
			Use: records.Use{Grant: w.City.Names().Entry(7)},
		}
		change(&answer)
		q := lookup()
		q.Key, q.Limit, q.Cursor, q.Fields = "", 3, "BBBB", []string{"name", "code"}
		w.County.Told = &relay.Answer{Result: relay.Result{Content: encoded(answer), Entry: w.City.Names().Entry(8)}, Evidence: []byte("signed there")}
		got, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, q)
		if what == "" {
			if err != nil || len(got.Rows) != 1 {
				t.Errorf("a good answer: got %q, %v", got.Rows, err)
			}
			continue
		}
		if refused(t, what, err, text.AnswerRefused); got.Rows != nil {
			t.Errorf("%s: got %.100q", what, got.Rows)
		}
	}
}

// TestUnreadableMeasures: the answer to a question for a number must be that number, without rows.
func TestUnreadableMeasures(t *testing.T) {
	w := newWorld(t)
	one := gather.Group{Values: []string{}, Count: 1}
	use := records.Use{Grant: w.City.Names().Entry(7)}
	q := lookup()
	q.Key, q.Measure, q.Wait, q.Cursor = "", gather.Measure{Function: gather.Count}, 1000, "BBBB"
	page := func(change func(*records.Answer)) records.Answer {
		a := records.Answer{Unfinished: true, Cursor: "CCCC", Scanned: 5, Total: 9, Use: use}
		change(&a)
		return a
	}
	for what, row := range map[string]struct {
		answer records.Answer
		want   bool
	}{
		"the number":          {records.Answer{Count: 1, Groups: []gather.Group{one}, Use: use}, true},
		"rows instead":        {records.Answer{Count: 1, Rows: [][]byte{[]byte(`{}`)}, Use: use}, false},
		"nothing":             {records.Answer{Use: use}, false},
		"another count":       {records.Answer{Count: 2, Groups: []gather.Group{one}, Use: use}, false},
		"a group of a value":  {records.Answer{Count: 1, Groups: []gather.Group{{Values: []string{"x"}, Count: 1}}, Use: use}, false},
		"what it amounts to":  {records.Answer{Count: 1, Groups: []gather.Group{{Values: []string{}, Count: 1, With: 1}}, Use: use}, false},
		"the same group, too": {records.Answer{Count: 2, Groups: []gather.Group{one, one}, Use: use}, false},
		"the end, and more":   {records.Answer{Count: 1, Groups: []gather.Group{one}, Cursor: "CCCC", Scanned: 5, Use: use}, false},
		"a page that tells":   {page(func(a *records.Answer) { a.Count, a.Groups = 1, []gather.Group{one} }), false},
		"a page without end":  {page(func(a *records.Answer) { a.Cursor = "BBBB" }), false},
		"a page of no way on": {page(func(a *records.Answer) { a.Cursor = "" }), false},
		"a cursor too long":   {page(func(a *records.Answer) { a.Cursor = strings.Repeat("C", 49<<10) }), false},
	} {
		w.County.Told = &relay.Answer{Result: relay.Result{Content: encoded(row.answer), Entry: w.City.Names().Entry(8)}}
		got, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, q)
		if row.want {
			if err != nil || got.Count != 1 {
				t.Errorf("%s: got %+v, %v", what, got, err)
			}
			continue
		}
		refused(t, what, err, text.AnswerRefused)
	}
}

func encoded(v any) []byte { return must(canon.Marshal(v)) }
