// Package drill sends another jurisdiction a message that it must refuse, altered on the way or
// signed with a key that nobody endorsed, and tells how it was refused.
//
// It never asks for data: the request names an operation that no jurisdiction serves. It records
// nothing; the other side logs the refusal.
package drill

import (
	"context"
	"errors"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/text"
)

// Sender sends faulty requests; *relay.Relay is one.
type Sender interface {
	// Drill sends a request signed by the stranger or, without one, altered, and returns the
	// refusal.
	Drill(ctx context.Context, id identity.Message, to identity.Jurisdiction, stranger envelope.Signer) (*relay.Problem, error)
}

// Desk drills for one hosted jurisdiction.
type Desk struct {
	Name    identity.Jurisdiction
	Replica identity.Replica
	Sender  Sender
	Now     func() time.Time
}

// Run sends the request to another jurisdiction, and returns the refusal.
func (d *Desk) Run(ctx context.Context, id identity.Message, to identity.Jurisdiction, stranger bool) (*relay.Problem, error) {
	if to == d.Name {
		return nil, text.Fail(text.OwnJurisdiction, text.Args{"name": to.String()}, nil)
	}
	var by envelope.Signer
	if stranger {
		made, err := authority.NewStranger(d.Name, d.Replica, d.Now())
		if err != nil {
			return nil, err
		}
		by = made
	}
	refusal, err := d.Sender.Drill(ctx, id, to, by)
	if errors.Is(err, relay.ErrTaken) {
		err = text.Fail(text.DrillTaken, text.Args{"jurisdiction": to.String()}, err)
	}
	return refusal, err
}
