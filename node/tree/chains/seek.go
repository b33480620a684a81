package chains

import (
	"context"
	"errors"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/exchange/route"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// seek searches for a chain: (1) among the levels above, (2) in the own ledger, or (3) by asking
// the neighbour that leads there. The err of the result says why it was not found.
func (s *Store) seek(ctx context.Context, of identity.Jurisdiction, oldest time.Duration) *chain {
	began := time.Now()
	levels, err := s.levels(ctx, of, oldest)
	if err == nil {
		var c *chain
		if c, err = s.verified(ctx, of, levels); err == nil {
			return c
		}
		if ctx.Err() == nil {
			err = text.Fail(text.AnswerRefused, text.Args{"jurisdiction": of.String(), "reason": relay.NotEndorsed}, err)
		}
	}
	return &chain{of: of, found: s.now(), took: time.Since(began), err: err}
}

// toward returns the neighbour that is asked for a chain; this jurisdiction where none is.
func (s *Store) toward(of identity.Jurisdiction) string {
	step := s.next(of)
	if step.Way == route.Up || step.Way == route.Down && step.To != of {
		return step.To.String()
	}
	return s.own.Name().String()
}

func (s *Store) next(of identity.Jurisdiction) route.Step {
	parent, _ := s.table.Parent()
	return route.Next(s.own.Name(), route.Neighbours{Parent: parent, Child: s.table.IsChild}, of)
}

func (s *Store) levels(ctx context.Context, of identity.Jurisdiction, oldest time.Duration) ([]trust.Level, error) {
	if s.own.Name().Under(of) {
		return s.above(ctx, of)
	}
	switch step := s.next(of); {
	case step.Way == route.Nowhere && step.To.IsZero():
		return nil, unreachable(of, relay.NoRoute, nil)
	case step.Way == route.Nowhere:
		return s.below(ctx, step.To, true)
	case step.To == of:
		return s.below(ctx, of, false)
	default:
		return s.askFor(ctx, step.To, of, oldest)
	}
}

// above returns the chain of a level above this jurisdiction, or of this jurisdiction, as the
// parent told it. What is not endorsed yet of that level is left out.
func (s *Store) above(ctx context.Context, of identity.Jurisdiction) ([]trust.Level, error) {
	levels, root, err := s.own.Chain(ctx)
	if err != nil {
		return nil, err
	}
	at := of.Depth() - root.Name().Depth()
	if at < 0 || at >= len(levels) {
		return nil, unreachable(of, relay.NoRoute, nil)
	}
	levels = append([]trust.Level{}, levels[:at+1]...)
	levels[at].Endorsement, levels[at].Standing = nil, nil
	links, err := s.descend(ctx, levels)
	if err == nil && at > 0 {
		levels[at].KeySets = levels[at].KeySets[:len(links[at].Believed())]
	}
	return levels, err
}

// below returns the chain of a child, which proves its withdrawal where it was withdrawn; gone says
// that it is no child any more.
func (s *Store) below(ctx context.Context, child identity.Jurisdiction, gone bool) ([]trust.Level, error) {
	levels, _, err := s.own.Chain(ctx)
	if err != nil {
		return nil, err
	}
	said, err := s.endorser.Say(ctx, child.Label())
	if f, ok := errors.AsType[*text.Failure](err); ok && f.Code == text.NotEndorsed || err == nil && gone && said.Child.Joined() {
		return nil, s.table.Absent(child)
	}
	if err != nil {
		return nil, err
	}
	levels[len(levels)-1].Endorsement, levels[len(levels)-1].Standing = said.Proof, said.Standing
	return append(levels, said.Level), nil
}

// askFor asks a neighbour for a chain.
func (s *Store) askFor(ctx context.Context, neighbour, of identity.Jurisdiction, oldest time.Duration) ([]trust.Level, error) {
	levels, err := s.question(ctx, neighbour, door.Wanted{Name: of, Oldest: oldest})
	if err == nil && neighbour.Under(s.own.Name()) {
		err = s.renew(ctx, neighbour, of, levels)
	}
	return levels, err
}

// question asks a neighbour, and gives it a little less time than the caller has.
func (s *Store) question(ctx context.Context, neighbour identity.Jurisdiction, w door.Wanted) ([]trust.Level, error) {
	leave, ok := s.asking.Enter(neighbour.String(), payerOf(ctx))
	if !ok {
		return nil, s.busy()
	}
	defer leave()
	within, cancel := context.WithTimeout(ctx, MaxWait)
	defer cancel()
	end, _ := within.Deadline()
	w.Wait = time.Until(end) * 15 / 16
	levels, err := door.AskProve(within, over{s.ask, neighbour}, w)
	if f, told := errors.AsType[*text.Failure](err); told {
		return nil, heardFrom(neighbour, w, f)
	}
	if err != nil {
		err = s.broken(ctx, neighbour, err)
	}
	return levels, err
}

// renew puts the own levels, and what is said of a child now, into a chain that the child brought.
// So each endorser on the way makes its own step as new as the answer, and what it confirmed two
// levels below goes along. The levels are its own as well: the child may not know yet the key that
// the standing is signed with.
func (s *Store) renew(ctx context.Context, child, of identity.Jurisdiction, levels []trust.Level) error {
	own, _, err := s.own.Chain(ctx)
	if err != nil {
		return err
	}
	said, err := s.endorser.Say(ctx, child.Label())
	if err != nil {
		return err
	}
	own[len(own)-1].Endorsement, own[len(own)-1].Standing = said.Proof, said.Standing
	if len(levels) > len(own) {
		err = s.confirm(ctx, own, levels, of)
		copy(levels, own)
	}
	return err
}

// errNoPlace says that whoever asks has no place toward the neighbour; others may have one.
var errNoPlace = errors.New("too many questions to the neighbour are under way for whoever asks")

// over is the door.Asker of one neighbour.
type over struct {
	ask       Ask
	neighbour identity.Jurisdiction
}

func (o over) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	return o.ask(ctx, o.neighbour, frame)
}

