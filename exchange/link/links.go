package link

import (
	"errors"
	"maps"
	"slices"
	"time"

	"xietong/certs/identity"
)

// ErrNoLink is returned for an exchange with a neighbour without an open link. Nothing was sent.
var ErrNoLink = errors.New("no link")

// add makes l the link to its replica. The link before it is closed after it was quiet for
// quietBefore.
func (s *Socket) add(l *Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := l.ends()
	for _, old := range s.links[key] {
		if old.peer.Replica == l.peer.Replica && !old.replaced {
			if old.conn.alive() {
				l.since = old.since
			}
			s.supersede(old)
		}
	}
	if !l.dialled {
		l.conn.expect()
	}
	s.links[key] = append(s.links[key], l)
}

// replace closes links in whose place another replica is linked, as add does.
func (s *Socket) replace(made []*Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, old := range made {
		if !old.replaced {
			s.supersede(old)
		}
	}
}

// supersede notes that a link was replaced, and closes it when it is quiet. The caller holds s.mu.
func (s *Socket) supersede(old *Link) {
	old.replaced = true
	old.conn.expectNoMore()
	s.workers.Go(func() { s.retire(old) })
}

// remove takes out a link that has ended, and logs that none is left.
func (s *Socket) remove(l *Link) {
	if s.wasLast(l) && s.ctx.Err() == nil {
		s.o.Logger.Info("no link any more", "jurisdiction", l.local.String(), "peer", l.peer.Jurisdiction.String())
	}
}

// wasLast takes out a link, and reports whether none is left between the two.
func (s *Socket) wasLast(l *Link) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := l.ends()
	s.remember(key, l)
	s.links[key] = slices.DeleteFunc(s.links[key], func(other *Link) bool { return other == l })
	if len(s.links[key]) == 0 {
		delete(s.links, key)
	}
	return len(s.links[key]) == 0
}

// retire closes a replaced link, once no exchange was under way on it for quietBefore.
func (s *Socket) retire(l *Link) {
	tick := time.NewTicker(quietBefore / 4)
	defer tick.Stop()
	for !l.conn.retire(quietBefore) {
		select {
		case <-tick.C:
		case <-l.conn.quic.Context().Done():
			return
		}
	}
	l.conn.Close(CodeReplaced)
}

// best returns the link for the next exchange between the two, among the links that are alive and
// were not tried: first those that are not doubted, of these the ones that were not replaced, and
// then the newest. It returns nil if there is none. The caller holds s.mu.
func (s *Socket) best(key ends, tried []*Link) *Link {
	var best *Link
	least := 4
	for _, l := range slices.Backward(s.links[key]) {
		if !l.conn.alive() || slices.Contains(tried, l) {
			continue
		}
		rank := 0
		if l.replaced {
			rank++
		}
		if l.conn.doubtful() {
			rank += 2
		}
		if rank < least {
			best, least = l, rank
		}
	}
	return best
}

// Up reports whether a link between the two is up.
func (s *Socket) Up(local, to identity.Jurisdiction) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.best(ends{local, to}, nil) != nil
}

// Recheck judges every open link anew, after the trusted identities have changed, and closes the
// links that are refused, with the exchanges under way on them.
func (s *Socket) Recheck() {
	s.mu.Lock()
	all := slices.Concat(slices.Collect(maps.Values(s.links))...)
	s.mu.Unlock()
	for _, l := range all {
		if err := s.o.Recheck(l.local, l.conn.TLS()); err != nil {
			s.o.Logger.Warn("link closed", "jurisdiction", l.local.String(), "peer", l.peer.Jurisdiction.String(), "error", err)
			l.conn.end(CodeWithdrawn)
		}
	}
}
