package sharing

import (
	"testing"
	"time"

	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// counting counts the pairs that are read of a state.
type counting struct {
	book.Reads
	pairs *int
}

func (c counting) Get(bucket string, key []byte) []byte {
	*c.pairs++
	return c.Reads.Get(bucket, key)
}

func (c counting) Scan(bucket string, prefix, from []byte, each func(key, value []byte) bool) {
	c.Reads.Scan(bucket, prefix, from, func(k, v []byte) bool {
		*c.pairs++
		return each(k, v)
	})
}

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
		pairs := 0
		got, ok := latest(counting{reader, &pairs}, water, q.Dataset, statistics)
		if want, _ := last.Grant.Index(); !ok || got.Index != want {
			t.Errorf("got grant %d, %t, want %d", got.Index, ok, want)
		}
		if pairs > 2 {
			t.Errorf("%d pairs are read for the newest of 50 grants, want 2", pairs)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
