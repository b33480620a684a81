package api

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Clock tells of the machine's clock, as the ledger of a hosted jurisdiction sees it.
type Clock interface {
	ClockState() host.ClockState
	// AcceptClock records that a person vouches for the clock, and returns the entry. The error is
	// host.ErrClockBelieved where the clock is not in doubt.
	AcceptClock(ctx context.Context, id identity.Message, reason string) (identity.Entry, error)
}

type acceptClock struct {
	Caller
	Body client.ClockAcceptance
}

func (s *server) registerClock(a huma.API) {
	handle(s, a, get("clock", "/v1/clock", "The machine's clock, and who vouches for it"), clockShown)
	handle(s, a, post("accept-clock", "/v1/clock", "Vouch for the machine's clock"), acceptedClock)
}

func clockShown(_ context.Context, h Hosted, _ *plain) (out client.Clock, err error) {
	c := h.Clock.ClockState()
	out = client.Clock{Now: stamp(c.Now), Ledger: stamp(c.Ledger), By: c.By.String(), Neighbours: []client.ClockOffset{}, Alarms: []client.Trouble{}}
	if c.By == host.ByNeighbour {
		out.Neighbour = h.Standing.Called(c.Who)
	}
	if c.Correction != nil {
		out.CorrectedAt = stamp(c.Correction.At)
	}
	if c.Wrong != nil {
		wrong := troubleShown(c.Wrong)
		out.Wrong = &wrong
	}
	for _, differs := range c.Differ {
		out.Alarms = append(out.Alarms, troubleShown(differShown(h, differs)))
	}
	for _, apart := range c.Apart {
		out.Alarms = append(out.Alarms, troubleShown(apart))
	}
	for _, t := range c.Told {
		out.Neighbours = append(out.Neighbours, client.ClockOffset{Name: t.By.String(), DisplayName: h.Standing.Called(t.By), Offset: t.Offset.Seconds()})
	}
	return out, nil
}

// differShown calls a neighbour whose clock differs as people do; other errors stay as they are.
func differShown(h Hosted, err error) error {
	differs, ok := errors.AsType[*host.DifferError](err)
	if !ok {
		return err
	}
	f := failure.Of(err)
	f.Args["name"] = h.Standing.Called(differs.Of)
	return f
}

func acceptedClock(ctx context.Context, h Hosted, in *acceptClock) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		if err := text.Recordable("reason", in.Body.Reason); err != nil {
			return identity.Entry{}, err
		}
		entry, err := h.Clock.AcceptClock(ctx, id, in.Body.Reason)
		if errors.Is(err, host.ErrClockBelieved) {
			err = text.Fail(text.ClockBelieved, text.Args{"jurisdiction": h.Ledger.Name().String()}, err)
		}
		return entry, err
	})
}
