package catalog

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/ground/policy"
)

func labelOf(s string) identity.Label {
	l, err := identity.ParseLabel(s)
	if err != nil {
		panic(err)
	}
	return l
}

const fullSchema = `{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"n":{"type":["number","null"]},
	"addr":{"$ref":"#/$defs/a"},"a/b~c":{"const":1.0}},"$defs":{"a":{"type":"object","properties":{"street":{"type":"string","maxLength":40}},
	"additionalProperties":false}},"allOf":[{"properties":{"n":{"minimum":1}}},{"not":{"required":["x"]}}],"description":"d"}`

// full is an entry whose every member has a value.
func full() Entry {
	return Entry{
		Code: labelOf("uq"), Title: "t", Agency: labelOf("civil"), Category: "conditional", Citation: "c",
		Purposes: []Purpose{{labelOf("p"), "p"}, {labelOf("q"), "q"}}, Schema: json.RawMessage(fullSchema), Key: "id", Indexed: []string{"n", "id"},
		UpdateCycle: "daily", NotSecret: true, Standard: "gy/log/1/7", Counts: []identity.Label{labelOf("p")}, GroupBy: []string{"n", "id"},
		SmallestCell: 5, Measures: policy.Measures{"n": {"sum", "average"}},
	}
}

// variants returns the values that v can become by one small change of it: of a list, another
// order, one element less, one more, and one changed; of a map the same.
func variants(v reflect.Value) (all []reflect.Value) {
	set := func(f func(w reflect.Value)) {
		w := reflect.New(v.Type()).Elem()
		w.Set(v)
		f(w)
		all = append(all, w)
	}
	switch v.Kind() {
	case reflect.String:
		set(func(w reflect.Value) { w.SetString(v.String() + "x") })
	case reflect.Bool:
		set(func(w reflect.Value) { w.SetBool(!v.Bool()) })
	case reflect.Int:
		set(func(w reflect.Value) { w.SetInt(v.Int() + 1) })
	case reflect.Slice:
		all = append(all, v.Slice(1, v.Len()))
		set(func(w reflect.Value) { w.Set(reflect.Append(v.Slice3(0, v.Len(), v.Len()), variants(v.Index(0))[0])) })
		for i := range v.Len() {
			for _, other := range variants(v.Index(i)) {
				list := reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v)
				list.Index(i).Set(other)
				all = append(all, list)
			}
		}
		if v.Len() > 1 {
			turned := reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()), v)
			turned.Index(0).Set(v.Index(1))
			turned.Index(1).Set(v.Index(0))
			all = append(all, turned)
		}
	case reflect.Map:
		for _, name := range v.MapKeys() {
			for _, other := range variants(v.MapIndex(name)) {
				m := reflect.ValueOf(maps.Clone(v.Interface().(policy.Measures)))
				m.SetMapIndex(name, other)
				all = append(all, m)
			}
		}
		all = append(all, reflect.Zero(v.Type()))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[identity.Label]() {
			return []reflect.Value{reflect.ValueOf(labelOf(v.Interface().(identity.Label).String() + "x"))}
		}
		for i := range v.NumField() {
			for _, other := range variants(v.Field(i)) {
				set(func(w reflect.Value) { w.Field(i).Set(other) })
			}
		}
	default:
		panic("a member of an entry of kind " + v.Kind().String())
	}
	return all
}

// TestCompareIsTotal changes each member of an entry in every small way, members that are added
// later too, and sees that each change is told; it does so in both directions (A33).
func TestCompareIsTotal(t *testing.T) {
	e := full()
	typ, n := reflect.TypeFor[Entry](), 0
	for i := range typ.NumField() {
		if typ.Field(i).Type == reflect.TypeFor[json.RawMessage]() {
			continue // TestCompareSchema
		}
		if reflect.ValueOf(e).Field(i).IsZero() {
			t.Fatalf("%s has no value to change", typ.Field(i).Name)
		}
		for _, other := range variants(reflect.ValueOf(e).Field(i)) {
			changed := full()
			reflect.ValueOf(&changed).Elem().Field(i).Set(other)
			toldBoth(t, typ.Field(i).Name, e, changed)
			n++
		}
	}
	if n < 30 {
		t.Errorf("%d changes were tried", n)
	}
}

