package chains

import (
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/tree/breaks"
)

// What was believed before is remembered for beforeFor, of at most maxBefore jurisdictions. Above
// that, the endorser with the most loses one by chance.
const (
	maxBefore = 4096
	beforeFor = 24 * time.Hour
)

// Former is a key set that was believed and does not lead to the one that is believed now.
type Former struct {
	Number uint64
	Hash   trust.Hash
	AsOf   time.Time // the latest time for which its endorsers said so
}

// recalled is what was believed last of one jurisdiction, and what that does not lead on from. It
// outlives the chain, which a neighbour may have dropped by saying that something has changed: an
// endorser that says one thing when it is watched and another when it is not is found by this.
type recalled struct {
	last   Former
	broken Former // the zero Former: nothing
}

// remember notes what a chain that was found has believed. The caller holds the lock.
func (s *Store) remember(c *chain) {
	if len(c.sets) == 0 { // nothing is believed by it
		return
	}
	m, known := s.before[c.of]
	if known && !c.contains(m.last) {
		m.broken = m.last
	}
	newest := c.sets[len(c.sets)-1]
	m.last = Former{newest.Number, newest.Hash(), c.made}
	s.before[c.of] = m
	if len(s.before) > maxBefore {
		s.forgetBefore()
	}
}

// contains reports whether the chain shows what was believed, and goes on from it.
func (c *chain) contains(f Former) bool {
	var sets []trust.KeySet
	for _, k := range c.sets {
		sets = append(sets, k.KeySet)
	}
	return breaks.LeadsFrom(sets, f.Number, f.Hash[:])
}

// formerOf returns what was believed of a jurisdiction in the last day and does not lead to what is
// believed now; false: there is no such thing.
func (s *Store) formerOf(of identity.Jurisdiction) (Former, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.before[of].broken
	return f, f.Number > 0 && s.now().Sub(f.AsOf) < beforeFor
}

// forgetBefore drops what is recalled of one. The caller holds the lock.
func (s *Store) forgetBefore() {
	var endorsers []identity.Jurisdiction
	for of := range s.before {
		above, _ := of.Parent()
		endorsers = append(endorsers, above)
	}
	full := most(endorsers)
	for of := range s.before {
		if above, _ := of.Parent(); above == full {
			delete(s.before, of)
			return
		}
	}
}
