package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/answers"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/route"
)

// pending is a request that is under way.
type pending struct {
	id     identity.Message
	kind   envelope.Kind
	asker  identity.Jurisdiction
	to     identity.Jurisdiction // the jurisdiction that is to answer
	via    identity.Jurisdiction // the neighbour on the way there
	hash   [32]byte
	issued time.Time
	frame  []byte
	answer []byte          // the frame that came back
	again  answers.Request // by which the message is kept, to be sent again
}

// Ask sends a call to a jurisdiction, as the message with the id, and brings back its answer,
// verified. It waits until ctx ends, at most MaxWait. A refusal is a *Problem, by whichever
// jurisdiction; every other cause that left the call unanswered is a *Problem too, except that ctx
// was cancelled, id is zero, to is the asker itself, or the request could not be made.
//
// It (1) finds the way, (2) signs and encrypts the request, (3) sends it, and (4) verifies the
// answer.
func (r *Relay) Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (Answer, error) {
	if to == r.l.Name {
		return Answer{}, fmt.Errorf("ask %s: it is the asker", to)
	}
	return r.ask(ctx, pending{id: id, kind: envelope.Request, to: to}, call)
}

func (r *Relay) ask(ctx context.Context, q pending, call envelope.Call) (Answer, error) {
	if q.id.IsZero() {
		return Answer{}, fmt.Errorf("ask %s: no id", q.to)
	}
	var problem *Problem
	if q.via, problem = r.next(q.to); problem != nil {
		return Answer{}, problem
	}
	ctx, cancel := context.WithTimeout(ctx, MaxWait)
	defer cancel()
	e, err := r.request(ctx, &q, call)
	if err != nil {
		return Answer{}, err
	}
	q.asker, q.hash = r.l.Name, e.Hash()
	q.issued = e.Header().Issued
	if r.recipients.hold(q.to, e.Encapsulation()) {
		answer, err := r.bring(ctx, q, e.ByReference())
		if p, ok := errors.AsType[*Problem](err); !ok || p.At != q.to || Code(p.Code) != UnknownEncapsulation {
			return answer, err
		}
		r.recipients.answered(q.to, nil)
		e.Hop.Remaining, e.Hop.Held = remaining(ctx, e), r.l.Opener.Held(q.to)
	}
	answer, err := r.bring(ctx, q, e)
	if err == nil && q.kind != envelope.Federated { // which is in the clear, and says nothing of what is held
		r.recipients.answered(q.to, e.Encapsulation())
	}
	return answer, err
}

// bring sends the request and verifies the answer.
func (r *Relay) bring(ctx context.Context, q pending, e envelope.Envelope) (a Answer, err error) {
	if q.frame, err = e.Encode(); err != nil {
		return a, fmt.Errorf("ask %s: %w", q.to, err)
	}
	if q.answer, err = r.send(ctx, q); err != nil {
		return a, err
	}
	defer r.step(AskVerify)()
	answer, err := r.verify(ctx, q)
	if p, ok := errors.AsType[*Problem](err); ok && p.unserved() {
		r.asked.Drop(q.again)
	}
	return answer, err
}

// unserved reports whether a message was refused as it is: asked again, the request needs another.
func (p *Problem) unserved() bool {
	switch Code(p.Code) {
	case WayRefused, MessageRefused, MessageExpired, MessageFuture:
		return true
	}
	return false
}

// request returns the request: the same message as before where the agency asked the same before
// under the id, and that message still lives, or else a new one.
func (r *Relay) request(ctx context.Context, q *pending, call envelope.Call) (e envelope.Envelope, err error) {
	defer r.step(AskSign)()
	m := sealed{id: q.id, kind: q.kind, to: q.to, wait: left(ctx)}
	switch {
	case m.wait < time.Millisecond:
		return e, r.late(ctx, ctx.Err(), q.to)
	case len(call.Parameters) > MaxData:
		return e, r.tooLarge(len(call.Parameters))
	}
	if m.content, err = call.Encode(); err != nil {
		return e, fmt.Errorf("ask %s: %w", q.to, err)
	}
	now := r.l.Now()
	q.again = m.askedBy(call.Agency)
	anew := func() (answers.Answer[envelope.Envelope], error) {
		e, err := r.newRequest(ctx, m)
		return answers.Answer[envelope.Envelope]{Value: e, Size: len(m.content) + sealing, Keep: err == nil}, err
	}
	e, again, err := r.asked.Do(ctx, q.again, now, anew)
	switch {
	case again && now.After(e.Header().Expires): // the next one takes its place
		r.asked.Drop(q.again)
		e, _, err = r.asked.Do(ctx, q.again, now, anew)
	case errors.Is(err, answers.ErrOther):
		e, err = r.newRequest(ctx, m)
	}
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		if _, told := errors.AsType[*Problem](err); !told {
			err = r.late(ctx, err, q.to)
		}
	}
	e.Hop = envelope.Hop{Remaining: remaining(ctx, e), Hops: envelope.MaxHops, Trace: q.id.Bytes()}
	if m.kind != envelope.Federated {
		e.Hop.Held = r.l.Opener.Held(m.to)
	}
	return e, err
}

