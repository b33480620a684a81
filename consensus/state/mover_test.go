package state

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestMoverRests: the mover rests as long after its work while it writes the first file of a ledger
// as while it writes any other.
func TestMoverRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := newTwins(t, 1)
		x.reopen(Options{unmoving: true})
		for _, blocks := range []uint64{256, 0} { // 0: no file is noted yet
			x.mu.Lock()
			x.meta.Size, x.meta.filed = 140_000, filed{Blocks: blocks}
			x.mu.Unlock()
			began := time.Now()
			if err := x.ease(time.Second); err != nil {
				t.Fatal(err)
			}
			if rested := time.Since(began); rested < moveRests*time.Second {
				t.Errorf("with files of %d blocks it rested for %s after a second of work", blocks, rested)
			}
		}
		x.mu.Lock()
		x.meta.Size, x.meta.filed = 0, filed{}
		x.mu.Unlock()
	})
}
