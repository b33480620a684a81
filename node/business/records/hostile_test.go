package records

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// allocated returns how many bytes f takes from the heap. A compiled pattern is memory first of
// all, so this is a measure of work that no other load of the machine disturbs.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// hostileFilters are filters of at most 4 KiB that cost hundreds of MiB or seconds where they are
// planned, or run, without bounds.
func hostileFilters() map[string]string {
	long := strings.Repeat("a?", 900)
	filters := map[string]string{
		"a repeated group":         `name.matches("^(?:` + long + `){1000}$")`,
		"nested repeats":           `name.matches("(?:(?:(?:a{10}){10}){10}b?){1,1000}")`,
		"many patterns":            strings.Repeat(`name.matches("a{1000}b{1000}")||`, 100) + "true",
		"a class of everything":    `name.matches("(?:` + strings.Repeat(`\\pL`, 300) + `){1000}")`,
		"a computed pattern":       `name.matches(["(?:a{1000}"].exists(p, p != "") ? "(?:(?:a?){30}){30}" : name)`,
		"many macros":              strings.Repeat("[1].exists_one(a,a>0)||", 170) + "true",
		"many unknown names":       strings.Repeat("a||", 1300) + "a",
		"many negations":           strings.Repeat("!", 4000) + "a",
		"names that are malformed": strings.Repeat("@", 4000),
	}
	before, after := "", ""
	for i := range 12 { // each variable has a type twice as long as the one before
		before, after = fmt.Sprintf("%s[{v%d: v%d}].all(v%d, ", before, i, i, i+1), after+")"
	}
	filters["types that double"] = "[1].all(v0, " + before + "v12 == v12" + after + ")"
	for i := range 10 {
		filters[fmt.Sprintf("an alternation of %d", i)] = `name.matches("(?:` + strings.Repeat("ab|", 100*i) + `c){1000}")`
	}
	return filters
}

// notShared publishes the dataset as one that is not shared, with one record.
func notShared(t *testing.T) (*booktest.Ledger, *Desk) {
	t.Helper()
	l := booktest.New(t, nanming.String(), commands())
	entry := villages()
	entry.Category, entry.Citation = "not-shared", "a law"
	for _, a := range []catalog.Agency{{Code: agency, Title: "民政局"}, {Code: water.Code(), Title: "水务局"}} {
		if _, err := catalog.AddAgency(t.Context(), l, newID(), a); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := catalog.Publish(t.Context(), l, newID(), civil, entry); err != nil {
		t.Fatal(err)
	}
	desk := NewDesk(l)
	put(t, desk, `{"code":"520102016001","name":"纪念塔社区"}`)
	return l, desk
}

// TestHostileFiltersBeforePermission (S02) sends 20 hostile filters, with a purpose and without
// one, to a dataset that is not shared. They are refused for that alone: nothing is planned or
// compiled, and nothing is recorded.
func TestHostileFiltersBeforePermission(t *testing.T) {
	l, desk := notShared(t)
	ask := func(purpose, filter string) error {
		_, err := desk.Query(t.Context(), newID(), catalog.Local("water"), Question{Dataset: code, Purpose: purpose, Filter: filter})
		return err
	}
	_ = ask("", "true") // compiles the schema
	before := sizeOf(t, l)
	for name, filter := range hostileFilters() {
		for purpose, want := range map[string]text.Code{"": text.PurposeNeeded, "statistics": text.NotShared} {
			var err error
			took := allocated(func() { err = ask(purpose, filter) })
			refusedAs(t, name, err, want)
			if took > 64<<10 {
				t.Errorf("%s, purpose %q: %d KiB for %d bytes of filter, before it was refused", name, purpose, took>>10, len(filter))
			}
		}
	}
	if after := sizeOf(t, l); after != before {
		t.Errorf("%d entries were recorded", after-before)
	}
}

// TestHostileFiltersWithPermission sends the same filters as somebody who may ask. Each is refused,
// or answered and recorded, within 4 MiB.
func TestHostileFiltersWithPermission(t *testing.T) {
	_, desk := open(t)
	ask := func(filter string) error {
		q := Question{Dataset: code, Purpose: "statistics", Application: applied, Filter: filter}
		_, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q)
		return err
	}
	if err := ask("true"); err != nil {
		t.Fatal(err)
	}
	for name, filter := range hostileFilters() {
		var err error
		if took := allocated(func() { err = ask(filter) }); took > 4<<20 {
			t.Errorf("%s: %d KiB for %d bytes of filter", name, took>>10, len(filter))
		}
		if err != nil {
			refusedAs(t, name, err, text.FilterMalformed)
		}
	}
}

