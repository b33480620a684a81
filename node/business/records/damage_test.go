package records

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// TestDamagedRecord (S01e): a record that cannot be read is left out of every answer and counted
// there, in the access record too, and logged once; nothing but a question for that very record is
// refused. A search ends at it no more than at any other record, so its decay tells nothing of it.
func TestDamagedRecord(t *testing.T) {
	l, desk := open(t)
	bad := put(t, desk, `{"code":"520102016002","name":"观水社区","township":"a"}`)
	put(t, desk, `{"code":"520102016003","name":"甲秀社区","township":"a"}`)
	if _, err := commandDecay.Do(t.Context(), l, book.Request{}, bad.Index()); err != nil {
		t.Fatal(err)
	}
	told := map[identity.Entry]int{}
	desk.Unreadable = func(e identity.Entry, _ identity.Label, _ error) { told[e]++ }
	all := Question{Dataset: code, Purpose: "statistics"}
	indexed, filtered, grouped := all, all, all
	indexed.Where = map[string]json.RawMessage{"township": json.RawMessage(`"a"`)}
	filtered.Filter = `name != "x"`
	grouped.Measure = gather.Measure{Function: gather.Count, By: []gather.By{{Field: "name"}}}
	for what, row := range map[string]struct {
		asked Question
		count uint64
	}{"all": {all, 2}, "by an index": {indexed, 1}, "by a filter": {filtered, 2}, "a measure": {grouped, 2}} {
		got, err := desk.Query(t.Context(), newID(), civil, row.asked)
		if err != nil || got.Count != row.count || got.Unreadable != 1 {
			t.Errorf("%s: got %d records, %d damaged, %v; want %d, 1", what, got.Count, got.Unreadable, err, row.count)
			continue
		}
		var recorded sharing.Access
		if _, payload := entryAt(t, l, got.Access.Index()); json.Unmarshal(payload, &recorded) != nil || recorded.Unreadable != 1 {
			t.Errorf("%s: recorded as %+v", what, recorded)
		}
	}
	for key, want := range map[string]text.Code{"520102016002": text.RecordUnreadable, "520102016003": ""} {
		asked := all
		asked.Key = key
		_, err := desk.Query(t.Context(), newID(), civil, asked)
		if code := codeOf(err); code != want {
			t.Errorf("lookup of %s: got %q, want %q", key, code, want)
		}
		_, err = desk.Verify(t.Context(), newID(), civil, Claim{Dataset: code, Purpose: "statistics", Key: key, Field: "township", Value: json.RawMessage(`"a"`)})
		if code := codeOf(err); code != want {
			t.Errorf("verification of %s: got %q, want %q", key, code, want)
		}
	}
	if fmt.Sprint(told) != fmt.Sprint(map[identity.Entry]int{bad: 1}) {
		t.Errorf("told of %v, want %v once", told, bad)
	}
	put(t, desk, `{"code":"520102016002","name":"观水社区","township":"a"}`)
	if got, err := desk.Query(t.Context(), newID(), civil, indexed); err != nil || got.Count != 2 || got.Unreadable != 0 {
		t.Errorf("put again: got %d records, %d damaged, %v", got.Count, got.Unreadable, err)
	}
}

func codeOf(err error) text.Code {
	if f, told := errors.AsType[*text.Failure](err); told {
		return f.Code
	}
	if err != nil {
		return text.Internal
	}
	return ""
}
