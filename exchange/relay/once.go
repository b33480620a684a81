package relay

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/exchange/answers"
	"xietong/exchange/envelope"
)

// given is an answer that may be given again.
type given struct {
	answer envelope.Envelope
	stands func(context.Context) error // see Result
}

// Hash returns the hash by which the answer names the request.
func (in *inbound) Hash() [32]byte {
	if in.hash == [32]byte{} {
		in.hash = in.Envelope.Hash()
	}
	return in.hash
}

// once names the request as it is known again: by all that its origin signed. Its answer takes
// memory from what the neighbour has, and there from what the origin has.
func (in *inbound) once() answers.Request {
	hash := in.Hash()
	return answers.Request{
		Owner: answers.Owner{Neighbour: in.peer.String(), Name: in.header.Origin.String()}, Key: string(hash[:]), Hash: hash,
	}
}

// once runs the operation and returns the frame of the answer. If the same request was answered,
// and that used up its id, once returns the same answer, unless what it rested on does not stand
// any more. The answer is kept also if nobody waits for it any more, for whoever asks again.
func (r *Relay) once(ctx context.Context, in *inbound, operation Operation, received Received) ([]byte, error) {
	g, again, err := r.given.Do(ctx, in.once(), r.l.Now(), func() (answers.Answer[given], error) {
		result, problem := r.run(ctx, operation, received)
		if result.Stands == nil && ctx.Err() == context.Canceled {
			return answers.Answer[given]{}, ctx.Err()
		}
		answer, err := r.reply(ctx, in, result, problem)
		if err == nil && result.Stands != nil {
			err = r.give(ctx, in, answer, result)
		}
		return answers.Answer[given]{
			Value: given{answer, result.Stands}, Size: answer.Header().Size + sealing, Keep: err == nil && result.Stands != nil,
		}, err
	})
	if err != nil && ctx.Err() != nil {
		return r.refused(ctx, in, r.late(ctx, err, r.l.Name))
	}
	if _, notKept := errors.AsType[*giveError](err); notKept {
		return r.refused(ctx, in, r.problem(err))
	}
	if err == nil && again {
		if err := g.stands(ctx); err != nil {
			return r.refused(ctx, in, r.problem(err))
		}
	}
	if err != nil {
		return nil, err
	}
	return in.frame(g.answer)
}

// give keeps the answer to a federated request before it leaves, so that there is never a second
// one.
func (r *Relay) give(ctx context.Context, in *inbound, answer envelope.Envelope, result Result) error {
	if r.l.Shares == nil || in.header.Kind != envelope.Federated {
		return nil
	}
	frame, err := answer.Encode()
	if err == nil {
		err = r.l.Shares.Give(ctx, in.Hash(), in.peer, in.header.Origin, frame, result.Basis)
	}
	if err != nil {
		return &giveError{err}
	}
	return nil
}

// giveError is the error of an answer that could not be kept, so it is not given.
type giveError struct{ cause error }

func (e *giveError) Error() string { return fmt.Sprintf("keep answer: %v", e.cause) }
func (e *giveError) Unwrap() error { return e.cause }

// before returns the frame of the answer to a federated request that was answered before: the same
// one, or a refusal which says that it was. Nothing of the request needs to be proven anew: the
// hash is over all that its origin signed. It returns nil where the request is new, or its answer
// is still in memory.
func (r *Relay) before(ctx context.Context, in *inbound) ([]byte, error) {
	if r.l.Shares == nil || in.header.Kind != envelope.Federated {
		return nil, nil
	}
	if _, kept := r.given.Find(in.once(), r.l.Now()); kept {
		return nil, nil
	}
	if problem := r.unheard(ctx, in, ""); problem != nil {
		return r.refused(ctx, in, problem)
	}
	frame, ok, err := r.l.Shares.Given(ctx, in.Hash())
	if err != nil {
		return r.refused(ctx, in, r.problem(err))
	}
	if !ok {
		return nil, nil
	}
	e, err := envelope.Decode(frame)
	if err != nil {
		return nil, fmt.Errorf("give answer again: %w", err)
	}
	return in.frame(e)
}

// askedBy names a request of an agency of this jurisdiction as it is known again: by all but the
// message in which it is sent.
func (m sealed) askedBy(agency identity.Label) answers.Request {
	id := m.id.Bytes()
	return answers.Request{
		Owner: answers.Owner{Name: agency.String()}, Key: string(id[:]) + agency.String(),
		Hash: sha256.Sum256(slices.Concat([]byte{byte(m.kind)}, []byte(m.to.String()), []byte{0}, m.content)),
	}
}
