package join

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/book"
	"xietong/node/text"
)

// Requests of the protocol xietong-join/1, one frame each, deterministic CBOR [operation, body]. The answer is
// [code, [value …], body], where code 0 is success and any other is a row of the table of errors in docs/protocol.md.
//
//	1 time    body h''                            answer: milliseconds since 1970 UTC
//	2 meet    body h''                            answer: [level …], from the root of the tree down to the jurisdiction asked
//	3 redeem  body [child, secret, [key set …], replica, signature]
//	                                              answer: [[level …], entry], the last level with its endorsement of the child
//	4 present body [child, number, [key set …]]   answer: as for redeem
//	5 prove   body [name, ms, ms]                 answer: [[level …], ms], from the root down to the name, and its age
//	6 stale   body [name …]                       answer: 0
//	7 roster  body number                         answer: the proof of a later roster (see published), or h''
//
// For example, 82 01 40 asks for the time. Nothing but redeem and present changes anything, and nothing that is answered is
// secret. A child presents its key sets, all from number 1, and says which number of the parent's it knows; it does so over
// its link too, where a request of this protocol stands beside the messages. prove and stale are asked over links alone: the
// first for the chain of anybody, which may be no older than the first number says and is waited for as long as the second
// does; the second says below which names something has changed (see chains).
const (
	opTime    = 1
	opMeet    = 2
	opRedeem  = 3
	opPresent = 4
	opProve   = 5
	opStale   = 6
	opRoster  = 7
)

// Limits of a frame of the protocol.
const (
	MaxRequestLen = 256 << 10 // bytes; a redemption or presentation holds every key set, two a year of about 2 KiB
	MaxAnswerLen  = 512 << 10 // bytes
)

type request struct {
	_    struct{} `cbor:",toarray"`
	Op   uint64
	Body []byte
}

type answer struct {
	_    struct{} `cbor:",toarray"`
	Code uint64
	Args []string
	Body []byte
}

type redeemed struct {
	_      struct{} `cbor:",toarray"`
	Levels []trust.Level
	Entry  identity.Entry
}

// presented is the body of opPresent.
type presented struct {
	_       struct{} `cbor:",toarray"`
	Child   identity.Jurisdiction
	Knows   uint64 // number of the parent's key set that the child has; 0: of none
	KeySets [][]byte
}

// Parent is what the door needs of the jurisdiction behind it; *host.Host is one.
type Parent interface {
	book.Ledger
	Chain(ctx context.Context) ([]trust.Level, trust.Pin, error)
	ProveEndorsement(ctx context.Context, index uint64) ([]byte, error)
}

// Door answers whoever knocks over the join protocol.
type Door struct {
	Parent Parent
	Now    func() time.Time
	// Alarm is told of a redemption that somebody must look at: a second key set for one invitation, keys that were not
	// proven, a name that was not invited.
	Alarm func(text.Code, error)
	// Changed is told when a child was endorsed, before it is answered; nil: nobody needs to know.
	Changed func(ctx context.Context) error
	// Prove finds the chain of any jurisdiction for a neighbour, and tells how old it is. Stale is told of names below which
	// something has changed. Both are needed on links alone.
	Prove func(ctx context.Context, peer identity.Jurisdiction, w Wanted) ([]trust.Level, time.Duration, error)
	Stale func(peer, below identity.Jurisdiction)
	// Roster proves a later roster than the number, or returns nil where there is none. nil: nobody is told of a roster.
	Roster func(ctx context.Context, than uint64) ([]byte, error)
}

// Answer answers one request of whoever knocks. binding is of the connection that it came over. Every error becomes an
// answer; one that says something about the parent alone is told as internal, and returned for the caller's log.
func (d Door) Answer(ctx context.Context, binding [32]byte, frame []byte) ([]byte, error) {
	return d.answer(ctx, frame, func(q request) (any, error) {
		switch q.Op {
		case opRedeem:
			return d.redeem(ctx, binding, q.Body)
		case opPresent:
			body, _, err := d.present(ctx, q.Body)
			return body, err
		}
		return d.open(ctx, q)
	})
}

