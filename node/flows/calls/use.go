package calls

import (
	"context"
	"errors"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// request is a use of data, as its destination is asked for it.
type request struct {
	id      identity.Message
	to      identity.Jurisdiction
	dataset identity.Label
	call    envelope.Call
}

// Use implements operation.Caller: (1) it checks that the agency is one of this jurisdiction and
// the id is unused, (2) it asks the destination, (3) it records the outcome here, and only then (4)
// it returns.
func (e *Engine) Use(ctx context.Context, a operation.Asking, dataset identity.Label, call envelope.Call, read func(result []byte) (operation.Told, error)) (operation.Recorded, error) {
	return e.use(ctx, a, dataset, call, e.asker.Ask, func(answer relay.Answer) (operation.Told, error) {
		told, err := read(answer.Content)
		if err == nil {
			err = errors.Join(theirs(a.To, answer.Entry), theirs(a.To, told.Grant))
		}
		if err != nil {
			return operation.Told{}, failure.Unreadable(a.To, err)
		}
		return told, nil
	})
}

// Gathered is a federated request that was answered and recorded.
type Gathered struct {
	operation.Recorded
	Request [32]byte // hash of the request
}

// Federate is Use for a federated request, whose destination may be this jurisdiction. read takes
// the answer apart, and returns how many records it measured; an answer that it does not accept is
// recorded as refused, and one that covers nobody as nobody's.
func (e *Engine) Federate(ctx context.Context, a operation.Asking, dataset identity.Label, call envelope.Call, read func(relay.Answer) (operation.Told, error)) (g Gathered, err error) {
	g.Recorded, err = e.use(ctx, a, dataset, call, e.asker.Federate, func(answer relay.Answer) (operation.Told, error) {
		g.Request = answer.Request
		return read(answer)
	})
	return g, err
}

type ask func(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error)

func (e *Engine) use(ctx context.Context, a operation.Asking, dataset identity.Label, call envelope.Call, ask ask, read func(relay.Answer) (operation.Told, error)) (recorded operation.Recorded, err error) {
	r := request{id: a.ID, to: a.To, dataset: dataset, call: call}
	if err = e.unused(ctx, a, &r.call); err != nil {
		return recorded, err
	}
	answer, failed := ask(ctx, r.id, r.to, r.call)
	o := outcome{hash: answer.Request, entry: answer.Entry, evidence: answer.Evidence}
	refusal, refused := errors.AsType[*relay.Problem](failed)
	switch {
	case failed == nil:
		if o.told, failed = read(answer); failed != nil {
			o = outcome{hash: o.hash, evidence: o.evidence, number: text.Number(failure.Of(failed).Code)}
		}
		o.nobody = o.told.Nobody
	case refused && refusal.At == r.to && (refusal.Evidence != nil || r.to != e.own.Name()):
		o = refusedWith(refusal)
	default: // neither an answer nor a refusal of the destination
		return recorded, fmt.Errorf("ask %s: %w", r.to, failed)
	}
	if recorded.Asked, err = e.record(ctx, r, o); err != nil {
		return recorded, fmt.Errorf("record what %s answered: %w", r.to, err)
	}
	if failed != nil {
		return recorded, fmt.Errorf("ask %s: %w", r.to, failed)
	}
	recorded.Access = answer.Entry
	return recorded, nil
}

// unused checks that the agency is registered here, and that the id has no answer yet. It names the
// agency, and the list of agencies that has it, in the call.
func (e *Engine) unused(ctx context.Context, a operation.Asking, call *envelope.Call) error {
	return e.own.View(ctx, func(s *state.Reader) error {
		by, err := a.By.Resolve(s)
		if err != nil {
			return err
		}
		if before := answered(s, a.ID, by.Code()); !before.IsZero() {
			return &SeenError{Asked: before}
		}
		call.Agency, call.Agencies = by.Code(), catalog.ListName(s)
		return nil
	})
}

// Read implements operation.Caller.
func (e *Engine) Read(ctx context.Context, a operation.Asking, call envelope.Call) ([]byte, error) {
	result, _, err := e.ReadSigned(ctx, a, call)
	return result, err
}

// ReadSigned implements operation.SignedCaller.
func (e *Engine) ReadSigned(ctx context.Context, a operation.Asking, call envelope.Call) (result, evidence []byte, err error) {
	err = e.own.View(ctx, func(s *state.Reader) error {
		by, err := a.By.Resolve(s)
		call.Agency = by.Code()
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	answer, err := e.asker.Ask(ctx, a.ID, a.To, call)
	if err != nil {
		return nil, nil, fmt.Errorf("ask %s: %w", a.To, err)
	}
	return answer.Content, answer.Evidence, nil
}

var errNotTheirs = errors.New("an entry of another ledger than the destination's")

// theirs checks that an entry is of the destination's ledger.
func theirs(to identity.Jurisdiction, e identity.Entry) error {
	if e.IsZero() || e.Log().Jurisdiction() != to {
		return fmt.Errorf("%w: %s", errNotTheirs, e)
	}
	return nil
}
