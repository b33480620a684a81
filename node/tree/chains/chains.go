// Package chains finds and keeps the chains of jurisdictions that are no neighbours: the key sets
// and endorsements from the root of the tree down to one of them, by which its signatures are
// believed.
//
// A chain vouches for itself: every level is proven by the one above it, the first by the pin of
// the root that this jurisdiction joined under. So it does not matter which neighbour brings a
// chain, and no hop on the way has to be believed; but each endorser says what it says now only
// when it is asked. A chain is found on the way that a message takes: the parent of the
// jurisdiction in question knows the chain from its own ledger, a jurisdiction below it from its
// own chain, and every other asks the neighbour that leads there. The answer is verified before it
// is kept, used or handed on.
//
// A kept chain is at most MaxAge old; the time for which other hops kept it counts. It is dropped
// earlier when a neighbour says that the standing of a jurisdiction in it has changed (see Tell).
// It is asked for anew when a message is signed with a key that it does not list, though not more
// often than every two seconds. A neighbour that lies about a change costs a question, and a silent
// neighbour costs no more than one that passes no message on.
//
// The package holds no key and makes no connection. It decides about no use of data.
package chains

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/neighbours"
)

// Limits of the kept chains and of the questions.
const (
	MaxAge     = 10 * time.Minute // of a chain that is used
	MaxKept    = 2048             // chains
	MaxAsking  = 64               // questions to one neighbour that are under way at once
	MaxWait    = 10 * time.Second // for an answer
	againAfter = 2 * time.Second  // until then a chain is not asked for anew, found or not
)

// Jurisdiction is the hosted jurisdiction; *host.Host is one. The caller of Chain may change the
// slice of levels that it returns.
type Jurisdiction interface {
	Name() identity.Jurisdiction
	Chain(ctx context.Context) ([]trust.Level, trust.Pin, error)
}

// Endorser proves what this jurisdiction says of its children; *Own is one.
type Endorser interface {
	// Level returns the level of a child that is endorsed now, and the proof of its endorsement.
	Level(ctx context.Context, child identity.Label) (level trust.Level, proof []byte, err error)
}

// Ask carries one frame of the join protocol to a neighbour over its link, and its answer back.
type Ask func(ctx context.Context, neighbour identity.Jurisdiction, frame []byte) ([]byte, error)

// Store finds chains for one hosted jurisdiction and keeps them. Many goroutines may use it.
type Store struct {
	own      Jurisdiction
	endorser Endorser
	table    *neighbours.Table
	ask      Ask
	now      func() time.Time
	askAbove func(ctx context.Context) error // see AskAbove

	mu      sync.Mutex
	kept    map[identity.Jurisdiction]*chain
	order   []*chain // oldest first; one that is not in kept any more was replaced
	finding map[identity.Jurisdiction]*finding
	asking  map[identity.Jurisdiction]int // questions under way, by neighbour; never 0

	news news
}

// chain is the result of a search.
type chain struct {
	of     identity.Jurisdiction
	levels []trust.Level
	sets   []trust.Believed
	made   time.Time // the earliest that its endorsers may have said so
	found  time.Time
	until  time.Time // when the first of its endorsements ends; zero: never
	err    error     // why it was not found
}

// finding is a search that is under way.
type finding struct {
	done  chan struct{}
	chain *chain
}

// New returns an empty store. Run sends its news.
func New(own Jurisdiction, endorser Endorser, table *neighbours.Table, ask Ask, now func() time.Time) *Store {
	return &Store{
		own: own, endorser: endorser, table: table, ask: ask, now: now, asking: map[identity.Jurisdiction]int{},
		kept: map[identity.Jurisdiction]*chain{}, finding: map[identity.Jurisdiction]*finding{}, news: newNews(),
	}
}

// AskAbove sets how the parent is asked anew for the levels above this jurisdiction. It is called
// before anything else; without it, what is known of them is all.
func (s *Store) AskAbove(anew func(ctx context.Context) error) { s.askAbove = anew }