// sealing is about how much longer a message is than its content.
const sealing = 2 << 10

// newRequest makes a request: encrypted to the newest decryption key of its destination, unless it
// is a federated one.
func (r *Relay) newRequest(ctx context.Context, m sealed) (e envelope.Envelope, err error) {
	if m.kind != envelope.Federated {
		if m.recipient, err = r.recipientOf(ctx, m.to); err != nil {
			return e, err
		}
	}
	if e, err = r.seal(ctx, m); err != nil {
		return e, fmt.Errorf("ask %s: %w", m.to, err)
	}
	return e, nil
}

// recipientOf returns the recipient that a request for the jurisdiction is encrypted to.
func (r *Relay) recipientOf(ctx context.Context, to identity.Jurisdiction) (*envelope.Recipient, error) {
	sets, err := r.l.Trust.KeySets(ctx, to, false)
	if told, ok := errors.AsType[*Problem](err); ok {
		return nil, told
	}
	if err != nil {
		return nil, r.refuse(Unreachable, err, to.String(), NotEndorsed)
	}
	recipient, err := r.recipients.newest(sets)
	if err != nil {
		return nil, r.refuse(Unreachable, err, to.String(), badEncryption)
	}
	return recipient, nil
}

// sealed is a message of this jurisdiction that is to be signed.
type sealed struct {
	id        identity.Message
	kind      envelope.Kind
	to        identity.Jurisdiction
	wait      time.Duration // how long the asker still waits; a negative time counts as 0
	life      time.Duration // how long it may be of use beside that
	content   []byte
	recipient *envelope.Recipient // nil: in the clear
}

// seal signs the message, also if nobody waits any more: an answer may be given again.
func (r *Relay) seal(ctx context.Context, s sealed) (envelope.Envelope, error) {
	now, wait := r.l.Now().Truncate(time.Millisecond), max(s.wait, 0)
	contentType := envelope.RequestType
	if s.kind == envelope.Answer {
		contentType = envelope.AnswerType
	}
	e, err := r.batch.Seal(context.WithoutCancel(ctx), envelope.Draft{
		Header: envelope.Header{
			ID: s.id, Kind: s.kind, Origin: r.l.Name, Destination: s.to, Issued: now,
			Expires: now.Add(min(max(wait, s.life)+envelope.MaxSkew, MaxLife)),
		},
		ContentType: contentType, Content: s.content,
	}, s.recipient)
	e.Hop = envelope.Hop{Remaining: uint32(wait.Milliseconds()), Hops: envelope.MaxHops}
	return e, err
}

func (r *Relay) tooLarge(size int) *Problem {
	return r.refuse(TooLarge, nil, r.l.Name.String(), strconv.Itoa(size), strconv.Itoa(MaxData))
}

var (
	errNotEndorsed = errors.New("no key set of its origin is believed")
	errNoTurn      = errors.New("its turn to be proven did not come in time")
)

// send sends the request and returns the one frame of the answer.
func (r *Relay) send(ctx context.Context, q pending) ([]byte, error) {
	defer r.step(AskSend)()
	frame, err := r.exchange(ctx, q.via, q.frame)
	switch {
	case err == nil:
		return frame, nil
	case errors.Is(err, link.ErrNotOne):
		return nil, r.refuse(AnswerRefused, err, q.to.String(), notOne)
	}
	if p := r.unreachable(ctx, q.via, err); p != nil {
		return nil, p
	}
	return nil, fmt.Errorf("ask %s: %w", q.to, err)
}

// exchange sends a frame to a neighbour and returns the one frame of the answer.
func (r *Relay) exchange(ctx context.Context, to identity.Jurisdiction, request []byte) ([]byte, error) {
	return link.One(func(each func([]byte) error) error {
		return r.l.Links.Exchange(ctx, r.l.Name, to, request, each)
	})
}

