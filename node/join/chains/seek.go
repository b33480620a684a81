package chains

import (
	"context"
	"errors"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/link"
	"xietong/exchange/route"
	"xietong/node/join"
	"xietong/node/text"
)

// The reasons of text.Unreachable that this room gives, beside those of link. They are those of exchange/relay.
const (
	notEndorsed = "not endorsed"
	noLink      = "no-link"
	noRoute     = "no-route"
)

// seek finds a chain: (1) among the levels above, (2) in the own ledger, or (3) by asking the neighbour that leads there.
func (s *Store) seek(ctx context.Context, of identity.Jurisdiction, oldest time.Duration) *chain {
	levels, age, err := s.levels(ctx, of, oldest)
	if err == nil {
		var c *chain
		if c, err = s.verified(ctx, of, levels, age); err == nil {
			return c
		}
		if ctx.Err() == nil {
			err = text.Fail(text.AnswerRefused, text.Args{"jurisdiction": of.String(), "reason": notEndorsed}, err)
		}
	}
	return &chain{of: of, found: s.now(), err: err}
}

func (s *Store) levels(ctx context.Context, of identity.Jurisdiction, oldest time.Duration) ([]trust.Level, time.Duration, error) {
	self := s.own.Name()
	if self.Under(of) {
		levels, err := s.above(ctx, of)
		return levels, 0, err
	}
	parent, _ := s.table.Parent()
	step := route.Next(self, route.Neighbours{Parent: parent, Child: s.table.IsChild}, of)
	switch {
	case step.Way == route.Nowhere && step.To.IsZero():
		return nil, 0, unreachable(of, noRoute, nil)
	case step.Way == route.Nowhere:
		return nil, 0, unreachable(step.To, notEndorsed, nil)
	case step.To == of:
		levels, err := s.below(ctx, of)
		return levels, 0, err
	}
	return s.askFor(ctx, step.To, of, oldest)
}

// above returns the chain of a level above this jurisdiction, or of itself, as its parent told it.
func (s *Store) above(ctx context.Context, of identity.Jurisdiction) ([]trust.Level, error) {
	levels, root, err := s.own.Chain(ctx)
	if err != nil {
		return nil, err
	}
	at := of.Depth() - root.Name().Depth()
	if at < 0 || at >= len(levels) {
		return nil, unreachable(of, noRoute, nil)
	}
	levels = append([]trust.Level{}, levels[:at+1]...)
	levels[at].Endorsement = nil
	return levels, nil
}

// below returns the chain of a child.
func (s *Store) below(ctx context.Context, child identity.Jurisdiction) ([]trust.Level, error) {
	levels, _, err := s.own.Chain(ctx)
	if err != nil {
		return nil, err
	}
	level, proof, err := s.endorser.Level(ctx, child.Label())
	if err != nil {
		return nil, err
	}
	levels[len(levels)-1].Endorsement = proof
	return append(levels, level), nil
}

// askFor asks a neighbour, which is given a little less time than there is.
func (s *Store) askFor(ctx context.Context, neighbour, of identity.Jurisdiction, oldest time.Duration) ([]trust.Level, time.Duration, error) {
	if !s.enter(neighbour) {
		return nil, 0, text.Fail(text.Busy, text.Args{"jurisdiction": s.own.Name().String()}, nil)
	}
	defer s.leave(neighbour)
	within, cancel := context.WithTimeout(ctx, MaxWait)
	defer cancel()
	end, _ := within.Deadline()
	wait := time.Until(end) * 15 / 16
	levels, age, err := join.AskProve(within, over{s.ask, neighbour}, join.Wanted{Name: of, Oldest: oldest, Wait: wait})
	if _, told := errors.AsType[*text.Failure](err); err != nil && !told {
		err = broken(ctx, neighbour, err)
	}
	return levels, age, err
}

// enter takes one of the places of a neighbour, and reports whether there was one.
func (s *Store) enter(neighbour identity.Jurisdiction) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asking[neighbour] >= MaxAsking {
		return false
	}
	s.asking[neighbour]++
	return true
}

func (s *Store) leave(neighbour identity.Jurisdiction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asking[neighbour]--; s.asking[neighbour] == 0 {
		delete(s.asking, neighbour)
	}
}

// over asks one neighbour.
type over struct {
	ask       Ask
	neighbour identity.Jurisdiction
}

func (o over) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	return o.ask(ctx, o.neighbour, frame)
}

// broken tells why a neighbour gave no answer. It wraps the end of the time of whoever asks here, who may have had little.
func broken(ctx context.Context, neighbour identity.Jurisdiction, err error) error {
	e, isLink := errors.AsType[*link.Error](err)
	switch {
	case ctx.Err() != nil:
		return text.Fail(text.Late, text.Args{"jurisdiction": neighbour.String()}, ctx.Err())
	case errors.Is(err, context.DeadlineExceeded):
		return text.Fail(text.Late, text.Args{"jurisdiction": neighbour.String()}, nil)
	case errors.Is(err, link.ErrNoLink):
		return unreachable(neighbour, noLink, err)
	case isLink:
		return unreachable(neighbour, string(e.Reason), err)
	}
	return unreachable(neighbour, string(link.Broken), err)
}

func unreachable(who identity.Jurisdiction, reason string, err error) error {
	return text.Fail(text.Unreachable, text.Args{"jurisdiction": who.String(), "reason": reason}, err)
}

// Prove answers a neighbour that asks for a chain. From the parent come questions about those below this jurisdiction alone,
// and from a child about others than those below itself: nobody is asked for what only whoever asks can know.
func (s *Store) Prove(ctx context.Context, peer identity.Jurisdiction, w join.Wanted) ([]trust.Level, time.Duration, error) {
	self := s.own.Name()
	parent, _ := s.table.Parent()
	if w.Name.Under(peer) && peer != parent || peer == parent && !w.Name.Under(self) {
		return nil, 0, unreachable(w.Name, noRoute, nil)
	}
	ctx, cancel := context.WithTimeout(ctx, min(max(w.Wait, 0), MaxWait))
	defer cancel()
	c, err := s.find(ctx, w.Name, min(max(w.Oldest, againAfter), MaxAge))
	if err != nil {
		return nil, 0, err
	}
	return c.levels, max(s.now().Sub(c.made), 0), nil
}
