package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
)

// Federate asks a jurisdiction and the jurisdictions below it, as Ask does. If to is the asker
// itself, Federate runs the operation here; such an answer is not signed and has no Evidence and no
// Frame.
func (r *Relay) Federate(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (Answer, error) {
	q := pending{id: id, kind: envelope.Federated, to: to}
	if to != r.l.Name {
		return r.ask(ctx, q, call)
	}
	if id.IsZero() {
		return Answer{}, fmt.Errorf("ask %s: no id", to)
	}
	operation, ok := r.l.Operations.federated[call.Operation]
	if !ok {
		return Answer{}, fmt.Errorf("ask %s: no operation %s", to, call.Operation)
	}
	ctx, cancel := context.WithTimeout(ctx, MaxWait)
	defer cancel()
	e, err := r.request(ctx, &q, call)
	if err != nil {
		return Answer{}, err
	}
	result, problem := r.run(ctx, operation, Received{Header: e.Header(), Call: call, Evidence: Evidence(e), message: e})
	if problem != nil {
		return Answer{}, problem
	}
	return Answer{Result: result, Request: e.Hash(), ID: id, Issued: e.Header().Issued}, nil
}

// HandOn hands a federated request on to a child, and brings back the child's answer to the asker,
// verified. Every cause that leaves the request unanswered, the child's own refusal included, is a
// *Problem, except that ctx was cancelled, child is not a direct child, or the request is not
// federated. A refusal that the child signed has a Frame, which VerifyShare proves.
func (r *Relay) HandOn(ctx context.Context, received Received, child identity.Jurisdiction) (Answer, error) {
	defer r.step(HandOver)()
	if above, ok := child.Parent(); !ok || above != r.l.Name || received.Header.Kind != envelope.Federated {
		return Answer{}, fmt.Errorf("hand on to %s: no child, or no federated request", child)
	}
	if !r.l.Child(child) {
		return Answer{}, r.absent(child)
	}
	wait := r.handedOn(ctx, received.Header)
	if wait < max(fair(received.Header, child, true), time.Millisecond) {
		return Answer{}, r.late(ctx, ctx.Err(), r.l.Name)
	}
	onward := received.message
	if onward.Hop.Hops == 0 {
		return Answer{}, r.refuse(MessageRefused, nil, received.Header.Origin.String(), noHops)
	}
	onward.Hop.Remaining, onward.Hop.Hops = uint32(wait.Milliseconds()), onward.Hop.Hops-1
	return r.bring(ctx, pending{
		id: received.Header.ID, kind: envelope.Federated, asker: received.Header.Origin, to: child, via: child, hash: received.Hash(),
	}, onward)
}

// Errors of VerifyShare.
var (
	// ErrNotShare is returned for a frame that is not an answer of the jurisdiction to the asker's
	// request.
	ErrNotShare = errors.New("not an answer of it to the request")
	// ErrEndedKey is returned for a share that is signed with a key of the jurisdiction that did
	// not count when the request was made, or was revoked since.
	ErrEndedKey = errors.New("signed with a key that counts no more")
)

// VerifyShare proves that a jurisdiction, whose key sets are given, answered a federated request of
// the asker with the hash, which was issued at the time, and returns the answer. A share may be
// shown long after it was answered; but a key that did not count any more when the request was made
// cannot have answered it, whatever time the answer bears. The error is then ErrEndedKey, and the
// answer counts only if the jurisdiction itself says, by keys that count, that it gave it. For a
// key that no key set has, the error is envelope.ErrUnknownKey.
func VerifyShare(frame []byte, keys []trust.Believed, by, asker identity.Jurisdiction, request [32]byte, issued time.Time) (envelope.Reply, error) {
	e, err := envelope.Decode(frame)
	if err != nil {
		return envelope.Reply{}, fmt.Errorf("verify share: %w", err)
	}
	h := e.Header()
	if h.Kind != envelope.Answer || h.Origin != by || h.Destination != asker || h.DecryptionKey != nil {
		return envelope.Reply{}, fmt.Errorf("verify share: %w: kind %d from %s to %s", ErrNotShare, h.Kind, h.Origin, h.Destination)
	}
	all := ofName(keys, by)
	m, err := envelope.Open(e, trust.Then(all, issued), nil, h.Issued)
	var ended error
	if errors.Is(err, envelope.ErrUnknownKey) {
		for i, k := range all {
			all[i] = trust.Believed{KeySet: k.KeySet} // as if none had ended
		}
		if old, unknown := envelope.Open(e, all, nil, h.Issued); unknown == nil {
			m, ended, err = old, fmt.Errorf("verify share: %w", ErrEndedKey), nil
		}
	}
	if err != nil {
		return envelope.Reply{}, fmt.Errorf("verify share: %w", err)
	}
	reply, err := envelope.DecodeReply(m.Content, request)
	if err != nil {
		return envelope.Reply{}, fmt.Errorf("verify share: %w: %w", ErrNotShare, err)
	}
	return reply, ended
}

// ofName returns the key sets of a jurisdiction.
func ofName(keys []trust.Believed, name identity.Jurisdiction) []trust.Believed {
	return slices.DeleteFunc(slices.Clone(keys), func(k trust.Believed) bool { return k.Name != name })
}
