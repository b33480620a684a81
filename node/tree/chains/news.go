package chains

import (
	"context"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/node/tree/door"
)

// News are sent together, at most once in newsEvery, and each neighbour gets newsWithin to take
// them. More than maxNews at once become one: everything may have changed. From a neighbour that
// tells more than maxNews between two sendings, the rest become one more: everything that it leads
// to may have changed.
const (
	newsEvery  = time.Second
	newsWithin = 2 * time.Second
	maxNews    = 64
)

// news are the names below which something has changed, and which the neighbours are still to be
// told.
type news struct {
	mu      sync.Mutex
	waiting map[identity.Jurisdiction]identity.Jurisdiction // who told it; zero: this jurisdiction, or several
	told    map[identity.Jurisdiction]int                   // by neighbour, the names that it told since the last were sent
	come    chan struct{}
}

func newNews() news {
	return news{
		waiting: map[identity.Jurisdiction]identity.Jurisdiction{}, told: map[identity.Jurisdiction]int{}, come: make(chan struct{}, 1),
	}
}

// Tell forgets the chains below a name, and has the neighbours told to do the same: the standing of
// the jurisdiction, or of one below it, has changed. from is the neighbour that said so, which is
// not told; zero: the news come from here.
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

// Told takes the news of a neighbour: from a child about itself and those below it, from the parent
// about any jurisdiction. It reports whether the news may concern the levels from the root down to
// this jurisdiction.
func (s *Store) Told(peer, below identity.Jurisdiction) (above bool) {
	parent, _ := s.table.Parent()
	if peer != parent && !below.Under(peer) {
		return false
	}
	if s.news.tooMany(peer) { // each name costs a look at every kept chain
		return false
	}
	s.Tell(below, peer)
	return s.own.Name().Under(below)
}

// tooMany counts a name that a neighbour tells, and reports whether it is more than maxNews allows.
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

// Run sends news until ctx ends. A neighbour that cannot be told now is not told later: the chains
// that it keeps end by their age.
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

// collect takes the waiting news. For a neighbour that told too many names, it forgets the chains
// of all jurisdictions that the neighbour may speak for, and adds one news about all of them.
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

// send tells every neighbour the waiting news, but for those that came from that neighbour.
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
		for part := range slices.Chunk(names, door.MaxStale) {
			all.Go(func() { _ = door.AskStale(ctx, over{s.ask, to}, part) }) // see Run
		}
	}
	all.Wait()
}