// AnswerNeighbour answers one request of a neighbour over its link, and returns the number of the jurisdiction's own key set
// that a child says it knows; 0 where it says nothing of it. Nothing is redeemed over a link.
func (d Door) AnswerNeighbour(ctx context.Context, peer identity.Jurisdiction, frame []byte) (answer []byte, knows uint64, err error) {
	answer, err = d.answer(ctx, frame, func(q request) (any, error) {
		switch q.Op {
		case opPresent:
			body, p, err := d.present(ctx, q.Body)
			if err == nil && p.Child == peer {
				knows = p.Knows
			}
			return body, err
		case opProve:
			return d.prove(ctx, peer, q.Body)
		case opStale:
			return 0, d.stale(peer, q.Body)
		}
		return d.open(ctx, q)
	})
	return answer, knows, err
}

// open answers what anybody may ask.
func (d Door) open(ctx context.Context, q request) (any, error) {
	switch q.Op {
	case opTime:
		return d.Now().UnixMilli(), nil
	case opMeet:
		levels, _, err := d.Parent.Chain(ctx)
		return levels, err
	case opRoster:
		if d.Roster != nil {
			return d.roster(ctx, q.Body)
		}
	}
	return nil, text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": fmt.Sprintf("operation %d", q.Op)}, nil)
}

func (d Door) answer(ctx context.Context, frame []byte, serve func(request) (any, error)) ([]byte, error) {
	var q request
	err := unmarshal(frame, &q)
	var body any
	if err == nil {
		body, err = serve(q)
	}
	if err != nil {
		return refusal(err)
	}
	encoded, err := canon.Marshal(body)
	if err != nil {
		return refusal(err)
	}
	return canon.Marshal(answer{Args: []string{}, Body: encoded})
}

func unmarshal(data []byte, into any) error {
	if err := canon.Unmarshal(data, MaxRequestLen, into); err != nil {
		return text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": err.Error()}, err)
	}
	return nil
}

func (d Door) redeem(ctx context.Context, binding [32]byte, body []byte) (redeemed, error) {
	var r Redemption
	if err := unmarshal(body, &r); err != nil {
		return redeemed{}, err
	}
	entry, err := Redeem(ctx, d.Parent, r, binding, d.Now())
	if err != nil {
		if code, _ := told(err); code == text.InvitationRedeemed || code == text.NotPossessed || code == text.ChildMismatch {
			d.Alarm(code, err)
		}
		return redeemed{}, err
	}
	return d.endorsed(ctx, entry)
}

func (d Door) present(ctx context.Context, body []byte) (redeemed, presented, error) {
	var p presented
	if err := unmarshal(body, &p); err != nil {
		return redeemed{}, p, err
	}
	entry, err := Present(ctx, d.Parent, p.Child, p.KeySets, d.Now())
	if err != nil {
		return redeemed{}, p, err
	}
	out, err := d.endorsed(ctx, entry)
	return out, p, err
}

// endorsed gives the levels down to the child that the entry endorses.
func (d Door) endorsed(ctx context.Context, entry identity.Entry) (redeemed, error) {
	if d.Changed != nil {
		if err := d.Changed(ctx); err != nil {
			return redeemed{}, err
		}
	}
	levels, _, err := d.Parent.Chain(ctx)
	if err != nil {
		return redeemed{}, err
	}
	proof, err := d.Parent.ProveEndorsement(ctx, entry.Index())
	if err != nil {
		return redeemed{}, err
	}
	levels[len(levels)-1].Endorsement = proof
	return redeemed{Levels: levels, Entry: entry}, nil
}

// told returns what may be told of an error over the wire.
func told(err error) (text.Code, []string) {
	if f, ok := errors.AsType[*text.Failure](err); ok {
		return f.Code, text.Values(f.Code, f.Args)
	}
	if r, ok := errors.AsType[*state.Refusal](err); ok {
		return text.ByNumber(uint16(r.Code)), r.Args
	}
	return text.Internal, nil
}

func refusal(err error) ([]byte, error) {
	code, values := told(err)
	frame, encodeErr := canon.Marshal(answer{Code: uint64(text.Number(code)), Args: append([]string{}, values...), Body: []byte{}})
	if code == text.Internal {
		encodeErr = errors.Join(err, encodeErr)
	}
	return frame, encodeErr
}

