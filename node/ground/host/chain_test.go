package host

import (
	"slices"
	"testing"

	"xietong/certs/trust"
)

// TestAround: a chain hands on the endorsed key set with those after it, and before it as many as a
// verifier takes.
func TestAround(t *testing.T) {
	var signed [][]byte
	for number := range 40 {
		signed = append(signed, []byte{byte(number + 1)})
	}
	for _, row := range []struct {
		number, of  uint64
		first, last byte
	}{{1, 1, 1, 1}, {3, 4, 1, 4}, {40, 40, 25, 40}, {38, 40, 25, 40}, {10, 40, 10, 25}, {50, 40, 25, 40}} {
		got := around(signed[:row.of], row.number)
		if got[0][0] != row.first || got[len(got)-1][0] != row.last {
			t.Errorf("number %d of %d: got %d to %d, want %d to %d", row.number, row.of, got[0][0], got[len(got)-1][0], row.first, row.last)
		}
	}
	long := slices.Repeat([][]byte{make([]byte, trust.MaxHandedLen/3)}, 40)
	if got := around(long, 20); len(got) != 3 {
		t.Errorf("%d long key sets are handed on, want 3", len(got))
	}
}
