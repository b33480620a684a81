package api

import "testing"

// TestByHandUntil (N19-11): a person who said that they looked through what nobody kept is told for
// a stated time that it must be ended by hand, and no longer.
func TestByHandUntil(t *testing.T) {
	const at = 1_700_000_000_000
	for what, row := range map[string]struct {
		now  uint64
		want string
	}{
		"looked through": {at + 1, stampMS(at + byHandFor)},
		"to the last":    {at + byHandFor - 1, stampMS(at + byHandFor)},
		"long ago":       {at + byHandFor, ""},
	} {
		if got := byHandUntil(at, row.now); got != row.want {
			t.Errorf("%s: got %q, want %q", what, got, row.want)
		}
	}
}