// verify verifies the answer: its form, its signer, its content, that it answers q, and that it is
// in time. An answer that names the request's hash was made after the request; so a refusal saying
// that the clocks are apart may be out of time itself.
func (r *Relay) verify(ctx context.Context, q pending) (Answer, error) {
	refused := func(reason string, err error) (Answer, error) {
		return Answer{}, r.refuse(AnswerRefused, err, q.to.String(), reason)
	}
	e, err := envelope.Decode(q.answer)
	if err != nil {
		return refused(badForm, err)
	}
	h := e.Header()
	switch {
	case h.Kind != envelope.Answer || h.Destination != q.asker:
		return refused(badForm, fmt.Errorf("kind %d to %s", h.Kind, h.Destination))
	case !slices.Contains(route.Path(q.via, q.to), h.Origin):
		return refused(bySomebody, fmt.Errorf("from %s", h.Origin))
	}
	m, _, err := r.open(ctx, e, h.Issued)
	if errors.Is(err, errNoTurn) {
		return Answer{}, r.late(ctx, err, q.to)
	}
	if p := notYet(err); p != nil {
		return Answer{}, p
	}
	if errors.Is(err, envelope.ErrBody) {
		p := r.refuse(AnswerRefused, err, q.to.String(), reasonOf(err))
		p.Unopened = Evidence(e)
		return Answer{}, p
	}
	blamed := func(reason string, err error) (Answer, error) { // whoever signed it
		p := r.refuse(AnswerRefused, err, q.to.String(), reason)
		p.SignedBy = h.Origin
		return Answer{}, p
	}
	switch {
	case errors.Is(err, envelope.ErrType):
		return blamed(badForm, err)
	case errors.Is(err, envelope.ErrUnknownKey) && r.l.Now().Sub(h.Issued).Abs() > MaxLife:
		return refused(otherTime, err)
	case err != nil:
		return refused(reasonOf(err), err)
	case h.Expires.Sub(h.Issued) > MaxLife:
		return blamed(badForm, fmt.Errorf("from %s to %s", h.Issued, h.Expires))
	}
	reply, err := envelope.DecodeReply(m.Content, q.hash)
	switch {
	case errors.Is(err, envelope.ErrOtherRequest): // somebody on the way may have kept it
		return refused(noAnswer, err)
	case err != nil:
		return blamed(noAnswer, err)
	}
	now, p := r.l.Now(), reply.Problem
	switch {
	case p != nil && (Code(p.Code) == MessageExpired || Code(p.Code) == MessageFuture): // the clocks differ
		return Answer{}, q.refusedBy(e, m, p)
	case now.After(h.Expires) && q.kind != envelope.Federated: // a share is given again for longer
		return refused(expired, fmt.Errorf("at %s", h.Expires))
	case h.Issued.After(now.Add(envelope.MaxSkew)):
		return refused(fromFuture, fmt.Errorf("by %s", h.Issued.Sub(now)))
	case p != nil:
		return Answer{}, q.refusedBy(e, m, p)
	case h.Origin != q.to:
		return refused(bySomebody, fmt.Errorf("an answer from %s", h.Origin))
	case h.DecryptionKey == nil && q.kind != envelope.Federated:
		return blamed(inClear, errors.New("an answer in the clear"))
	case h.DecryptionKey != nil && q.kind == envelope.Federated: // the asker could not verify it: see VerifyShare
		return blamed(notClear, errors.New("an encrypted answer"))
	}
	return Answer{
		Result: Result{Content: reply.Result, Entry: reply.Entry}, Request: q.hash, ID: q.id, Issued: q.issued,
		Evidence: Evidence(e), Preimage: m.Preimage(), Frame: q.answer,
	}, nil
}

// open proves the origin of a message, as things stand now, and decrypts the message. A message
// under way counts by the key sets that count now, whatever time it says of itself. open tries
// those that are known, and fetches them anew if none lists the signing key. It returns the key
// sets too.
func (r *Relay) open(ctx context.Context, e envelope.Envelope, at time.Time) (m envelope.Message, sets []trust.Believed, err error) {
	for _, anew := range []bool{false, true} {
		if sets, err = r.l.Trust.KeySets(ctx, e.Header().Origin, anew); err != nil {
			return m, nil, fmt.Errorf("%w: %w", errNotEndorsed, err)
		}
		opened := errNoTurn
		err = r.l.Slots.Run(ctx, func(context.Context) error {
			m, opened = envelope.Open(e, trust.Live(sets, r.l.Now()), r.l.Opener, at)
			return nil
		})
		if err = errors.Join(opened, err); !errors.Is(err, envelope.ErrUnknownKey) {
			break
		}
	}
	return m, sets, err
}

// notYet returns the refusal of an origin that is not believed by its new keys yet; nil for any
// other error.
func notYet(err error) *Problem {
	p, ok := errors.AsType[*Problem](err)
	if ok && (Code(p.Code) == KeysChanged || Code(p.Code) == KeysObjected) {
		return p
	}
	return nil
}

// refusedBy returns the problem that an answer holds.
func (q pending) refusedBy(e envelope.Envelope, m envelope.Message, p *envelope.Problem) *Problem {
	return &Problem{
		At: e.Header().Origin, Code: p.Code, Args: p.Args, Request: q.hash,
		Evidence: Evidence(e), Preimage: m.Preimage(), Frame: q.answer,
	}
}

// left returns the time until ctx ends; MaxWait where it has no end.
func left(ctx context.Context) time.Duration {
	if end, ok := ctx.Deadline(); ok {
		return time.Until(end)
	}
	return MaxWait
}
