package rows

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// allocated returns how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// withField is the schema of a dataset with one more field; rest are further members of the schema.
func withField(field, rest string) json.RawMessage {
	return json.RawMessage(`{"type":"object","properties":{"code":{"type":"string"},"f":` + field + `}` + rest + `}`)
}

// doubled are definitions each of which refers to the next one twice.
func doubled(times int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `,"$defs":{"d%d":{"type":"string"}`, times)
	for i := range times {
		fmt.Fprintf(&b, `,"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i, i+1, i+1)
	}
	return b.String() + "}"
}

// chained are definitions each of which refers to the next one.
func chained(times int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `,"$defs":{"d%d":{"type":"string"}`, times)
	for i := range times {
		fmt.Fprintf(&b, `,"d%d":{"$ref":"#/$defs/d%d"}`, i, i+1)
	}
	return b.String() + "}"
}

// TestHostileSchemas (S23) compiles schemas of at most a few KiB that would take seconds or
// hundreds of MiB, then or for each record. Each is refused by what is wrong with it, with little
// work.
func TestHostileSchemas(t *testing.T) {
	nested := strings.Repeat(`{"allOf":[`, 100) + `true` + strings.Repeat(`]}`, 100)
	for name, row := range map[string]struct {
		schema json.RawMessage
		says   string
	}{
		"$defs that double":       {withField(`{"$ref":"#/$defs/d0"}`, doubled(26)), "2000"},
		"$defs in a circle":       {withField(`{"$ref":"#/$defs/a"}`, `,"$defs":{"a":{"items":{"$ref":"#/$defs/a"}}}`), "circle"},
		"a schema within itself":  {withField(`{"$ref":"#"}`, ""), "#/$defs/"},
		"an unused circle":        {withField(`true`, `,"$defs":{"a":{"not":{"$ref":"#/$defs/b"}},"b":{"not":{"$ref":"#/$defs/a"}}}`), "circle"},
		"many nodes":              {withField(`{"anyOf":[`+strings.Repeat(`true,`, 2500)+`true]}`, ""), "2000"},
		"a chain of references":   {withField(`{"$ref":"#/$defs/d0"}`, chained(40)), "deep"},
		"deep nodes":              {withField(nested, ""), "deep"},
		"a large pattern":         {withField(`{"type":"string","pattern":"^(?:`+strings.Repeat("a?", 400)+`){1000}$"}`, ""), "pattern"},
		"a pattern of 3 KiB":      {withField(`{"type":"string","pattern":"`+strings.Repeat("(a|b)*", 500)+`"}`, ""), "pattern"},
		"many patterns":           {withField(`{"anyOf":[`+strings.Repeat(`{"pattern":"a{900}"},`, 40)+`true]}`, ""), "pattern"},
		"patterns of names":       {withField(`true`, `,"patternProperties":{"^(?:(?:a?){900}){900}$":true}`), "patternProperties"},
		"a record that is a code": {withField(`{"type":"string","format":"regex"}`, ""), "regex"},
		"a number of gigabytes":   {withField(`{"type":"number","minimum":1e999999999}`, ""), "number"},
		"one in a const":          {withField(`{"const":[{"a":1e999999999}]}`, ""), "number"},
		"one in an annotation":    {withField(`{"default":1e999999999}`, ""), "number"},
		"an unknown draft":        {withField(`true`, `,"$schema":"http://json-schema.org/draft-07/schema#"`), "$schema"},
		"another base":            {withField(`{"$id":"https://example.org/x"}`, ""), "$id"},
		"an anchor":               {withField(`{"$dynamicRef":"#x"}`, ""), "$dynamicRef"},
		"unevaluated":             {withField(`{"unevaluatedItems":false}`, ""), "unevaluatedItems"},
	} {
		var err error
		took := allocated(func() { _, err = Compile(row.schema, "code", nil) })
		if !errors.Is(err, ErrSchema) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %v, want it refused for %s", name, err, row.says)
		}
		if took > 4<<20 {
			t.Errorf("%s: %d KiB for %d bytes of schema", name, took>>10, len(row.schema))
		}
	}
}

// TestHostileRecords (S23b) checks records against schemas that are within every bound, which would
// cost the product of the two. Each is refused for that, with little work.
func TestHostileRecords(t *testing.T) {
	items := "[" + strings.Repeat("1,", 3000) + "1]"
	any := `{"anyOf":[` + strings.Repeat(`{"type":"string"},`, 50) + `{"type":"null"}]}`
	for name, row := range map[string]struct{ field, value string }{
		"items times anyOf":         {`{"items":` + any + `}`, items},
		"items times a pattern":     {`{"items":{"pattern":"^(?:a?b?c?){90}$"}}`, strings.ReplaceAll(items, "1", `"abcabc"`)},
		"a long text and a pattern": {`{"pattern":"^(?:a|b?){30}"}`, `"` + strings.Repeat("a", 40_000) + `"`},
		"numbers in an enum":        {`{"items":{"enum":[` + strings.Repeat("1,", 100) + `2]}}`, strings.ReplaceAll(items, "1", "3")},
		"unique numbers, often":     {`{"allOf":[` + strings.Repeat(`{"uniqueItems":true},`, 500) + `true]}`, items},
		"a long text, often":        {`{"allOf":[` + strings.Repeat(`{"minLength":1},`, 1500) + `true]}`, `"` + strings.Repeat("a", 40_000) + `"`},
	} {
		s, err := Compile(withField(row.field, ""), "code", nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		record := `{"code":"1","f":` + row.value + `}`
		if !json.Valid([]byte(record)) || len(record) > MaxRecordLen {
			t.Fatalf("%s: not a good record of %d bytes", name, len(record))
		}
		took := allocated(func() { _, err = s.Record([]byte(record)) })
		if bad, ok := errors.AsType[*Bad](err); !ok || bad.Reason != "too much work" {
			t.Errorf("%s: got %.200v, want it refused for its work", name, err)
		}
		if took > 16<<20 {
			t.Errorf("%s: %d KiB for a record of %d KiB", name, took>>10, len(record)>>10)
		}
	}
}

// TestLargeRecords takes records that are large and not hostile.
func TestLargeRecords(t *testing.T) {
	for name, row := range map[string]struct{ field, value string }{
		"many items, unique": {`{"uniqueItems":true,"items":{"type":"integer"}}`, "[" + numbers(5000) + "]"},
		"many objects": {
			`{"items":{"type":"object","required":["a"],"properties":{"a":{"type":"integer"},"b":{"type":["string","null"],"pattern":"^[a-z]*$"}}}}`,
			"[" + strings.Repeat(`{"a":1,"b":"xyz"},`, 2500) + `{"a":1}]`,
		},
		"a long text": {`{"type":"string","minLength":1,"pattern":"^\\S"}`, `"` + strings.Repeat("长", 10_000) + `"`},
	} {
		s, err := Compile(withField(row.field, ""), "code", nil)
		if err == nil {
			_, err = s.Record([]byte(`{"code":"1","f":` + row.value + `}`))
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d,", i)
	}
	return b.String() + "-1"
}

// TestNamesOfFields checks what a field may be called, at the top and below.
func TestNamesOfFields(t *testing.T) {
	for name, good := range map[string]bool{
		"姓名": true, "name_2": true, "_x": true, "ñandú": true, "नाम": true, "x" + strings.Repeat("长", 63): true,
		"": false, "2x": false, "a-b": false, "a b": false, "a.b": false, "a\u0000": false, "a\nb": false, "a\u202eb": false, "\u0301a": false,
		"x" + strings.Repeat("长", 64): false, strings.Repeat("a", 33_000): false, "a\ufffd": false, "😀": false,
	} {
		quoted, _ := json.Marshal(name)
		for where, schema := range map[string]string{
			"at the top": `{"properties":{"code":{"type":"string"},` + string(quoted) + `:{"type":"string"}}}`,
			"below":      `{"properties":{"code":{"type":"string"},"f":{"items":{"properties":{` + string(quoted) + `:true}}}}}`,
			"required":   `{"properties":{"code":{"type":"string"},"f":{"required":[` + string(quoted) + `]}}}`,
			"in $defs":   `{"properties":{"code":{"type":"string"}},"$defs":{"a":{"properties":{` + string(quoted) + `:true}}}}`,
		} {
			if _, err := Compile(json.RawMessage(schema), "code", nil); (err == nil) != good {
				t.Errorf("%.40q %s: got %.200v, want it taken: %t", name, where, err, good)
			}
		}
	}
}

// FuzzCompile checks, for any schema of at most 4 KiB and any record: compiling and checking end
// with little work, and without a panic.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		villageSchema, string(withField(`{"$ref":"#/$defs/d0"}`, doubled(3))), string(withField(`{"if":{"const":1},"then":{"not":{}},"else":false}`, "")),
		string(withField(`{"prefixItems":[{"format":"date"}],"items":{"oneOf":[{"multipleOf":0.01},{"pattern":"a{3}"}]},"uniqueItems":true}`, "")),
		string(withField(`{"properties":{"a":true},"additionalProperties":{"enum":[1,"x",[{}]]},"minProperties":1}`, "")),
	} {
		f.Add(seed, `{"code":"520102016001","name":"x","f":["2026-11-28",1.25,"aaa",{"a":1,"b":[]}]}`)
	}
	f.Fuzz(func(t *testing.T, schema, record string) {
		if len(schema) > 4<<10 {
			return
		}
		var s *Schema
		var err error
		if took := allocated(func() { s, err = Compile(json.RawMessage(schema), "code", nil) }); took > 32<<20 {
			t.Errorf("%d KiB to compile %s", took>>10, schema)
		}
		if err != nil {
			if !errors.Is(err, ErrSchema) {
				t.Errorf("%s: %v", schema, err)
			}
			return
		}
		if took := allocated(func() { _, err = s.Record([]byte(record)) }); took > 64<<20 {
			t.Errorf("%d KiB to check %s with %s", took>>10, record, schema)
		}
		if _, ok := errors.AsType[*Bad](err); err != nil && !ok {
			t.Errorf("%s with %s: %v", record, schema, err)
		}
	})
}
