package records

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
)

// TestAlongReturns (S43c): rows that come along with an entry give again what a former version took
// out of the records, where they keep it, or bring it. The plan tells of it as for records that
// stay, and its hash is another.
func TestAlongReturns(t *testing.T) {
	record := `{"code":"%s","name":"a","at":{"home":"h","work":"w"},"phone":"139%d"}`
	taking := func(fields, required string) string {
		return `{"type":"object","required":["code"` + required + `],"properties":{"code":{"type":"string"},"name":{"type":"string"}` + fields + `}}`
	}
	const phone, work, both = `,"phone":{"type":"string"}`, `,"at":{"type":"object","properties":{"work":{"type":"string"}}}`,
		`,"at":{"type":"object","properties":{"home":{"type":"string"},"work":{"type":"string"}}}`
	const area = `,"area":{"type":"string"}`
	lines := func(header, values string) string {
		return header + "\n" + villageKey(0) + values + "\n" + villageKey(1) + values + "\n" + villageKey(5) + values + "\n"
	}
	object := func(members string) string {
		return fmt.Sprintf("{\"code\":\"%s\"%s}\n{\"code\":\"%s\"%s}\n", villageKey(0), members, villageKey(5), members)
	}
	for what, row := range map[string]struct {
		without, with string // schemas
		missing       Missing
		format, data  string
		all           bool
		want          []Holding
	}{
		"kept":                 {work, phone + both + area, MissingKeep, "csv", lines("code,name,area", ",a,A"), false, []Holding{{"at/home", 3}, {"phone", 3}}},
		"kept, in place":       {work, phone + both + area, MissingKeep, "csv", lines("code,name,area", ",a,A"), true, []Holding{{"at/home", 2}, {"phone", 2}}},
		"kept, all else":       {"", phone + both + area, MissingKeep, "csv", lines("code,name,area", ",a,A"), true, []Holding{{"at", 2}, {"phone", 2}}},
		"cleared":              {work, phone + both + area, MissingClear, "csv", lines("code,name,area", ",a,A"), true, nil},
		"cleared, others stay": {work, phone + both + area, MissingClear, "csv", lines("code,name,area", ",a,A"), false, []Holding{{"at/home", 1}, {"phone", 1}}},
		"brought":              {work, phone + both + area, "", "jsonl", object(`,"area":"A","phone":"1390"`), true, []Holding{{"phone", 1}}},
		"brought within":       {work, phone + both + area, "", "jsonl", object(`,"area":"A","at":{"home":"x"}`), true, []Holding{{"at/home", 1}}},
		"taken out still":      {work, work + area, MissingKeep, "csv", lines("code,name,area", ",a,A"), false, nil},
		"never taken out":      {phone + both, phone + both + area, MissingKeep, "csv", lines("code,name,area", ",a,A"), false, nil},
	} {
		t.Run(what, func(t *testing.T) {
			l, desk := open(t)
			e := villages()
			e.Indexed = nil
			for _, schema := range []string{taking(phone+both, ""), taking(row.without, "")} {
				e.Title, e.Schema = e.Title+"'", []byte(schema)
				if _, err := publishFit(t.Context(), l, e); err != nil {
					t.Fatal(err)
				}
				for i := 0; i < 3 && strings.HasSuffix(e.Title, "录'"); i++ {
					put(t, desk, fmt.Sprintf(record, villageKey(i), i))
				}
			}
			c := newClerk(l)
			c.next, c.all, c.how.Format, c.how.Missing = e, row.all, row.format, row.missing
			c.next.Schema = []byte(taking(row.with, `,"area"`))
			plan, err := c.whole(t.Context(), row.data)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(plan.Return, row.want) {
				t.Errorf("returns: got %v, want %v", plan.Return, row.want)
			}
		})
	}
}

// TestKeepsWhatIsShown: an import into the entry in force keeps what that shows. So it brings
// nothing back that a former version took out, and keeps what a later one gives again.
func TestKeepsWhatIsShown(t *testing.T) {
	schema := func(more string) []byte {
		return []byte(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"name":{"type":"string"},"note":{"type":"string"}` + more + `}}`)
	}
	l, desk := open(t)
	with, without := villages(), villages()
	with.Indexed, without.Indexed = nil, nil
	with.Schema, without.Schema = schema(`,"phone":{"type":"string"}`), schema("")
	imported := func(key int) {
		t.Helper()
		how := Reading{Missing: MissingKeep}
		data := "code,name\n" + villageKey(key) + ",new\n"
		check, err := desk.Check(t.Context(), civil, code, how, strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		load(t, desk, data, File{Reading: how, Hash: check.Hash, Rows: check.Rows, Good: check.Good, Plan: check.Plan})
	}
	must(publishFit(t.Context(), l, with))
	for i := range 3 {
		put(t, desk, fmt.Sprintf(`{"code":"%s","name":"a","note":"n","phone":"1390"}`, villageKey(i)))
	}
	must(publishFit(t.Context(), l, without))
	imported(0)
	plan, _, err := desk.Plan(t.Context(), civil, with, identity.Entry{})
	if want := []Holding{{"phone", 2}}; err != nil || !slices.Equal(plan.Return, want) {
		t.Errorf("returns: got %v, %v, want %v", plan.Return, err, want)
	}
	must(publishFit(t.Context(), l, with))
	imported(1)
	_, shown, err := shownNow(l, desk)
	want := map[string]string{
		"0": `{"code":"` + villageKey(0) + `","name":"new","note":"n"}`,
		"1": `{"code":"` + villageKey(1) + `","name":"new","note":"n","phone":"1390"}`,
		"2": `{"code":"` + villageKey(2) + `","name":"a","note":"n","phone":"1390"}`,
	}
	if err != nil || !maps.Equal(shown, want) {
		t.Errorf("got %v, %v, want %v", shown, err, want)
	}
}
