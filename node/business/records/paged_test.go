package records

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/decimal"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/text"
)

// paging is a dataset of residents whose records take 100 ms each to open, and a question about
// them.
type paging struct {
	ledger *booktest.Ledger
	first  *Desk // opens at once
	desk   *Desk
	q      Question
	as     string
}

const perRecord = 100 * time.Millisecond

var planning = catalog.Purpose{Code: must(identity.ParseLabel("planning")), Title: "规划"}

func newPaging(t *testing.T, q Question, records ...string) *paging {
	t.Helper()
	e := residents()
	e.Measures["income"] = append(e.Measures["income"], "minimum", "maximum")
	e.GroupBy, e.Purposes = []string{"sex", "town"}, append(e.Purposes, planning)
	l, first := people(t, e, records...)
	slow := &opening{Ledger: l, each: func() error { time.Sleep(perRecord); return nil }}
	q.Dataset, q.Purpose, q.Application = residentCode, "statistics", applied
	return &paging{l, first, NewDesk(slow), q, "water"}
}

// ask asks for a page of so many records, after the cursor.
func (p *paging) ask(ctx context.Context, records int, cursor string) (Answer, error) {
	q := p.q
	q.Wait, q.Cursor = uint32(records*int(perRecord.Milliseconds())), cursor
	got, err := p.desk.Query(ctx, newID(), catalog.Local(p.as), q)
	if err == nil {
		err = errors.Join(got.Check(), got.answers(q))
	}
	return got, err
}

// unfinished asks for a page that does not end the measure, and returns its cursor.
func (p *paging) unfinished(t *testing.T, cursor string) string {
	t.Helper()
	got, err := p.ask(t.Context(), 2, cursor)
	if err != nil || !got.Unfinished {
		t.Fatalf("got %+v, %v, want a page that is not the last", got, err)
	}
	return got.Cursor
}

// drawnPerson draws the members of a record.
func drawnPerson(t *rapid.T) string {
	members := map[string]any{}
	for name, values := range map[string][]any{
		"sex": {"f", "m", nil}, "town": {"T", "U", "V"}, "age": {1, 2, nil},
		"income": {json.Number("1.5"), json.Number("-3"), json.Number("1e30"), json.Number("0"), json.Number("7e-18"), nil, nil},
	} {
		if v := rapid.SampledFrom(values).Draw(t, name); v != nil {
			members[name] = v
		}
	}
	data := must(json.Marshal(members))
	return string(data[1 : len(data)-1])
}

func drawnQuestion(t *rapid.T) (q Question) {
	q.Measure = parsed(rapid.SampledFrom([]string{
		"count", "count by town", "sum(income)", "sum(income) by sex", "average(income) by sex, town", "sum(income) by town",
	}).Draw(t, "measure"))
	q.Filter = rapid.SampledFrom([]string{"true", "age < 2", `income > -4`, `town != "U"`}).Draw(t, "filter")
	if rapid.Bool().Draw(t, "by an index") {
		q.Where = map[string]json.RawMessage{"town": []byte(`"T"`)}
	}
	return q
}

// change puts, replaces or retracts a record.
func (p *paging) change(t *testing.T, rt *rapid.T, most int) {
	n := rapid.IntRange(0, most+3).Draw(rt, "person")
	if n >= most || rapid.Bool().Draw(rt, "put") {
		putPerson(t, p.first, n, drawnPerson(rt))
		return
	}
	_, err := p.first.Retract(t.Context(), newID(), civil, residentCode, fmt.Sprint(n), "moved away")
	if err != nil {
		refusedAs(t, "retract", err, text.UnknownRecord) // it is retracted already
	}
}

// saidOf is what an answer tells, or the refusal, but for when and how it was recorded.
func saidOf(a Answer, err error) any {
	if err != nil {
		f, _ := errors.AsType[*text.Failure](err)
		return f.Code
	}
	a.Use, a.AsOf = Use{}, 0
	return a
}

// bubbled is a test in a bubble, whose deadline nobody may ask for.
type bubbled struct{ rapid.TB }

// TestPagesAreOneScan: wherever the pages of a measure are cut, and whatever records come, change
// and go between them, the last page tells what one scan told at the position of the first; and no
// page before it tells anything of the records.
func TestPagesAreOneScan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rapid.Check(bubbled{t}, func(rt *rapid.T) {
			records := rapid.SliceOfN(rapid.Custom(drawnPerson), 3, 14).Draw(rt, "records")
			p := newPaging(t, drawnQuestion(rt), records...)
			p.as = rapid.SampledFrom([]string{"water", "civil-affairs"}).Draw(rt, "as")
			if rapid.Bool().Draw(rt, "one is damaged") {
				entry := putPerson(t, p.first, 0, records[0])
				must(commandDecay.Do(t.Context(), p.ledger, book.Request{}, entry.Index()))
			}
			want := saidOf(p.first.Query(t.Context(), newID(), catalog.Local(p.as), p.q))
			p.pagesTell(t, rt, want, len(records))
		})
	})
}