// TestManyConditions asks by as many conditions as a dataset has fields, all of which a record
// meets. The record is read once, and not once for each of them.
func TestManyConditions(t *testing.T) {
	e := villages()
	properties := []string{`"code":{"type":"string"}`, `"township":{"type":"string"}`}
	where := map[string]json.RawMessage{}
	for n := range 250 {
		properties = append(properties, fmt.Sprintf(`"f%d":{"type":"string"}`, n))
		where[fmt.Sprintf("f%d", n)] = json.RawMessage("null")
	}
	e.Schema = []byte(`{"properties":{` + strings.Join(properties, ",") + `}}`)
	l := booktest.New(t, nanming.String(), commands())
	if _, err := catalog.AddAgency(t.Context(), l, newID(), catalog.Agency{Code: agency, Title: "民政局"}); err != nil {
		t.Fatal(err)
	}
	if _, err := catalog.Publish(t.Context(), l, newID(), civil, e); err != nil {
		t.Fatal(err)
	}
	desk := NewDesk(l)
	put(t, desk, `{"code":"1","township":"`+strings.Repeat("x", 40_000)+`"}`)
	var answer Answer
	var err error
	took := allocated(func() {
		answer, err = desk.Query(t.Context(), newID(), civil, Question{Dataset: code, Where: where, Purpose: "statistics", Measure: counted})
	})
	if err != nil || answer.Count != 1 || took > 2<<20 {
		t.Errorf("got %d records, %v, with %d KiB", answer.Count, err, took>>10)
	}
}

// TestRepeatedFields wants one field 20,000 times. That is one field, for the question and not for
// each record anew.
func TestRepeatedFields(t *testing.T) {
	_, desk := open(t)
	for n := range 50 {
		put(t, desk, fmt.Sprintf(`{"code":"5201020160%02d","name":"x"}`, n+10))
	}
	q := Question{Dataset: code, Purpose: "statistics", Fields: slices.Repeat([]string{"code"}, 20_000)}
	var answer Answer
	var err error
	took := allocated(func() { answer, err = desk.Query(t.Context(), newID(), civil, q) })
	if err != nil || answer.Count != 51 || took > 4<<20 {
		t.Errorf("got %d records, %v, with %d KiB", answer.Count, err, took>>10)
	}
}

// TestFilterTellsNothingUnrecorded (S04b) reads a record bit by bit, as somebody who may ask but
// wants no trace: where the first half of the filter is true, the second costs too much, or has no
// value, or is of another type. Both answers are the outcome of a recorded use, and the record that
// could not be compared is counted.
func TestFilterTellsNothingUnrecorded(t *testing.T) {
	l, desk := open(t)
	list := "[" + strings.Repeat("1,", 99) + "1]"
	for name, then := range map[string]string{
		"too costly":   list + ".all(a, " + list + ".all(b, " + list + ".all(c, a+b+c > 0)))",
		"no value":     "township.size() > 1",
		"another type": "dyn(name) + 1 == 2",
		"no such item": "[1][5] == 1",
		"no number":    "int(name) == 1",
		"not exact":    "99999999999999999999 * 99999999999999999999 > 1",
	} {
		for _, probe := range []string{"纪", "x"} {
			before := sizeOf(t, l)
			answer, err := desk.Query(t.Context(), newID(), catalog.Local("water"), Question{
				Dataset: code, Purpose: "statistics", Application: applied, Filter: fmt.Sprintf("name.startsWith(%q) && %s", probe, then),
			})
			if err != nil {
				t.Errorf("%s, %s: refused, and so told, without a record: %v", name, probe, err)
				continue
			}
			want := uint64(0)
			if probe == "纪" {
				want = 1
			}
			if sizeOf(t, l) == before || answer.Count != 0 || answer.Incomparable != want {
				t.Errorf("%s, %s: %d entries more, %d records, %d not compared, want %d",
					name, probe, sizeOf(t, l)-before, answer.Count, answer.Incomparable, want)
			}
			var recorded sharing.Access
			if _, payload := entryAt(t, l, answer.Access.Index()); json.Unmarshal(payload, &recorded) != nil || recorded.Incomparable != want {
				t.Errorf("%s, %s: recorded as %+v", name, probe, recorded)
			}
		}
	}
}

