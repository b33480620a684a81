// Package relay is one hop of a call: it signs and sends a request of a hosted jurisdiction,
// verifies, serves and answers the requests that come over a link, and passes on the requests that
// are for another jurisdiction.
//
// A hop checks the way: a child brings only origins in its own subtree, the parent only origins
// outside the hop's subtree, and no message goes back to the neighbour that brought it. The hop
// passes the message on unchanged, with less time and one hop less, to the neighbour that route
// names, and passes the answer back unchanged; it neither opens nor believes either. It checks that
// the answer has the form of one, is addressed to the asker, and comes from a jurisdiction on the
// way of the request. A hop keeps a part of the time for itself, so that a late jurisdiction is
// reported by the hop before it, and not by every hop.
//
// The destination verifies the signature by the key sets of the origin that are believed now,
// decrypts, runs the operation, and answers with a message of its own, bound to the request's hash
// and signed as every message is. The answer to a request that is not federated is encrypted to the
// asker. Only a refusal of an asker of which no usable key is known, or whose signature is by none
// of the known keys, goes in the clear; it holds a code, names of jurisdictions and a word of this
// package. The hop or destination that refuses a request answers it: a problem names the
// jurisdiction that it comes from. A frame that is not a message in form, is not a request, or
// bears the reader's own name as its origin (other than a federated request handed down, see below)
// gets a reset stream and no answer.
//
// An asker believes an answer when (1) the destination of the request signed it as an answer to the
// asker, or, if it is a problem, a hop on the way there did, (2) it decrypts, (3) it names the hash
// of the request, and (4) it is in time. A problem saying that the request was out of time need not
// be in time, because the two clocks are apart. Any other answer is AnswerRefused and is not shown.
// A message signed with a key that the known key sets do not list is judged once more by key sets
// that are fetched anew: a jurisdiction signs with a new key as soon as its neighbours know the
// key.
//
// An encapsulation of HPKE serves for many messages, and most messages only name it by its hash. A
// request does so once its destination has answered under the encapsulation; a destination that
// does not hold it (any more, or on this replica) refuses the request before it does anything else,
// and the asker sends the same message again with the whole, once. In the hop header, the request
// names the encapsulation of the destination that the asker holds, and an answer under that one
// refers to it. A hop that writes another hash there makes the answer useless, as it could anyway
// by dropping it.
//
// A federated request goes to its destination as any request does, and from there down: each
// jurisdiction that serves the request hands it on, unchanged, to the children that it is meant for
// (HandOn), so that each child verifies the asker's own signature. Each addresses its answer, also
// a refusal, to the asker, signed and in the clear, because the parent verifies and adds up the
// answers of its children (see gather). A jurisdiction below the destination gets the request from
// its parent, also if the asker lies in its own subtree or is the jurisdiction itself. A
// jurisdiction may ask its own subtree as often as it likes; for asking beyond it, which may reach
// a whole province and whose answers are kept for months, each child has a budget at its parent, at
// every hop up.
//
// Who pays is the neighbour that brought a request, and within its part the branch of the tree that
// the origin belongs to, and within that the branch below (see budget and route.Branches). The
// origin itself is a name that somebody on the way may have made up, so it gives nobody a part of
// its own. Places to be served, places toward each neighbour, and what a neighbour brings at once
// are shared so; proving and decrypting a message, and encoding and encrypting one, take their turn
// in the slots of the node. The signature does not: one is made at a time, for all messages that
// wait for it. What an operation does with the context that it is given is paid by the same.
//
// The asker chooses the id of a request, and may use the id again if the request came to nothing:
// an id stands for one use of the data, however often the asker has to ask. If the same is asked
// again under the id, the same message is sent again, while it lives.
//
// A request lives as long as its asker waits, and envelope.MaxSkew longer, because the two clocks
// may be that far apart. The hop header says how long the asker still waits, and of a message that
// is sent again at least half of what was signed; a hop takes no more time than that. Nobody signs
// the hop header: who got a request with less than a fair part of the time that the asker signed, a
// quarter at first, does not send it on, and where it is late says who handed it over so (Hurried).
// After Late, Hurried, AnswerRefused, or Unreachable because a link broke, the asker does not know
// whether the request was served. If it was, the same request gets the same answer, byte for byte,
// for ten minutes: to whoever lost it, and to a hop that would like to have another one. The memory
// for that is bounded (see answers), is of one replica, and is gone after a restart. A request that
// comes to another replica, because the first died or its link is doubted, is then answered by its
// operation once more, if that can tell the same under the record that stands (see records.Desk),
// or is refused as answered before, and only another id uses the data once more. The answer to a
// federated request is kept for longer, and by all replicas (see Shares).
//
// The package records nothing: an operation commits the use before it returns, and refuses an id
// that its origin used before, so a replay is refused on every replica and after a restart. The
// package holds no private key, makes no connection, and knows nothing of the business: its
// user hands in the operations, and the function that turns their errors into problems. A panic of
// an operation is not caught.
package relay

