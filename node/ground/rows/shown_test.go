package rows

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestShown holds what leaves of a stored record under a schema.
func TestShown(t *testing.T) {
	const nested = `{"type":"object","properties":{"id":{"type":"string"},
		"address":{"type":"object","properties":{"street":{"type":"string"}}},
		"free":{"type":"object"},
		"more":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":{"type":"string"}},
		"closed":{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false},
		"list":{"type":"array","items":{"$ref":"#/$defs/person"}},
		"pair":{"type":"array","prefixItems":[{"$ref":"#/$defs/person"}]},
		"either":{"anyOf":[{"type":"object","properties":{"x":{"type":"string"}}},{"type":"object","properties":{"y":{"type":"string"}}}]}},
		"additionalProperties":true,
		"$defs":{"person":{"type":"object","properties":{"name":{"type":"string"}}}}}`
	s, err := Compile([]byte(nested), "id", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ record, want, unlisted string }{
		{`{"id":"1"}`, `{"id":"1"}`, ""},
		{`{}`, `{}`, ""},
		{`{"id":"1","phone":"\"},{"}`, `{"id":"1"}`, "phone"},
		{`{"a":[{"b":"]}"}],"id":"1","z":null}`, `{"id":"1"}`, "a z"},
		{`{"phone":"1"}`, `{}`, "phone"},
		{`{"address":{"phone":"1","street":"s"}}`, `{"address":{"street":"s"}}`, "address/phone"},
		{`{"address":{"phone":"1"},"id":"2"}`, `{"address":{},"id":"2"}`, "address/phone"},
		{`{"address":"text","id":"2"}`, `{"address":"text","id":"2"}`, ""},
		{`{"address":[{"phone":"1"}],"id":"2"}`, `{"address":[{"phone":"1"}],"id":"2"}`, ""},
		{`{"free":{"a":{"b":1}},"id":"2"}`, `{"free":{"a":{"b":1}},"id":"2"}`, ""},
		{`{"id":"2","more":{"b":"1"}}`, `{"id":"2","more":{"b":"1"}}`, ""},
		{`{"closed":{"a":"1","b":"2"}}`, `{"closed":{"a":"1"}}`, "closed/b"},
		{`{"list":[{"name":"n","phone":"1"},{"name":"m","phone":"2"}]}`, `{"list":[{"name":"n"},{"name":"m"}]}`, "list/phone"},
		{`{"pair":[{"name":"n","phone":"1"},{"phone":"2"}]}`, `{"pair":[{"name":"n"},{"phone":"2"}]}`, "pair/phone"},
		{`{"either":{"x":"1","y":"2","z":"3"}}`, `{"either":{"x":"1","y":"2"}}`, "either/z"},
	} {
		got, err := s.Shown([]byte(row.record))
		unlisted, failed := s.Unlisted([]byte(row.record))
		if string(got) != row.want || err != nil || strings.Join(unlisted, " ") != row.unlisted || failed != nil {
			t.Errorf("%s: got %s without %q, %v, %v; want %s without %q", row.record, got, unlisted, err, failed, row.want, row.unlisted)
		}
	}
	for _, record := range []string{``, `null`, `[]`, `{"id":"1"`, `{"id":}`, `{"id":"1"}x`, `"text"`} {
		if got, err := s.Shown([]byte(record)); err == nil {
			t.Errorf("%q: got %s, want an error", record, got)
		}
	}
	_, err = s.Record([]byte(`{"address":{"phone":"1","street":"s"},"id":"1"}`))
	if bad, ok := err.(*Bad); !ok || bad.Column != "address/phone" || bad.Reason != "unknown field" {
		t.Errorf("a record with an unlisted member of a member: got %v", err)
	}
}

// TestShownIsTheListed compares Shown with an independent cut of decoded records.
func TestShownIsTheListed(t *testing.T) {
	names := []string{"a", "b", "c", "名", "é"}
	value := rapid.SampledFrom([]string{`1`, `null`, `"x"`, `"\\\"},"`, `[1,[{"q":"}"}]]`, `{"u":{"v":"]"}}`, `""`, `[]`, `{}`, `-1.5`, `true`})
	rapid.Check(t, func(t *rapid.T) {
		listed := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 5, rapid.ID).Draw(t, "listed")
		held := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID).Draw(t, "held")
		var properties, all, want []string
		for _, name := range listed {
			properties = append(properties, fmt.Sprintf("%q:{}", name))
		}
		properties = append(properties, `"id":{"type":"string"}`)
		slices.Sort(held)
		for _, name := range held {
			member := fmt.Sprintf(`"%s":%s`, name, value.Draw(t, "value"))
			if all = append(all, member); slices.Contains(listed, name) {
				want = append(want, member)
			}
		}
		s, err := Compile(json.RawMessage(`{"type":"object","properties":{`+strings.Join(properties, ",")+`}}`), "id", nil)
		if err != nil {
			t.Fatal(err)
		}
		record := []byte("{" + strings.Join(all, ",") + "}")
		got, err := s.Shown(record)
		if string(got) != "{"+strings.Join(want, ",")+"}" || err != nil {
			t.Fatalf("%s of %q: got %s, %v", record, listed, got, err)
		}
		if len(all) == len(want) && len(all) > 0 && !bytes.Equal(got, record) {
			t.Fatalf("%s: was made anew", record)
		}
	})
}

// TestShownCostsNothing holds that a record of which all is listed is not made anew.
func TestShownCostsNothing(t *testing.T) {
	s, err := Compile([]byte(`{"type":"object","properties":{"id":{"type":"string"},"名称":{"type":"string"}}}`), "id", nil)
	if err != nil {
		t.Fatal(err)
	}
	record := []byte(`{"id":"1","名称":"观水社区"}`)
	if n := testing.AllocsPerRun(100, func() { _, _ = s.Shown(record) }); n > 0 {
		t.Errorf("got %v allocations, want none", n)
	}
}

func FuzzShown(f *testing.F) {
	s, err := Compile([]byte(`{"type":"object","properties":{"id":{"type":"string"},"a":{"type":"object","properties":{"b":{}}}}}`), "id", nil)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{`{"id":"1"}`, `{"a":{"b":[1,{}],"c":"\""},"id":"1"}`, `{`, `{"a`, `{"a":"\`, `{"a":{"b":1`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := s.Shown(data)
		object, refused := decodeObject(data)
		if refused != nil || !bytes.Equal(appendObject(nil, object), data) {
			return // what is stored is canonical
		}
		only(object, "a", "id")
		if a, ok := object["a"].(map[string]any); ok {
			only(a, "b")
		}
		if want := appendObject(nil, object); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: got %q, %v, want %q", data, got, err, want)
		}
	})
}

// only deletes all members but those with the names.
func only(object map[string]any, names ...string) {
	for name := range object {
		if !slices.Contains(names, name) {
			delete(object, name)
		}
	}
}
