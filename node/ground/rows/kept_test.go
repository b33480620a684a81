package rows

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// between has rules between its fields, by which a file with some of them tries the others.
const between = `{"type":"object","required":["id","income"],
	"properties":{"id":{"type":"string"},"kind":{"type":"string","maxLength":6},"income":{"type":"number"},"phone":{"type":"string"},"tags":{"type":"array"},
		"home":{"type":"object","properties":{"town":{"type":"string"}}},"r0":{"type":"string","maxLength":9},"r1":{"type":"string"},"r2":{"type":"string"}},
	"allOf":[
		{"if":{"properties":{"kind":{"const":"exempt"}}},"then":{"properties":{"income":{"maximum":0},"phone":{"maxLength":0},"tags":{"maxItems":0}}}},
		{"if":{"properties":{"kind":{"const":"none"}}},"then":{"not":{"required":["phone"]}}},
		{"if":{"properties":{"kind":{"const":"form"}}},"then":{"properties":{"income":{"oneOf":[{"const":1},{"const":2}]},"phone":{"enum":["x"]}}}},
		{"if":{"properties":{"kind":{"const":"bits"}}},"then":{"allOf":[
			{"if":{"properties":{"income":{"minimum":1000}}},"then":{"properties":{"r0":{"const":"no"}}}},
			{"if":{"properties":{"income":{"minimum":2000}}},"then":{"properties":{"r1":{"const":"no"}}}},
			{"if":{"properties":{"income":{"minimum":4000}}},"then":{"properties":{"r2":{"const":"no"}}}}]}}
	]}`

// TestKeptValuesAreUntold (S04d): a file without columns for some fields, of which the records keep
// their values, cannot read these values, nor what the rules say of them, from the faults of its
// rows.
func TestKeptValuesAreUntold(t *testing.T) {
	s := schemaOf(t, between, "id")
	secret := `{"home":{"cellar":"wine","town":"Guiyang"},"id":"1","income":3000,"phone":"13800000001","tags":["hiv"]}`
	o := Options{Present: func(key []byte) ([]byte, error) {
		switch string(key) {
		case `"1"`:
			return []byte(secret), nil
		case `"2"`:
			return []byte(`{"id":"2"}`), nil
		case `"3"`:
			return nil, &NotKept{Key: key, Reason: "damaged record"}
		}
		return nil, nil
	}}
	none := "together with the values that the record keeps, the row is not as the schema in the catalogue says (the file has no column for: "
	for cells, want := range map[string][]string{
		"id,kind\n1,exempt\n": {"line 2: " + none + "home, income, phone, r0, r1, r2, tags; put these into it)"},
		"id,kind\n1,none\n":   {"line 2: " + none + "home, income, phone, r0, r1, r2, tags; put these into it)"},
		"id,kind\n1,form\n":   {"line 2: " + none + "home, income, phone, r0, r1, r2, tags; put these into it)"},
		"id,kind,r0,r1,r2\n1,bits,a,b,c\n": { // which of the three is wrong would tell the income
			"line 2: " + none + "home, income, phone, tags; put these into it)"},
		"id,kind\n1,ok\n":       {"line 2: " + none + "home, income, phone, r0, r1, r2, tags; put these into it)"}, // the cellar is not listed
		"id,kind\n1,exempted\n": {`line 2, column B "kind": "exempted": it is too long; expected: at most 6 characters`},
		"id,kind,r0\n1,exempt,abcdefghij\n": {"line 2: " + none + "home, income, phone, r1, r2, tags; put these into it)",
			`line 2, column C "r0": "abcdefghij": it is too long; expected: at most 9 characters`},
		"id,kind\n2,ok\n": {"line 2: " + none + "home, income, phone, r0, r1, r2, tags; put these into it)"}, // it has no income
		"id,kind\n3,ok\n": {`line 2, column A "id": "3": the present record is damaged, so its values cannot be kept; import it again from a file with all columns`},
		"id,kind\n4,ok\n": {"line 2, field income: it is missing"}, // there is no record: it is the file that lacks it
		"id,kind,home,income,phone,tags,r0,r1,r2\n1,exempt,,3000,,,,,\n": {
			`line 2, column D "income": "3000": it is more than the maximum; expected: ≤ 0`},
	} {
		_, records, told, err := open(strings.NewReader(cells), s, table.Wish{}, o)
		if err != nil || len(records) > 0 || !slices.Equal(told, want) {
			t.Errorf("%q: got %q, %q, %v, want %q", cells, records, told, err, want)
		}
	}
}

// TestLengthOfKeptValuesIsUntold: nor does a row that becomes too long tell how long they are.
func TestLengthOfKeptValuesIsUntold(t *testing.T) {
	s := schemaOf(t, `{"type":"object","properties":{"id":{"type":"string"},"a":{"type":"string"},"b":{"type":"string"}}}`, "id")
	o := Options{Present: func([]byte) ([]byte, error) {
		return []byte(`{"b":"` + strings.Repeat("b", 30<<10) + `","id":"1"}`), nil
	}}
	_, _, told, err := open(strings.NewReader("id,a\n1,"+strings.Repeat("a", 30<<10)+"\n"), s, table.Wish{}, o)
	if err != nil || len(told) != 1 || !strings.HasPrefix(told[0], "line 2: together with the values") {
		t.Errorf("got %q, %v", told, err)
	}
}

// TestKeptRows: rows count as kept where a record was put to them, good or bad, and the first
// readings, the bad rows as they are written, and the log's text of a bad row tell nothing of it.
func TestKeptRows(t *testing.T) {
	s := schemaOf(t, between, "id")
	o := Options{Present: func(key []byte) ([]byte, error) {
		switch string(key) {
		case `"8"`:
			return nil, &NotKept{Key: key, Reason: "damaged record"}
		case `"9"`:
			return nil, nil
		}
		return fmt.Appendf(nil, `{"id":%s,"income":3000,"phone":"13800000001"}`, key), nil
	}}
	src := strings.NewReader("id,kind\n1,exempt\n2,ok\n9,ok\n1,ok\n8,ok\n")
	taken, err := table.Inspect(src, table.Wish{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(src, taken, s, o)
	if err != nil {
		t.Fatal(err)
	}
	for !errors.Is(err, io.EOF) {
		if _, err = r.Next(); err != nil && strings.Contains(err.Error(), "income") && r.Line() != 4 {
			t.Errorf("line %d: got %v", r.Line(), err)
		}
	}
	if r.Kept() != 4 || len(r.Readings()) > 0 {
		t.Errorf("got %d rows, %v, want 4", r.Kept(), r.Readings())
	}
	var out strings.Builder
	if n, err := WriteBad(&out, src, taken, s, o, text.Zh); err != nil || n != 3 || strings.Contains(out.String(), "3000") || strings.Contains(out.String(), "138") {
		t.Errorf("got %d rows, %v: %s", n, err, out.String())
	}
}
