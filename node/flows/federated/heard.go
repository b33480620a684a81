package federated

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/ground/operation"
)

// operationAnswered asks a member what it answered to a question of the asker: somebody said why it
// gave no answer, or showed one that is signed with keys which have ended since:
//
//	{1: hash of the request, 2: when it was issued (ms), 3: who said so, which may be the member,
//	   4: the state that was said; 3 and 4 are absent where nobody said anything}
//	→ {1: word, 3: its answer as it signed it, where the word is 1}
//
// The words: 1 it answered; 2 it answered, and the answer is kept no more or does not stand any
// more; 3 the question never came, and its link was up; 4 the question never came, and its link was
// not up, or it does not know; 5 the question came, or it said itself why it gives no answer, and
// it keeps none.
const operationAnswered operation.Operation[whatAnswered, word] = "answered"

// whatAnswered is the question, and what was said of the jurisdiction that is asked.
type whatAnswered struct {
	Request []byte                `cbor:"1,keyasint"`
	Issued  uint64                `cbor:"2,keyasint"`
	By      identity.Jurisdiction `cbor:"3,keyasint,omitzero"`
	State   gather.State          `cbor:"4,keyasint,omitempty"`
}

// Check demands a hash of 32 bytes, and a state of no answer where somebody said something.
func (p whatAnswered) Check() error {
	if len(p.Request) != 32 || p.State == gather.Answered || p.State > gather.NotJoined || (p.State == 0) != p.By.IsZero() {
		return fmt.Errorf("a hash of %d bytes, and state %d by %q", len(p.Request), p.State, p.By)
	}
	return nil
}

// word is what a jurisdiction says of a question that it is said not to have answered.
type word struct {
	Word   wordKind `cbor:"1,keyasint"`
	Answer []byte   `cbor:"3,keyasint,omitempty"`
}

type wordKind uint8

const (
	saysAnswered wordKind = 1
	saysGone     wordKind = 2
	saysNotAsked wordKind = 3
	saysNotUp    wordKind = 4
	saysNone     wordKind = 5
)

// Check demands a known word, with an answer if it says so.
func (w word) Check() error {
	if w.Word < saysAnswered || w.Word > saysNone || (w.Word == saysAnswered) != (len(w.Answer) > 0) {
		return fmt.Errorf("word %d with an answer of %d bytes", w.Word, len(w.Answer))
	}
	return nil
}

// says returns what this jurisdiction says to the asker.
func (d *Desk) says(ctx context.Context, p whatAnswered, asker identity.Jurisdiction) (w word, err error) {
	v, found, err := Given{d.own}.of(ctx, p.Request)
	switch {
	case err != nil:
		return w, err
	case found && v.Asker == asker && len(v.Frame) > 0:
		return word{Word: saysAnswered, Answer: v.Frame}, nil
	case found && v.Asker == asker:
		return word{Word: saysGone}, nil
	case p.By.IsZero() || p.By == d.own.Name():
		return word{Word: saysNone}, nil
	}
	issued := time.UnixMilli(int64(p.Issued))
	came, since := d.handing.Came([32]byte(p.Request))
	if came {
		return word{Word: saysNone}, nil
	}
	if d.wasUp(issued) && !since.After(issued.Add(-envelope.MaxSkew)) {
		return word{Word: saysNotAsked}, nil
	}
	return word{Word: saysNotUp}, nil
}

// wasUp reports whether the link upwards was surely up at a time of the last day, by a clock that
// may be envelope.MaxSkew apart from this one.
func (d *Desk) wasUp(at time.Time) bool {
	if d.UpSince == nil || at.Before(d.Now().Add(-AgainFor-envelope.MaxSkew)) {
		return false
	}
	since := d.UpSince()
	return !since.IsZero() && !since.After(at.Add(-envelope.MaxSkew))
}