// Asker carries a request to the parent and its answer back.
type Asker interface {
	Exchange(ctx context.Context, frame []byte) ([]byte, error)
}

// Conn is a connection to the parent's door.
type Conn interface {
	Asker
	Binding() ([32]byte, error)
}

func ask(ctx context.Context, c Asker, op uint64, body []byte, into any) error {
	frame, err := canon.Marshal(request{Op: op, Body: body})
	if err != nil {
		return err
	}
	got, err := c.Exchange(ctx, frame)
	if err != nil {
		return err
	}
	var a answer
	if err := canon.Unmarshal(got, MaxAnswerLen, &a); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if a.Code > 0 {
		code := text.ByNumber(uint16(min(a.Code, 1<<16-1)))
		return text.Fail(code, text.Named(code, a.Args), nil)
	}
	if err := canon.Unmarshal(a.Body, MaxAnswerLen, into); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// Offset asks for the parent's time and returns how far this machine's clock is ahead of it. Nothing proves the answer: it
// is for telling a person what is wrong.
func Offset(ctx context.Context, c Conn, now func() time.Time) (time.Duration, error) {
	before := now()
	var ms int64
	if err := ask(ctx, c, opTime, []byte{}, &ms); err != nil {
		return 0, fmt.Errorf("ask for the time: %w", err)
	}
	after := now()
	middle := before.Add(after.Sub(before) / 2)
	return middle.Sub(time.UnixMilli(ms)), nil
}

// Meet asks the parent who it is, and verifies the answer from the pins of the invitation: the chain goes from the root to
// the parent, all of it endorsed at the given time, and passes the parent's pinned key set. It returns the verified chain;
// its last link says which certificates the connection must have shown.
func Meet(ctx context.Context, c Conn, root, parent trust.Pin, now time.Time) ([]trust.Link, error) {
	var levels []trust.Level
	if err := ask(ctx, c, opMeet, []byte{}, &levels); err != nil {
		return nil, fmt.Errorf("meet %s: %w", parent.Name(), err)
	}
	chain, err := trust.Descend(root, levels, ledger.VerifyEndorsement)
	if err != nil {
		return nil, mismatch(parent, err)
	}
	for _, l := range chain {
		if !l.InForce(uint64(now.UnixMilli()), MaxSkew) {
			return nil, mismatch(parent, fmt.Errorf("the endorsement of %s is not in force", l.Newest().Name))
		}
	}
	for _, k := range chain[len(chain)-1].KeySets {
		if k.Pin() == parent {
			return chain, nil
		}
	}
	return nil, mismatch(parent, fmt.Errorf("its key sets are not those of %s", parent))
}

func mismatch(parent trust.Pin, err error) error {
	return text.Fail(text.ParentMismatch, text.Args{"name": parent.Name().String(), "reason": err.Error()}, err)
}

// Ask redeems the invitation over the connection. It returns the levels above the child, the last with the endorsement of
// it, for whoever keeps them to verify, and the name of the endorsement's entry.
func Ask(ctx context.Context, c Conn, r Redemption) ([]trust.Level, identity.Entry, error) {
	body, err := canon.Marshal(r)
	if err != nil {
		return nil, identity.Entry{}, err
	}
	var got redeemed
	if err := ask(ctx, c, opRedeem, body, &got); err != nil {
		return nil, identity.Entry{}, fmt.Errorf("redeem invitation: %w", err)
	}
	return got.Levels, got.Entry, nil
}

// AskPresent presents the child's key sets to its parent, and returns the levels above the child, the last with the newest
// endorsement of it, for whoever keeps them to verify. knows is the number of the parent's key set that the child has.
func AskPresent(ctx context.Context, c Asker, child identity.Jurisdiction, knows uint64, keySets [][]byte) ([]trust.Level, error) {
	body, err := canon.Marshal(presented{Child: child, Knows: knows, KeySets: keySets})
	if err != nil {
		return nil, err
	}
	var got redeemed
	if err := ask(ctx, c, opPresent, body, &got); err != nil {
		return nil, fmt.Errorf("present key sets: %w", err)
	}
	return got.Levels, nil
}
