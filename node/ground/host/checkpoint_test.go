package host

import (
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/state"
)

// TestCheckpointComesByItself checks, in virtual time, that an entry is signed in time although no
// caller asks for a receipt.
func TestCheckpointComesByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, t.TempDir())
		defer h.Close()
		for range 3 {
			add(t, h)
			time.Sleep(checkpointLag)
			synctest.Wait()
			err := h.View(t.Context(), func(r *state.Reader) error {
				if covered, _ := r.Checkpoint(); covered != r.Size() {
					t.Errorf("%d of %d entries are signed", covered, r.Size())
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
		}
	})
}