// hear asks a jurisdiction what it says, and settles the point with its word. t are the tries so
// far.
func (d *Desk) hear(ctx, within context.Context, p point, t *tries) {
	said := whatAnswered{Request: p.Request, Issued: p.Issued, By: p.By, State: p.State}
	w, evidence, err := d.wordOf(within, p.Hop, p.auditing(), said)
	f, ends := finding{Point: p, At: uint64(d.Now().UnixMilli()), Word: evidence}, true
	if err != nil {
		f.Outcome, ends = t.over(p, d.unheard(p, err), d.Now())
		f.because(err)
	} else if f.Outcome = d.saidTo(within, p, w); f.Outcome == Unproven || f.Outcome == Unreached { // not to be judged just now
		f.Outcome, ends = t.over(p, f.Outcome, d.Now())
	}
	if ctx.Err() != nil || !ends {
		return // later
	}
	_ = d.settle(ctx, f) // or it stays open, and is tried again
}

// unheard returns what it comes to that a jurisdiction said nothing, for the reason err.
func (d *Desk) unheard(p point, err error) Outcome {
	if d.unreached(p, err) {
		return Unreached
	}
	return Silent
}

// saidTo returns what the word of a jurisdiction comes to.
func (d *Desk) saidTo(ctx context.Context, p point, w word) Outcome {
	if w.Word != saysAnswered {
		return map[wordKind]Outcome{saysGone: Gone, saysNotAsked: NotAsked, saysNotUp: NotUp, saysNone: Declined}[w.Word]
	}
	reply, err := d.signed(ctx, w.Answer, believed{err: errNoKeys}, p.Hop, p.auditing())
	ended := errors.Is(err, relay.ErrEndedKey) // its word, under keys that count, is that it gave the answer
	_, own := errors.AsType[*unasked](err)
	switch {
	case own:
		return Unreached
	case !ended && withoutKey(err) != nil:
		return Unproven
	case !ended && err != nil:
		return Gone // what it shows proves nothing
	case p.By == p.Hop && declines(reply, p.Hop):
		return Declined
	}
	return Answered
}

// declines reports whether an answer says that its signer gives none: as a whole, or for its own
// records.
func declines(answer envelope.Reply, of identity.Jurisdiction) bool {
	share, err := gather.Decode(answer.Result)
	return answer.Problem != nil || err == nil && slices.ContainsFunc(share.Missing, func(m gather.Missing) bool { return m.Name == of && m.By == of })
}

// wordOf returns what a jurisdiction says that it answered, with the evidence that it said so.
func (d *Desk) wordOf(ctx context.Context, of identity.Jurisdiction, a auditing, p whatAnswered) (w word, evidence []byte, err error) {
	if of == d.own.Name() {
		w, err = d.says(ctx, p, of)
		return w, nil, err
	}
	asking := operation.Asking{To: of, By: a.asking.By}
	if asking.ID, err = identity.NewMessage(); err != nil {
		return w, nil, err
	}
	return operationAnswered.ReadSigned(ctx, d.engine, asking, p)
}

// stands reports whether a jurisdiction says, by keys that count now, that it gave an answer which
// is signed with keys that have ended since. A thief of those can sign no such word.
func (d *Desk) stands(ctx context.Context, answer []byte, by identity.Jurisdiction, a auditing) bool {
	w, _, err := d.wordOf(ctx, by, a, whatAnswered{Request: a.request[:], Issued: uint64(a.issued.UnixMilli())})
	return err == nil && w.Word == saysAnswered && bytes.Equal(evidenceOf(w.Answer), evidenceOf(answer))
}

func (p point) auditing() auditing {
	return auditing{
		q: p.question(), asking: operation.Asking{To: p.Hop, By: catalog.Local(p.Agency.String())}, request: [32]byte(p.Request),
		issued: time.UnixMilli(int64(p.Issued)), all: p.All,
	}
}

// evidenceOf returns the part of an answer that its signer signed; nil if it is none.
func evidenceOf(answer []byte) []byte {
	e, err := envelope.Decode(answer)
	if err != nil {
		return nil
	}
	return relay.Evidence(e)
}
