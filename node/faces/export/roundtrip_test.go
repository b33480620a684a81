package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/node/ground/rows"
	"xietong/node/ground/table"
)

// kinds are the kinds of fields that a schema has, each with values of it.
var kinds = []struct {
	schema string
	values []string
}{
	{`{"type":"string"}`, []string{`"观水社区"`, `"007"`, `"11010519491231002X"`, `"=1+1"`, `"+86"`, `"-"`, `"@x"`, `"a, \"b\""`, `"a\nb"`, `"a\r\nb"`, `"a\rb\r"`, `"a\r\n\r\nb\r\n"`, `"a\tb"`,
		`""`, `" "`, `" a "`, `"null"`, `"true"`, `"1.50"`, `"2020-02-03"`, `"'x"`, `"_x0041_"`, `"1e5"`, `"6.2E+18"`, `"#N/A"`, `";"`, `"是"`}},
	{`{"type":["string","null"]}`, []string{`"x"`, `null`, `""`, `"null"`}},
	{`{"type":"string","format":"date"}`, []string{`"2020-02-03"`, `"1899-12-31"`}},
	{`{"type":"integer"}`, []string{"0", "-1", "123456789012345", "123456789012345678", "99999999999999999999"}},
	{`{"type":["integer","null"]}`, []string{"5", "null"}},
	{`{"type":"number"}`, []string{"0.1", "-12.5", "100", "0.000001", "123456789.123456"}},
	{`{"type":"boolean"}`, []string{"true", "false"}},
	{`{"type":"array","items":{"type":"string"}}`, []string{`["a","b, c"]`, "[]", `["\""]`}},
	{`{"type":["string","integer"]}`, []string{`"a"`, `"5"`, "5"}},
	{`{"enum":["a",1,null]}`, []string{`"a"`, "1", "null"}},
	{`{"type":"object","properties":{"x":{"type":"number"}}}`, []string{`{"x":1.5}`, "{}"}},
}

// aText draws a text of what files, sheets and their readers give a meaning to.
var aText = rapid.Custom(func(t *rapid.T) string {
	parts := []string{"a", "\r", "\n", "\r\n", "\t", " ", ",", ";", "，", "\"", "'", "=", "_x000D_", "_x005F_", "_", "x", "&#xD;", "<", "]]>", "\u3000", "\u2028", "\ufeff"}
	value, _ := json.Marshal(strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 8).Draw(t, "parts"), ""))
	return string(value)
})

// aDataset draws a schema, and records of it in their canonical form.
func aDataset(t *rapid.T) (s *rows.Schema, schema string, records []string) {
	fields := []string{`"code":{"type":"string"}`}
	names := []string{"姓名", "b_2", "c", "d"}
	required := []string{`"code"`}
	var of []int
	var must []bool
	for i, name := range names[:rapid.IntRange(0, 4).Draw(t, "fields")] {
		k := rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")
		of, fields = append(of, k), append(fields, fmt.Sprintf(`%q:%s`, name, kinds[k].schema))
		if must = append(must, rapid.Bool().Draw(t, "required")); must[i] {
			required = append(required, fmt.Sprintf("%q", name))
		}
	}
	fields = rapid.Permutation(fields).Draw(t, "order")
	schema = `{"type":"object","required":[` + strings.Join(required, ",") + `],"properties":{` + strings.Join(fields, ",") + `}}`
	s, err := rows.Compile([]byte(schema), "code", nil)
	if err != nil {
		t.Fatalf("%s: %v", schema, err)
	}
	for n := range rapid.IntRange(0, 8).Draw(t, "records") {
		sign := rapid.SampledFrom([]string{"", "", "a;b", ";", "|", "，", `\t`, ",", `\"`}).Draw(t, "sign")
		members := []string{fmt.Sprintf(`"code":"%04d%sx"`, n, sign)}
		for i, k := range of {
			if must[i] || rapid.IntRange(0, 3).Draw(t, "absent") > 0 {
				value := rapid.SampledFrom(kinds[k].values).Draw(t, "value")
				if k == 0 && rapid.Bool().Draw(t, "any text") {
					value = aText.Draw(t, "text")
				}
				members = append(members, fmt.Sprintf(`%q:%s`, names[i], value))
			}
		}
		record, err := s.Record([]byte("{" + strings.Join(members, ",") + "}"))
		if err == nil { // or its text is refused everywhere
			records = append(records, string(record.JSON))
		}
	}
	return s, schema, records
}

