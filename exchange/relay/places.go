package relay

import (
	"sync"

	"xietong/certs/identity"
)

// places bounds how many requests of each jurisdiction are under way at once.
type places struct {
	most  int
	mu    *sync.Mutex
	taken map[identity.Jurisdiction]int // never 0
}

func newPlaces(most int) places {
	return places{most: most, mu: &sync.Mutex{}, taken: map[identity.Jurisdiction]int{}}
}

// enter takes a place, and reports whether one was free. If so, leave gives the place back.
func (p places) enter(of identity.Jurisdiction) (leave func(), ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[of] >= p.most {
		return nil, false
	}
	p.taken[of]++
	return func() { p.leave(of) }, true
}

func (p places) leave(of identity.Jurisdiction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[of]--; p.taken[of] == 0 {
		delete(p.taken, of)
	}
}
