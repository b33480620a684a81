package chains

import (
	"context"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/node/join"
)

// News are sent together, at most once in newsEvery. Of more than maxNews at once, all that is told is that everything may
// have changed; and of more than maxNews of one neighbour since the last were sent, that everything may have whom it leads to.
const (
	newsEvery  = time.Second
	newsWithin = 2 * time.Second
	maxNews    = 64
)

// news are the names below which something has changed, that neighbours are still to be told of.
type news struct {
	mu      sync.Mutex
	waiting map[identity.Jurisdiction]identity.Jurisdiction // with who told of it; zero: nobody, or several did
	told    map[identity.Jurisdiction]int                   // names that a neighbour told of, since the last were sent
	come    chan struct{}
}

func newNews() news {
	return news{
		waiting: map[identity.Jurisdiction]identity.Jurisdiction{}, told: map[identity.Jurisdiction]int{}, come: make(chan struct{}, 1),
	}
}

// Tell forgets what is kept below a name, and has the neighbours told, that they do the same: the standing of the jurisdiction,
// or of somebody below it, has changed. from is the neighbour that said so, who is not told; zero: it comes from here.
func (s *Store) Tell(below, from identity.Jurisdiction) {
	s.Drop(below)
	n := &s.news
	n.mu.Lock()
	before, again := n.waiting[below]
	if again && before != from {
		from = identity.Jurisdiction{}
	}
	n.waiting[below] = from
	if len(n.waiting) > maxNews {
		clear(n.waiting)
		n.waiting[rootOf(s.own.Name())] = identity.Jurisdiction{}
	}
	n.mu.Unlock()
	select {
	case n.come <- struct{}{}:
	default:
	}
}

// Told takes what a neighbour tells: a child of itself and those below it, the parent of anybody. It reports whether it may
// concern the levels above this jurisdiction.
func (s *Store) Told(peer, below identity.Jurisdiction) (above bool) {
	parent, _ := s.table.Parent()
	if peer != parent && !below.Under(peer) {
		return false
	}
	if s.news.tooMany(peer) { // what it tells costs a look at everything that is kept
		return false
	}
	s.Tell(below, peer)
	return s.own.Name().Under(below)
}

// tooMany counts a name that a neighbour tells of, and reports whether it is one too many.
func (n *news) tooMany(peer identity.Jurisdiction) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told[peer]++
	return n.told[peer] > maxNews
}

func rootOf(name identity.Jurisdiction) identity.Jurisdiction {
	for {
		above, ok := name.Parent()
		if !ok {
			return name
		}
		name = above
	}
}

// Run sends news until ctx ends. A neighbour that cannot be told now is not told later: what it keeps ends by itself.
func (s *Store) Run(ctx context.Context) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-s.news.come:
		case <-ctx.Done():
			return
		}
		s.send(ctx)
		pause.Reset(newsEvery)
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
	}
}

// collect takes what waits. Of a neighbour that told too much, all that it may have told of is forgotten.
func (s *Store) collect() map[identity.Jurisdiction]identity.Jurisdiction {
	s.news.mu.Lock()
	waiting, told := s.news.waiting, s.news.told
	s.news.waiting, s.news.told = map[identity.Jurisdiction]identity.Jurisdiction{}, map[identity.Jurisdiction]int{}
	s.news.mu.Unlock()
	parent, _ := s.table.Parent()
	for peer, names := range told {
		if names <= maxNews {
			continue
		}
		below := peer
		if peer == parent {
			below = rootOf(peer)
		}
		s.Drop(below)
		waiting[below] = peer
	}
	return waiting
}

// send tells every neighbour what waits.
func (s *Store) send(ctx context.Context) {
	waiting := s.collect()
	ctx, cancel := context.WithTimeout(ctx, newsWithin)
	defer cancel()
	var all sync.WaitGroup
	for _, to := range s.table.Neighbours() {
		var names []identity.Jurisdiction
		for below, from := range waiting {
			if from != to {
				names = append(names, below)
			}
		}
		if len(names) > 0 {
			all.Go(func() { _ = join.AskStale(ctx, over{s.ask, to}, names) }) // see Run
		}
	}
	all.Wait()
}
