package rosters

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/tree/treetest"
)

// watched is a ledger that tells how many read it at once, at most.
type watched struct {
	Ledger
	now, most atomic.Int64
}

func (w *watched) View(ctx context.Context, f func(*state.Reader) error) error {
	for n := w.now.Add(1); ; {
		if most := w.most.Load(); n <= most || w.most.CompareAndSwap(most, n) {
			break
		}
	}
	defer w.now.Add(-1)
	for range 1000 { // whoever else may read comes in meanwhile
		runtime.Gosched()
	}
	return w.Ledger.View(ctx, f)
}

// TestOneReadingAtATime (A51): questions that name former rosters, in turn and at once, have one
// read at a time, and those that name the same share it.
func TestOneReadingAtATime(t *testing.T) {
	top := &watched{Ledger: treetest.New(t, "guizhou", register)}
	s := New(top, nil, nobody)
	by := acting{identity.NewAgency(top.Name(), treetest.Label(t, "civil-affairs"))}
	var hashes [][32]byte
	for n := range 3 {
		if _, err := s.Publish(t.Context(), treetest.Message(t), by, country(t, 600+n, nil)); err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, s.Current().Hash())
	}
	s.recent.Store(nil)
	top.most.Store(0)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if r, err := s.Of(t.Context(), uint64(1+i%2), hashes[i%2]); err != nil || r.Hash() != hashes[i%2] {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if top.most.Load() != 1 {
		t.Errorf("%d read at once", top.most.Load())
	}
}
