package chains

import (
	"context"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/node/tree/door"
)

// News are sent together, at most once in newsEvery and maxNews at once, and each neighbour gets
// newsWithin to take them. Where more wait, those of whoever told the most are put together: the
// news about the jurisdictions below one become one about that one, and never about more than the
// branch in which they lie. So nobody's news are about others. What is still too much waits.
//
// From a neighbour that tells more than maxTold between two sendings, the rest become one more:
// everything that it leads to may have changed. An honest one keeps to maxNews itself, and one
// sending of ours may take as long as several of it.
const (
	newsEvery  = time.Second
	newsWithin = 2 * time.Second
	maxNews    = 64
	maxTold    = 4 * maxNews
)

// news are the names below which something has changed, and which the neighbours are still to be
// told.
type news struct {
	mu      sync.Mutex
	waiting waiting
	told    map[identity.Jurisdiction]int // by neighbour, the names that it told since the last were sent
	come    chan struct{}
}

// waiting are names that are to be told, each with who told it; zero: this jurisdiction, or
// several.
type waiting map[identity.Jurisdiction]identity.Jurisdiction

func newNews() news {
	return news{waiting: waiting{}, told: map[identity.Jurisdiction]int{}, come: make(chan struct{}, 1)}
}

// add adds a name that somebody told.
func (w waiting) add(below, from identity.Jurisdiction) {
	if before, again := w[below]; again && before != from {
		from = identity.Jurisdiction{}
	}
	w[below] = from
}

// gather puts names together, as seen from self, until there are no more than maxNews, or none can
// be.
func (w waiting) gather(self identity.Jurisdiction) {
	for len(w) > maxNews {
		var tellers []identity.Jurisdiction
		deepest := map[identity.Jurisdiction]int{} // of the names of each that can be put together
		for below, from := range w {
			if above, ok := below.Parent(); ok && !self.Under(above) {
				tellers, deepest[from] = append(tellers, from), max(deepest[from], below.Depth())
			}
		}
		if len(tellers) == 0 {
			return
		}
		teller := most(tellers)
		for below, from := range w {
			if above, ok := below.Parent(); ok && !self.Under(above) && from == teller && below.Depth() == deepest[teller] {
				delete(w, below)
				w.add(above, from)
			}
		}
	}
}

// first takes out at most maxNews of the names.
func (w waiting) first() waiting {
	now := waiting{}
	for below, from := range w {
		if len(now) == maxNews {
			break
		}
		now[below] = from
		delete(w, below)
	}
	return now
}

// Tell forgets the chains below a name, and has the neighbours told to do the same: the standing of
// the jurisdiction, or of one below it, has changed. from is the neighbour that said so, which is
// not told; zero: the news come from here.
func (s *Store) Tell(below, from identity.Jurisdiction) {
	s.Drop(below)
	n := &s.news
	n.mu.Lock()
	n.waiting.add(below, from)
	n.mu.Unlock()
	n.wake()
}

func (n *news) wake() {
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

// tooMany counts a name that a neighbour tells, and reports whether it is more than maxTold.
func (n *news) tooMany(peer identity.Jurisdiction) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told[peer]++
	return n.told[peer] > maxTold
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

// Run sends news until ctx ends, and drops what may not be used any more. A neighbour that cannot
// be told now is not told later: the chains that it keeps end by their age.
func (s *Store) Run(ctx context.Context) {
	pause, tick := time.NewTimer(0), time.NewTicker(tidyEvery)
	defer pause.Stop()
	defer tick.Stop()
	for {
		select {
		case <-s.news.come:
		case <-tick.C:
			s.tidy()
			continue
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

// collect takes the waiting news, at most maxNews. For a neighbour that told too many names, it
// forgets the chains of all jurisdictions that the neighbour may speak for, and adds one news about
// all of them.
func (s *Store) collect() waiting {
	parent, _ := s.table.Parent()
	n := &s.news
	n.mu.Lock()
	defer n.mu.Unlock()
	for peer, names := range n.told {
		if names <= maxTold {
			continue
		}
		below := peer
		if peer == parent {
			below = rootOf(peer)
		}
		n.waiting.add(below, peer)
		s.Drop(below)
	}
	clear(n.told)
	n.waiting.gather(s.own.Name())
	now := n.waiting.first()
	if len(n.waiting) > 0 {
		n.wake()
	}
	return now
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
