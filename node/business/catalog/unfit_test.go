package catalog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"xietong/consensus/state"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// unfit are entries beyond what is taken: each would cost every record, or every replica, more than
// its few KiB.
var unfit = map[string]struct {
	edit func(*Entry)
	want text.Code
}{
	"$defs that double 26 times": {func(e *Entry) {
		definitions := `"d26":{"type":"string"}`
		for i := range 26 {
			definitions += fmt.Sprintf(`,"d%d":{"allOf":[{"$ref":"#/$defs/d%d"},{"$ref":"#/$defs/d%d"}]}`, i, i+1, i+1)
		}
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"string"},"x":{"$ref":"#/$defs/d0"}},"$defs":{` + definitions + `}}`)
	}, text.SchemaTooLarge},
	"a pattern of 3 KiB": {func(e *Entry) {
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"string","pattern":"^(?:` + strings.Repeat("a?", 1500) + `){1000}$"}}}`)
	}, text.PatternRefused},
	"patterns of names": {func(e *Entry) {
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"string"}},"patternProperties":{"a":true}}`)
	}, text.KeywordNotTaken},
	"a format that there is not": {func(e *Entry) {
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"string","format":"day"}}}`)
	}, text.FormatNotTaken},
	"a keyword of another type": {func(e *Entry) {
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"integer","maxLength":8}}}`)
	}, text.KeywordBeside},
	"an enum of nothing": {func(e *Entry) {
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"string","enum":[]}}}`)
	}, text.SchemaNever},
	"one title twice": {func(e *Entry) {
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"string","title":"编号"},"kind":{"type":"string","title":" 编号"}}}`)
	}, text.TitleTwice},
	"a title of 200 letters that is another's": {func(e *Entry) {
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"string","title":"` + strings.Repeat("题", 60) + `"},"kind":{"type":"string","title":"` + strings.Repeat("题", 60) + `"}}}`)
	}, text.TitleTwice},
	"a name of 33,000 letters": {func(e *Entry) {
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"string"},"` + strings.Repeat("x", 33_000) + `":{"type":"string"}}}`)
	}, text.FieldName},
	"an index of 33,000 letters": {func(e *Entry) { e.Indexed = []string{strings.Repeat("x", 33_000)} }, text.FieldName},
	"a key of two lines":         {func(e *Entry) { e.Key = "a\nb" }, text.FieldName},
	"a group with a zero byte":   {func(e *Entry) { e.GroupBy, e.Measures = []string{"a\x00b"}, policy.Measures{"age": {"sum"}} }, text.FieldName},
	"a title that hides":         {func(e *Entry) { e.Title += "\ufe00" }, text.NameDisguised},
	"a purpose that hides":       {func(e *Entry) { e.Purposes[0].Title = "⽔务" }, text.NameDisguised},
	"a field's title that hides": {func(e *Entry) {
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"string","title":"编码\u00a0"}}}`)
	}, text.NameDisguised},
	"a field that hides": {func(e *Entry) {
		e.Schema = json.RawMessage(`{"properties":{"code":{"type":"string"},"code\u3164":{"type":"string"}}}`)
	}, text.NameDisguised},
	"a measure of a long name": {func(e *Entry) { e.Measures = policy.Measures{strings.Repeat("x", 65): {"sum"}} }, text.FieldName},
}

// TestUnfitEntries publishes entries beyond what is taken, as datasets, as standards, and as they
// are adopted from a government above. Each is refused by name, with little said, and nothing is
// recorded.
func TestUnfitEntries(t *testing.T) {
	l := open(t, "civil-affairs")
	size := func() (n uint64) {
		if err := l.View(t.Context(), func(r *state.Reader) error { n = r.Size(); return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := size()
	for what, row := range unfit {
		e := entry(t)
		row.edit(&e)
		s := Standard{Entry: e, Level: "county"}
		for as, publish := range map[string]func() error{
			"a dataset":   func() error { _, err := Publish(t.Context(), l, newID(t), Local(""), e); return err },
			"an adoption": func() error { _, _, _, err := Prepare(t.Context(), l, Local(""), e); return err },
			"a standard":  func() error { _, err := PublishStandard(t.Context(), l, newID(t), Local(""), s); return err },
		} {
			args := refused(t, l, what+" as "+as, row.want, publish)
			for name, value := range args {
				if len(value) > 400 {
					t.Errorf("%s as %s: %s has %d bytes", what, as, name, len(value))
				}
			}
		}
	}
	if after := size(); after != before {
		t.Errorf("%d entries were recorded", after-before)
	}
}
