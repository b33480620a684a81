package sharing

import (
	"testing"
	"time"

	"xietong/consensus/state"
	"xietong/node/ground/book/booktest"
)

// A04b: whoever had many grants of one use must not make each further request, which looks for the
// newest of them in the state machine too, a walk over all.
func TestManyGrantsOfOneUse(t *testing.T) {
	r, q := open(t), request(water)
	var last Permit
	for range 50 {
		at := r.Clock.Add(2 * LeastGrant)
		q.Until = at.Format(time.RFC3339)
		last = r.permitted(t, q)
		r.later(t, 3*LeastGrant)
	}
	err := r.View(t.Context(), func(reader *state.Reader) error {
		reads := &booktest.Counting{Reads: reader}
		got, ok := latest(reads, water, q.Dataset, statistics)
		if want, _ := last.Grant.Index(); !ok || got.Index != want {
			t.Errorf("got grant %d, %t, want %d", got.Index, ok, want)
		}
		if read := reads.Pairs + reads.Gets; read > 4 {
			t.Errorf("%d pairs are read for the newest of 50 grants and what may have closed it, want 4", read)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
