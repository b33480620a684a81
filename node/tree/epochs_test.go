package tree

import (
	"testing"

	"xietong/certs/trust"
)

// TestSpans: the epochs of a child under one epoch of its parent are none of those under another,
// down to the lowest level. What a chain may open by itself leaves room for those who come back.
func TestSpans(t *testing.T) {
	parent := uint64(1)
	for level := 2; level <= trust.MaxChain; level++ {
		s, ok := spanOf(parent)
		after, more := spanOf(parent + 1)
		if !ok || !more || s.last != after.before || s.before >= s.middle || s.middle >= s.last {
			t.Fatalf("level %d, under %d: got %+v, %+v", level, parent, s, after)
		}
		parent = s.last // the greatest there is
	}
	if _, ok := spanOf(0); ok {
		t.Error("there are epochs under epoch 0")
	}
	if _, ok := spanOf(1 << 62); ok {
		t.Error("there are epochs under epoch 2^62, which nobody has")
	}
	set := make([]keptSet, 1)
	for _, row := range []struct {
		what   string
		body   endorseBody
		used   uint64
		parent uint64
		want   bool
	}{
		{"a chain opens one more", endorseBody{After: 1, Epoch: 255, Sets: set}, 254, 1, true},
		{"a chain opens the last that is its own", endorseBody{After: 1, Epoch: 256, Sets: set}, 255, 1, true},
		{"a chain opens one of those who come back", endorseBody{After: 1, Epoch: 257, Sets: set}, 256, 1, false},
		{"such a chain goes on in its epoch", endorseBody{After: 1, Epoch: 300, Sets: set}, 300, 1, true},
		{"who comes back takes the next", endorseBody{Begins: 257, Epoch: 257, Sets: set}, 256, 1, true},
		{"who comes back takes the last", endorseBody{Begins: 512, Epoch: 512, Sets: set}, 511, 1, true},
		{"none is left", endorseBody{Begins: 513, Epoch: 513, Sets: set}, 512, 1, false},
		{"a new parent has others", endorseBody{Begins: 513, Epoch: 513, Sets: set}, 2, 2, true},
		{"not one of the parent before", endorseBody{Begins: 3, Epoch: 3, Sets: set}, 2, 2, false},
		{"a chain from before goes on under a new parent", endorseBody{Begins: 7, Epoch: 7, Sets: set}, 0, 2, true},
		{"nobody has come so far", endorseBody{Begins: 2000, Epoch: 2000, Sets: set}, 0, 2, false},
	} {
		first := []byte{1}
		if row.body.After == 0 {
			row.body.First = []byte{2}
		}
		if got := row.body.epochFits(usedEpoch{Used: row.used, First: first}, row.parent); got != row.want {
			t.Errorf("%s: got %t, want %t", row.what, got, row.want)
		}
	}
}
