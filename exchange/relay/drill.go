package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
)

// ErrTaken is returned by Drill if the destination did not refuse the request for its fault.
var ErrTaken = errors.New("taken for a message as it must be")

// drillOperation is the operation that a drill asks for. No jurisdiction serves it, so the drill
// does no harm even at a destination that does not check signatures.
const drillOperation = "drill"

// altering signs another message than the one given.
type altering struct{ envelope.Signer }

func (a altering) SignStatement(message []byte) []byte {
	other := bytes.Clone(message)
	other[len(other)-1] ^= 1
	return a.Signer.SignStatement(other)
}

// Drill sends a jurisdiction a request that it must refuse, and returns the refusal. The request is
// signed by the stranger, whose key is not endorsed for this jurisdiction. If stranger is nil, the
// signature does not fit the request, as if a hop had altered it. ErrTaken says that the
// destination did not refuse the request for that fault; any other cause is an error as Ask returns
// it.
func (r *Relay) Drill(ctx context.Context, id identity.Message, to identity.Jurisdiction, stranger envelope.Signer) (*Problem, error) {
	operation, err := identity.ParseLabel(drillOperation)
	if err != nil {
		return nil, fmt.Errorf("drill %s: %w", to, err)
	}
	faulty, by, reason := r.l, stranger, UnknownKey
	if stranger == nil {
		by, reason = altering{r.l.Signer()}, badSignature
	}
	faulty.Signer = func() envelope.Signer { return by }
	_, err = New(faulty).Ask(ctx, id, to, envelope.Call{Operation: operation, Parameters: []byte{}})
	p, refused := errors.AsType[*Problem](err)
	switch {
	case refused && p.At == to && Code(p.Code) == MessageRefused && len(p.Args) == 2 && p.Args[1] == reason:
		return p, nil
	case err == nil || refused && p.At == to && Code(p.Code) == UnknownOperation:
		return nil, fmt.Errorf("drill %s: %w", to, ErrTaken)
	}
	return nil, err
}
