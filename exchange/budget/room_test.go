package budget

import (
	"context"
	"testing"
	"testing/synctest"
)

// TestRoom has payers come in a row: each waits until there is room for it, and only those are
// passed over whose half is full, or who went.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, in := NewRoom(8), map[string]func(int){}
		come := func(what string, who, n int) context.CancelFunc {
			ctx, cancel := context.WithCancel(With(t.Context(), payer(who, 0)))
			go func() {
				if keep, err := r.Enter(ctx, n); err == nil {
					in[what] = keep
				}
			}()
			synctest.Wait()
			return cancel
		}
		is := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			if len(in) != len(want) {
				t.Errorf("%s: %d are in, want %v", when, len(in), want)
			}
			for _, what := range want {
				if in[what] == nil {
					t.Errorf("%s: %s is not in", when, what)
				}
			}
		}
		come("a long one", 1, 100)
		is("it has half", "a long one")
		gone := come("its second", 1, 1)
		come("another's", 2, 3)
		is("the half of the first is full", "a long one", "another's")
		come("a third's", 3, 2)
		come("a fourth's", 4, 1)
		is("nobody passes over who waits for room", "a long one", "another's")
		gone()
		synctest.Wait()
		in["a long one"](3)
		is("a part was given back, and one went", "a long one", "another's", "a third's")
		in["another's"](0)
		is("all of one was given back", "a long one", "another's", "a third's", "a fourth's")
		for _, keep := range in {
			keep(0)
		}
		if r.used != 0 || len(r.held) != 0 || len(r.line) != 0 {
			t.Errorf("%d is held by %v, and %d wait", r.used, r.held, len(r.line))
		}
	})
}