// KeySets returns the key sets by which signatures of the jurisdiction are believed, oldest first,
// with the time for which each counts: of a neighbour as the table has them, of any other
// jurisdiction by its chain. With anew the chain is asked for again, unless that was done less than
// two seconds ago. The error says at which hop the way ends.
func (s *Store) KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.Believed, error) {
	if self := s.own.Name(); anew && of != self && self.Under(of) && s.askAbove != nil {
		if err := s.askAbove(ctx); err != nil {
			if _, told := errors.AsType[*text.Failure](err); !told {
				parent, _ := s.table.Parent()
				err = broken(ctx, parent, err)
			}
			return nil, fmt.Errorf("ask for the chain anew: %w", err)
		}
		s.mu.Lock()
		delete(s.kept, of) // it is found in the own chain, as the parent told that just now
		s.mu.Unlock()
	}
	if _, near := s.table.Known(of); near {
		return s.table.KeySets(of)
	}
	oldest := MaxAge
	if anew {
		oldest = againAfter
	}
	c, err := s.find(ctx, of, oldest)
	if err != nil {
		return nil, fmt.Errorf("find the chain of %s: %w", of, err)
	}
	return c.sets, nil
}

// find returns the chain of a jurisdiction, no older than oldest: a kept one, or one that is found
// now. All callers that ask meanwhile share one search. Where the caller that searches gives up,
// another of them goes on.
func (s *Store) find(ctx context.Context, of identity.Jurisdiction, oldest time.Duration) (*chain, error) {
	for {
		c, f, mine := s.known(of, oldest)
		switch {
		case c != nil:
			return c, c.err
		case mine:
			f.chain = s.seek(ctx, of, oldest)
			s.keep(f)
			return f.chain, f.chain.err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, text.Fail(text.Late, text.Args{"jurisdiction": s.own.Name().String()}, ctx.Err())
		}
		if !isGivenUp(f.chain.err) {
			return f.chain, f.chain.err
		}
	}
}

// known returns the kept chain, or else the search for it. The caller must do the search where it
// is mine.
func (s *Store) known(of identity.Jurisdiction, oldest time.Duration) (c *chain, f *finding, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c = s.kept[of]; c != nil && c.usable(s.now(), oldest) {
		return c, nil, false
	}
	if f = s.finding[of]; f != nil {
		return nil, f, false
	}
	f = &finding{done: make(chan struct{})}
	s.finding[of] = f
	return nil, f, true
}

// isGivenUp reports whether a chain was not found because the caller that searched had no more
// time.
func isGivenUp(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// usable reports whether the result of a search may still be used.
func (c *chain) usable(now time.Time, oldest time.Duration) bool {
	if c.err != nil {
		return now.Sub(c.found).Abs() < againAfter
	}
	since := c.made
	if oldest <= againAfter {
		since = c.found // others keep it too: by its age alone they would be asked without end
	}
	return now.Sub(since).Abs() < oldest && (c.until.IsZero() || !now.After(c.until))
}

// keep keeps the result of a search, unless the search was given up, and wakes the callers that
// wait for it.
func (s *Store) keep(f *finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.finding, f.chain.of)
	close(f.done)
	if isGivenUp(f.chain.err) {
		return
	}
	s.kept[f.chain.of] = f.chain
	s.order = append(s.order, f.chain)
	for len(s.order) > MaxKept {
		if oldest := s.order[0]; s.kept[oldest.of] == oldest {
			delete(s.kept, oldest.of)
		}
		s.order = s.order[1:]
	}
}

// Drop forgets the chains of a jurisdiction and of everybody below it.
func (s *Store) Drop(below identity.Jurisdiction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for of := range s.kept {
		if of.Under(below) {
			delete(s.kept, of)
		}
	}
	s.order = slices.DeleteFunc(s.order, func(c *chain) bool { return c.of.Under(below) })
}

// verified verifies a chain from the pin of the own root down, and returns it. All of its
// endorsements must be in force.
func (s *Store) verified(ctx context.Context, of identity.Jurisdiction, levels []trust.Level, age time.Duration) (*chain, error) {
	_, root, err := s.own.Chain(ctx)
	if err != nil {
		return nil, err
	}
	links, err := trust.Descend(root, levels, ledger.VerifyEndorsement)
	if err != nil {
		return nil, err
	}
	now := s.now()
	c := &chain{of: of, levels: levels, sets: links[len(links)-1].Believed(), made: now.Add(-age), found: now}
	if got := links[len(links)-1].Newest().Name; got != of {
		return nil, fmt.Errorf("it is the chain of %s", got)
	}
	for _, l := range links {
		if !l.InForce(uint64(now.UnixMilli()), tree.MaxSkew) {
			return nil, fmt.Errorf("the endorsement of %s is not in force", l.Newest().Name)
		}
		if e := l.Endorsement; e != nil && (c.until.IsZero() || int64(e.NotAfter) < c.until.UnixMilli()) {
			c.until = time.UnixMilli(int64(e.NotAfter))
		}
	}
	return c, nil
}