// TestLongestNames keeps, finds, measures and retracts records of a dataset in which everything
// that becomes a part of a key is as long as it may be: its code, the key, sixteen indexed fields,
// and their values.
func TestLongestNames(t *testing.T) {
	l := booktest.New(t, nanming.String(), commands())
	if _, err := catalog.AddAgency(t.Context(), l, newID(), catalog.Agency{Code: agency, Title: "民政局"}); err != nil {
		t.Fatal(err)
	}
	long := must(identity.ParseLabel(strings.Repeat("x", 63)))
	name := func(n int) string { return strings.Repeat("𠮷", rows.MaxName-1) + string(rune('𠀀'+n)) }
	entry := villages()
	entry.Code, entry.Key, entry.Indexed = long, name(0), nil
	record, properties := map[string]string{name(0): strings.Repeat("k", 2500)}, map[string]any{name(0): map[string]string{"type": "string"}}
	for n := range catalog.MaxIndexed {
		entry.Indexed = append(entry.Indexed, name(n+1))
		properties[name(n+1)] = map[string]string{"type": "string"}
		record[name(n+1)] = strings.Repeat("v", 2500)
	}
	entry.Schema = must(json.Marshal(map[string]any{"properties": properties}))
	if _, err := catalog.Publish(t.Context(), l, newID(), civil, entry); err != nil {
		t.Fatal(err)
	}
	desk := NewDesk(l)
	if _, err := desk.Put(t.Context(), newID(), civil, long, must(json.Marshal(record))); err != nil {
		t.Fatal(err)
	}
	for field, value := range record {
		q := Question{Dataset: long, Where: map[string]json.RawMessage{field: must(json.Marshal(value))}, Purpose: "statistics"}
		if answer, err := desk.Query(t.Context(), newID(), civil, q); err != nil || answer.Count != 1 {
			t.Errorf("by %s: got %d records, %v", field[len(field)-4:], answer.Count, err)
		}
	}
	q := Question{Dataset: long, Measure: gather.Measure{Function: gather.Count, By: []gather.By{{Field: name(1)}}}, Purpose: "statistics"}
	if got, err := desk.Query(t.Context(), newID(), civil, q); err != nil || shown(got.Groups) != strings.Repeat("v", 1021)+"… 1" {
		t.Errorf("groups by values of 2,500 bytes: got %q, %v", shown(got.Groups), err)
	}
	if _, err := desk.Retract(t.Context(), newID(), civil, long, record[name(0)], strings.Repeat("r", MaxReasonLen)); err != nil {
		t.Error(err)
	}
}

// TestOneCompilation asks a dataset many times at once, right after its entry was published. Its
// schema is compiled once, and whoever asks for another dataset does not wait for that: here he
// would wait for ever.
func TestOneCompilation(t *testing.T) {
	_, desk := open(t)
	started, goOn := make(chan struct{}), make(chan struct{})
	desk.schemas[must(identity.ParseLabel("slow"))] = compiled{catalog.Published{Version: 1}, sync.OnceValues(func() (*rows.Schema, error) {
		close(started) // a second compilation would close it again
		<-goOn
		return nil, errors.New("compiled")
	})}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := desk.compiled(catalog.Published{Version: 1, Entry: catalog.Entry{Code: must(identity.ParseLabel("slow"))}}); err == nil {
				t.Error("the schema was not that of the one compilation")
			}
		})
	}
	<-started
	defer all.Wait()
	defer close(goOn)
	q := Question{Dataset: code, Purpose: "statistics", Application: applied}
	if _, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q); err != nil {
		t.Errorf("another dataset, while one schema is compiled: %v", err)
	}
}
