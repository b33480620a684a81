package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/route"
)

// inbound is a request that came over a link. Nothing of it is believed until it is opened.
type inbound struct {
	envelope.Envelope
	header  envelope.Header
	peer    identity.Jurisdiction
	to      *recipient // its origin; nil: no key of it is known, or nobody looked
	entered bool       // it has one of the places of its origin
}

// Serve answers one request of a peer with one frame. It returns an error for what is no request, which gets no answer (a
// *link.CodeError), for an answer that nobody waits for any more, and for one that cannot be made or written.
//
// It (1) checks the form and the way, (2) takes a place, unless the origin has too many requests under way, (3) proves and
// decrypts the request, (4) runs the operation while the asker waits, and (5) answers with what it gave, or with the problem
// that came up.
func (r *Relay) Serve(ctx context.Context, peer identity.Jurisdiction, frame []byte, write func([]byte) error) error {
	verified := r.step(ServeVerify)
	in, err := r.receive(peer, frame)
	if err != nil {
		return &link.CodeError{Code: link.CodeMalformed, Err: fmt.Errorf("serve %s: %w", peer, err)}
	}
	within, cancel := context.WithTimeout(ctx, min(time.Duration(in.Hop.Remaining)*time.Millisecond, MaxWait))
	defer cancel()
	defer r.leave(in)
	received, operation, problem := r.admit(within, in)
	verified()
	var result Result
	if problem == nil {
		result, problem = r.run(within, operation, received)
	}
	if ctx.Err() != nil {
		return &link.CodeError{Code: link.CodeCancelled, Err: fmt.Errorf("serve %s: %w", peer, context.Cause(ctx))}
	}
	answer, err := r.reply(within, in, result, problem)
	if err == nil {
		err = write(answer)
	}
	if err != nil {
		return fmt.Errorf("answer %s: %w", in.header.Origin, err)
	}
	return nil
}

// receive takes a frame apart. Only a request of somebody else can be answered.
func (r *Relay) receive(peer identity.Jurisdiction, frame []byte) (*inbound, error) {
	e, err := envelope.Decode(frame)
	if err != nil {
		return nil, err
	}
	h := e.Header()
	if h.Kind != envelope.Request || h.Origin == r.l.Name {
		return nil, fmt.Errorf("kind %d from %s", h.Kind, h.Origin)
	}
	return &inbound{Envelope: e, header: h, peer: peer}, nil
}

// admit verifies the request and finds its operation, or says why not.
func (r *Relay) admit(ctx context.Context, in *inbound) (Received, Operation, *Problem) {
	if p := r.checkWay(in); p != nil {
		return Received{}, nil, p
	}
	if !r.enter(in) {
		return Received{}, nil, r.refuse(Busy, nil, r.l.Name.String())
	}
	return r.open(ctx, in)
}

// run runs the operation. What it gives counts, even if it comes too late: it may be recorded.
func (r *Relay) run(ctx context.Context, operation Operation, received Received) (Result, *Problem) {
	defer r.step(ServeRun)()
	result, err := operation(ctx, received)
	switch {
	case err == nil && len(result.Content) > MaxData:
		return Result{}, r.tooLarge(len(result.Content))
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		return Result{}, r.refuse(Late, err, r.l.Name.String())
	}
	code, args := r.l.Problem(err)
	return Result{}, r.refuse(Code(code), err, args...)
}

// checkWay is what every hop checks: that the origin belongs on this link, and that the destination is here.
func (r *Relay) checkWay(in *inbound) *Problem {
	origin := in.header.Origin.String()
	parent, _ := r.l.Parent()
	switch {
	case !route.Allowed(r.l.Name, parent, in.peer, in.header.Origin):
		return r.refuse(WayRefused, nil, origin, in.peer.String())
	case in.peer != parent && !r.l.Child(in.peer):
		return r.refuse(MessageRefused, nil, origin, notEndorsed)
	case in.header.Destination != r.l.Name:
		if _, problem := r.neighbour(in.header.Destination); problem != nil {
			return problem
		}
		return r.refuse(NotRouted, nil, in.header.Destination.String(), in.header.Destination.String())
	case in.Hop.Hops == 0:
		return r.refuse(MessageRefused, nil, origin, noHops)
	}
	return nil
}

