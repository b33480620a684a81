package link

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/quic-go/quic-go"
)

// Bounds of the bytes that neighbours hold here. Each is sure of its own share, which no other can
// take. Beyond it, a neighbour may hold a lentPart-th of what is free of the common part, so that n
// neighbours that take all they can leave 1/(1+n/lentPart) of it free. One alone comes to 17 MiB,
// and all together to common and one ownShare each.
const (
	ownShare = 4 << 20
	common   = 64 << 20
	lentPart = 4
)

// Bytes that are counted for what has no bytes of its own.
const (
	connCost   = 64<<10 + firstWindow // the state of a connection, and its window at first
	streamCost = 16 << 10             // the state of a stream and of the goroutine that answers it
)

// memory counts the bytes that each neighbour holds: the windows of its connections, its streams,
// what has come of its requests and of the frames that it answers with, and what it has not read of
// our answers. Whoever wants to hold more takes it first. Many goroutines may use it.
//
// It is no budget.Places: those who hold bytes are neighbours alone, of which there are no more
// than the tree has, so that each can be sure of a share of its own. Places divides among origins
// too, whose number nobody bounds, and promises nobody a fixed part.
type memory struct {
	common int // of it parts are lent
	mu     sync.Mutex
	lent   int          // of the common part
	held   map[ends]int // never 0
}

// newMemory returns an account with so many bytes to lend.
func newMemory(common int) *memory { return &memory{common: common, held: map[ends]int{}} }

// borrowed returns the part of n bytes that lies beyond a neighbour's own share.
func borrowed(n int) int { return max(0, n-ownShare) }

// take counts n bytes more for the neighbour, if there is room for them, and reports whether it
// did.
func (m *memory) take(by ends, n int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.held[by]
	has, wants := borrowed(before), borrowed(before+n)
	if free := m.common - m.lent - (wants - has); wants > has && wants > free/lentPart {
		return false
	}
	m.lent += wants - has
	m.held[by] = before + n
	return true
}

func (m *memory) give(by ends, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := m.held[by]
	m.lent -= borrowed(before) - borrowed(before-n)
	if m.held[by] = before - n; m.held[by] == 0 {
		delete(m.held, by)
	}
}

// hold is what one connection, stream or frame holds of a neighbour's bytes. A nil hold has room
// for everything: at the door the gate counts.
type hold struct {
	memory *memory
	by     ends

	mu    sync.Mutex
	bytes int
	ended bool
}

// more returns a hold of its own for the same neighbour.
func (h *hold) more() *hold {
	if h == nil {
		return nil
	}
	return &hold{memory: h.memory, by: h.by}
}

// take takes n bytes more, if there is room for them and the hold has not ended.
func (h *hold) take(n int) bool {
	if h == nil {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended || !h.memory.take(h.by, n) {
		return false
	}
	h.bytes += n
	return true
}

// give gives n bytes back that were taken.
func (h *hold) give(n int) {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bytes -= n
	h.memory.give(h.by, n)
}

// end gives everything back; take fails from then on.
func (h *hold) end() {
	if h == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ended {
		h.ended = true
		h.memory.give(h.by, h.bytes)
	}
}

// window is the receive window of a connection beyond what it has at first. It grows in the account
// of a neighbour or of another replica only, once that is known.
type window struct {
	of    atomic.Pointer[hold]
	most  int          // bytes that it grows by at most; set before of
	grown atomic.Int64 // bytes that it has grown by
}

// allow lets a window grow in an account, up to most bytes in all. QUIC knows one bound for all the
// connections of a listener, so the lower bound of some is held here.
func (w *window) allow(h *hold, most int) {
	w.most = most - guestWindow
	w.of.Store(h)
}

type windowKey struct{}

// withWindow returns the context of a connection that is to come, with its window.
func withWindow(ctx context.Context) context.Context {
	return context.WithValue(ctx, windowKey{}, &window{})
}

func windowOf(q *quic.Conn) *window {
	w, ok := q.Context().Value(windowKey{}).(*window)
	if !ok {
		return &window{} // of a connection that somebody else made: it does not grow
	}
	return w
}

// grow decides whether the window of a connection may grow by n bytes.
func grow(q *quic.Conn, n uint64) bool {
	w := windowOf(q)
	h := w.of.Load()
	if h == nil || w.grown.Load()+int64(n) > int64(w.most) || !h.take(int(n)) {
		return false
	}
	w.grown.Add(int64(n))
	return true
}
