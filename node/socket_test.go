package node

import (
	"testing"
	"time"

	"xietong/exchange/link"
)

// TestFailureIsToldRarely (U-C11): a parent that is away is a line of the log once, when the reason
// changes, and once an hour.
func TestFailureIsToldRarely(t *testing.T) {
	h, now := &hosted{}, time.Unix(0, 0)
	silent, refused := &link.Error{Reason: link.NoAnswer}, &link.Error{Reason: link.NotKnown}
	for i, row := range []struct {
		after time.Duration
		err   error
		up    bool
		want  bool
	}{
		{err: silent, want: true},
		{after: time.Second, err: silent},
		{after: 30 * time.Minute, err: silent},
		{after: time.Second, err: refused, want: true},
		{after: time.Second, err: silent, want: true},
		{after: time.Hour, err: silent, want: true},
		{after: time.Second, up: true},
		{after: time.Second, err: silent, want: true},
	} {
		if now = now.Add(row.after); row.up {
			h.linked(now, false)
			continue
		}
		if _, told := h.keepFailure(row.err, now); told != row.want {
			t.Errorf("row %d: told %t, want %t", i, told, row.want)
		}
	}
}