// toldBoth checks that what changed is told, from both sides, and that the same is told to be the
// same.
func toldBoth(t *testing.T, what string, a, b Entry) {
	t.Helper()
	for _, pair := range [][2]Entry{{a, b}, {b, a}} {
		if d := Compare(pair[0], pair[1]); reflect.ValueOf(d).IsZero() {
			t.Errorf("%s became %+v: nothing is told", what, pair[1])
		}
	}
	for _, e := range []Entry{a, b} {
		if d := Compare(e, e); !reflect.ValueOf(d).IsZero() {
			t.Errorf("%s: the same differs: %+v", what, d)
		}
	}
}

// nodes calls f with every place of a decoded document: replace puts another value there, or takes
// out what is there (nil).
func nodes(v any, replace func(any), f func(v any, replace func(any))) {
	f(v, replace)
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			was := v[name]
			nodes(was, func(w any) {
				if v[name] = w; w == nil {
					delete(v, name)
				}
			}, f)
			v[name] = was
		}
	case []any:
		for i, was := range v {
			nodes(was, func(w any) { v[i] = w }, f)
			v[i] = was
		}
	}
}

// TestCompareSchema changes each place of a schema, knowing nothing of JSON Schema: what is there
// is taken out, and replaced; what is not there is put in. Every change is told, with the way to it
// or the name of the field.
func TestCompareSchema(t *testing.T) {
	e, n := full(), 0
	tree := decoded(e.Schema)
	try := func() {
		changed := full()
		changed.Schema = spelled(tree)
		if n++; string(changed.Schema) == string(spelled(decoded(e.Schema))) {
			t.Fatal("nothing was changed")
		}
		toldBoth(t, "schema", e, changed)
	}
	nodes(tree, func(any) {}, func(v any, replace func(any)) {
		switch v := v.(type) {
		case map[string]any:
			v["phone"] = map[string]any{"type": "string"}
			try()
			delete(v, "phone")
		case []any:
			replace(append(slices.Clone(v), "more"))
			try()
			replace(v)
		}
		if reflect.DeepEqual(v, tree) {
			return
		}
		for _, other := range []any{nil, "another", json.Number("7")} {
			replace(other)
			try()
			replace(v)
		}
	})
	if n < 60 {
		t.Errorf("%d changes were tried", n)
	}
}

