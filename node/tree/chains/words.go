package chains

import (
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/tree"
)

// What endorsers said of their children is remembered: of maxWords children, each for as long as an
// older standing would be taken. It is remembered in memory alone. After a restart, a hop that
// withheld the withdrawal may show a standing from before it, at most MaxAge and the difference of
// the clocks old, and who was withdrawn is believed again for that time (see docs/security.md).
const (
	maxWords = 1024
	wordsFor = MaxAge + 3*tree.MaxSkew
)

// words are, of each child, the standing with the latest entry.
type words map[identity.Jurisdiction]trust.Standing

// add remembers a standing, unless one with a later entry is remembered that is not over: the
// numbers of entries begin anew where an endorser lost its ledger. Where there are too many,
// the endorser with the most loses one.
func (w words) add(said trust.Standing, now time.Time) {
	last, ok := w[said.Child]
	if ok && now.Sub(last.At()) <= wordsFor && (last.Entry > said.Entry || last.Entry == said.Entry && last.Time >= said.Time) {
		return
	}
	w[said.Child] = said
	var endorsers []identity.Jurisdiction
	for child, s := range w {
		if now.Sub(s.At()) > wordsFor {
			delete(w, child)
			continue
		}
		above, _ := child.Parent()
		endorsers = append(endorsers, above)
	}
	if len(w) <= maxWords {
		return
	}
	full := most(endorsers)
	for child := range w {
		if above, _ := child.Parent(); above == full {
			delete(w, child)
			return
		}
	}
}

// overtake reports whether a later entry is remembered of the child. A word that is older than any
// that is taken overtakes nothing: its endorser may have lost its ledger, and begun another.
func (w words) overtake(said trust.Standing, now time.Time) bool {
	last, ok := w[said.Child]
	return ok && said.Entry < last.Entry && now.Sub(last.At()) <= wordsFor
}

// withdraw ends the belief in a jurisdiction, and remembers the withdrawal, so that no older
// standing undoes it; false: it was undone, as a standing by a later entry was seen. Without a
// restart, what was seen and is not remembered any more is older than any withdrawal that is taken.
func (s *Store) withdraw(said trust.Standing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stood.overtake(said, s.now()) {
		return false
	}
	s.drop(said.Child)
	s.withdrawn.add(said, s.now())
	return true
}

// stands remembers that a jurisdiction stands; false: a later withdrawal is remembered.
func (s *Store) stands(said trust.Standing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.withdrawn.overtake(said, s.now()) {
		return false
	}
	s.stood.add(said, s.now())
	return true
}
