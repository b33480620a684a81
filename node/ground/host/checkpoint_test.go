package host

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/ledger"
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

// TestWaitersShareACheckpoint checks that those who want receipts at once share a checkpoint,
// though the ledger grows all the while: each needs its own entry covered, and no more.
func TestWaitersShareACheckpoint(t *testing.T) {
	h := open(t, t.TempDir())
	defer h.Close()
	const waiters = 32
	for range waiters {
		add(t, h)
	}
	done := make(chan struct{})
	var appends, waits sync.WaitGroup
	appends.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				add(t, h)
			}
		}
	})
	var mu sync.Mutex
	notes := map[string]bool{}
	for i := range waiters {
		waits.Go(func() {
			receipt, err := h.Receipt(t.Context(), uint64(i))
			if err != nil {
				t.Error(err)
				return
			}
			r, err := ledger.DecodeReceipt(receipt)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			notes[string(r.Note)] = true
		})
	}
	waits.Wait()
	close(done)
	appends.Wait()
	if len(notes) > waiters/4 {
		t.Errorf("%d checkpoints for %d receipts", len(notes), waiters)
	}
}