// broken returns the error of a neighbour that gave no answer. Where the time of the caller has
// ended, the error wraps that end, because the caller may have had little time.
func (s *Store) broken(ctx context.Context, neighbour identity.Jurisdiction, err error) error {
	e, isLink := errors.AsType[*link.Error](err)
	switch {
	case ctx.Err() != nil:
		return text.Fail(text.Late, text.Args{"jurisdiction": neighbour.String()}, ctx.Err())
	case errors.Is(err, context.DeadlineExceeded):
		return text.Fail(text.Late, text.Args{"jurisdiction": neighbour.String()}, nil)
	case errors.Is(err, link.ErrNoLink):
		if why := s.table.CutOff(); why != nil && !neighbour.Under(s.own.Name()) {
			return why
		}
		return unreachable(neighbour, relay.NoLink, err)
	case isLink:
		return unreachable(neighbour, string(e.Reason), err)
	}
	return unreachable(neighbour, string(link.Broken), err)
}

func unreachable(who identity.Jurisdiction, reason string, err error) error {
	return text.Fail(text.Unreachable, text.Args{"jurisdiction": who.String(), "reason": reason}, err)
}

// Prove answers a neighbour that asks for a chain. The parent may ask for this jurisdiction and
// those below it; a child may ask for all but itself and those below it. So no jurisdiction is
// asked for a chain that only the asker can know. The error is text.Unreachable for any other
// question. A withdrawal that is proven is an answer. Key sets from a number on are handed on as
// they came: who asked for them verifies them by one that it remembers.
func (s *Store) Prove(ctx context.Context, peer identity.Jurisdiction, w door.Wanted) ([]trust.Level, error) {
	self := s.own.Name()
	parent, _ := s.table.Parent()
	if w.Name.Under(peer) && peer != parent || peer == parent && !w.Name.Under(self) {
		return nil, unreachable(w.Name, relay.NoRoute, nil)
	}
	branch, within := route.Branches(peer, w.Name)
	ctx = budget.With(ctx, budget.Payer{Neighbour: peer.String(), Origin: branch, Within: within})
	ctx, cancel := context.WithTimeout(ctx, min(max(w.Wait, 0), MaxWait))
	defer cancel()
	if w.From > 0 {
		signed, err := s.since(ctx, w.Name, w.From)
		return []trust.Level{{KeySets: signed}}, err
	}
	c, err := s.find(ctx, w.Name, min(max(w.Oldest, againAfter), MaxAge))
	if err != nil && (c == nil || c.levels == nil) {
		return nil, err
	}
	s.slim(c)
	return c.levels, nil
}