import (
	"context"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/answers"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
)

// Limits of a call.
const (
	MaxLife    = 15 * time.Minute // from issue to end: an id is remembered for longer than that
	MaxWait    = 2 * time.Minute  // most that a hop takes, whatever the hop header says
	MaxServing = 288              // requests that are served at once; a third of it for one branch, a quarter for one below that
	MaxToward  = 1024             // requests that are passed on to one neighbour at once; likewise
	MaxBrought = 8 << 20          // bytes of the requests of one neighbour that wait for their answers; likewise
	WideBurst  = 30               // federated requests of a branch beyond the child that brings them;
	WideEvery  = 10 * time.Second // then one of that child in each such time

	MaxGiven = 16 << 20 // bytes of answers that are kept, to be given again
	MaxAsked = 4 << 20  // bytes of requests that are kept, to be sent again

	MaxData = envelope.MaxContent - 1<<10 // bytes of parameters, or of a result

	maxArgs = 16      // values of a problem
	maxArg  = 1 << 10 // bytes of one

	requestCost = 24 << 10 // bytes that a request takes of MaxBrought beside its own: its stream, and more

	MaxBroughtAtOnce = MaxBrought / requestCost // requests of one neighbour that wait for their answers
)

// Code says why a hop or the destination refused a message. The numbers are those of the table of
// errors in docs/protocol.md, with the values in the order given here.
type Code uint16

// The codes that this package itself gives.
const (
	TooLarge         Code = 6  // where, size, limit: the parameters of a call, or a result
	WayRefused       Code = 72 // origin, peer: the origin does not belong on this link
	MessageRefused   Code = 73 // origin, reason: signature, key or body do not fit
	MessageExpired   Code = 74 // origin
	MessageFuture    Code = 75 // origin, by: the clocks of the two are apart
	Unreachable      Code = 76 // jurisdiction, reason
	Late             Code = 77 // jurisdiction
	Busy             Code = 78 // jurisdiction, again: seconds after which it is worth asking again
	UnknownOperation Code = 79 // operation, jurisdiction
	AnswerRefused    Code = 80 // jurisdiction, reason: the answer is not proven

	// It names who handed the request over, with how much of the time that its asker waits (ms).
	Hurried Code = 195 // jurisdiction, by, left, wait

	// Ask answers it itself, once: it sends the request again with the whole encapsulation.
	UnknownEncapsulation Code = 122 // jurisdiction: it does not hold what the request refers to

	// Trust gives these two of a jurisdiction that is not believed by its new keys, and they are
	// told as they are.
	KeysChanged  Code = 130 // name, jurisdiction, fingerprint, until
	KeysObjected Code = 133 // name, jurisdiction, fingerprint

	// Why a jurisdiction that the way leads to is not there; Local.Absent and Trust give them.
	PlaceNotJoined Code = 355 // jurisdiction, by
	PlaceInvited   Code = 356 // jurisdiction, by, until
	PlaceWithdrawn Code = 357 // jurisdiction, by, entry, when, until: of the invitation that waits
	PlaceExpired   Code = 358 // jurisdiction, by, until
)

