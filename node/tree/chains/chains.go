// Package chains finds and keeps the chains of jurisdictions that are no neighbours: the key sets
// and endorsements from the root of the tree down to one of them, by which its signatures are
// believed.
//
// A chain vouches for itself: every level is proven by the one above it, the first by the pin of
// the root that this jurisdiction joined under. So it does not matter which neighbour brings a
// chain, and no hop on the way has to be believed. A chain is found on the way that a message
// takes: the parent of the jurisdiction in question knows the chain from its own ledger, a
// jurisdiction below it from its own chain, and every other asks the neighbour that leads there.
// The answer is verified before it is kept, used or handed on.
//
// How old a chain is, its endorsers say, in their standings; no hop can make it younger. Of the
// steps below the lowest common ancestor of the two sides, each needs a standing. Every endorser on
// the way puts its newest into the answer; a chain with an older one than MaxAge (and the clocks
// apart) is refused. Those from the root down to that ancestor are as good as their endorsements,
// because both sides stand under them; and their key sets go on from those of the own chain, so
// that nobody shows keys which were revoked there. A standing that says withdrawn, and is no older
// than that either, ends the belief, whoever brings it, and is handed on as the answer; unless a
// later entry than that of the withdrawal was seen, which endorses the jurisdiction anew.
//
// A kept chain is used until it is MaxAge old. Then it is asked for anew; where nobody can be
// asked, because the way is cut off, or a neighbour refuses, which nothing proves (see Told), it
// goes on for this jurisdiction alone, until it is trust.StandingTerm old. It is dropped earlier
// when a neighbour says that the standing of a jurisdiction in it has changed (see Tell). It is
// asked for anew when a message is signed with a key that it does not list, though not more often
// than every two seconds. A neighbour that lies about a change costs a question, and a silent
// neighbour costs no more than one that passes no message on.
//
// A chain that is found is not believed yet. The levels that are not of one's own branch are judged
// by what is remembered of them (see breaks): a key set that breaks with the one before waits.
// Where a chain begins later than what is remembered, the key sets between are asked for, from the
// endorser and on the same way, in steps, and verified each by the one before. What was found is
// handed on all the same, for whoever asks judges by itself.
//
// What is not found is kept apart, by whoever asked. What is found counts for whoever asked, in
// bytes and in chains. Where it is too much, the branch that has the most loses first, so a
// neighbour that asks for names of nobody, or a county that makes up children, pushes out its own
// alone. Half of the room is for the chains that this jurisdiction used itself. Of a level, no more
// key sets are taken than one jurisdiction hands another at once, and of the last one none that
// nobody endorsed. What may not be used any more is dropped. Whoever asks is the payer of the
// context (see budget): of a message that is to be proven the one that brought it, and of a
// question the neighbour that asks, for the branch of the tree that it asks about, because only
// there may be somebody who does not answer. Those who wait for a search, and the questions under
// way to a neighbour, are shared among payers. A search that failed is not made again for as long
// as it took.
//
// The package holds no key and makes no connection. It decides about no use of data.
package chains

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/neighbours"
)

// Limits of the kept chains and of the questions.
const (
	MaxAge     = 10 * time.Minute // of a chain that is used
	MaxKept    = 2048             // chains
	MaxKeptLen = 64 << 20         // bytes of them, with what is made from them
	MaxFailed  = 64               // searches that came to nothing, of one neighbour that asked
	MaxAsking  = 120              // questions to one neighbour that are under way at once; a third for one that asks, a quarter for one below that
	MaxWaiting = 120              // callers that wait for what one neighbour is asked, at once; likewise
	MaxWait    = 5 * time.Second  // for an answer
	againAfter = 2 * time.Second  // until then a chain is not asked for anew, found or not
)

// Jurisdiction is the hosted jurisdiction; *host.Host is one. The caller of Chain may change the
// slice of levels that it returns.
type Jurisdiction interface {
	Name() identity.Jurisdiction
	Chain(ctx context.Context) ([]trust.Level, trust.Pin, error)
	// GoesOn refuses a verified chain that goes back, at a level that the own chain has too, behind
	// the key sets that are known here.
	GoesOn(ctx context.Context, chain []trust.Link) error
}