func (p *paging) pagesTell(t *testing.T, rt *rapid.T, want any, most int) {
	var before Answer
	for cursor := ""; ; {
		got, err := p.ask(t.Context(), rapid.IntRange(1, most).Draw(rt, "page"), cursor)
		if err != nil || !got.Unfinished {
			if have := saidOf(got, err); !reflect.DeepEqual(have, want) {
				rt.Fatalf("%+v: the pages tell\n%+v, want\n%+v", p.q, have, want)
			}
			return
		}
		if cursor != "" && (got.AsOf != before.AsOf || got.Total != before.Total || got.Scanned <= before.Scanned || len(got.Cursor) != len(cursor)) {
			rt.Fatalf("a page tells %+v, after %+v", got, before)
		}
		_, said := accesses(t, p.ledger)
		if said["unfinished"] != true || said["rows"] != 0.0 || said["incomparable"] != nil || said["unreadable"] != nil {
			rt.Fatalf("a page is recorded as %v", said)
		}
		before, cursor = got, got.Cursor
		for range rapid.IntRange(0, 2).Draw(rt, "changes") {
			p.change(t, rt, most)
		}
	}
}

// TestCursorOfMeasureIsSealed (S44b) goes on with the cursor of an unfinished measure in every way
// in which it must not.
func TestCursorOfMeasureIsSealed(t *testing.T) {
	town := Question{Measure: parsed("sum(income) by sex"), Where: map[string]json.RawMessage{"town": []byte(`"T"`)}}
	for what, row := range map[string]struct {
		change func(*testing.T, *paging, *string)
		want   text.Code
	}{
		"altered": {func(_ *testing.T, _ *paging, cursor *string) {
			b := []byte(*cursor)
			b[len(b)/2] ^= 1
			*cursor = string(b)
		}, text.BadCursor},
		"cut off":         {func(_ *testing.T, _ *paging, cursor *string) { *cursor = (*cursor)[:len(*cursor)-4] }, text.BadCursor},
		"another agency":  {func(_ *testing.T, p *paging, _ *string) { p.as = "civil-affairs" }, text.BadCursor},
		"another filter":  {func(_ *testing.T, p *paging, _ *string) { p.q.Filter = "true" }, text.BadCursor},
		"another place":   {func(_ *testing.T, p *paging, _ *string) { p.q.Where = nil }, text.BadCursor},
		"another field":   {func(_ *testing.T, p *paging, _ *string) { p.q.Measure = parsed("count by sex") }, text.BadCursor},
		"other groups":    {func(_ *testing.T, p *paging, _ *string) { p.q.Measure = parsed("sum(income) by town") }, text.BadCursor},
		"no groups":       {func(_ *testing.T, p *paging, _ *string) { p.q.Measure = parsed("sum(income)") }, text.BadCursor},
		"the records":     {func(_ *testing.T, p *paging, _ *string) { p.q.Measure = parsed("count"); p.q.Measure.Function = 0 }, text.BadCursor},
		"other fields":    {func(_ *testing.T, p *paging, _ *string) { p.q.Fields = []string{"town"} }, text.BadCursor},
		"another purpose": {func(_ *testing.T, p *paging, _ *string) { p.q.Purpose = "planning" }, text.BadCursor},
		"a later entry": {func(t *testing.T, p *paging, _ *string) {
			e := residents()
			e.Code, e.Title, e.GroupBy, e.Purposes = residentCode, "later", []string{"sex", "town"}, append(e.Purposes, planning)
			if _, err := publishFit(t.Context(), p.ledger, e); err != nil {
				t.Fatal(err)
			}
		}, text.CursorStale},
		"the next day": {func(_ *testing.T, p *paging, _ *string) {
			p.ledger.Clock = p.ledger.Clock.Add(measuringAge + time.Minute)
			putPerson(t, p.first, 1, "")
		}, text.CursorStale},
		"another grant": {anotherGrant, text.CursorStale},
		"no grant":      {func(t *testing.T, p *paging, _ *string) { must(0, revokeAll(p.ledger)) }, text.GrantRevoked},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := town
				p := newPaging(t, q, drawnTown(9)...)
				cursor := p.unfinished(t, "")
				p.unfinished(t, cursor)
				row.change(t, p, &cursor)
				before, _ := accesses(t, p.ledger)
				_, err := p.desk.Query(t.Context(), newID(), catalog.Local(p.as), func() Question {
					q := p.q
					q.Cursor = cursor
					return q
				}())
				refusedAs(t, what, err, row.want)
				if after, _ := accesses(t, p.ledger); after != before {
					t.Errorf("%d uses were recorded, want none: nothing was read", after-before)
				}
			})
		})
	}
}

