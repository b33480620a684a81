package node

import (
	"context"

	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// withheld returns why the jurisdiction answers no other one: its folder may be a copy or an old
// backup, and what it says may not hold any more.
func (h *hosted) withheld() error {
	if err := h.host.Questioned(); err != nil {
		return text.Fail(text.BeingVerified, text.Args{"jurisdiction": h.settings.Name.String()}, err)
	}
	return nil
}

// unasked are witnesses of whom there are none.
type unasked struct{}

// Largest implements host.Witnesses.
func (unasked) Largest(context.Context) ([]host.Seen, error) { return nil, host.ErrNoWitness }
