package witnessing

import (
	"time"

	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// saying is whether somebody has said what it keeps of this ledger, each time that it was to be
// asked: with each new link of a neighbour, and of the level above also at the start. Its owner
// guards it with a mutex.
type saying struct {
	made    uint64        // how many times it was to be asked so far
	said    uint64        // how many there were when it was asked last, and said it
	first   time.Time     // when it was first asked in vain since; zero: it was not
	why     error         // it did not say it; nil: it is being asked
	changed chan struct{} // closed with the next change of the fields above
}

// change changes what is known, and wakes whoever waits for that.
func (s *saying) change(how func()) {
	how()
	close(s.changed)
	s.changed = make(chan struct{})
}

// holds reports whether requests are held up until it is said: for host.AskAgain since it was asked
// first in vain. They are not where the ledger of whoever is asked is in question, so that it tells
// nothing, maybe for days: a neighbour is to be answered what was seen of that, and may pass on
// what others ask.
func (s *saying) holds() bool {
	return s.said < s.made && !failure.Is(s.why, text.BeingVerified) && (s.first.IsZero() || time.Since(s.first) < host.AskAgain)
}

// asked notes what came of asking when there were so many, and reports whether it is news; 0: it
// was not said, for the reason why, or nobody asks yet.
func (s *saying) asked(made uint64, why error) (news bool) {
	s.change(func() {
		news = why != nil && s.why == nil
		if s.why = why; why != nil {
			made = 0
		}
		s.said = max(s.said, made)
		switch {
		case why == nil:
			s.first = time.Time{}
		case s.first.IsZero():
			s.first = time.Now()
		}
	})
	return news
}
