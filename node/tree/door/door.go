// Package door speaks xietong-join/1. Over this protocol a client that knocks learns the time and
// the chain of the jurisdiction, redeems an invitation and presents its keys; and neighbours ask
// for chains and rosters over their links. The package is both ends of it: Door answers; Offset,
// Meet and the functions Ask… ask.
//
// The package makes no connection (Line wraps one that the caller made), and decides nothing that
// tree does not decide. No part of an answer is verified unless the function says so.
package door

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// Requests of the protocol xietong-join/1, one frame each, deterministic CBOR [operation, body].
// The answer is [code, [value …], body], where code 0 is success and any other is a row of the
// table of errors in docs/protocol.md, with an empty body; that of key-set-old is the key set that
// follows those that were shown, and that of key-sets-forked the one that was endorsed instead of
// one of them, which proves it.
//
//	1 time    body h''                            answer: milliseconds since 1970 UTC
//	2 meet    body h''                            answer: [level …], from the root of the tree down to the jurisdiction asked
//	3 redeem  body [child, secret, [key set …], replica, signature, recovery statement or h'']
//	                                              answer: [[level …], entry], the last level with its endorsement of the child
//	4 present body [number, [child, after, hash, [key set …], replica, signature]]
//	                                              answer: as for redeem
//	5 prove   body [name, ms, ms, number]         answer: [level …], from the root down to the name, or to one above it that was withdrawn;
//	                                              with a number that is not 0, one level with key sets of the name alone
//	6 stale   body [name …]                       answer: 0
//	7 roster  body number                         answer: the proof of a later roster (see rosters), or h''
//	8 epoch   body [child, secret]                answer: the epoch with which the ledger of a child with new keys begins
//	9 piece   body hash                           answer: the piece of a roster with that SHA-256 (see roster), or h''
//	10 replica body what a further replica brings  answer: what it is told (see package replicas)
//	11 member body [replica, number]              answer: [whether it was removed, [key set …]]: those after the number
//	12 anew   body [child, secret]                answer: [hash of the key set that the invitation is bound to or h'', note of the largest checkpoint that was seen of the child or h'',
//	                                              [note of a smaller one …], [hash of number 1 of the chain that signed the largest, number of its key set that did]]
//	13 chain  body [child, secret, hash, number]  answer: [[key set …], proof of its endorsement or h'']: those of a chain of the child from the number on
//	14 lacked body key set                        answer: 0
//	15 seen   body h''                            answer: [[[note, ms] …], epoch]: what was seen of the asker's ledger
//	16 clock  body [asker, replica, ms, signature] answer: how many others agree with the clock of whoever answers
//
// For example, 82 01 40 asks for the time. Only redeem and present write to the ledger, and no
// answer is secret. A child presents the key sets that come after the one that its parent
// endorsed, which it names by number and hash, and says which number of the parent's it knows.
// It does so over its own link, where a request of this protocol stands beside the messages and
// the signature is empty; or at the door, where the signature proves that it holds its log key
// (see tree.PresentInput). Nobody else presents them. prove, stale and seen are asked over
// links alone. prove asks for the chain of any jurisdiction: its first number is the greatest
// age of the chain, its second is how long the asker waits; its third, where it is not 0, asks
// for no chain but for the key sets from that number on. lacked shows a root one of its own key
// sets that it does not show: it was put back from before, or is not the root. stale says below
// which names something has changed (see chains). Over a new link, most of them wait until the
// neighbour has answered seen (see held).
const (
	opTime    = 1
	opMeet    = 2
	opRedeem  = 3
	opPresent = 4
	opProve   = 5
	opStale   = 6
	opRoster  = 7
	opEpoch   = 8
	opPiece   = 9
	opReplica = 10
	opMember  = 11
	opAnew    = 12
	opChain   = 13
	opLacked  = 14
	opSeen    = 15
	opClock   = 16
)

