package relay

import (
	"encoding/binary"
	"testing"
	"time"
)

// TestCameIsBounded: of more requests than are remembered the oldest are forgotten, and it is told
// since when none is missing.
func TestCameIsBounded(t *testing.T) {
	now := today
	r := &Relay{came: newCame(func() time.Time { return now })}
	request := func(n int) (hash [32]byte) { binary.BigEndian.PutUint64(hash[:], uint64(n)); return hash }
	for n := range maxCame + 2 {
		now = today.Add(time.Duration(n) * time.Second)
		r.came.note(request(n))
		r.came.note(request(n))
	}
	for n, want := range map[int]bool{0: false, 1: false, 2: true, maxCame + 1: true, maxCame + 2: false} {
		if is, since := r.Came(request(n)); is != want || !since.Equal(today.Add(time.Second)) {
			t.Errorf("request %d: got %t, since %s, want %t", n, is, since, want)
		}
	}
}