// imported reads a file as an import does.
func imported(s *rows.Schema, file string) (records []string, err error) {
	src := strings.NewReader(file)
	taken, err := table.Inspect(src, table.Wish{})
	if err != nil {
		return nil, err
	}
	r, err := rows.Open(src, taken, s, rows.Options{})
	if err != nil {
		return nil, err
	}
	for {
		record, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return records, nil
		case err != nil:
			return records, err
		}
		records = append(records, string(record.JSON))
	}
}

// TestRecordsLikeTheHeader: a record that says what the header says is counted as lost in every
// format in which its import refuses it, and no other.
func TestRecordsLikeTheHeader(t *testing.T) {
	schema := `{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"name":{"type":"string","title":"名称"}}}`
	s, err := rows.Compile([]byte(schema), "code", nil)
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"code", "name"}
	for record, like := range map[string]bool{
		`{"code":"code"}`: true, `{"code":"code","name":"name"}`: true, `{"code":"ｃode","name":"名称"}`: true,
		`{"code":"code","name":"x"}`: false, `{"code":"c","name":"name"}`: false, `{"code":"name","name":"code"}`: false,
	} {
		for _, format := range Formats {
			f, err := NewFaithful([]byte(schema), "code", format)
			if err != nil {
				t.Fatal(err)
			}
			file := exported(t, format, columns, f, `{"code":"1","name":"a"}`, record, `{"code":"2","name":"b"}`)
			got, err := imported(s, file)
			if want := !like || f.schema == nil; want != (err == nil && len(got) == 3) || want != (f.Lost == 0) {
				t.Errorf("%s in %s: %d lost, imported %q, %v", record, format, f.Lost, got, err)
			}
		}
	}
}

// exported returns the file of the records, which f has seen.
func exported(t *testing.T, format Format, columns []string, f *Faithful, records ...string) string {
	t.Helper()
	var file strings.Builder
	w, err := NewWriter(&file, format, columns, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		row, err := RowOf([]byte(record), columns)
		if err != nil {
			t.Fatal(err)
		}
		f.See(columns, row)
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// TestNullOfRequired: in a column that must have a value and may have null, an empty cell is null,
// since it can be nothing else. So an export with nulls is imported unchanged in every format.
func TestNullOfRequired(t *testing.T) {
	schema := `{"type":"object","required":["code","n","s"],"properties":{"code":{"type":"string"},"n":{"type":["integer","null"]},"s":{"enum":["a",null]},"o":{"type":["integer","null"]}}}`
	s, err := rows.Compile([]byte(schema), "code", nil)
	if err != nil {
		t.Fatal(err)
	}
	columns := []string{"code", "n", "s", "o"}
	for _, format := range Formats {
		f, err := NewFaithful([]byte(schema), "code", format)
		if err != nil {
			t.Fatal(err)
		}
		records := []string{`{"code":"1","n":null,"s":null}`, `{"code":"2","n":5,"o":6,"s":"a"}`}
		file := exported(t, format, columns, f, records...)
		if got, err := imported(s, file); err != nil || !slices.Equal(got, records) || f.Lost > 0 {
			t.Errorf("%s: %q, %v, %d lost\nwant %q", format, got, err, f.Lost, records)
		}
	}
}

// TestRoundTrip exports records of random schemas and imports them again: JSON gives the same
// records always, a table where no value is counted as lost. What is counted as lost is, so that
// nobody is told too much.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, schema, records := aDataset(t)
		columns := s.Ordered()
		for _, format := range Formats {
			f, err := NewFaithful([]byte(schema), "code", format)
			if err != nil {
				t.Fatal(err)
			}
			var file strings.Builder
			w, err := NewWriter(&file, format, columns, Options{Mark: rapid.Bool().Draw(t, "mark")})
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, record := range records {
				row, err := RowOf([]byte(record), columns)
				if err != nil {
					t.Fatal(err)
				}
				before := f.Lost
				if f.See(columns, row); f.Lost > before && rapid.Bool().Draw(t, "without") {
					f.Lost = before // leave the record out
					continue
				}
				if err := w.Write(row); err != nil {
					t.Fatal(err)
				}
				want = append(want, record)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			w.Discard()
			if len(want) == 0 && (format == JSON || format == JSONL) {
				continue // an import takes no empty file
			}
			got, err := imported(s, file.String())
			if same := err == nil && slices.Equal(got, want); !same && f.Lost == 0 {
				t.Fatalf("%s of %s: %v\n got %q\nwant %q\n%q", format, schema, err, got, want, file.String())
			} else if same && f.Lost > 0 {
				t.Fatalf("%s of %s: %d are said to be lost, and none is: %q", format, schema, f.Lost, want)
			}
		}
	})
}