// Limits of a frame of the protocol.
const (
	// MaxRequestLen is in bytes. A redemption or presentation holds key sets of trust.MaxHandedLen.
	MaxRequestLen = trust.MaxHandedLen + 4<<10
	// MaxAnswerLen is in bytes. The longest answers hold a chain: see host.Room.
	MaxAnswerLen = 1 << 20
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

// Parent is the jurisdiction behind the door; *host.Host is one. The caller of Chain may change the
// slice of levels that it returns.
type Parent interface {
	book.Ledger
	Chain(ctx context.Context) ([]trust.Level, trust.Pin, error)
	// ProveEndorsement returns the proof of the endorsement at an index of the ledger.
	ProveEndorsement(ctx context.Context, index uint64) ([]byte, error)
}

// Door answers the requests of the join protocol for one jurisdiction.
type Door struct {
	Parent Parent
	Now    func() time.Time
	// Alarm is told what a person must look at, with the jurisdiction whose name was used: a second
	// key set for one invitation, keys that were not proven, a name that was not invited, and a
	// child whose key sets are not those that were endorsed. It must not be nil.
	Alarm func(identity.Jurisdiction, text.Code, error)
	// Settled is told of a child that redeemed an invitation: what was alarmed about it is over.
	// nil: not called.
	Settled func(identity.Jurisdiction)
	// Changed is called before a redemption, or a presentation that led to a new endorsement, is
	// answered. Its error fails the request. nil: not called.
	Changed func(ctx context.Context) error
	// Say returns what the parent says of a child now. It is needed by redeem and present.
	Say func(ctx context.Context, child identity.Label) (tree.Said, error)
	// Budget meters what children present at the door. It must not be nil.
	Budget *Budget
	// Slots, if set, are those in which the proofs of whoever knocks are verified.
	Slots *budget.Slots
	// Prove finds the chain of any jurisdiction for a neighbour. Stale is told of each name below
	// which something has changed. Both are needed by AnswerNeighbour alone.
	Prove func(ctx context.Context, peer identity.Jurisdiction, w Wanted) ([]trust.Level, error)
	Stale func(peer, below identity.Jurisdiction)
	// Replica takes what a machine brings that was invited as a further replica, and returns what
	// it is told. With a nil Replica the door refuses the operation.
	Replica func(ctx context.Context, binding [32]byte, body []byte) ([]byte, error)
	// Member tells a replica whether it was removed. With a nil Member the door refuses the
	// operation.
	Member func(Membership) (Member, error)
	// Lacked takes a key set of the own chain that may not be here. With a nil Lacked the door
	// refuses the operation.
	Lacked func(ctx context.Context, signed []byte) error
	// Saw returns what was seen of a child's logs. With a nil Saw the door refuses the operation.
	Saw func(ctx context.Context, child identity.Jurisdiction) (Kept, error)
	// Clocks takes what neighbours say of their clocks. With nil the door refuses the operation.
	Clocks Clocks
	// Withheld returns why nothing but the time is answered now; nil: everything is. keys says that
	// the answer would tell of the own keys alone, with what those above say of them, and of who
	// has none any more. A nil Withheld answers everything.
	Withheld func(keys bool) error
	// Unheard returns why nothing is done yet by which somebody is believed, or that is recorded,
	// for a neighbour that asks over its link: it has not said yet what it saw of the own ledger,
	// which may have been put back. The zero peer is whoever knocks. A nil Unheard waits for
	// nobody.
	Unheard func(ctx context.Context, peer identity.Jurisdiction) error
	// Seen returns what was seen of a neighbour's ledger, and waits for nobody. It is needed by
	// AnswerNeighbour alone.
	Seen func(ctx context.Context, peer identity.Jurisdiction) (Seen, error)
	// Roster returns the proof of a roster later than the number, or nil where there is none. With
	// a nil Roster the door refuses the operation.
	Roster func(ctx context.Context, than uint64) ([]byte, error)
	// Piece returns the piece of a roster with the hash, or nil where it is not here; Pieces meters
	// how many whoever pays for the request is given. With a nil Piece the door refuses the
	// operation.
	Piece  func(ctx context.Context, hash []byte) ([]byte, error)
	Pieces *budget.Rates
}

// Answer answers one request of a client that knocks. binding belongs to the connection over which
// the request came. Every error becomes an answer. An error that concerns the parent alone is
// answered as internal, and also returned for the log of the caller.
func (d Door) Answer(ctx context.Context, binding [32]byte, frame []byte) ([]byte, error) {
	return d.answer(ctx, identity.Jurisdiction{}, frame, func(q request) (any, error) {
		switch q.Op {
		case opRedeem:
			return d.redeem(ctx, binding, q.Body)
		case opEpoch:
			return d.epoch(ctx, q.Body)
		case opAnew:
			if d.Saw != nil {
				return d.anew(ctx, q.Body)
			}
		case opChain:
			return d.chain(ctx, q.Body)
		case opReplica:
			if d.Replica != nil {
				return d.Replica(ctx, binding, q.Body)
			}
		case opMember:
			if d.Member != nil {
				return d.member(q.Body)
			}
		case opLacked:
			if d.Lacked != nil {
				return d.lacked(ctx, q.Body)
			}
		case opClock:
			if d.Clocks != nil {
				return d.clock(ctx, q.Body, binding)
			}
		case opPresent:
			body, _, err := d.present(ctx, q.Body, identity.Jurisdiction{}, binding)
			return body, err
		}
		return d.open(ctx, q)
	})
}

// AnswerNeighbour answers one request of a neighbour over its link. knows is the number of this
// jurisdiction's own key set that the child says it knows; 0: the request says nothing of it.
// Nothing is redeemed over a link. Errors are as of Answer.
func (d Door) AnswerNeighbour(ctx context.Context, peer identity.Jurisdiction, frame []byte) (answer []byte, knows uint64, err error) {
	answer, err = d.answer(ctx, peer, frame, func(q request) (any, error) {
		switch q.Op {
		case opPresent:
			body, known, err := d.present(ctx, q.Body, peer, [32]byte{})
			knows = known
			return body, err
		case opProve:
			return d.prove(ctx, peer, q.Body)
		case opStale:
			return 0, d.stale(peer, q.Body)
		case opSeen:
			return d.seen(ctx, peer, q.Body)
		}
		return d.open(ctx, q)
	})
	return answer, knows, err
}

// open answers the requests that anybody may make.
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
	case opPiece:
		if d.Piece != nil {
			return d.piece(ctx, q.Body)
		}
	}
	return nil, text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": fmt.Sprintf("operation %d", q.Op)}, nil)
}