// Endorser says what this jurisdiction says of its children; *tree.Endorser is one.
type Endorser interface {
	Say(ctx context.Context, child identity.Label) (tree.Said, error)
	// Sets returns key sets of a child from a number on, as many as are handed on at once.
	Sets(ctx context.Context, child identity.Label, from uint64) ([][]byte, error)
}

// Ask carries one frame of the join protocol to a neighbour over its link, and its answer back.
type Ask func(ctx context.Context, neighbour identity.Jurisdiction, frame []byte) ([]byte, error)

// Store finds chains for one hosted jurisdiction and keeps them. Many goroutines may use it.
type Store struct {
	own      Jurisdiction
	endorser Endorser
	table    *neighbours.Table
	memory   *breaks.Store
	ask      Ask
	now      func() time.Time
	askAbove func(ctx context.Context) error // see AskAbove

	mu        sync.Mutex
	kept      map[identity.Jurisdiction]*chain
	order     []*chain            // those in kept, oldest first
	held      int                 // bytes of them
	failed    map[string][]*chain // by who asked, oldest first
	withdrawn words
	stood     words
	finding   map[identity.Jurisdiction]*finding
	before    map[identity.Jurisdiction]recalled

	slots   *budget.Slots        // see TakeTurns
	waiting *budget.PlacesToward // callers that search, or wait for a search
	asking  *budget.PlacesToward // questions under way
	news    news
}

// chain is the result of a search.
type chain struct {
	of     identity.Jurisdiction
	payer  budget.Payer // who had it looked for; of the neighbour budget.Local: this jurisdiction used it itself
	levels []trust.Level
	sets   []trust.Believed // of the last level; nil where it was found for a neighbour, until it is used here
	made   time.Time        // the earliest that its endorsers said so
	since  time.Time        // when the last of its endorsers first endorsed its newest key set; zero: not told
	found  time.Time
	took   time.Duration
	until  time.Time // when the first of its endorsements ends; zero: never
	err    error     // why it was not found; levels then prove it, where there are any

	links  []trust.Link // of the levels, until they are judged; nil: verify them again
	size   int          // bytes that it counts for; 0: it is not kept
	judged bool         // the memory believes it
	breaks bool         // the memory does not, also with what is between: nobody is asked for that again
	before *chain       // the one that this one replaced, if that was judged; nil: none, or this one is
}

// finding is a search that is under way.
type finding struct {
	done  chan struct{}
	chain *chain
}

// New returns an empty store. Run sends its news.
func New(own Jurisdiction, endorser Endorser, table *neighbours.Table, memory *breaks.Store, ask Ask, now func() time.Time) *Store {
	return &Store{
		own: own, endorser: endorser, table: table, memory: memory, ask: ask, now: now,
		waiting: budget.NewPlacesToward(MaxWaiting), asking: budget.NewPlacesToward(MaxAsking),
		kept: map[identity.Jurisdiction]*chain{}, failed: map[string][]*chain{}, news: newNews(),
		withdrawn: words{}, stood: words{}, finding: map[identity.Jurisdiction]*finding{},
		before: map[identity.Jurisdiction]recalled{},
	}
}

// AskAbove sets how the parent is asked anew for the levels above this jurisdiction. It is called
// before anything else; without it, what is known of them is all.
func (s *Store) AskAbove(anew func(ctx context.Context) error) { s.askAbove = anew }

// TakeTurns sets the slots in which chains are verified. It is called before anything else.
func (s *Store) TakeTurns(slots *budget.Slots) { s.slots = slots }

