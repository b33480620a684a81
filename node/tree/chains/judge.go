package chains

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
	"xietong/exchange/relay"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// verified verifies a chain from the pin of the own root down, and returns it. All of its
// endorsements must be in force, by their standings too. The err of the chain says that a standing
// in it proves a withdrawal.
func (s *Store) verified(ctx context.Context, of identity.Jurisdiction, levels []trust.Level) (*chain, error) {
	links, err := s.descend(ctx, levels)
	if err == nil && s.own.GoesOn(ctx, links) != nil {
		levels, links, err = s.caughtUpAbove(ctx, levels, links)
	}
	if err != nil {
		return nil, err
	}
	last := links[len(links)-1]
	if n, e := len(last.KeySets), last.Endorsement; e != nil && last.KeySets[n-1].Number > e.Number {
		return nil, fmt.Errorf("key sets of %s beyond number %d, which is endorsed", e.Child, e.Number)
	}
	now := s.now()
	c := &chain{of: of, levels: levels, links: links, made: now, found: now}
	for i, l := range links {
		switch gone, err := s.judge(c, l); {
		case err != nil:
			return nil, err
		case gone && of.Under(l.Newest().Name):
			c.err, c.links = withdrawn(links, i), nil
			return c, nil
		}
	}
	if got := last.Newest().Name; got != of {
		return nil, fmt.Errorf("it is the chain of %s", got)
	}
	c.sets = last.Believed()
	if e := last.Endorsement; e != nil {
		c.since = e.SinceNewest()
	}
	return c, nil
}

// caughtUpAbove returns a chain with the own levels in the place of those that both sides stand
// under, where these are older than what is known here: whoever found it may not have heard of the
// newest. What those of before endorsed must stand under the newest as well.
func (s *Store) caughtUpAbove(ctx context.Context, levels []trust.Level, links []trust.Link) ([]trust.Level, []trust.Link, error) {
	own, _, err := s.own.Chain(ctx)
	if err != nil {
		return nil, nil, err
	}
	common := 0 // the lowest common ancestor
	for common+1 < min(len(own), len(links)) && s.own.Name().Under(links[common+1].Newest().Name) {
		common++
	}
	levels = slices.Concat(own[:common], levels[common:])
	levels[common].KeySets = own[common].KeySets
	if links, err = s.descend(ctx, levels); err == nil {
		err = s.own.GoesOn(ctx, links)
	}
	return levels, links, err
}

// withdrawn returns the failure of a chain in which a step was withdrawn by the one above it. The
// standing proves the entry, and not its time.
func withdrawn(links []trust.Link, at int) error {
	above := links[at-1].Newest()
	args := text.Args{"jurisdiction": links[at].Newest().Name.String(), "by": above.Name.String()}
	if log, err := identity.NewLog(above.Name, above.Epoch); err == nil {
		args["entry"] = log.Entry(links[at].Standing.Entry).String()
	}
	return text.Fail(text.PlaceWithdrawn, args, nil)
}

// judge judges one step of a chain as of now, and makes the chain as old as the step. It reports
// whether the step was withdrawn.
func (s *Store) judge(c *chain, l trust.Link) (withdrawn bool, err error) {
	name, now, said := l.Newest().Name, c.found, l.Standing
	if !l.InForce(uint64(now.UnixMilli()), tree.MaxSkew) {
		return false, fmt.Errorf("the endorsement of %s is not in force", name)
	}
	if e := l.Endorsement; e != nil && (c.until.IsZero() || int64(e.NotAfter) < c.until.UnixMilli()) {
		c.until = time.UnixMilli(int64(e.NotAfter))
	}
	far := !s.own.Name().Under(name) // below the lowest common ancestor
	switch {
	case said == nil && far:
		return false, fmt.Errorf("nobody says that %s stands", name)
	case said == nil:
		return false, nil
	case said.At().Sub(now) > tree.MaxSkew:
		return false, fmt.Errorf("the standing of %s is from the future (%s)", name, said.At().UTC().Format(time.RFC3339))
	case (far || said.Withdrawn()) && now.Sub(said.At()) > MaxAge+tree.MaxSkew:
		return false, fmt.Errorf("the standing of %s is too old (%s)", name, said.At().UTC().Format(time.RFC3339))
	case said.Withdrawn() && !s.withdraw(*said):
		return false, fmt.Errorf("the withdrawal of %s by entry %d was undone", name, said.Entry)
	case said.Withdrawn():
		return true, nil
	case !s.stands(*said):
		return false, unreachable(name, relay.NotEndorsed, nil)
	}
	if far && said.At().Before(c.made) {
		c.made = said.At()
	}
	return false, nil
}

// orKept returns the chain that is kept, while its standings are not older than trust.StandingTerm,
// or else what find returned. It is for a chain that nobody could be asked for, or that a neighbour
// refused.
func (s *Store) orKept(payer budget.Payer, of identity.Jurisdiction, c *chain, err error) (*chain, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, old := s.now(), s.kept[of]
	if old == nil || now.Sub(old.made) > trust.StandingTerm || !old.until.IsZero() && now.After(old.until) {
		return c, err
	}
	old.usedBy(payer)
	return old, nil
}

// isCutOff reports whether a chain was not found because of a link, or of a neighbour that did not
// answer in time, or because somebody on the way had no place for the question. Whoever stands
// above this jurisdiction and was withdrawn is a way that has ended, too.
func (s *Store) isCutOff(err error) bool {
	f, ok := errors.AsType[*text.Failure](err)
	switch {
	case !ok || isGivenUp(err):
		return false
	case f.Code == text.PlaceWithdrawn:
		about, err := identity.ParseJurisdiction(f.Args["jurisdiction"])
		return err == nil && (about == s.own.Name() || s.own.Name().Under(about))
	case f.Code == text.Unreachable:
		return f.Args["reason"] != relay.NotEndorsed && f.Args["reason"] != relay.NoRoute
	}
	return f.Code == text.Late || f.Code == text.Hurried || f.Code == text.Busy
}
