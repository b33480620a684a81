package budget

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// Step is how long work goes on before it lets others in.
const Step = 10 * time.Millisecond

// soon is how long work goes on on what another neighbour lends, after that neighbour came.
const soon = time.Millisecond

// breath is how long work goes on before it lets run what takes no slot.
const breath = 100 * time.Microsecond

// rest is how long work that others are beside leaves its processor alone, each time that it went
// on for soon.
const rest = 50 * time.Microsecond

// Slots shares the processors. Many goroutines may use it.
type Slots struct {
	mu   sync.Mutex
	free int
	line line
}

// NewSlots returns n slots.
func NewSlots(n int) *Slots { return &Slots{free: n} }

// turn is work that runs in a slot.
type turn struct {
	slots    *Slots
	payer    Payer
	since    time.Time
	breathed time.Time // when others last could run
	rested   time.Time // when it last rested
}

type turnKey struct{}

func (t *turn) start() {
	t.since = time.Now()
	t.breathed, t.rested = t.since, t.since
}

// Run runs f in a slot, as soon as one is free and it is the payer's turn; f gets a context that
// Pause knows. f must compute only: whoever waits for a disk, for raft or for the network does so
// outside. Work that nobody pays for, and work within a slot, runs at once. The error is that of f,
// or the cause why ctx ended before f could begin. No slots at all, nil, hold nobody up.
func (s *Slots) Run(ctx context.Context, f func(context.Context) error) error {
	p, paid := PayerOf(ctx)
	if _, within := ctx.Value(turnKey{}).(*turn); within || !paid || s == nil {
		return f(ctx)
	}
	t := &turn{slots: s, payer: p}
	if err := t.begin(ctx); err != nil {
		return err
	}
	defer t.end()
	return f(context.WithValue(ctx, turnKey{}, t))
}

// Pause lets others in if the work of ctx has had its slot for longer than a Step and somebody
// waits, and for longer than soon if a neighbour waits that has used less. Long work calls it
// often. It returns the cause why ctx ended, after which the work must end; it holds a slot all the
// same.
//
// What takes no slot (packets, raft, the disk) shares the processors with the slots, and each piece
// of it is short. So Pause lets it run every breath too, long before the scheduler would. Where
// other neighbours are here, that is not enough: the operating system takes a thread that only
// computes off its processor for milliseconds, and with it whatever short piece is on the thread
// just then. So the work rests, and its thread sleeps, a little of each millisecond.
func Pause(ctx context.Context) error {
	t, within := ctx.Value(turnKey{}).(*turn)
	if !within {
		return context.Cause(ctx)
	}
	switch now := time.Now(); {
	case now.Sub(t.since) >= Step:
		t.slots.pass(t)
	case now.Sub(t.breathed) >= breath && t.slots.owes(t, now):
		t.slots.pass(t)
	case now.Sub(t.breathed) >= breath:
		t.breathe(now)
	}
	return context.Cause(ctx)
}

// breathe lets run what takes no slot.
func (t *turn) breathe(now time.Time) {
	if now.Sub(t.rested) >= soon && t.slots.shared(t.payer, now) {
		time.Sleep(rest)
		t.breathed = time.Now()
		t.rested = t.breathed
		return
	}
	runtime.Gosched()
	t.breathed = time.Now()
}

// shared reports whether another neighbour is here.
func (s *Slots) shared(p Payer, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.line.shared(p, now)
}

// Outside runs f, which waits for a disk, for raft or for the network, outside the slot of ctx's
// work, and takes a slot again for what follows.
func Outside(ctx context.Context, f func()) {
	t, within := ctx.Value(turnKey{}).(*turn)
	if !within {
		f()
		return
	}
	t.end()
	defer t.begin(context.Background()) // ends with a slot, also where f panics: nobody gives up the wait
	f()
}

// owes reports whether the slot is owed to somebody who waits.
func (s *Slots) owes(t *turn, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.line.waiting > 0 && s.line.owes(t.payer, now.Sub(t.since))
}

// begin takes a slot, or waits for one.
func (t *turn) begin(ctx context.Context) error {
	s := t.slots
	t.start()
	s.mu.Lock()
	if s.free > 0 && s.line.waiting == 0 && s.line.lends(s.line.all.below[t.payer.Neighbour], s.free, t.since) {
		s.free--
		s.line.count(t.payer, t.since)
		s.mu.Unlock()
		return nil
	}
	w := s.line.join(t.payer, t.since)
	s.hand(t.since)
	s.mu.Unlock()
	select {
	case <-w.called:
		t.start()
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); !s.line.leave(w, now) { // it was called meanwhile: the slot goes on
		s.release(t.payer, 0, now)
	}
	return context.Cause(ctx)
}

func (t *turn) end() {
	t.slots.mu.Lock()
	defer t.slots.mu.Unlock()
	now := time.Now()
	t.slots.release(t.payer, now.Sub(t.since), now)
}

// pass gives the slot to whoever waits and has used less, and waits for the next turn. A turn that
// comes is short, so nobody waits for long; ctx is not looked at, so that the work holds a slot
// whenever it runs.
func (s *Slots) pass(t *turn) {
	s.mu.Lock()
	s.line.spend(t.payer, time.Since(t.since))
	t.start()
	if s.line.waiting == 0 {
		s.mu.Unlock()
		return
	}
	w := s.line.join(t.payer, t.since)
	s.release(t.payer, 0, t.since)
	s.mu.Unlock()
	<-w.called
	t.start()
}

// release ends a turn that took so long, and calls the next. mu is held.
func (s *Slots) release(p Payer, took time.Duration, now time.Time) {
	s.line.done(p, took, now)
	s.free++
	s.hand(now)
}

// hand calls whoever waits and may have a free slot. Where somebody waits and a slot stays free,
// that neighbour has work in another slot, which calls the next when it pauses or ends. mu is held.
func (s *Slots) hand(now time.Time) {
	for s.free > 0 && s.line.waiting > 0 && s.line.call(s.free, now) {
		s.free--
	}
}
