package records

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
)

// people's fields beside the key, of which versions list some.
var disclosed = []string{"phone", "town", "income", "sex", "电话"}

// listing is the catalogue entry of residents that lists the fields.
func listing(fields []string) catalog.Entry {
	properties := []string{`"id":{"type":"string"}`}
	e := residents()
	e.Code, e.Measures, e.GroupBy, e.SmallestCell, e.Indexed = must(identity.ParseLabel("residents")), policy.Measures{}, nil, 0, nil
	for _, f := range fields {
		kind := `["string","null"]`
		if f == "income" {
			kind = `"number"`
			e.Measures[f] = []string{"sum", "minimum", "maximum"}
		}
		if f == "town" {
			e.Indexed = []string{f}
		}
		properties = append(properties, fmt.Sprintf("%q:{\"type\":%s}", f, kind))
		if f == "sex" {
			e.GroupBy = []string{f}
		}
	}
	if len(e.Measures) == 0 {
		e.GroupBy = nil
	}
	e.Schema = []byte(`{"type":"object","properties":{` + strings.Join(properties, ",") + `}}`)
	return e
}

// offering returns a ledger that has the entry in force and the records that earlier versions let
// in.
func offering(t *testing.T, l *booktest.Ledger, versions [][]string, records []map[string]any) *Desk {
	desk := NewDesk(l)
	for i, fields := range versions {
		if _, err := catalog.Publish(t.Context(), l, newID(), civil, listing(fields)); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			continue
		}
		for _, r := range records {
			data := must(json.Marshal(r))
			if _, err := desk.Put(t.Context(), newID(), civil, must(identity.ParseLabel("residents")), data); err != nil {
				t.Fatalf("put %s: %v", data, err)
			}
		}
	}
	return desk
}

// questions are all kinds of question over the fields.
func questions(fields []string) (all []Question) {
	dataset := must(identity.ParseLabel("residents"))
	add := func(q Question) {
		q.Dataset, q.Purpose, q.Application = dataset, "statistics", applied
		all = append(all, q)
	}
	add(Question{})
	add(Question{Key: "1"})
	add(Question{Measure: counted})
	for _, f := range fields {
		add(Question{Fields: []string{f}})
		add(Question{Where: map[string]json.RawMessage{f: []byte(`"secret-` + f + `-1"`)}})
		add(Question{Where: map[string]json.RawMessage{f: []byte(`null`)}, Measure: counted})
		if f != "电话" {
			add(Question{Filter: f + ` != null`})
			add(Question{Filter: f + ` == "secret-` + f + `-1"`, Measure: counted})
		}
		add(Question{Measure: gather.Measure{Function: gather.Count, By: []gather.By{{Field: f}}}})
		add(Question{Measure: gather.Measure{Function: gather.Sum, Field: f}})
		add(Question{Measure: gather.Measure{Function: gather.Maximum, Field: f, By: []gather.By{{Field: "sex"}}}})
	}
	return all
}

// told is all that an asker gets to see of an answer.
func told(a Answer, err error) string {
	if err != nil {
		f := failure.Of(err)
		return fmt.Sprintf("%s %v", f.Code, slices.Sorted(maps.Values(f.Args)))
	}
	var rows []string
	for _, row := range a.Rows {
		rows = append(rows, string(row))
	}
	slices.Sort(rows)
	groups := must(json.Marshal(a.Groups))
	return fmt.Sprintf("%q %d %d %d %t %s", rows, a.Count, a.Incomparable, a.Unreadable, a.Cursor != "", groups)
}