// enter takes a place for the request, and reports whether there was one. The way was checked before, so no neighbour takes
// the places of an origin that it does not lead to.
func (r *Relay) enter(in *inbound) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.serving[in.header.Origin] >= MaxServing {
		return false
	}
	r.serving[in.header.Origin]++
	in.entered = true
	return true
}

// leave gives the place back when the answer is written.
func (r *Relay) leave(in *inbound) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !in.entered {
		return
	}
	if r.serving[in.header.Origin]--; r.serving[in.header.Origin] == 0 {
		delete(r.serving, in.header.Origin)
	}
}

// open proves the origin, decrypts the call and finds its operation.
func (r *Relay) open(ctx context.Context, in *inbound) (Received, Operation, *Problem) {
	h := in.header
	refused := func(reason string, err error) (Received, Operation, *Problem) {
		return Received{}, nil, r.refuse(MessageRefused, err, h.Origin.String(), reason)
	}
	if ctx.Err() != nil {
		return Received{}, nil, r.refuse(Late, ctx.Err(), r.l.Name.String())
	}
	if h.Expires.Sub(h.Issued) > MaxLife {
		return refused(longLife, nil)
	}
	sets, err := r.l.Trust.KeySets(h.Origin)
	if err != nil {
		return refused(notEndorsed, err)
	}
	if in.to, err = r.recipients.newest(sets); err != nil {
		return refused(badEncryption, err)
	}
	now := r.l.Now()
	m, err := envelope.Open(in.Envelope, sets, r.l.Opener, now)
	switch {
	case errors.Is(err, envelope.ErrExpired):
		return Received{}, nil, r.refuse(MessageExpired, err, h.Origin.String())
	case errors.Is(err, envelope.ErrFuture):
		return Received{}, nil, r.refuse(MessageFuture, err, h.Origin.String(), h.Issued.Sub(now).Round(time.Second).String())
	case err != nil:
		return refused(reasonOf(err), err)
	}
	call, err := envelope.DecodeCall(m.Content)
	if err != nil {
		return refused(badForm, err)
	}
	operation, ok := r.l.Operations[call.Operation]
	if !ok {
		return Received{}, nil, r.refuse(UnknownOperation, nil, call.Operation.String(), r.l.Name.String())
	}
	return Received{Header: h, Call: call, Evidence: Evidence(in.Envelope)}, operation, nil
}

// reply makes the frame of the answer.
func (r *Relay) reply(ctx context.Context, in *inbound, result Result, problem *Problem) ([]byte, error) {
	defer r.step(ServeSign)()
	hash := in.Hash()
	reply := envelope.Reply{To: hash[:], Result: result.Content, Entry: result.Entry}
	if problem != nil {
		if r.l.Refused != nil {
			r.l.Refused(in.peer, in.header, problem)
		}
		in.to = r.originOf(in)
		reply = envelope.Reply{To: hash[:], Problem: &envelope.Problem{Code: problem.Code, Args: told(problem.Args)}}
	}
	content, err := reply.Encode()
	if err != nil {
		return nil, err
	}
	id, err := identity.NewMessage()
	if err != nil {
		return nil, err
	}
	e, err := r.seal(sealed{id: id, kind: envelope.Answer, to: in.header.Origin, wait: left(ctx), content: content, recipient: in.to})
	if err != nil {
		return nil, err
	}
	e.Hop.Trace = in.Hop.Trace
	return e.Encode()
}

// originOf returns to whom a problem is encrypted; nil where no key of the origin is known.
func (r *Relay) originOf(in *inbound) *recipient {
	if in.to != nil {
		return in.to
	}
	sets, err := r.l.Trust.KeySets(in.header.Origin)
	if err != nil {
		return nil
	}
	to, err := r.recipients.newest(sets)
	if err != nil {
		return nil
	}
	return to
}