// Problem is a refusal by the jurisdiction At.
type Problem struct {
	At   identity.Jurisdiction
	Code uint16
	Args []string
	Err  error // the cause, for the log; nil where At is another jurisdiction

	// Of a refusal that Ask brought back from another jurisdiction:
	Request  [32]byte // hash of the request
	Evidence []byte   // the refusal as At signed it: see Evidence
	Preimage []byte   // what the evidence commits to, by its SHA-256
	Frame    []byte   // the whole refusal as it came

	// Of AnswerRefused by this jurisdiction: what came, if another jurisdiction signed it and its
	// body could not be opened. It may be no answer to the request. nil: there is no such thing.
	Unopened []byte // see Evidence

	// Of AnswerRefused by this jurisdiction: who signed what is refused, where nobody on the way
	// can have brought that about. It is no answer at all, or answers this request in a way that is
	// not taken. Zero: it may be an older answer, a changed one, or another's.
	SignedBy identity.Jurisdiction
}

func (p *Problem) Error() string {
	if p.Err != nil {
		return fmt.Sprintf("refused by %s with code %d: %v", p.At, p.Code, p.Err)
	}
	return fmt.Sprintf("refused by %s with code %d %q", p.At, p.Code, p.Args)
}

func (p *Problem) Unwrap() error { return p.Err }

// Links carries frames to neighbours; *link.Socket is one.
type Links interface {
	Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func(frame []byte) error) error
}

// Trust gives the key sets that are believed now.
type Trust interface {
	// KeySets returns the key sets of a jurisdiction whose endorsement is in force, oldest first,
	// with the time for which each counts. With anew it fetches the key sets that the endorser has
	// now, but limits how often it does so. The error says why there are none; a *Problem is passed
	// to the asker unchanged.
	KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.Believed, error)
	// Kept returns those that KeySets would return without asking anybody; none where it would ask.
	Kept(of identity.Jurisdiction) []trust.Believed
}

// Received is a request whose origin is proven.
type Received struct {
	Header   envelope.Header
	Call     envelope.Call
	Evidence []byte // the request as its origin signed it: see Evidence

	message envelope.Envelope // as it came
}

// Hash returns the hash by which answers name the request.
func (r Received) Hash() [32]byte { return r.message.Hash() }

// Result is the result of an operation.
type Result struct {
	Content []byte
	Entry   identity.Entry // the ledger entry that records the use; zero: none
	// Stands, if not nil, says that the operation used up the id of the request: the same request
	// gets the same answer again, while Stands returns no error, and afterwards its error. An
	// operation that returns an error with it refused so.
	Stands func(context.Context) error
	// Basis is what Stands looks at, as Shares keeps it; nil: nothing, the answer always stands.
	Basis []byte
}

// Shares keeps what a jurisdiction answered to federated requests, for months and through restarts,
// so that the same request gets the same answer, and never another one. Many goroutines may use it.
type Shares interface {
	// Given returns the answer to the request; ok is false where there was none. It returns an
	// error if the request was answered and the answer is kept no more, or does not stand any more.
	Given(ctx context.Context, request [32]byte) (frame []byte, ok bool, err error)
	// Give keeps the answer to a request of the asker that the neighbour brought.
	Give(ctx context.Context, request [32]byte, neighbour, asker identity.Jurisdiction, frame, basis []byte) error
}

// Operation serves the calls of one kind. If the use must be recorded, the operation records it
// before it returns. Its context ends when the asker stops waiting.
type Operation func(ctx context.Context, r Received) (Result, error)

// Answer is a verified answer, as Ask brings it back.
type Answer struct {
	Result
	Request  [32]byte         // hash of the request
	ID       identity.Message // of the request
	Issued   time.Time        // when the request was; zero: of one that was handed on
	Evidence []byte           // the answer as the destination signed it
	Preimage []byte           // what the evidence commits to, by its SHA-256
	Frame    []byte           // the whole answer as it came
}

