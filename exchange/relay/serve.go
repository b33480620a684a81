package relay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/answers"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/route"
)

// inbound is a request that came over a link. Nothing of it is believed until it is opened.
type inbound struct {
	envelope.Envelope
	header envelope.Header
	hash   [32]byte // zero: not computed yet
	peer   identity.Jurisdiction
	to     *envelope.Recipient // the asker; nil: no usable key known, or none looked up
	place  func()              // gives back the place of the request; nil: it has none
	began  time.Time
}

// leave gives the place back, when the answer is written.
func (in *inbound) leave() {
	if in.place != nil {
		in.place()
	}
}

// Serve answers one request of a peer with one frame. A frame that is not a request, or for which
// its branch has no room left (see MaxBrought), gets no answer, and Serve returns a
// *link.CodeError. It also returns an error if nobody waits for the answer any more, or if the
// answer cannot be made or written.
//
// It (1) checks the form and the way, and passes on a request for another jurisdiction. For a
// request for this jurisdiction, it (2) takes a place, unless the origin has too many requests
// under way, (3) proves and decrypts the request, (4) runs the operation while the asker waits, and
// (5) answers with the result, or with the problem that came up.
func (r *Relay) Serve(ctx context.Context, peer identity.Jurisdiction, frame []byte, write func([]byte) error) error {
	in, err := r.receive(peer, frame)
	if err != nil {
		return &link.CodeError{Code: link.CodeMalformed, Err: fmt.Errorf("serve %s: %w", peer, err)}
	}
	if in.header.Kind == envelope.Federated && (in.header.Destination == r.l.Name || r.handedDown(peer, in.header)) {
		r.came.note(in.Hash())
	}
	payer := in.payer()
	given, ok := r.brought.EnterAs(requestCost+len(frame), peer.String(), budget.Payer{Neighbour: payer.Origin, Origin: payer.Within})
	if !ok {
		return &link.CodeError{Code: link.CodeBusy, Err: fmt.Errorf("serve %s: too much at once of %s", peer, payer.Origin)}
	}
	defer given()
	ctx = budget.With(ctx, payer)
	within, cancel := context.WithTimeout(r.hasten(ctx, in), min(time.Duration(in.Hop.Remaining)*time.Millisecond, MaxWait))
	defer cancel()
	defer in.leave()
	answer, err := r.answer(within, in)
	if ctx.Err() != nil {
		return &link.CodeError{Code: link.CodeCancelled, Err: fmt.Errorf("serve %s: %w", peer, context.Cause(ctx))}
	}
	if err == nil {
		err = write(answer)
	}
	if err != nil {
		return fmt.Errorf("answer %s: %w", in.header.Origin, err)
	}
	return nil
}

// payer returns who pays for the request: the neighbour that brought it, and the branch of the tree
// behind that neighbour that its origin belongs to, and of that branch the one below. The origin
// itself is a name that whoever stands above it may have made up.
func (in *inbound) payer() budget.Payer {
	branch, within := route.Branches(in.peer, in.header.Origin)
	return budget.Payer{Neighbour: in.peer.String(), Origin: branch, Within: within}
}

// answer returns the frame of the answer: the answer of the destination, which may be this
// jurisdiction, or the refusal of the hop where a problem came up.
func (r *Relay) answer(ctx context.Context, in *inbound) ([]byte, error) {
	to, problem := r.checkWay(in)
	if problem == nil && to != r.l.Name {
		var frame []byte
		if frame, problem = r.pass(ctx, in, to); problem == nil {
			return frame, nil
		}
	}
	if problem == nil && r.l.Withheld != nil {
		if err := r.l.Withheld(); err != nil {
			problem = r.problem(err)
		}
	}
	if problem != nil {
		return r.refused(ctx, in, problem)
	}
	return r.serve(ctx, in)
}

// refused returns the frame of a refusal by this jurisdiction, unless nobody waits for it.
func (r *Relay) refused(ctx context.Context, in *inbound, problem *Problem) ([]byte, error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err()
	}
	e, err := r.reply(ctx, in, Result{}, problem)
	if err != nil {
		return nil, err
	}
	return in.frame(e)
}

// frame returns the frame of an answer to the request. It refers to the encapsulation that the
// asker says it holds.
func (in *inbound) frame(e envelope.Envelope) ([]byte, error) {
	e.Hop.Trace = in.Hop.Trace
	if held := in.Hop.Held; len(held) > 0 && bytes.Equal(held, e.Encapsulation()) {
		e = e.ByReference()
	}
	return e.Encode()
}

