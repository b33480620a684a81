package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"xietong/certs/identity"
)

func label(t *testing.T, s string) identity.Label {
	t.Helper()
	l, err := identity.ParseLabel(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

const schema = `{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"name":{"type":["string","null"]}}}`

func standard(t *testing.T) Standard {
	return Standard{Level: "county", Entry: Entry{
		Code: label(t, "villages"), Title: "名录", Agency: label(t, "civil-affairs"), Category: "unconditional", Key: "code",
		Purposes: []Purpose{{label(t, "statistics"), "统计"}, {label(t, "residence-check"), "核验"}},
		Schema:   json.RawMessage(schema), Indexed: []string{}, UpdateCycle: "monthly", NotSecret: true,
		Counts: []identity.Label{label(t, "statistics")}, GroupBy: []string{"name"}, SmallestCell: 10,
	}}
}

// TestAdopts checks that an adopted entry may be tighter in every way, and looser in none.
func TestAdopts(t *testing.T) {
	for what, row := range map[string]struct {
		edit func(*Entry)
		want string // "": it adopts
	}{
		"as it is":      {func(*Entry) {}, ""},
		"another title": {func(e *Entry) { e.Title = "本县名录" }, ""},
		"a field more": {func(e *Entry) {
			e.Schema = json.RawMessage(strings.Replace(schema, `"code":{`, `"x":{"type":"integer"},"code":{`, 1))
		}, ""},
		"one required more": {func(e *Entry) { e.Schema = json.RawMessage(strings.Replace(schema, `["code"]`, `["code","name"]`, 1)) }, ""},
		"with conditions":   {func(e *Entry) { e.Category = "conditional" }, ""},
		"a purpose less":    {func(e *Entry) { e.Purposes = e.Purposes[:1] }, ""},
		"no counts":         {func(e *Entry) { e.Counts = nil }, ""},
		"no groups":         {func(e *Entry) { e.GroupBy = nil }, ""},
		"in larger cells":   {func(e *Entry) { e.SmallestCell = 20 }, ""},
		"by a field more":   {func(e *Entry) { e.GroupBy = append(e.GroupBy, "code") }, "lets group by"},
		"in smaller cells":  {func(e *Entry) { e.SmallestCell = 9 }, "groups of at least 10 records"},
		"more often":        {func(e *Entry) { e.UpdateCycle = "daily" }, ""},
		"spaces in a type": {func(e *Entry) {
			e.Schema = json.RawMessage(strings.Replace(schema, `["string","null"]`, `[ "string", "null" ]`, 1))
		}, ""},
		"another code":     {func(e *Entry) { e.Code = label(t, "towns") }, "the standard is of villages"},
		"another key":      {func(e *Entry) { e.Key = "name" }, "with the key code"},
		"a purpose more":   {func(e *Entry) { e.Purposes = append(e.Purposes, Purpose{label(t, "sale"), "x"}) }, "no others may be added"},
		"counted for more": {func(e *Entry) { e.Counts = append(e.Counts, label(t, "residence-check")) }, "and no more"},
		"a field less": {func(e *Entry) {
			e.Schema = json.RawMessage(`{"required":["code"],"properties":{"code":{"type":"string"}}}`)
		}, "the field name of the standard is missing"},
		"a field of other type": {func(e *Entry) {
			e.Schema = json.RawMessage(strings.Replace(schema, `["string","null"]`, `"integer"`, 1))
		}, "the field name has the type string/null"},
		"one required less": {func(e *Entry) { e.Schema = json.RawMessage(strings.Replace(schema, `"required":["code"],`, ``, 1)) }, "are required"},
		"less often":        {func(e *Entry) { e.UpdateCycle = "yearly" }, "not longer"},
		"at other times":    {func(e *Entry) { e.UpdateCycle = "when needed" }, "not longer"},
	} {
		s := standard(t)
		e := standard(t).Entry
		row.edit(&e)
		err := s.Adopts(e)
		if row.want == "" && err != nil || row.want != "" && (!errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", what, err, row.want)
		}
	}
	s := standard(t)
	s.Category = "conditional"
	if err := s.Adopts(standard(t).Entry); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "not looser") {
		t.Errorf("without the condition: got %v", err)
	}
}

// TestStandard checks that an invalid standard is refused, and that the JSON of a valid one is read
// back.
func TestStandard(t *testing.T) {
	s := standard(t)
	data, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeStandard(data)
	if err != nil || back.Level != "county" || len(back.Counts) != 1 || back.Code != s.Code {
		t.Errorf("got %+v, %v", back, err)
	}
	for what, edit := range map[string]func(*Standard){
		"no level":               func(s *Standard) { s.Level = "" },
		"a standard of another":  func(s *Standard) { s.Standard = "guizhou/log/1/7" },
		"counted for no purpose": func(s *Standard) { s.Counts = []identity.Label{label(t, "sale")} },
		"not declared no secret": func(s *Standard) { s.NotSecret = false },
		"of no category":         func(s *Standard) { s.Category = "free" },
	} {
		s := standard(t)
		edit(&s)
		if err := s.Validate(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	for of, other := range map[string]string{
		`"level"`: `"levels"`, `"category"`: `"Category":"unconditional","category"`, `"key"`: "\"\u212aey\"", `{"code"`: `{ "code"`,
		`"not_secret":true`: `"not_secret":true,"not_secret":true`, `"title":"`: `"title":"\u0061`, `"smallest_cell":3,`: "", `"indexed":[`: `"smallest_cell":0,"indexed":[`,
	} {
		edited := strings.Replace(string(data), of, other, 1)
		if s, err := DecodeStandard([]byte(edited)); edited != string(data) && !errors.Is(err, ErrInvalid) {
			t.Errorf("with %s for %s: got %+v, %v", other, of, s, err)
		}
	}
	for what, edit := range map[string]func(*Standard){
		"another key": func(s *Standard) { s.Key = "name" }, "another level": func(s *Standard) { s.Level = "township" },
		"a field less": func(s *Standard) { s.Schema = json.RawMessage(`{"properties":{"code":{"type":"string"}}}`) },
	} {
		next := standard(t)
		edit(&next)
		if err := follows(standard(t), next); !errors.Is(err, ErrInvalid) {
			t.Errorf("next version with %s: got %v", what, err)
		}
	}
}

// FuzzDecodeStandard checks that bytes from another jurisdiction are refused, or are read as a
// standard that stays the same when it is written and read again.
func FuzzDecodeStandard(f *testing.F) {
	f.Add([]byte(`{"code":"villages","title":"x","agency":"a","category":"unconditional","citation":"","purposes":[{"code":"p","title":"t"}],` +
		`"schema":{"type":"object","properties":{"code":{"type":"string"}}},"key":"code","indexed":[],"update_cycle":"","not_secret":true,"counts":["p"],"level":"county"}`))
	f.Add([]byte(`{"level":"county"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeStandard(data)
		if err != nil {
			return
		}
		again, err := s.Encode()
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		back, err := DecodeStandard(again)
		if err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		if twice, err := back.Encode(); err != nil || string(twice) != string(again) {
			t.Errorf("%s is written as %s, and again as %s, %v", data, again, twice, err)
		}
		if _, err := DecodeStandard(append(bytes.Clone(data), '0')); err == nil {
			t.Errorf("%s and a byte is taken", data)
		}
	})
}

// FuzzDecodeEntry does the same with an entry.
func FuzzDecodeEntry(f *testing.F) {
	f.Add([]byte(`{"code":"villages","title":"x","agency":"a","category":"unconditional","citation":"","purposes":[{"code":"p","title":"t"}],` +
		`"schema":{"type":"object","properties":{"code":{"type":"string"}}},"key":"code","indexed":[],"update_cycle":"","not_secret":true}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := DecodeEntry(data)
		if err != nil {
			return
		}
		again, err := encode(e)
		if err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if back, err := DecodeEntry(again); err != nil || back.Code != e.Code {
			t.Fatalf("%s: %v", again, err)
		}
	})
}
