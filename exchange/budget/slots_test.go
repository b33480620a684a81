package budget

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// work runs in a slot for a time that passes in the bubble, in steps, as long work does.
func work(ctx context.Context, s *Slots, took time.Duration) error {
	return s.Run(ctx, func(ctx context.Context) error {
		for ; took > 0; took -= time.Millisecond {
			time.Sleep(time.Millisecond)
			if err := Pause(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// crowd has one neighbour bring long work by a hundred origins, until end is called, which waits.
func crowd(ctx context.Context, s *Slots) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for origin := range 100 {
		all.Go(func() {
			for ctx.Err() == nil {
				_ = work(With(ctx, payer(0, origin)), s, time.Second)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

// TestSlotsAreShared has one neighbour bring long work by a hundred origins, and one bring short
// work. Beside it the short work waits no longer than until who borrowed gives back (B03).
func TestSlotsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(2)
		end := crowd(t.Context(), s)
		synctest.Wait()
		for n := range 100 {
			began := time.Now()
			if err := work(With(t.Context(), payer(1, 0)), s, time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); waited > 2*soon+time.Millisecond {
				t.Errorf("piece %d of the healthy neighbour took %s", n, waited)
			}
		}
		end()
		if s.free != 2 || s.line.waiting != 0 || s.line.all.busy != 0 {
			t.Errorf("at rest %d slots are free, %d wait, %d are busy", s.free, s.line.waiting, s.line.all.busy)
		}
	})
}

// TestWhoWasHereFindsASlot has one neighbour bring long work by a hundred origins, and one ask
// again and again for little: after its first piece, a slot is free whenever it comes. What it does
// not use is lent again a Step after it was last seen (B03b).
func TestWhoWasHereFindsASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(2)
		end := crowd(t.Context(), s)
		time.Sleep(time.Second)
		var waited time.Duration
		for n := range 100 {
			time.Sleep(3 * time.Millisecond)
			began := time.Now()
			if err := work(With(t.Context(), payer(1, 0)), s, time.Millisecond); err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				waited += time.Since(began) - time.Millisecond
			}
		}
		if waited > 99*rest { // each piece is long enough for one
			t.Errorf("99 pieces of the healthy neighbour waited for %s", waited)
		}
		time.Sleep(3 * Step)
		s.mu.Lock()
		free := s.free
		s.mu.Unlock()
		if free != 0 {
			t.Errorf("%d slots are free, while there is work and nobody else was here for long", free)
		}
		end()
		if s.free != 2 || s.line.waiting != 0 || s.line.all.busy != 0 {
			t.Errorf("at rest %d slots are free, %d wait, %d are busy", s.free, s.line.waiting, s.line.all.busy)
		}
	})
}

// TestLongWorkRests counts how long a thread computes without a pause: soon at most while another
// neighbour is here, and at the cost of a small part of the work; alone it never rests (B03c).
func TestLongWorkRests(t *testing.T) {
	for _, shared := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := NewSlots(2)
			ctx, cancel := context.WithCancel(t.Context())
			var other sync.WaitGroup
			defer other.Wait()
			defer cancel()
			if shared {
				other.Go(func() {
					for ctx.Err() == nil {
						_ = work(With(ctx, payer(1, 0)), s, time.Millisecond)
						time.Sleep(time.Millisecond)
					}
				})
				time.Sleep(Step)
			}
			began := time.Now()
			if err := work(With(t.Context(), payer(0, 0)), s, 200*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			rested := time.Since(began) - 200*time.Millisecond
			if least := 150 * rest; shared && (rested < least || rested > 200*rest) || !shared && rested != 0 {
				t.Errorf("another is here: %t, and 200 ms of work rested for %s", shared, rested)
			}
		})
	}
}

// TestEachHasItsPart counts what four neighbours get that all ask for everything, one of them by
// many origins, and that one alone gets everything.
func TestEachHasItsPart(t *testing.T) {
	for _, neighbours := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			s := NewSlots(2)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var mu sync.Mutex
			got := make([]time.Duration, neighbours)
			var all sync.WaitGroup
			for n := range neighbours {
				for origin := range 4 + 60*max(0, n-2) {
					all.Go(func() {
						for ctx.Err() == nil {
							began := time.Now()
							_ = s.Run(With(ctx, payer(n, origin)), func(context.Context) error {
								began = time.Now()
								time.Sleep(time.Duration(1+n) * time.Millisecond)
								mu.Lock()
								got[n] += time.Since(began)
								mu.Unlock()
								return nil
							})
						}
					})
				}
			}
			all.Wait()
			want := 2 * time.Minute / time.Duration(neighbours)
			for n, had := range got {
				if had < want-want/50 || had > want+want/50 {
					t.Errorf("neighbour %d of %d had %s, want %s", n, neighbours, had, want)
				}
			}
		})
	}
}

// TestSlotsGivenUp ends the context of work that waits; the slot goes on to the next.
func TestSlotsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(1)
		var group sync.WaitGroup
		errs := make([]error, 3)
		for i := range errs {
			ctx := With(t.Context(), payer(i, 0))
			if i == 1 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
				defer cancel()
			}
			group.Go(func() { errs[i] = work(ctx, s, 5*time.Millisecond) })
			synctest.Wait()
		}
		group.Wait()
		if errs[0] != nil || !errors.Is(errs[1], context.DeadlineExceeded) || errs[2] != nil || s.free != 1 {
			t.Errorf("got %v, with %d slots free", errs, s.free)
		}
	})
}

// TestWithin: work in a slot takes no second one, which could never come; what nobody pays for
// takes none.
func TestWithin(t *testing.T) {
	s := NewSlots(1)
	ran := 0
	inner := func(ctx context.Context) error {
		return s.Run(ctx, func(context.Context) error { ran++; return nil })
	}
	if err := s.Run(With(t.Context(), payer(0, 0)), inner); err != nil || ran != 1 {
		t.Errorf("within a slot: ran %d times, %v", ran, err)
	}
	err := s.Run(With(t.Context(), payer(0, 0)), func(context.Context) error { return inner(context.Background()) })
	if err != nil || ran != 2 {
		t.Errorf("of the node itself: ran %d times, %v", ran, err)
	}
}

// TestAccountsAreForgotten: origins that a neighbour makes up do not pile up.
func TestAccountsAreForgotten(t *testing.T) {
	var l line
	l.count(payer(1, 1), start) // it runs all the time
	for n := range 10_000 {
		p := Payer{Neighbour: "hostile", Origin: fmt.Sprint(n)}
		l.count(p, start)
		l.done(p, time.Millisecond, start)
	}
	if got := len(l.all.below["hostile"].below); got > maxAccounts {
		t.Errorf("%d origins are remembered, want at most %d", got, maxAccounts)
	}
}

func BenchmarkRun(b *testing.B) {
	s := NewSlots(2)
	ctx := With(b.Context(), payer(0, 0))
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Run(ctx, func(context.Context) error { return nil })
	}
}

// TestPanicKeepsTheNumberOfSlots: work that panics outside its slot gives back one slot, and not
// two: the server of the API recovers panics of its handlers, and goes on.
func TestPanicKeepsTheNumberOfSlots(t *testing.T) {
	s, ctx := NewSlots(1), With(t.Context(), payer(1, 1))
	for range 3 {
		func() {
			defer func() { _ = recover() }()
			_ = s.Run(ctx, func(ctx context.Context) error { Outside(ctx, func() { panic("planted") }); return nil })
		}()
	}
	if s.free != 1 || s.line.all.busy != 0 {
		t.Errorf("%d slots are free and %d busy, want 1 and 0", s.free, s.line.all.busy)
	}
}
