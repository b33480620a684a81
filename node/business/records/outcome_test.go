package records

import (
	"testing"

	"xietong/certs/canon"
)

// TestOutcomesHaveOneLength: an answer to another jurisdiction is as long for yes as for no and for
// no such record (S18).
func TestOutcomesHaveOneLength(t *testing.T) {
	lengths := map[int]bool{}
	for _, o := range outcomes {
		data, err := canon.Marshal(Verdict{Outcome: o})
		if err != nil {
			t.Fatal(err)
		}
		lengths[len(data)] = true
		var got Verdict
		if err := canon.Unmarshal(data, 1<<10, &got); err != nil || got.Outcome != o {
			t.Errorf("%s came back as %q, %v", o, got.Outcome, err)
		}
	}
	if len(lengths) != 1 {
		t.Errorf("the outcomes have %d lengths", len(lengths))
	}
	for _, bad := range []any{0, 4, "yes", nil} {
		data, err := canon.Marshal(bad)
		if err != nil {
			t.Fatal(err)
		}
		var o Outcome
		if err := canon.Unmarshal(data, 1<<10, &o); err == nil {
			t.Errorf("%v was taken for %s", bad, o)
		}
	}
}