// receive takes a frame apart. Only a request of another jurisdiction, or a federated request
// handed down, can be answered.
func (r *Relay) receive(peer identity.Jurisdiction, frame []byte) (*inbound, error) {
	e, err := envelope.Decode(frame)
	if err != nil {
		return nil, err
	}
	h := e.Header()
	if h.Kind == envelope.Answer || h.Origin == r.l.Name && !r.handedDown(peer, h) {
		return nil, fmt.Errorf("kind %d from %s", h.Kind, h.Origin)
	}
	return &inbound{Envelope: e, header: h, peer: peer, began: time.Now()}, nil
}

// handedDown reports whether the message is a federated request that the parent hands down from a
// destination above this jurisdiction.
func (r *Relay) handedDown(peer identity.Jurisdiction, h envelope.Header) bool {
	parent, joined := r.l.Parent()
	return joined && peer == parent && h.Kind == envelope.Federated && h.Destination != r.l.Name && h.For(r.l.Name)
}

// checkWay makes the checks of every hop: that the origin belongs on this link, that a child which
// asks beyond its own subtree has some of its budget left, and that the way to the destination does
// not lead back to the peer. It returns the jurisdiction that the request goes to.
func (r *Relay) checkWay(in *inbound) (identity.Jurisdiction, *Problem) {
	origin, destination := in.header.Origin.String(), in.header.Destination
	parent, _ := r.l.Parent()
	down := r.handedDown(in.peer, in.header)
	switch {
	case !down && !route.Allowed(r.l.Name, parent, in.peer, in.header.Origin):
		return destination, r.refuse(WayRefused, nil, origin, in.peer.String())
	case in.peer != parent && !r.l.Child(in.peer):
		return destination, r.refuse(MessageRefused, nil, origin, NotEndorsed)
	case in.Hop.Hops == 0:
		return destination, r.refuse(MessageRefused, nil, origin, noHops)
	case down:
		return r.l.Name, nil
	}
	if in.header.Kind == envelope.Federated && in.peer != parent {
		if err := r.wide.Spend(1, in.payer(), r.l.Now()); err != nil {
			return destination, r.busy(err)
		}
	}
	to, problem := r.next(destination)
	if problem == nil && to == in.peer {
		problem = r.refuse(Unreachable, nil, destination.String(), NoRoute)
	}
	return to, problem
}

// serve verifies the request, finds its operation, runs it, and returns the frame of the answer.
func (r *Relay) serve(ctx context.Context, in *inbound) ([]byte, error) {
	entered := false
	if in.place, entered = r.serving.Enter(in.payer()); !entered {
		return r.refused(ctx, in, r.busy(nil))
	}
	if frame, err := r.before(ctx, in); frame != nil || err != nil {
		return frame, err
	}
	received, operation, problem := r.admit(ctx, in)
	if r.l.Steps != nil {
		r.l.Steps(ServeVerify, time.Since(in.began))
	}
	if problem == nil {
		problem = r.unheard(ctx, in, received.Call.Operation.String())
	}
	if problem != nil {
		return r.refused(ctx, in, problem)
	}
	return r.once(ctx, in, operation, received)
}

// unheard returns why an operation is not run yet; nil: it is.
func (r *Relay) unheard(ctx context.Context, in *inbound, operation string) *Problem {
	if r.l.Unheard == nil {
		return nil
	}
	if err := r.l.Unheard(ctx, in.peer, operation); err != nil {
		return r.problem(err)
	}
	return nil
}

// run runs the operation. A result counts even if it comes too late, because the use may be
// recorded.
func (r *Relay) run(ctx context.Context, operation Operation, received Received) (Result, *Problem) {
	defer r.step(ServeRun)()
	result, err := operation(ctx, received)
	none := Result{Stands: result.Stands, Basis: result.Basis}
	switch {
	case err == nil && len(result.Content) > MaxData:
		return none, r.tooLarge(len(result.Content))
	case err == nil:
		return result, nil
	case ctx.Err() != nil:
		return none, r.late(ctx, err, r.l.Name)
	}
	return none, r.problem(err)
}

// problem returns the error of an operation as the asker is told it.
func (r *Relay) problem(err error) *Problem {
	code, args := r.l.Problem(err)
	return r.refuse(Code(code), err, args...)
}

