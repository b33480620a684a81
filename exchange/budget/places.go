package budget

import "sync"

// Places bounds how many things are under way at once. Many goroutines may use it.
type Places struct {
	most int
	mu   sync.Mutex
	held shares
}

// NewPlaces returns a budget of most places in all.
func NewPlaces(most int) *Places { return &Places{most: most} }

// Enter takes a place for a payer, and reports whether there was one for it. If so, leave gives the
// place back; it must be called once.
func (b *Places) Enter(p Payer) (leave func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held.room(float64(b.most), p) < 1 {
		return nil, false
	}
	b.held.add(1, p)
	return func() { b.leave(p) }, true
}

func (b *Places) leave(p Payer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held.add(-1, p)
}

// Held returns how many places are taken.
func (b *Places) Held() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(b.held.used)
}