// TestCompareShows is the attack: a later version that opens what was closed, in places that no
// difference had a name for.
func TestCompareShows(t *testing.T) {
	before, after := full(), full()
	after.Schema = json.RawMessage(strings.NewReplacer(`"street"`, `"phone":{"type":"string"},"street"`, `["id"]`, `["id","n"]`, `"minimum":1`, `"minimum":0`,
		`,{"not":{"required":["x"]}}`, ``, `1.0`, `1`).Replace(fullSchema))
	after.Title, after.Citation, after.UpdateCycle, after.Standard = "u", "", "yearly", ""
	after.Purposes = append(after.Purposes, Purpose{labelOf("commercial"), "sale"})
	after.Purposes[0].Title = "P"
	after.Category = "unconditional"
	d := Compare(before, after)
	if got := fmt.Sprint(d.Category, d.NewPurposes, d.Open, d.Other); got != "[conditional unconditional] [commercial] [commercial p q] [a/b~c]" {
		t.Errorf("got %s", got)
	}
	var got []string
	for _, r := range d.Rest {
		got = append(got, fmt.Sprintf("%s: %s > %s", r.At, r.Before, r.After))
	}
	want := []string{
		`citation: "c" > ""`, `purposes/0/title: "p" > "P"`, `schema/$defs/a/properties/phone:  > {"type":"string"}`,
		`schema/allOf/0/properties/n/minimum: 1 > 0`, `schema/allOf/1: {"not":{"required":["x"]}} > `,
		`schema/properties/a~1b~0c/const: 1.0 > 1`, `schema/required:  > "n"`, `standard: "gy/log/1/7" > `, `title: "t" > "u"`,
		`update_cycle: "daily" > "yearly"`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestCompareLong shows of two long values the part where they differ.
func TestCompareLong(t *testing.T) {
	before, after := full(), full()
	before.Citation, after.Citation = strings.Repeat("甲", 500)+"乙"+strings.Repeat("丙", 500), strings.Repeat("甲", 500)+"丁"+strings.Repeat("丙", 500)
	d := Compare(before, after).Rest
	if len(d) != 1 || !strings.Contains(d[0].Before, "甲乙丙") || !strings.Contains(d[0].After, "甲丁丙") || len([]rune(d[0].After)) > shownOf+2 {
		t.Errorf("got %+v", d)
	}
}

// TestDifferences holds random documents against their spelling: differences are told where the
// spelling differs, and nowhere else.
func TestDifferences(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var draw func(depth int) any
	draw = func(depth int) any {
		switch n := random.IntN(6); {
		case n < 2 || depth == 0:
			return []any{"a", "b", json.Number("1"), json.Number("1.0"), true, nil, ""}[random.IntN(7)]
		case n < 4:
			m := map[string]any{}
			for range random.IntN(3) {
				m[[]string{"a", "b", "", "a/b"}[random.IntN(4)]] = draw(depth - 1)
			}
			return m
		default:
			var l = []any{}
			for range random.IntN(3) {
				l = append(l, draw(depth-1))
			}
			return l
		}
	}
	same := 0
	for range 20000 {
		a, b := draw(3), draw(3)
		if equal := string(spelled(a)) == string(spelled(b)); equal != (len(differences(a, b)) == 0) {
			t.Fatalf("%s and %s: got %+v", spelled(a), spelled(b), differences(a, b))
		} else if equal {
			same++
		}
	}
	if same == 0 {
		t.Error("no two were the same")
	}
}

// TestDocumentIsRecordable: no text of an entry, or name in its schema, has control characters,
// wherever it stands: the members of the entry are walked, also those that are added later.
func TestDocumentIsRecordable(t *testing.T) {
	whole := full()
	if err := whole.Validate(); err != nil {
		t.Fatal(err)
	}
	typ, n := reflect.TypeFor[Entry](), 0
	for i := range typ.NumField() {
		if typ.Field(i).Type.Kind() != reflect.String {
			continue
		}
		for _, bad := range []string{"a\x1b[31m", "a\x07", "\u0085"} {
			e := full()
			reflect.ValueOf(&e).Elem().Field(i).SetString(bad)
			if err := e.Validate(); err == nil {
				t.Errorf("%s with %q is taken", typ.Field(i).Name, bad)
			}
			n++
		}
	}
	for what, edit := range map[string]func(*Entry){
		"a purpose": func(e *Entry) { e.Purposes[1].Title = "a\x1b" },
		"a text of the schema": func(e *Entry) {
			e.Schema = json.RawMessage(strings.Replace(fullSchema, `"d"`, `"\u001b[31m"`, 1))
		},
		"a name in the schema": func(e *Entry) {
			e.Schema = json.RawMessage(strings.Replace(fullSchema, `"$defs":{`, `"$defs":{"\u0007":{},`, 1))
		},
	} {
		e := full()
		if edit(&e); e.Validate() == nil {
			t.Errorf("%s with a control character is taken", what)
		}
	}
	if err := (Standard{Entry: Entry{}, Level: "county\x1b"}).Validate(); err == nil || !strings.Contains(err.Error(), "level") || n < 12 {
		t.Errorf("the level: got %v; %d were tried", err, n)
	}
}
