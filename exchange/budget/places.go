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
func (b *Places) Enter(p Payer) (leave func(), ok bool) { return b.EnterAs(1, p) }

// EnterAs is Enter for what takes as much as n places.
func (b *Places) EnterAs(n int, p Payer) (leave func(), ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held.room(float64(b.most), p) < float64(n) {
		return nil, false
	}
	b.held.add(float64(n), p)
	return func() { b.leave(n, p) }, true
}

func (b *Places) leave(n int, p Payer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held.add(-float64(n), p)
}

// Held returns how many places are taken.
func (b *Places) Held() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return int(b.held.used)
}

// PlacesToward is Places of each neighbour, toward it or of what it brings, which share nothing.
// The neighbours must be such as the caller knows already, because each is kept. Many goroutines
// may use it.
type PlacesToward struct {
	most int
	mu   sync.Mutex
	to   map[string]*Places
}

// NewPlacesToward returns a budget of most places of each neighbour.
func NewPlacesToward(most int) *PlacesToward {
	return &PlacesToward{most: most, to: map[string]*Places{}}
}

// Enter takes a place of a neighbour for whoever asks, as Places.Enter does.
func (b *PlacesToward) Enter(neighbour string, p Payer) (leave func(), ok bool) {
	return b.EnterAs(1, neighbour, p)
}

// EnterAs is Enter for what takes as much as n places.
func (b *PlacesToward) EnterAs(n int, neighbour string, p Payer) (leave func(), ok bool) {
	b.mu.Lock()
	places := b.to[neighbour]
	if places == nil {
		places = NewPlaces(b.most)
		b.to[neighbour] = places
	}
	b.mu.Unlock()
	return places.EnterAs(n, p)
}

// Held returns how many places are taken, toward all neighbours.
func (b *PlacesToward) Held() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, places := range b.to {
		n += places.Held()
	}
	return n
}
