package chains

import (
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
)

// tidyEvery is how often what may not be used any more is dropped.
const tidyEvery = time.Minute

// keep keeps the result of a search, unless the search was given up, and wakes the callers that
// wait for it.
func (s *Store) keep(f *finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := f.chain
	delete(s.finding, c.of)
	close(f.done)
	switch {
	case isGivenUp(c.err):
	case c.err != nil:
		by := c.payer.Neighbour
		failed := append(s.failed[by], c)
		s.failed[by] = failed[max(0, len(failed)-MaxFailed):]
	default:
		s.replace(c)
		s.remember(c)
		for len(s.order) > MaxKept || s.held > MaxKeptLen {
			s.evict()
		}
	}
}

// replace keeps a chain in place of the one that is kept of the same jurisdiction. The caller holds
// the lock.
func (s *Store) replace(c *chain) {
	if old := s.kept[c.of]; old != nil {
		s.forget(old)
		if c.before = old; !old.judged {
			c.before, old.before = old.before, nil
		}
		if old.isOwn() {
			c.payer = old.payer
		}
	}
	c.size = c.bytes()
	if c.before != nil {
		c.size += c.before.bytes()
	}
	s.kept[c.of], s.order, s.held = c, append(s.order, c), s.held+c.size
}

// bytes returns how much the chain holds, at most: what is made from the levels has no more bytes
// than they have.
func (c *chain) bytes() (n int) {
	for _, l := range c.levels {
		n += 2 * l.Size()
	}
	return n
}

// forget drops a chain, if it is kept. The caller holds the lock.
func (s *Store) forget(c *chain) {
	if c == nil || s.kept[c.of] != c {
		return
	}
	delete(s.kept, c.of)
	s.order = slices.DeleteFunc(s.order, func(o *chain) bool { return o == c })
	s.held -= c.size
}

// isOwn reports whether this jurisdiction used the chain itself.
func (c *chain) isOwn() bool { return c.payer.Neighbour == budget.Local }

// usedBy makes the chain this jurisdiction's own where it is who uses it. The caller holds the
// lock.
func (c *chain) usedBy(p budget.Payer) {
	if p.Neighbour == budget.Local && !c.isOwn() {
		c.payer = p
	}
}

// evict drops one chain. Those that this jurisdiction used itself have half of the room, and lose
// one only where they take more. The caller holds the lock.
func (s *Store) evict() {
	var own, others []*chain
	size := 0
	for _, c := range s.order {
		if c.isOwn() {
			own, size = append(own, c), size+c.size
		} else {
			others = append(others, c)
		}
	}
	if len(others) == 0 || len(own) > MaxKept/2 || size > MaxKeptLen/2 {
		others = own
	}
	s.forget(fullest(others))
}

// fullest returns the chain that gives way: of the neighbour that has the most bytes kept, of its
// branch that has, and so on, the oldest.
func fullest(all []*chain) *chain {
	for _, part := range []func(*chain) string{
		func(c *chain) string { return c.payer.Neighbour },
		func(c *chain) string { return c.payer.Origin },
		func(c *chain) string { return c.payer.Within },
	} {
		sizes, most := map[string]int{}, ""
		for _, c := range all {
			if sizes[part(c)] += max(c.size, 1); sizes[part(c)] > sizes[most] {
				most = part(c)
			}
		}
		all = slices.DeleteFunc(slices.Clone(all), func(c *chain) bool { return part(c) != most })
	}
	return all[0]
}

// most returns the name that is there most often; the first of several.
func most[T comparable](names []T) (name T) {
	count := map[T]int{}
	for _, n := range names {
		if count[n]++; count[n] > count[name] {
			name = n
		}
	}
	return name
}

// tidy drops what may not be used any more: a chain that was used here once it may not even go on
// where the way is cut off, and any other once it is too old for whoever asks.
func (s *Store) tidy() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.dropWhere(func(c *chain) bool {
		switch {
		case c.err != nil:
			return !c.usable(now, againAfter)
		case c.judged || c.isOwn():
			return now.Sub(c.made) > trust.StandingTerm || !c.until.IsZero() && now.After(c.until)
		}
		return !c.usable(now, MaxAge)
	})
}

// Drop forgets the chains of a jurisdiction and of everybody below it.
func (s *Store) Drop(below identity.Jurisdiction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(below)
}

func (s *Store) drop(below identity.Jurisdiction) {
	s.dropWhere(func(c *chain) bool { return c.of.Under(below) })
}

// dropWhere drops results of searches. The caller holds the lock.
func (s *Store) dropWhere(isOver func(*chain) bool) {
	s.order = slices.DeleteFunc(s.order, func(c *chain) bool {
		if !isOver(c) {
			return false
		}
		delete(s.kept, c.of)
		s.held -= c.size
		return true
	})
	for by, failed := range s.failed {
		if s.failed[by] = slices.DeleteFunc(failed, isOver); len(s.failed[by]) == 0 {
			delete(s.failed, by)
		}
	}
}
