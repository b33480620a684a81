package chains

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/node/ground/text"
)

// believe has the memory judge a chain, unless it has judged it. While a key set in it is not
// believed, the chain that was believed before goes on for as long as a kept one does, but for a
// message that this one did not serve (anew).
func (s *Store) believe(ctx context.Context, c *chain, anew bool) (*chain, error) {
	s.mu.Lock()
	judged, before, breaks := c.judged, c.before, c.breaks
	s.mu.Unlock()
	if judged {
		return c, nil
	}
	links, err := s.linksOf(ctx, c)
	if err != nil {
		return nil, err
	}
	shown := links
	if !breaks {
		shown, err = s.caughtUp(ctx, links)
	}
	if err == nil {
		err = s.memory.Judge(ctx, shown)
	}
	s.mu.Lock()
	c.breaks = isBreak(err)
	s.mu.Unlock()
	switch {
	case err == nil:
		s.mu.Lock()
		if !c.judged { // else others read sets meanwhile
			c.sets = links[len(links)-1].Believed()
		}
		c.judged, c.links, c.before = true, nil, nil
		s.mu.Unlock()
		return c, nil
	case isBreak(err) && !anew && before != nil && before.usable(s.now(), MaxAge):
		return before, nil
	}
	return nil, err
}

// linksOf returns the verified levels of a chain, for a caller that uses it here.
func (s *Store) linksOf(ctx context.Context, c *chain) ([]trust.Link, error) {
	s.mu.Lock()
	links := c.links
	s.mu.Unlock()
	if links != nil {
		return links, nil
	}
	links, err := s.descend(ctx, c.levels) // it was found for a neighbour
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.judged {
		c.links = links
	}
	return links, nil
}

// slim leaves of a chain that was not used here what is handed on: the rest is made from that.
func (s *Store) slim(c *chain) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !c.judged {
		c.links, c.sets = nil, nil
	}
}

// descend verifies levels, from the pin of the own root down, in a slot of whoever pays. Levels
// with more key sets than are handed on at once are refused before any is read.
func (s *Store) descend(ctx context.Context, levels []trust.Level) (links []trust.Link, err error) {
	_, root, err := s.own.Chain(ctx)
	if err == nil {
		err = trust.CheckHanded(levels)
	}
	if err != nil {
		return nil, err
	}
	failed := s.slots.Run(ctx, func(context.Context) error {
		links, err = trust.Descend(root, levels, ledger.VerifyEndorsement)
		return nil
	})
	return links, errors.Join(failed, err)
}

func isBreak(err error) bool {
	f, ok := errors.AsType[*text.Failure](err)
	return ok && (f.Code == text.KeysChanged || f.Code == text.KeysObjected)
}

// Shown returns the key set with which the chain of a jurisdiction ends now, whether or not it is
// believed here. It is for a person who compares its fingerprint.
func (s *Store) Shown(ctx context.Context, of identity.Jurisdiction) (trust.Pin, error) {
	c, err := s.find(ctx, of, againAfter)
	if err != nil {
		return trust.Pin{}, err
	}
	links, err := s.linksOf(ctx, c)
	if err != nil {
		return trust.Pin{}, err
	}
	sets := links[len(links)-1].Believed()
	return sets[len(sets)-1].Pin(), nil
}

// confirm puts the own confirmation of a child of a child into a chain that leads through both. own
// are the own levels, as they will stand in the chain.
func (s *Store) confirm(ctx context.Context, own, levels []trust.Level, of identity.Jurisdiction) (err error) {
	if len(levels) < len(own)+2 {
		return nil
	}
	for of.Depth() > s.own.Name().Depth()+2 {
		of, _ = of.Parent()
	}
	own[len(own)-1].Confirmed, err = s.memory.Confirmation(ctx, of)
	return err
}

// Belief is the key set that is believed for a jurisdiction now.
type Belief struct {
	trust.KeySet           // the newest
	Since        time.Time // when it was first endorsed; zero: nobody said so, as of a root
	AsOf         time.Time // the earliest that the endorsers on the way said so
	Before       *Former   // what was believed in the last day and does not lead to it; nil: nothing
	Waiting      []Waiting // what will be believed from a time on, unless somebody objects
}

// Waiting is a key set that is not believed yet.
type Waiting struct {
	Number uint64
	Hash   trust.Hash
	Until  time.Time
}

// Belief returns the newest key set that KeySets returns; the error is the same.
func (s *Store) Belief(ctx context.Context, of identity.Jurisdiction) (Belief, error) {
	if n, near := s.table.Known(of); near {
		_, err := s.table.Of(of)
		return Belief{KeySet: n.KeySets[len(n.KeySets)-1].KeySet, Since: n.Since, AsOf: s.now()}, err
	}
	c, err := s.find(ctx, of, MaxAge)
	if s.isCutOff(err) || isTold(err) {
		c, err = s.orKept(payerOf(ctx), of, c, err)
	}
	if err == nil {
		c, err = s.believe(ctx, c, false)
	}
	if err != nil {
		return Belief{}, fmt.Errorf("find the chain of %s: %w", of, err)
	}
	b := Belief{KeySet: c.sets[len(c.sets)-1].KeySet, Since: c.since, AsOf: c.made}
	if f, broken := s.formerOf(of); broken {
		b.Before = &f
	}
	b.Waiting, err = s.waitingOf(ctx, of)
	return b, err
}

// waitingOf returns the key sets of a jurisdiction that wait, and to which nobody objected.
func (s *Store) waitingOf(ctx context.Context, of identity.Jurisdiction) (all []Waiting, err error) {
	waiting, err := s.memory.Waiting(ctx, of)
	for _, w := range waiting {
		if !w.Objected {
			all = append(all, Waiting{Number: w.Pin.Number(), Hash: w.Pin.Hash(), Until: w.Until})
		}
	}
	return all, err
}

// StatusAsOf returns of when the endorsers' word on a jurisdiction is by which its key sets are
// believed, where that is more than MaxAge ago: nobody on the way could be asked since. It is zero
// where the word is newer, and for neighbours, whose own links are judged as they are now.
func (s *Store) StatusAsOf(of identity.Jurisdiction) (asOf time.Time) {
	if _, near := s.table.Known(of); near {
		return asOf
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.kept[of]; c != nil && s.now().Sub(c.made) > MaxAge {
		return c.made
	}
	return asOf
}