func (d Door) answer(ctx context.Context, peer identity.Jurisdiction, frame []byte, serve func(request) (any, error)) ([]byte, error) {
	var q request
	err := unmarshal(frame, &q)
	var body any
	if err == nil {
		err = d.await(ctx, peer, q.Op)
	}
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
	data, err := canon.Marshal(answer{Args: []string{}, Body: encoded})
	if len(data) > MaxAnswerLen {
		return refusal(failure.ChainLong(d.Parent.Name(), len(data), MaxAnswerLen, nil))
	}
	return data, err
}

func unmarshal(data []byte, into any) error {
	if err := canon.Unmarshal(data, MaxRequestLen, into); err != nil {
		return text.Fail(text.BadRequest, text.Args{"where": "xietong-join/1", "reason": err.Error()}, err)
	}
	return nil
}

// endorsed returns the levels down to this jurisdiction, the last with what is said of the child
// now. fresh says that its entry may be new.
func (d Door) endorsed(ctx context.Context, child identity.Jurisdiction, entry identity.Entry, fresh bool) (redeemed, error) {
	if d.Changed != nil && fresh {
		if err := d.Changed(ctx); err != nil {
			return redeemed{}, err
		}
	}
	levels, _, err := d.Parent.Chain(ctx)
	if err != nil {
		return redeemed{}, err
	}
	said, err := d.Say(ctx, child.Label())
	if err != nil {
		return redeemed{}, err
	}
	levels[len(levels)-1].Endorsement, levels[len(levels)-1].Standing = said.Proof, said.Standing
	return redeemed{Levels: levels, Entry: entry}, nil
}

// told returns the code and the values of an error that may be told over the wire.
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
	a := answer{Code: uint64(text.Number(code)), Args: append([]string{}, values...), Body: []byte{}}
	if proven, ok := errors.AsType[*tree.ProvenError](err); ok {
		a.Body = append(a.Body, proven.By...)
	}
	frame, encodeErr := canon.Marshal(a)
	if code == text.Internal {
		encodeErr = errors.Join(err, encodeErr)
	}
	return frame, encodeErr
}

// Asker carries a request to another jurisdiction and its answer back.
type Asker interface {
	Exchange(ctx context.Context, frame []byte) ([]byte, error)
}

// Conn is a connection to the parent's door. Binding returns 32 bytes that both ends derive from
// the TLS session of the connection.
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
		return &Refused{text.Failure{Code: code, Args: text.Named(code, a.Args)}, a.Body}
	}
	if err := canon.Unmarshal(a.Body, MaxAnswerLen, into); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return nil
}

// Offset asks for the parent's time and returns how far the clock of this machine is ahead of it.
// Nothing proves the answer: it serves to tell a person that a clock is wrong.
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
