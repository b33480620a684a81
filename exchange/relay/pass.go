package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/route"
)

// A hop keeps a sixteenth of its time for itself, at most keptMost, and gives the next hop the
// rest, so that its own refusal still reaches the asker in time if the next hop does not answer.
const (
	keptPart = 16
	keptMost = 250 * time.Millisecond
)

// pass sends the request on to the neighbour that leads to its destination, and returns the frame
// of the answer as it came. It (1) takes a place toward the neighbour, (2) writes the hop header
// anew, (3) sends the request and waits while the asker waits, and (4) checks the answer as far as
// a hop can. A request with too little time for the neighbour is not sent on: the hop says so
// itself, and who handed it over so.
func (r *Relay) pass(ctx context.Context, in *inbound, next identity.Jurisdiction) ([]byte, *Problem) {
	defer r.step(Pass)()
	leave, ok := r.toward.Enter(next.String(), in.payer())
	if !ok {
		return nil, r.busy(nil)
	}
	defer leave()
	wait := left(ctx)
	if wait -= min(wait/keptPart, keptMost); wait < max(fair(in.header, next, false), time.Millisecond) {
		return nil, r.late(ctx, ctx.Err(), r.l.Name)
	}
	in.Hop.Remaining, in.Hop.Hops = uint32(wait.Milliseconds()), in.Hop.Hops-1
	frame, err := in.Encode()
	if err != nil {
		return nil, r.refuse(MessageRefused, err, in.header.Origin.String(), badForm)
	}
	in.Envelope = in.WithoutBody() // the frame has the body, and the answer may take minutes
	answer, err := r.exchange(ctx, next, frame)
	switch {
	case errors.Is(err, link.ErrNotOne):
		return nil, r.refuse(AnswerRefused, err, next.String(), notOne)
	case err != nil && ctx.Err() == nil, errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, r.unreachable(ctx, next, err)
	case err != nil: // the asker gave up
		return nil, r.late(ctx, err, next)
	}
	return answer, r.checkAnswer(in, next, answer)
}

// checkAnswer checks an answer as far as a hop can: its form, its destination, and that its origin
// lies on the way.
func (r *Relay) checkAnswer(in *inbound, next identity.Jurisdiction, frame []byte) *Problem {
	refused := func(reason string, err error) *Problem { return r.refuse(AnswerRefused, err, next.String(), reason) }
	e, err := envelope.Decode(frame)
	if err != nil {
		return refused(badForm, err)
	}
	switch h := e.Header(); {
	case h.Kind != envelope.Answer || h.Destination != in.header.Origin:
		return refused(badForm, fmt.Errorf("kind %d to %s", h.Kind, h.Destination))
	case !slices.Contains(route.Path(next, in.header.Destination), h.Origin):
		return refused(bySomebody, fmt.Errorf("from %s", h.Origin))
	}
	return nil
}
