package records

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/ground/filter"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// households is a dataset with fields that CEL cannot spell.
func households() catalog.Entry {
	e := villages()
	e.Schema = []byte(`{"type":"object","properties":{"id":{"type":"string"},"姓名":{"type":"string"},"万元":{"type":"number"},
		"n":{"type":"integer"},"record":{"type":"string"},"été":{"type":"string"}}}`)
	e.Key, e.Indexed, e.GroupBy = "id", []string{"n", "万元", "été"}, []string{"万元"}
	e.Measures = policy.Measures{"n": {"sum"}}
	return e
}

// TestFieldsOfAnyName (P14) asks a dataset with Chinese names: every field can be filtered by, the
// permission sees it, and an error shows how it is named.
func TestFieldsOfAnyName(t *testing.T) {
	_, desk := people(t, households(), `"姓名":"甲","n":9223372036854775808,"record":"r"`, `"姓名":"乙","n":12345678901234567890,"été":"x"`)
	for expression, want := range map[string]string{
		`record["姓名"] == "甲"`: "0", `record.record == "r"`: "0", `n == 12345678901234567890`: "1", `n > 9223372036854775807`: "0 1",
		"record[\"e\u0301te\u0301\"] == \"x\"": "1", `record["姓名"] in ["甲", "乙"] && n < 1e19`: "0",
	} {
		if got := answered(t, desk, Question{Filter: expression}); got != want {
			t.Errorf("%s: got %s, want %s", expression, got, want)
		}
	}
	for expression, example := range map[string]string{`姓名 == "甲"`: `record["姓名"] == "…"`, `record == "r"`: `record["record"] == "…"`} {
		_, err := desk.Query(t.Context(), newID(), civil, Question{
			Dataset: must(identity.ParseLabel("residents")), Purpose: "statistics", Filter: expression,
		})
		if f, ok := errors.AsType[*text.Failure](err); !ok || f.Code != text.FilterMalformed || f.Args["example"] != example {
			t.Errorf("%s: got %v, want the example %s", expression, err, example)
		}
	}
}

// answered returns the keys of the records that a question finds.
func answered(t *testing.T, desk *Desk, q Question) string {
	t.Helper()
	q.Dataset, q.Purpose, q.Application = must(identity.ParseLabel("residents")), "statistics", applied
	got, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q)
	if err != nil {
		t.Errorf("%+v: %v", q, err)
	}
	var keys []string
	for _, row := range got.Rows {
		var record struct{ ID string }
		if err := json.Unmarshal(row, &record); err != nil {
			t.Error(err)
		}
		keys = append(keys, record.ID)
	}
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

// TestPermissionSeesFields: whichever way a filter names a field, the permission is asked for it.
func TestPermissionSeesFields(t *testing.T) {
	_, desk := people(t, households())
	set := must(desk.ownDataset(t.Context(), civil, must(identity.ParseLabel("residents"))))
	for expression, want := range map[string]string{
		`record["姓名"] == "甲" || n == 1`: "n 姓名", `record.n == n`: "n", `[1].all(n, n == 1)`: "n", `record["record"] != null`: "record",
		"record[\"e\u0301te\u0301\"] == \"x\"": "été",
	} {
		if got := strings.Join(set.named(must(filter.Parse(expression))), " "); got != want {
			t.Errorf("%s: got %q, want %q", expression, got, want)
		}
	}
}

// TestOneSpelling (P08, U-C17): a record is found by any spelling of a number and of a text, by its
// key, an index, a condition, a filter, a claim, and counted in one group.
func TestOneSpelling(t *testing.T) {
	_, desk := people(t, households(), `"n":1e17,"万元":5.20102E+5,"été":"é"`, `"n":100000000000000000.0,"万元":520102,"été":"e`+"\u0301\"")
	for _, q := range []Question{
		{Where: map[string]json.RawMessage{"n": []byte("100000000000000000")}}, {Where: map[string]json.RawMessage{"n": []byte("1E+17")}},
		{Where: map[string]json.RawMessage{"n": []byte(`"1e17"`)}}, {Where: map[string]json.RawMessage{"万元": []byte("520102.00")}},
		{Where: map[string]json.RawMessage{"e\u0301te\u0301": []byte(`"é"`)}}, {Where: map[string]json.RawMessage{"été": []byte("\"e\u0301\"")}},
		{Filter: `n == 1e17 && record["万元"] == 520102`}, {Filter: `record["été"] == "é"`}, {Filter: "record[\"été\"] == \"e\u0301\""},
	} {
		if got := answered(t, desk, q); got != "0 1" {
			t.Errorf("%+v: found %s, want 0 1", q, got)
		}
	}
	for field, value := range map[string]string{"n": "1e17", "万元": "5.20102e5", "été": "\"e\u0301\"", "e\u0301te\u0301": `"é"`} {
		got, err := desk.Verify(t.Context(), newID(), civil, Claim{
			Dataset: must(identity.ParseLabel("residents")), Key: "1", Field: field, Value: json.RawMessage(value), Purpose: "statistics",
		})
		if err != nil || got.Outcome != Yes {
			t.Errorf("%s = %s: got %s, %v, want %s", field, value, got.Outcome, err, Yes)
		}
	}
	got, err := measured(t, desk, "civil-affairs", "count by 万元", "")
	if err != nil || shown(got.Groups) != "520102 2" {
		t.Errorf("got the groups %s, %v, want one of 2", shown(got.Groups), err)
	}
}

