package api

import (
	"testing"

	"xietong/consensus/state"
)

// TestByHandUntil (N19-11): a person who said that they looked through what nobody kept is told for
// a stated time that it must be ended by hand, and no longer; where all was known, nobody is.
func TestByHandUntil(t *testing.T) {
	const at = 1_700_000_000_000
	for what, row := range map[string]struct {
		e    state.Epoch
		now  uint64
		want string
	}{
		"looked through":     {state.Epoch{Settled: true}, at + 1, stampMS(at + byHandFor)},
		"to the last":        {state.Epoch{Settled: true}, at + byHandFor - 1, stampMS(at + byHandFor)},
		"long ago":           {state.Epoch{Settled: true}, at + byHandFor, ""},
		"all was known":      {state.Epoch{Settled: true, Whole: true}, at + 1, ""},
		"not looked through": {state.Epoch{}, at + 1, ""},
	} {
		if got := byHandUntil(row.e, at, row.now); got != row.want {
			t.Errorf("%s: got %q, want %q", what, got, row.want)
		}
	}
}
