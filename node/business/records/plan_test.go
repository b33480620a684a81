package records

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// typed is the catalogue entry of residents whose field n has the type.
func typed(kind, more string) catalog.Entry {
	e := residents()
	e.Code, e.Measures, e.GroupBy, e.Indexed = must(identity.ParseLabel("residents")), nil, nil, []string{"n"}
	e.Schema = []byte(`{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"n":{"type":` + kind + `}` + more + `}}`)
	return e
}

// republishing returns a ledger with n records of the first entry, which the second has replaced
// without a look at them.
func republishing(t *testing.T, n int, first, next catalog.Entry) (*booktest.Ledger, *Desk) {
	t.Helper()
	l := booktest.New(t, nanming.String(), commands())
	if err := publish(l); err != nil {
		t.Fatal(err)
	}
	desk := NewDesk(l)
	if _, err := catalog.Publish(t.Context(), l, newID(), civil, first); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		record := fmt.Sprintf(`{"id":"%d","n":"%d"}`, i, i)
		if _, err := desk.Put(t.Context(), newID(), civil, first.Code, []byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := catalog.Publish(t.Context(), l, newID(), civil, next); err != nil {
		t.Fatal(err)
	}
	return l, desk
}

// TestEntrySaysWhoActs: whoever names no agency plans a version, and checks the rows that come with
// it, for the agency that the entry names; another agency does not, and neither does an entry that
// names none, where there are several.
func TestEntrySaysWhoActs(t *testing.T) {
	_, desk := republishing(t, 1, typed(`"string"`, ""), typed(`"string","minLength":1`, ""))
	next := typed(`"string","maxLength":9`, "")
	nobody := next
	nobody.Agency = identity.Label{}
	for what, row := range map[string]struct {
		by   catalog.Actor
		next catalog.Entry
		want text.Code
	}{
		"nobody":             {catalog.Actor{}, next, ""},
		"its provider":       {civil, nobody, ""},
		"another agency":     {catalog.Local("water"), next, text.NotProvider},
		"nobody, and no one": {catalog.Actor{}, nobody, text.AgencyNeeded},
	} {
		document := must(row.next.Encode())
		_, _, err := desk.Plan(t.Context(), row.by, row.next, identity.Entry{})
		how := Reading{For: &Coming{Entry: row.next, Document: document}}
		_, checked := desk.Check(t.Context(), row.by, row.next.Code, how, strings.NewReader("id,n\n7,x\n"))
		for _, got := range []error{err, checked} {
			if (got != nil || row.want != "") && !failure.Is(got, row.want) {
				t.Errorf("%s: got %v, want %q", what, got, row.want)
			}
		}
	}
}

// TestOtherTypeIsNoNo: the type of a field was changed. What the records hold from before is no
// silent no: they are left out, and told; yes and no are refused.
func TestOtherTypeIsNoNo(t *testing.T) {
	_, desk := republishing(t, 3, typed(`"string"`, ""), typed(`"integer"`, ""))
	code := must(identity.ParseLabel("residents"))
	if _, err := desk.Put(t.Context(), newID(), civil, code, []byte(`{"id":"9","n":1}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Put(t.Context(), newID(), civil, code, []byte(`{"id":"2","n":1}`)); err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		q            Question
		count, unfit uint64
	}{
		"all":         {Question{}, 2, 2},
		"a condition": {Question{Where: map[string]json.RawMessage{"n": []byte(`1`)}}, 2, 2},
		"a filter":    {Question{Filter: "n == 1"}, 2, 2},
		"by its key":  {Question{Key: "1"}, 0, 1},
		"a new one":   {Question{Key: "2"}, 1, 0},
		"a number of": {Question{Measure: counted, Where: map[string]json.RawMessage{"n": []byte(`1`)}}, 2, 2},
		"of none":     {Question{Where: map[string]json.RawMessage{"n": []byte(`7`)}}, 0, 2},
	} {
		row.q.Dataset, row.q.Purpose, row.q.Application = code, "statistics", applied
		for _, by := range []catalog.Actor{civil, catalog.Local("water")} {
			got, err := desk.Query(t.Context(), newID(), by, row.q)
			if err != nil || got.Count != row.count || got.Unfit != row.unfit || got.Check() != nil {
				t.Errorf("%s: got %d records and %d left out, %v, %v; want %d and %d", what, got.Count, got.Unfit, err, got.Check(), row.count, row.unfit)
			}
		}
	}
	for by, want := range map[catalog.Actor][2]uint64{civil: {2, 2}, catalog.Local("water"): {4, 0}} {
		for what, q := range map[string]Question{"another field": {Fields: []string{"id"}}, "a number": {Measure: counted}} {
			q.Dataset, q.Purpose, q.Application = code, "statistics", applied
			got, err := desk.Query(t.Context(), newID(), by, q)
			if err != nil || [2]uint64{got.Count, got.Unfit} != want {
				t.Errorf("%s, to %v: got %d records and %d left out, %v, want %d", what, by, got.Count, got.Unfit, err, want)
			}
		}
	}
	claim := Claim{Dataset: code, Key: "1", Field: "n", Value: []byte(`1`), Purpose: "statistics"}
	_, err := desk.Verify(t.Context(), newID(), civil, claim)
	refusedAs(t, "a claim about a record that does not fit", err, text.RecordUnfit)
	claim.Key = "2"
	if v, err := desk.Verify(t.Context(), newID(), civil, claim); err != nil || v.Outcome != Yes {
		t.Errorf("a claim about one that was put again: got %s, %v", v.Outcome, err)
	}
}

// TestPlan counts what a later version would do, over more records than a page, and records that as
// a use.
func TestPlan(t *testing.T) {
	l, desk := republishing(t, planPage+5, typed(`"string"`, `,"phone":{"type":"string"},"a":{"type":"object","properties":{"b":{},"c":{}}}`),
		typed(`"string"`, `,"a":{"type":"object","properties":{"b":{},"c":{}}}`))
	code := must(identity.ParseLabel("residents"))
	if _, err := desk.Put(t.Context(), newID(), civil, code, []byte(`{"a":{"b":1,"c":2},"id":"x","n":"x"}`)); err != nil {
		t.Fatal(err)
	}
	water := catalog.Local("water")
	q := Question{Dataset: code, Key: "1", Purpose: "statistics", Application: applied}
	if _, err := desk.Query(t.Context(), newID(), water, q); err != nil {
		t.Fatal(err)
	}
	next := typed(`"string","maxLength":3`, `,"phone":{"type":"string"},"a":{"type":"object","properties":{"b":{}}}`)
	next.Category, next.Citation, next.Indexed = "not-shared", "art 15", []string{"phone"}
	before := sizeOf(t, l)
	p, as, err := desk.Plan(t.Context(), civil, next, identity.Entry{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Version != 2 || p.Records != planPage+6 || p.Unfit != 1005 || len(p.Faults) != MaxFaults || as.Fit {
		t.Errorf("got version %d, %d records, %d unfit, %d faults, %+v", p.Version, p.Records, p.Unfit, len(p.Faults), as)
	}
	if len(p.Faults) > 0 && (p.Faults[0].Field != "n" || p.Faults[0].Rule != "maxLength" || len(p.Faults[0].Key) != 4) {
		t.Errorf("got %+v", p.Faults[0])
	}
	if !slices.Equal(p.Vanish, []Holding{{"a/c", 1}}) || len(p.Return) > 0 {
		t.Errorf("got %+v, %+v", p.Vanish, p.Return)
	}
	if p.Ending != 1 || len(p.Ends) != 1 || p.Ends[0].Consumer.Code().String() != "water" {
		t.Errorf("got %d grants, %+v", p.Ending, p.Ends)
	}
	d := p.Differences
	if strings.Join(d.Category, " ") != "unconditional not-shared" || strings.Join(d.New, " ") != "phone" || strings.Join(d.Other, " ") != "a n" ||
		strings.Join(d.Dropped, " ") != "n" || strings.Join(d.Indexed, " ") != "phone" {
		t.Errorf("got %+v", d)
	}
	heads := l.Heads(t, before)
	if len(heads) != 1 || heads[0].Kind != ledger.KindAccess || heads[0].Agency != agency {
		t.Errorf("it left %+v, want the record of a use", heads)
	}
	_, _, err = desk.Plan(t.Context(), water, next, identity.Entry{})
	refusedAs(t, "by another", err, text.NotProvider)
}

// TestPlanReturns tells that a field which is listed again is given again.
func TestPlanReturns(t *testing.T) {
	_, desk := republishing(t, 2, typed(`"string"`, ""), listing(nil))
	p, as, err := desk.Plan(t.Context(), civil, typed(`"string"`, ""), identity.Entry{})
	if err != nil || !slices.Equal(p.Return, []Holding{{"n", 2}}) || p.Unfit > 0 || !as.Fit {
		t.Errorf("got %+v, %+v, %v", p, as, err)
	}
}

// TestPublishedAsChecked: what changes between the check and the command has the command refused;
// what was checked and fits is not checked again when it is read.
func TestPublishedAsChecked(t *testing.T) {
	l, desk := republishing(t, 2, typed(`"string"`, ""), typed(`"string"`, `,"a":{}`))
	next := typed(`"string"`, `,"b":{}`)
	publishAs := func(as catalog.Checked) (catalog.Published, error) {
		e, p, _, err := catalog.Prepare(t.Context(), l, civil, next)
		if err != nil {
			t.Fatal(err)
		}
		p.Checked = &as
		_, err = catalog.Propose(t.Context(), l, book.By(identity.NewAgency(nanming, e.Agency), newID(), p.Document), p)
		if err != nil {
			return catalog.Published{}, err
		}
		var now catalog.Published
		reading(t, l, func(r *state.Reader) { now = must(catalog.Dataset(r, next.Code)) })
		return now, nil
	}
	_, as, err := desk.Plan(t.Context(), civil, next, identity.Entry{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Put(t.Context(), newID(), civil, next.Code, []byte(`{"id":"7","n":"7"}`)); err != nil {
		t.Fatal(err)
	}
	_, err = publishAs(as)
	refusedAs(t, "a record was put since", err, text.DatasetMoved)
	_, as, err = desk.Plan(t.Context(), civil, next, identity.Entry{})
	if err != nil {
		t.Fatal(err)
	}
	if now, err := publishAs(as); err != nil || now.Unsure != ledger.None || now.Version != 3 {
		t.Errorf("got %+v, %v", now, err)
	}
	_, err = publishAs(as)
	refusedAs(t, "another version came since", err, text.DatasetMoved)
	as.Version, as.Fit = 3, false
	if now, err := publishAs(as); err != nil || now.Unsure == ledger.None {
		t.Errorf("left out: got %+v, %v", now, err)
	}
}

// TestPlanFigure prints how long a check takes beside a count with a filter.
func TestPlanFigure(t *testing.T) {
	if testing.Short() {
		t.Skip("figures")
	}
	_, desk := republishing(t, 1000, typed(`"string"`, ""), typed(`"string"`, `,"a":{}`))
	next := typed(`"string"`, "")
	began := time.Now()
	if _, _, err := desk.Plan(t.Context(), civil, next, identity.Entry{}); err != nil {
		t.Fatal(err)
	}
	plan := time.Since(began)
	began = time.Now()
	q := Question{Dataset: next.Code, Purpose: "statistics", Measure: counted, Filter: `n != "x"`}
	if _, err := desk.Query(t.Context(), newID(), civil, q); err != nil {
		t.Fatal(err)
	}
	t.Logf("a record: checked in %v, filtered in %v", plan/1000, time.Since(began)/1000)
}

// TestRuleOfSeveralFields (S37c): what no field by itself breaks, but two of them together, is in
// no answer that shows all of them.
func TestRuleOfSeveralFields(t *testing.T) {
	later := typed(`"string"`, "")
	later.Schema = []byte(strings.Replace(string(later.Schema), `"required":["id"],`,
		`"required":["id"],"if":{"properties":{"n":{"const":"1"}},"required":["n"]},"then":{"properties":{"id":{"const":"x"}}},`, 1))
	_, desk := republishing(t, 3, typed(`"string"`, ""), later)
	code := must(identity.ParseLabel("residents"))
	for what, row := range map[string]struct {
		q            Question
		count, unfit uint64
	}{
		"all fields": {Question{}, 2, 1}, "each by its name": {Question{Fields: []string{"n", "id"}}, 2, 1}, "by its key": {Question{Key: "1"}, 0, 1},
		"one of two": {Question{Fields: []string{"n"}}, 3, 0},
	} {
		row.q.Dataset, row.q.Purpose, row.q.Application = code, "statistics", applied
		got, err := desk.Query(t.Context(), newID(), catalog.Local("water"), row.q)
		if err != nil || got.Count != row.count || got.Unfit != row.unfit {
			t.Errorf("%s: got %d records and %d left out, %v; want %d and %d", what, got.Count, got.Unfit, err, row.count, row.unfit)
		}
	}
}

// TestTakenAgainIsCounted: a record that one version does not take is counted by its fields once a
// later one takes it, also where the fields were declared in between.
func TestTakenAgainIsCounted(t *testing.T) {
	between, later := typed(`"string","maxLength":1`, `,"z":{"type":"string"},"c":{"type":"number"}`), typed(`"string"`, `,"z":{"type":"string"},"c":{"type":"number"}`)
	for _, e := range []*catalog.Entry{&between, &later} {
		e.GroupBy, e.Measures = []string{"z"}, policy.Measures{"c": {"sum"}}
	}
	l, desk := republishing(t, 12, typed(`"string"`, `,"z":{"type":"string"}`), between)
	for range 2 {
		if _, err := desk.Recount(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := publishFit(t.Context(), l, later); err != nil {
			t.Fatal(err)
		}
	}
	got, err := desk.Query(t.Context(), newID(), civil, Question{
		Dataset: between.Code, Purpose: "statistics", Measure: gather.Measure{Function: gather.Count, By: []gather.By{{Field: "z"}}},
	})
	if err != nil || got.Count != 12 || got.Unreadable != 0 || got.Scanned != 0 {
		t.Errorf("got %d, %d unreadable, of %d that were looked at, %v; want 12 of none", got.Count, got.Unreadable, got.Scanned, err)
	}
}