// drawnTown returns the records of people of one town.
func drawnTown(n int) (records []string) {
	for i := range n {
		records = append(records, fmt.Sprintf(`"sex":"%s","town":"T","income":%d`, []string{"f", "m"}[i%2], i))
	}
	return records
}

// anotherGrant has the grant of the asker take the place of another.
func anotherGrant(t *testing.T, p *paging, _ *string) {
	var grants []sharing.Grant
	reading(t, p.ledger, func(r *state.Reader) { grants = sharing.Grants(r) })
	q := p.q
	q.Application.Until = grants[0].Until.Add(48 * time.Hour).Format(time.RFC3339)
	if got, err := p.first.Query(t.Context(), newID(), catalog.Local(p.as), q); err != nil || !got.GrantedNow {
		t.Fatalf("granted now: %t, %v", got.GrantedNow, err)
	}
}

// TestPageTellsNothing (S44): two measures of which one found many groups so far, and the other
// one, are told the same way, with cursors of one length; and so is a measure of all records.
func TestPageTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lengths := map[string][]int{}
		for _, measure := range []string{"count by sex", "sum(income) by sex", "sum(income)", "count"} {
			for _, sexes := range []string{"1", "123456789"} {
				records := make([]string, 12)
				for i := range records {
					records[i] = fmt.Sprintf(`"sex":"%c","income":%d`, sexes[i%len(sexes)], i*i)
				}
				p := newPaging(t, Question{Measure: parsed(measure), Filter: "true"}, records...)
				got, err := p.ask(t.Context(), 10, "")
				if err != nil || got.Scanned != 10 || got.Total != 12 {
					t.Fatalf("got %+v, %v, want a page of 10", got, err)
				}
				cursor := got.Cursor
				got.Use, got.Cursor = Use{}, ""
				if want := (Answer{Unfinished: true, AsOf: got.AsOf, Scanned: 10, Total: 12}); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: a page tells %+v, want %+v", measure, got, want)
				}
				kind := map[bool]string{true: "groups", false: "one"}[p.q.Measure.Grouped()]
				lengths[kind] = append(lengths[kind], len(cursor))
			}
		}
		for kind, all := range lengths {
			if len(slices.Compact(all)) != 1 {
				t.Errorf("%s: cursors of %d characters", kind, all)
			}
		}
	})
}

// TestTooManyGroupsForPages: a measure with more groups than a cursor carries is refused, and that
// is recorded; with time enough it is answered. The same cursor may come again.
func TestTooManyGroupsForPages(t *testing.T) {
	records := make([]string, 700)
	for i := range records {
		records[i] = fmt.Sprintf(`"sex":"a longer name %d","income":1.25`, i)
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPaging(t, Question{Measure: parsed("sum(income) by sex")}, records...)
		p.as = "civil-affairs"
		first, err := p.ask(t.Context(), 200, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.ask(t.Context(), 0, ""); err != nil {
			t.Errorf("with time enough: %v", err)
		}
		_, err = p.ask(t.Context(), 490, first.Cursor)
		refusedAs(t, "too many groups", err, text.MeasureTooWide)
		if _, said := accesses(t, p.ledger); said["refused"] != string(text.MeasureTooWide) {
			t.Errorf("recorded as %v", said)
		}
		if again, err := p.ask(t.Context(), 600, first.Cursor); err != nil || len(again.Groups) != 700 {
			t.Errorf("again: %d groups, %v, want 700", len(again.Groups), err)
		}
	})
}

// FuzzMeasuring: whatever is sealed in a cursor is decoded as one thing, or refused.
func FuzzMeasuring(f *testing.F) {
	income := must(decimal.Parse("12.5"))
	for _, m := range []measuring{
		{Onward: []byte{1}, After: []byte{2}, Groups: []keptTally{}},
		{Onward: []byte{1}, After: []byte{2}, Groups: []keptTally{{
			Values: []string{"f"}, Count: 2, With: 1, Amounts: &amounts{Sum: []byte{3}, Size: []byte{3}, Largest: income, Least: income, Most: income},
		}}},
	} {
		f.Add(must(canon.Marshal(m)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > measuringOne-4 {
			return
		}
		content := append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)
		content = append(content, make([]byte, measuringOne-len(content))...)
		m, err := decodeMeasuring(content, false)
		if err != nil {
			return
		}
		if again, err := m.encode(false); err != nil || !bytes.Equal(again, content) {
			t.Errorf("decoded as %+v, which is %d other bytes, %v", m, len(again), err)
		}
	})
}