// KeySets returns the key sets by which signatures of the jurisdiction are believed, oldest first,
// with the time for which each counts: of a neighbour as the table has them, of any other
// jurisdiction by its chain. With anew the chain is asked for again, unless that was done less than
// two seconds ago. The error says at which hop the way ends, or that the keys have changed and are
// not believed yet.
func (s *Store) KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.Believed, error) {
	if self := s.own.Name(); anew && of != self && self.Under(of) && s.askAbove != nil {
		if err := s.askAbove(ctx); err != nil {
			if _, told := errors.AsType[*text.Failure](err); !told {
				parent, _ := s.table.Parent()
				err = s.broken(ctx, parent, err)
			}
			return nil, fmt.Errorf("ask for the chain anew: %w", err)
		}
		s.mu.Lock()
		s.forget(s.kept[of]) // it is found in the own chain, as the parent told that just now
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
	if s.isCutOff(err) || isTold(err) {
		c, err = s.orKept(payerOf(ctx), of, c, err)
	}
	if err == nil {
		c, err = s.believe(ctx, c, anew)
	}
	if err != nil {
		return nil, fmt.Errorf("find the chain of %s: %w", of, err)
	}
	return c.sets, nil
}

// Kept returns the key sets that KeySets would return without asking anybody; none where it would
// have to ask.
func (s *Store) Kept(of identity.Jurisdiction) []trust.Believed {
	if _, near := s.table.Known(of); near {
		sets, _ := s.table.KeySets(of)
		return sets
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.kept[of]; c != nil && c.judged && c.usable(s.now(), MaxAge) {
		return c.sets
	}
	return nil
}

// payerOf returns who pays for a search: this jurisdiction, where nobody else does.
func payerOf(ctx context.Context) budget.Payer {
	if p, paid := budget.PayerOf(ctx); paid {
		return p
	}
	return budget.Payer{Neighbour: budget.Local}
}

// find returns the chain of a jurisdiction for whoever pays, no older than oldest: a kept one, or
// one that is found now, for which the payer needs a place. All callers that ask meanwhile share
// one search. Where the caller that searches gives up, or has no place toward the neighbour,
// another of them goes on.
func (s *Store) find(ctx context.Context, of identity.Jurisdiction, oldest time.Duration) (*chain, error) {
	payer := payerOf(ctx)
	if c := s.has(of, payer, oldest); c != nil {
		return c, c.err
	}
	leave, ok := s.waiting.Enter(s.toward(of), payer)
	if !ok {
		return nil, s.busy()
	}
	defer leave()
	for {
		c, f, mine := s.known(of, payer, oldest)
		switch {
		case c != nil:
			return c, c.err
		case mine:
			f.chain = s.seek(ctx, of, oldest)
			f.chain.payer = payer
			s.keep(f)
			return f.chain, f.chain.err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, text.Fail(text.Late, text.Args{"jurisdiction": s.own.Name().String()}, ctx.Err())
		}
		if !isGivenUp(f.chain.err) && !errors.Is(f.chain.err, errNoPlace) {
			return f.chain, f.chain.err
		}
	}
}

func (s *Store) busy() error {
	return text.Fail(text.Busy, text.Args{"jurisdiction": s.own.Name().String(), "again": "1"}, errNoPlace)
}

// has returns what is kept; nil: nothing that may be used.
func (s *Store) has(of identity.Jurisdiction, by budget.Payer, oldest time.Duration) *chain {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usable(of, by, oldest)
}

// usable is has for a caller that holds the lock.
func (s *Store) usable(of identity.Jurisdiction, by budget.Payer, oldest time.Duration) *chain {
	now := s.now()
	if c := s.kept[of]; c != nil && c.usable(now, oldest) {
		c.usedBy(by)
		return c
	}
	for _, c := range s.failed[by.Neighbour] {
		if c.of == of && c.usable(now, oldest) {
			return c
		}
	}
	return nil
}

// known returns what is kept, or else the search for it. The caller must do the search where it is
// mine.
func (s *Store) known(of identity.Jurisdiction, by budget.Payer, oldest time.Duration) (c *chain, f *finding, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c = s.usable(of, by, oldest); c != nil {
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

// usable reports whether the result of a search may still be used. What was found a moment ago is,
// however old its standings are, so that the others who keep it are not asked without end; and what
// was not found, for as long as that took.
func (c *chain) usable(now time.Time, oldest time.Duration) bool {
	if !c.until.IsZero() && now.After(c.until) {
		return false
	}
	anew := againAfter
	if c.err != nil {
		anew = max(anew, c.took)
	}
	return now.Sub(c.found).Abs() < anew || c.err == nil && oldest > againAfter && now.Sub(c.made).Abs() < oldest
}