// admit proves the origin, decrypts the call and finds its operation.
func (r *Relay) admit(ctx context.Context, in *inbound) (Received, Operation, *Problem) {
	h := in.header
	refused := func(reason string, err error) (Received, Operation, *Problem) {
		return Received{}, nil, r.refuse(MessageRefused, err, h.Origin.String(), reason)
	}
	if ctx.Err() != nil {
		return Received{}, nil, r.late(ctx, ctx.Err(), r.l.Name)
	}
	if h.Expires.Sub(h.Issued) > MaxLife {
		return refused(longLife, nil)
	}
	now := r.l.Now()
	at := now
	if _, answered := r.given.Find(in.once(), now); answered {
		at = h.Issued // it came in time, and its answer is given again for longer than it lives
	} else if r.l.Forgotten != nil && r.l.Forgotten(h.Issued, h.Expires) {
		return Received{}, nil, r.refuse(MessageExpired, nil, h.Origin.String())
	}
	m, sets, err := r.open(ctx, in.Envelope, at)
	_, hasty := Haste(ctx, r.l.Name)
	var unusable error
	if len(sets) > 0 {
		in.to, unusable = r.recipients.newest(sets)
	}
	switch {
	case errors.Is(err, errNoTurn), err != nil && ctx.Err() != nil && hasty:
		return Received{}, nil, r.late(ctx, err, r.l.Name)
	case notYet(err) != nil:
		return Received{}, nil, notYet(err)
	case errors.Is(err, envelope.ErrExpired):
		return Received{}, nil, r.refuse(MessageExpired, err, h.Origin.String())
	case errors.Is(err, envelope.ErrFuture):
		return Received{}, nil, r.refuse(MessageFuture, err, h.Origin.String(), h.Issued.Sub(now).Round(time.Second).String())
	case errors.Is(err, envelope.ErrUnknownEncapsulation):
		return Received{}, nil, r.refuse(UnknownEncapsulation, err, r.l.Name.String())
	case unusable != nil:
		return refused(badEncryption, unusable)
	case err != nil:
		return refused(reasonOf(err), err)
	}
	call, err := envelope.DecodeCall(m.Content)
	if err != nil {
		return refused(badForm, err)
	}
	operations := r.l.Operations.federated
	if h.Kind != envelope.Federated { // which alone is handed on; a use may take minutes
		operations, in.Envelope = r.l.Operations.calls, in.Envelope.WithoutBody()
	}
	operation, ok := operations[call.Operation]
	if !ok {
		return Received{}, nil, r.refuse(UnknownOperation, nil, call.Operation.String(), r.l.Name.String())
	}
	return Received{Header: h, Call: call, Evidence: Evidence(in.Envelope), message: in.Envelope}, operation, nil
}

// reply makes the answer.
func (r *Relay) reply(ctx context.Context, in *inbound, result Result, problem *Problem) (e envelope.Envelope, err error) {
	defer r.step(ServeSign)()
	hash := in.Hash()
	reply := envelope.Reply{To: hash[:], Result: result.Content, Entry: result.Entry}
	if problem != nil {
		if r.l.Refused != nil {
			r.l.Refused(in.peer, in.header, problem)
		}
		if in.to = r.originOf(in); problem.Reason() == UnknownKey {
			in.to = nil // the keys that are known are not those of whoever asks
		}
		reply = envelope.Reply{To: hash[:], Problem: &envelope.Problem{Code: problem.Code, Args: told(problem.Args)}}
	}
	content, err := reply.Encode()
	if err != nil {
		return e, err
	}
	if in.header.Kind == envelope.Federated {
		in.to = nil // the parent that adds up reads it
	}
	id, err := identity.NewMessage()
	if err != nil {
		return e, err
	}
	return r.seal(ctx, sealed{
		id: id, kind: envelope.Answer, to: in.header.Origin, wait: left(ctx), content: content, recipient: in.to, life: answers.Term,
	})
}

// originOf returns the recipient that a problem is encrypted to; nil where no key of the origin is
// known. It asks nobody: nothing of the request may be true.
func (r *Relay) originOf(in *inbound) *envelope.Recipient {
	if in.to != nil {
		return in.to
	}
	to, err := r.recipients.newest(r.l.Trust.Kept(in.header.Origin))
	if err != nil {
		return nil
	}
	return to
}
