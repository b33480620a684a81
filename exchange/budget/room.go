package budget

import (
	"context"
	"slices"
	"sync"
)

// Room bounds what is held at once, and who finds no room waits: first come, first served. One
// payer may hold half of it at most, so that whoever lets nothing go stops nobody else. Many
// goroutines may use it.
type Room struct {
	most int

	mu   sync.Mutex
	used int
	held map[Payer]int
	line []*entering
}

// entering is who waits for room.
type entering struct {
	payer Payer
	n     int
	in    chan struct{} // closed when there is room
}

// NewRoom returns a room of most in all.
func NewRoom(most int) *Room { return &Room{most: most, held: map[Payer]int{}} }

// Enter waits until there is room for n of whoever pays for ctx: at most the half of all, however
// large n is. keep gives back what is more than its argument, and all in the end, by 0. The error
// is the cause why ctx ended.
func (r *Room) Enter(ctx context.Context, n int) (keep func(n int), err error) {
	p, _ := PayerOf(ctx)
	e := &entering{payer: p, n: min(n, r.most/2), in: make(chan struct{})}
	r.mu.Lock()
	r.line = append(r.line, e)
	r.admit()
	r.mu.Unlock()
	select {
	case <-e.in:
	case <-ctx.Done():
		if r.giveUp(e) {
			return nil, context.Cause(ctx)
		}
	}
	held := e.n
	return func(n int) {
		r.mu.Lock()
		defer r.mu.Unlock()
		more := max(0, held-n)
		held -= more
		r.hold(e.payer, -more)
		r.admit()
	}, nil
}

// giveUp ends the wait, and reports whether there was no room yet.
func (r *Room) giveUp(e *entering) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.line, e)
	if i < 0 {
		return false
	}
	r.line = slices.Delete(r.line, i, i+1)
	r.admit()
	return true
}

// admit lets in who has room, in the order in which they came. It passes over those whose part is
// full, and over nobody else.
func (r *Room) admit() {
	full := false
	r.line = slices.DeleteFunc(r.line, func(e *entering) bool {
		if full || r.held[e.payer]+e.n > r.most/2 {
			return false
		}
		if full = r.used+e.n > r.most; full {
			return false
		}
		r.hold(e.payer, e.n)
		close(e.in)
		return true
	})
}

func (r *Room) hold(p Payer, n int) {
	r.used += n
	if r.held[p] += n; r.held[p] == 0 {
		delete(r.held, p)
	}
}

// holding is what is held for a request until it is answered.
type holding struct {
	room   *Room
	client context.Context

	mu   sync.Mutex
	keep []func(int)
}

type holdingKey struct{}

// Open returns a context in which Hold takes of the room, for the request of ctx. Nobody waits for
// room whose client, the one of ctx, has gone, also where the work goes on without it. done gives
// back all that is held; it is called when the answer is written, or dropped.
func (r *Room) Open(ctx context.Context) (open context.Context, done func()) {
	h := &holding{room: r, client: ctx}
	return context.WithValue(ctx, holdingKey{}, h), func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, keep := range h.keep {
			keep(0)
		}
	}
}

// Hold waits until the work of ctx may hold n, and holds it until the request is answered; keep
// gives back before what is more than its argument. Whoever holds a slot or looks at the state must
// not wait so. Where nobody opened room, Hold holds nothing. The error is the cause why ctx ended,
// or the client went.
func Hold(ctx context.Context, n int) (keep func(n int), err error) {
	h, ok := ctx.Value(holdingKey{}).(*holding)
	if !ok {
		return func(int) {}, nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(h.client, func() { cancel(context.Cause(h.client)) })()
	keep, err = h.room.Enter(ctx, n)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keep = append(h.keep, keep)
	return keep, nil
}
