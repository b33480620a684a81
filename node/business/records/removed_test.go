package records

import (
	"encoding/json"
	"fmt"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
)

var residentCode = must(identity.ParseLabel("residents"))

// TestAnswersWhileRecordsAreRetracted (H6) retracts a record between the reading and the record of
// every use. What tells of many records together is answered as of the position at which it was
// read, and rows that were not retracted are answered. Rows of which one was retracted are refused.
func TestAnswersWhileRecordsAreRetracted(t *testing.T) {
	l, desk := people(t, residents(), `"sex":"f","town":"a","income":1`, `"sex":"m","town":"b","income":2`)
	for n := range 40 {
		putPerson(t, desk, 100+n, `"sex":"f","town":"c","income":3`)
	}
	next := 100
	retracting := func(key func() string) func(state.Kind) {
		var before func(state.Kind)
		before = func(k state.Kind) {
			if k != 13 { // the record of a use
				return
			}
			l.Before = nil
			if _, err := desk.Retract(t.Context(), newID(), civil, residentCode, key(), "left"); err != nil {
				t.Errorf("retract %s: %v", key(), err)
			}
			l.Before = before
		}
		return before
	}
	l.Before = retracting(func() string { next++; return fmt.Sprint(next - 1) })
	ask := func(q Question) (Answer, error) {
		q.Dataset, q.Purpose, q.Application = residentCode, "statistics", applied
		return desk.Query(t.Context(), newID(), civil, q)
	}
	for i, q := range []Question{
		{Measure: counted}, {Measure: counted, Filter: `income > 2`}, {Measure: parsed("count by sex")},
		{Measure: parsed("sum(income)")}, {Key: "0"}, {Where: map[string]json.RawMessage{"town": []byte(`"a"`)}},
	} {
		before := next
		got, err := ask(q)
		if err != nil || next != before+1 {
			t.Errorf("question %d: %v, after %d retractions, want an answer after 1", i, err, next-before)
		}
		if want := uint64(42 - i); i == 0 && got.Count != want {
			t.Errorf("counted %d, want %d as of entry %d", got.Count, want, got.AsOf)
		}
	}
	again := retracting(func() string { return "1" })
	l.Before = func(k state.Kind) {
		again(k)
		l.Before = nil
	}
	if got, err := ask(Question{Key: "1"}); err != nil || got.Count != 0 {
		t.Errorf("the record that is retracted: got %d rows, %v, want it read once more, and none", got.Count, err)
	}
}
