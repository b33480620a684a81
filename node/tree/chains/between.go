package chains

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/relay"
	"xietong/exchange/route"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// caughtUp returns verified levels with the key sets between those that are remembered and those
// that the chain shows, where its owner made more meanwhile than a chain hands on. Where they do
// not lead from what is remembered, or nobody has them, the level stays as it is, and is a break.
// The error is for a way that is cut off: what could not be asked for is no break.
func (s *Store) caughtUp(ctx context.Context, links []trust.Link) ([]trust.Link, error) {
	gaps, err := s.memory.Behind(ctx, links)
	if err != nil || len(gaps) == 0 {
		return links, err
	}
	links = slices.Clone(links)
	for _, gap := range gaps {
		l := &links[gap.Level]
		between, err := s.between(ctx, gap.Believed, l.KeySets[0])
		switch {
		case s.isCutOff(err) || isGivenUp(err):
			return nil, fmt.Errorf("ask for the key sets since number %d: %w", gap.Believed.Number(), err)
		case err == nil:
			l.KeySets = slices.Concat(between, l.KeySets)
		}
	}
	return links, nil
}

// between asks for the key sets from the pinned one on, in steps, and returns those before first,
// verified. The error says why they do not lead there.
func (s *Store) between(ctx context.Context, pin trust.Pin, first trust.KeySet) (sets []trust.KeySet, err error) {
	for next := pin.Number(); next <= first.Number; next = sets[len(sets)-1].Number + 1 {
		signed, err := s.since(ctx, pin.Name(), next)
		if err != nil {
			return nil, err
		}
		failed := s.slots.Run(ctx, func(context.Context) error {
			sets, err = extended(pin, sets, signed)
			return nil
		})
		if err = errors.Join(failed, err); err != nil {
			return nil, err
		}
	}
	at := first.Number - pin.Number()
	if sets[at].Hash() != first.Hash() {
		return nil, fmt.Errorf("%w: number %d is another than the chain shows", trust.ErrInvalid, first.Number)
	}
	return sets[:at], nil
}

// extended verifies one step of key sets, each by the one before it and the first by the pin.
func extended(pin trust.Pin, sets []trust.KeySet, signed [][]byte) ([]trust.KeySet, error) {
	if len(sets) > 0 {
		more, err := trust.Extend(sets[len(sets)-1], signed)
		return append(sets, more...), err
	}
	begun, err := trust.Begin(signed)
	if err != nil {
		return nil, err
	}
	if sets, err = trust.Walk(pin, begun); err == nil && sets[0].Number != pin.Number() {
		err = fmt.Errorf("%w: they begin with number %d, not %d", trust.ErrInvalid, sets[0].Number, pin.Number())
	}
	return sets, err
}

// since returns the key sets of a jurisdiction from a number on, as many as are handed on at once:
// from the own ledger, of a child, or from the neighbour that leads there. They are not verified
// here; whoever asked for them does that. At least one is returned.
func (s *Store) since(ctx context.Context, of identity.Jurisdiction, from uint64) (signed [][]byte, err error) {
	switch step := s.next(of); {
	case s.own.Name().Under(of) || step.Way == route.Nowhere:
		return nil, unreachable(of, relay.NoRoute, nil)
	case step.To == of:
		signed, err = s.endorser.Sets(ctx, of.Label(), from)
	default:
		var levels []trust.Level
		levels, err = s.question(ctx, step.To, door.Wanted{Name: of, From: from})
		if err == nil && len(levels) == 1 {
			signed = levels[0].KeySets
		}
	}
	if err == nil && (len(signed) == 0 || trust.Some(signed) < len(signed)) {
		err = text.Fail(text.AnswerRefused, text.Args{"jurisdiction": of.String(), "reason": relay.NotEndorsed}, errNotBetween)
	}
	return signed, err
}

var errNotBetween = errors.New("none of the key sets that were asked for, or more than are handed on at once")