// TestDisclosureFollowsTheCatalogue draws versions of an entry and records of the first of them,
// asks everything, and compares each answer with that of a dataset that never had more than the
// entry in force lists: no byte of a field that was taken out is told, and nothing tells of it.
func TestDisclosureFollowsTheCatalogue(t *testing.T) {
	rapid.Check(t, func(draw *rapid.T) {
		some := rapid.SliceOfDistinct(rapid.SampledFrom(disclosed), rapid.ID)
		versions := append([][]string{disclosed}, rapid.SliceOfN(some, 1, 3).Draw(draw, "versions")...)
		last := versions[len(versions)-1]
		var full, cut []map[string]any
		for i := range rapid.IntRange(1, 4).Draw(draw, "records") {
			whole := map[string]any{"id": fmt.Sprint(i)}
			for _, f := range some.Draw(draw, "held") {
				whole[f] = any(fmt.Sprintf("secret-%s-%d", f, i))
				if f == "income" {
					whole[f] = 77000 + i
				}
			}
			less := maps.Clone(whole)
			maps.DeleteFunc(less, func(f string, _ any) bool { return f != "id" && !slices.Contains(last, f) })
			full, cut = append(full, whole), append(cut, less)
		}
		by := rapid.SampledFrom([]catalog.Actor{civil, catalog.Local("water"), catalog.Foreign(namesake)}).Draw(draw, "by")
		compareDisclosed(t, by, rapid.IntRange(0, 4).Draw(draw, "part"), versions, full, cut)
	})
}

// compareDisclosed asks a fifth of all questions: that of the number part.
func compareDisclosed(t *testing.T, by catalog.Actor, part int, versions [][]string, full, cut []map[string]any) {
	last := versions[len(versions)-1]
	removed := func(told string) bool {
		return slices.ContainsFunc(disclosed, func(f string) bool {
			return !slices.Contains(last, f) && (strings.Contains(told, "secret-"+f) || f == "income" && strings.Contains(told, "7700"))
		})
	}
	ledgers := [2]*booktest.Ledger{}
	for i := range ledgers {
		if ledgers[i] = booktest.New(t, nanming.String(), commands()); publish(ledgers[i]) != nil {
			t.Fatal("no agencies")
		}
	}
	var evidence []byte
	if by == catalog.Foreign(namesake) {
		evidence = []byte("x")
	}
	desk := offering(t, ledgers[0], versions, full)
	model := offering(t, ledgers[1], slices.Repeat([][]string{last}, len(versions)), cut)
	for i, q := range questions(disclosed) {
		if q.Evidence = evidence; i%5 != part {
			continue
		}
		got, want := told(desk.Query(t.Context(), newID(), by, q)), told(model.Query(t.Context(), newID(), by, q))
		if got != want || removed(got) {
			t.Fatalf("%q, asked %+v: got\n%s, want\n%s", versions, q, got, want)
		}
	}
	for _, f := range disclosed[part : part+1] {
		for _, value := range []string{`"secret-` + f + `-1"`, `77001`, `null`} {
			c := Claim{
				Dataset: must(identity.ParseLabel("residents")), Key: "1", Field: f, Value: []byte(value),
				Purpose: "statistics", Application: applied, Evidence: evidence,
			}
			got, err := desk.Verify(t.Context(), newID(), by, c)
			want, failed := model.Verify(t.Context(), newID(), by, c)
			if got.Outcome != want.Outcome || told(Answer{}, err) != told(Answer{}, failed) {
				t.Fatalf("%q, verified %s = %s: got %s, %v, want %s, %v", versions, f, value, got.Outcome, err, want.Outcome, failed)
			}
		}
	}
}

// TestRemovedField holds P01 of docs/security.md: a field which the entry in force does not list is
// in no answer.
func TestRemovedField(t *testing.T) {
	l, desk := people(t, residents(), `"sex":"f","town":"secret"`)
	next := residents()
	next.Code, next.Indexed = must(identity.ParseLabel("residents")), nil
	next.Schema = []byte(strings.Replace(residentSchema, `"town":{"type":["string","null"]},`, "", 1))
	if _, err := catalog.Publish(t.Context(), l, newID(), civil, next); err != nil {
		t.Fatal(err)
	}
	for _, q := range []Question{{}, {Key: "0"}, {Where: map[string]json.RawMessage{"sex": []byte(`"f"`)}}, {Filter: `sex == "f"`}} {
		q.Dataset, q.Purpose, q.Application = next.Code, "statistics", applied
		got, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q)
		if err != nil || len(got.Rows) != 1 || string(got.Rows[0]) != `{"id":"0","sex":"f"}` {
			t.Errorf("%+v: got %s, %v", q, got.Rows, err)
		}
	}
}