// TestOneKey (P08, U-C17): a key that is brought in another spelling is the same key.
func TestOneKey(t *testing.T) {
	for keyed, spellings := range map[string][]string{
		`"type":"integer"`: {"100000000000000000", "1e17", "1.0E+17", "100000000000000000.000"},
		`"type":"string"`:  {`"é"`, "\"e\u0301\"", `"\u00e9"`, `"e\u0301"`},
	} {
		e := households()
		e.Schema = []byte(`{"type":"object","properties":{"id":{` + keyed + `}}}`)
		e.Indexed, e.GroupBy, e.Measures = nil, nil, nil
		_, desk := people(t, e)
		for i, spelling := range spellings {
			put, err := desk.Put(t.Context(), newID(), civil, must(identity.ParseLabel("residents")), []byte(fmt.Sprintf(`{"id":%s}`, spelling)))
			if err != nil || (put.Replaced || put.Unchanged) != (i > 0) {
				t.Errorf("%s: got %+v, %v", spelling, put, err)
			}
		}
	}
}

// TestAnotherTypeIsNoNo (P04): a value that was put when its field had another type is neither
// equal nor unequal to one of the type that it has now: the record is counted as not compared, and
// a claim about it is refused. Another condition may decide all the same.
func TestAnotherTypeIsNoNo(t *testing.T) {
	e := households()
	e.Indexed, e.GroupBy, e.Measures = nil, nil, nil
	e.Schema = []byte(`{"type":"object","properties":{"id":{"type":"string"},"n":{"type":"string"},"town":{"type":"string"}}}`)
	l, desk := people(t, e, `"n":"5","town":"a"`, `"n":"x","town":"b"`, `"town":"a"`)
	e.Code = must(identity.ParseLabel("residents"))
	e.Schema = []byte(`{"type":"object","properties":{"id":{"type":"string"},"n":{"type":"integer"},"town":{"type":"string"}}}`)
	if _, err := publishFit(t.Context(), l, e); err != nil {
		t.Fatal(err)
	}
	putPerson(t, desk, 3, `"n":5,"town":"a"`)
	for what, row := range map[string]struct {
		q                   Question
		count, incomparable uint64
	}{
		"a condition":            {Question{Where: map[string]json.RawMessage{"n": []byte("5")}}, 1, 2},
		"and another":            {Question{Where: map[string]json.RawMessage{"n": []byte("5"), "town": []byte(`"a"`)}}, 1, 1},
		"a condition on nothing": {Question{Where: map[string]json.RawMessage{"n": []byte("null")}}, 1, 2},
		"a filter":               {Question{Filter: `n == 5`}, 1, 3}, // of an absent value it is not known either
		"its opposite":           {Question{Filter: `n != 5`}, 0, 3},
		"a sum":                  {Question{Measure: parsed("sum(n)")}, 2, 2},
	} {
		row.q.Dataset, row.q.Purpose = e.Code, "statistics"
		got, err := desk.Query(t.Context(), newID(), civil, row.q)
		if err != nil || got.Count != row.count || got.Incomparable != row.incomparable || got.Scanned != 4 {
			t.Errorf("%s: got %d, and %d of %d not compared, %v, want %d and %d of 4", what, got.Count, got.Incomparable, got.Scanned, err,
				row.count, row.incomparable)
		}
	}
	for key, want := range map[string]Outcome{"0": "", "1": "", "2": No, "3": Yes} {
		got, err := desk.Verify(t.Context(), newID(), civil, Claim{Dataset: e.Code, Key: key, Field: "n", Value: []byte("5"), Purpose: "statistics"})
		if want == "" {
			refusedAs(t, "the claim about "+key, err, text.ValueMistyped)
			continue
		}
		if err != nil || got.Outcome != want {
			t.Errorf("the claim about %s: got %s, %v, want %s", key, got.Outcome, err, want)
		}
	}
}