// Steps of a call, as Local.Steps is told of them.
const (
	AskSign     = "ask-sign"
	AskSend     = "ask-send" // until the answer is there
	AskVerify   = "ask-verify"
	ServeVerify = "serve-verify" // from the frame to the operation
	ServeRun    = "serve-run"    // the operation
	ServeSign   = "serve-sign"
	Pass        = "pass"  // from the frame of the request to that of the answer
	HandOver    = "share" // of a federated request: from handing it on to the verified answer
)

// Local is a hosted jurisdiction, as a relay needs it. Many goroutines may call its functions.
type Local struct {
	Name   identity.Jurisdiction
	Parent func() (identity.Jurisdiction, bool)   // false: a root, or not joined
	Child  func(child identity.Jurisdiction) bool // whether the direct child is endorsed now
	Signer func() envelope.Signer                 // called for each signature: keys change
	// Absent, if not nil, says why a direct child is not endorsed now: a code of Problem.Absent,
	// and its values.
	Absent func(child identity.Jurisdiction) (code uint16, args []string)
	// CutOff, if not nil, says why the parent has no link with this jurisdiction, where the parent
	// itself said so: a code of Problem.Absent, and its values; 0: it did not.
	CutOff     func() (code uint16, args []string)
	Opener     *envelope.Opener
	Trust      Trust
	Links      Links
	Operations *Registry     // that this jurisdiction serves
	Shares     Shares        // nil: the answer to a federated request is kept no longer than any other
	Slots      *budget.Slots // of the node; nil: as many as there are goroutines
	// Problem turns the error of an operation into a code, a row of the table of errors and never
	// 0, and its values.
	Problem func(error) (code uint16, args []string)
	Now     func() time.Time
	// Forgotten, if not nil, reports whether a message may have been served, and forgotten, while
	// the clock was ahead: it is refused as one that is over.
	Forgotten func(issued, expires time.Time) bool
	// Withheld, if not nil, returns why this jurisdiction answers no other now; nil: it answers.
	// What is for others is passed on all the same.
	Withheld func() error
	// Unheard, if not nil, returns why it does not run an operation yet that another one asks for;
	// nil: it runs it. It is asked once the request is proven, or is one that was answered before,
	// operation "" then; peer is the neighbour that brought it.
	Unheard func(ctx context.Context, peer identity.Jurisdiction, operation string) error
	// Steps, if not nil, is told how long each step of a call took.
	Steps func(step string, took time.Duration)
	// Refused, if not nil, is told of every request of a peer that was answered with a problem, for
	// the log. The header may be false.
	Refused func(peer identity.Jurisdiction, request envelope.Header, p *Problem)
}

// Relay asks and serves for one hosted jurisdiction. Many goroutines may use it.
type Relay struct {
	l          Local
	batch      *envelope.Batcher
	recipients recipients
	serving    *budget.Places
	toward     *budget.PlacesToward
	brought    *budget.PlacesToward // in bytes
	wide       *budget.Rates        // federated requests of children beyond their own subtrees
	given      *answers.Store[given]
	asked      *answers.Store[envelope.Envelope] // requests of this jurisdiction
	came       *came
}

// New returns the relay of a hosted jurisdiction.
func New(l Local) *Relay {
	return &Relay{
		l: l, batch: envelope.NewBatcher(l.Signer, l.Slots), recipients: recipients{now: l.Now, kept: map[identity.Jurisdiction]*recipient{}},
		serving: budget.NewPlaces(MaxServing), toward: budget.NewPlacesToward(MaxToward), brought: budget.NewPlacesToward(MaxBrought),
		wide:  budget.NewRates(3*WideBurst, 1/WideEvery.Seconds()), // one branch alone may have a third, one below that a quarter
		given: answers.New[given](MaxGiven), asked: answers.New[envelope.Envelope](MaxAsked), came: newCame(l.Now),
	}
}

// step begins a step and returns the function that ends it.
func (r *Relay) step(name string) func() {
	if r.l.Steps == nil {
		return func() {}
	}
	began := time.Now()
	return func() { r.l.Steps(name, time.Since(began)) }
}

// refuse returns a problem at this jurisdiction.
func (r *Relay) refuse(code Code, err error, args ...string) *Problem {
	return &Problem{At: r.l.Name, Code: uint16(code), Args: args, Err: err}
}
