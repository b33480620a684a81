package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
)

// ErrTaken is returned by Drill where the destination did not refuse the request for what was wrong with it.
var ErrTaken = errors.New("taken for a message as it must be")

// drillOperation is what a drill asks for. Nobody serves it, so that nothing comes of it even where no signature is looked at.
const drillOperation = "drill"

// altering signs something else than it is given.
type altering struct{ envelope.Signer }

func (a altering) SignStatement(message []byte) []byte {
	other := bytes.Clone(message)
	other[len(other)-1] ^= 1
	return a.Signer.SignStatement(other)
}

// Drill sends a jurisdiction a request that it must refuse, and returns the refusal. The request is signed by the stranger, whose
// key nobody endorsed for this jurisdiction; without one it is not what this jurisdiction signed, as if a hop had altered it.
// ErrTaken tells that the destination did not refuse it for that; whatever else kept it from refusing is an error as Ask gives it.
func (r *Relay) Drill(ctx context.Context, id identity.Message, to identity.Jurisdiction, stranger envelope.Signer) (*Problem, error) {
	operation, err := identity.ParseLabel(drillOperation)
	if err != nil {
		return nil, fmt.Errorf("drill %s: %w", to, err)
	}
	faulty, by, reason := r.l, stranger, unknownKey
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
