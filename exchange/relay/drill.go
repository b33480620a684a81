package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
)

// Fault is what is wrong with the request of a drill.
type Fault string

// The faults.
const (
	Altered  Fault = "altered"  // it is not what was signed, as if a hop had changed it
	Stranger Fault = "stranger" // it is signed with a key that nobody endorsed for its origin
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

// Drill sends a jurisdiction a request that it must refuse, and returns the refusal: of the one fault, or, where a stranger
// is given, of the other. Whatever else keeps it from being refused there is a *Problem, as Ask gives it.
func (r *Relay) Drill(ctx context.Context, id identity.Message, to identity.Jurisdiction, f Fault, stranger envelope.Signer) (*Problem, error) {
	if to == r.l.Name {
		return nil, fmt.Errorf("drill %s: it is the asker", to)
	}
	operation, err := identity.ParseLabel(drillOperation)
	if err != nil {
		return nil, fmt.Errorf("drill %s: %w", to, err)
	}
	q, reason := asked{id: id, kind: envelope.Request, to: to, by: altering{r.l.Signer()}}, badSignature
	if f == Stranger {
		q.by, reason = stranger, unknownKey
	}
	_, err = r.ask(ctx, q, envelope.Call{Operation: operation, Parameters: []byte{}})
	p, refused := errors.AsType[*Problem](err)
	switch {
	case refused && p.At == to && Code(p.Code) == MessageRefused && len(p.Args) == 2 && p.Args[1] == reason:
		return p, nil
	case err == nil || refused && p.At == to && Code(p.Code) == UnknownOperation:
		return nil, fmt.Errorf("drill %s: %w", to, ErrTaken)
	}
	return nil, err
}