// TestValuesThatCannotBe asks for values that the schema lets no record have: each is refused, with
// what is wanted and an example, and never answered by none or no.
func TestValuesThatCannotBe(t *testing.T) {
	e := villages()
	e.Schema = []byte(`{"type":"object","properties":{"id":{"type":"string"},"day":{"type":"string","format":"date"},"at":{"type":["string","null"],"format":"date-time"},
		"mail":{"$ref":"#/$defs/mail"},"sex":{"enum":["男","女"]},"code":{"type":"string","pattern":"^[0-9]{6}$"},"name":{"type":"string","maxLength":3},"n":{"type":"integer","minimum":1},
		"b":{"type":"boolean"}},"$defs":{"mail":{"type":"string","format":"email"}}}`)
	e.Key, e.Indexed, e.GroupBy = "id", []string{"day"}, nil
	_, desk := people(t, e, `"day":"2020-03-01","n":7,"b":true`)
	residents := must(identity.ParseLabel("residents"))
	for _, row := range []struct{ field, value, en, zh string }{
		{"day", `"2020/3/1"`, "it has another form; expected: a date, such as 2020-02-03", "格式不符，应为日期，例如 2020-02-03"},
		{"at", `"2020-03-01T08:00:00"`, "such as 2020-02-03T08:30:00+08:00", "例如 2020-02-03T08:30:00+08:00"},
		{"mail", `"x"`, "expected: an address of e-mail, such as name@example.org", "应为电子邮件地址"}, {"sex", `"m"`, "none of the values allowed; expected: one of 男, 女", "不在允许的取值之内，应为 男、女 之一"},
		{"code", `"52X"`, "expected: ^[0-9]{6}$, such as 123456", "格式不符，应为 ^[0-9]{6}$"}, {"name", `"abcd"`, "at most 3 characters", "至多 3 个字符"}, {"n", `"0"`, "expected: ≥ 1", "应为 ≥ 1"},
		{"n", `"x"`, "expected: a whole number, such as 12", "应为整数"}, {"b", `"是"`, "expected: true or false", "应为 true 或 false"}, {"b", `1`, "expected: true or false", "应为 true 或 false"},
	} {
		_, where := desk.Query(t.Context(), newID(), civil, Question{Dataset: residents, Purpose: "statistics", Where: map[string]json.RawMessage{row.field: json.RawMessage(row.value)}})
		_, verify := desk.Verify(t.Context(), newID(), civil, Claim{Dataset: residents, Key: "0", Field: row.field, Value: json.RawMessage(row.value), Purpose: "statistics"})
		for _, err := range []error{where, verify} {
			f, ok := errors.AsType[*text.Failure](err)
			if !ok || f.Code != text.AskedUnfit {
				t.Errorf("%s=%s: got %v", row.field, row.value, err)
				continue
			}
			en, zh := text.Explain(text.En, f.Code, f.Args).What, text.Explain(text.Zh, f.Code, f.Args).What
			if !strings.Contains(en, row.en) || !strings.Contains(zh, row.zh) {
				t.Errorf("%s=%s: got %s, %s", row.field, row.value, en, zh)
			}
		}
	}
	for _, expression := range []string{`day == "2020/3/1"`, `n > 1 && day in ["2020-03-01", "1/3/2020"]`, `record["sex"] != "m"`, `at == "2020-03-01T08:00:00"`} {
		_, err := desk.Query(t.Context(), newID(), civil, Question{Dataset: residents, Purpose: "statistics", Filter: expression})
		refusedAs(t, expression, err, text.AskedUnfit)
	}
	for _, expression := range []string{`day == "2020-03-01"`, `day > "2020"`, `day.startsWith("2020-03")`, `at == null`, `["2020/3/1"].all(x, x != day)`} {
		got, err := desk.Query(t.Context(), newID(), civil, Question{Dataset: residents, Purpose: "statistics", Filter: expression})
		if err != nil || len(got.Rows) != 1 {
			t.Errorf("%s: got %d rows, %v", expression, len(got.Rows), err)
		}
	}
	for field, value := range map[string]string{"day": `"2020-03-01"`, "at": "null", "n": `"7"`, "b": `"true"`} {
		q := Question{Dataset: residents, Purpose: "statistics", Where: map[string]json.RawMessage{field: json.RawMessage(value)}}
		if got, err := desk.Query(t.Context(), newID(), civil, q); err != nil || len(got.Rows) != 1 {
			t.Errorf("%s=%s: got %d rows, %v", field, value, len(got.Rows), err)
		}
	}
}
