// Package relay is one hop of a call: it signs and sends a request of a hosted jurisdiction, verifies, serves and answers what
// comes over a link, and passes on what is for somebody else.
//
// A hop checks the way: from a child only origins in that child's subtree come, from the parent only origins outside one's
// own, and nothing goes back to the neighbour that brought it. It passes the message on as it is, with less time and one hop
// less, to whom route says, and the answer back as it is; it neither opens nor believes either. Of an answer it checks that it
// is one in form, to the asker, by somebody on the way that it sent the request. So that who is late is told by the hop before
// it, and not by each, a hop keeps a part of the time for itself.
//
// The destination verifies the signature by the key sets of the origin that are believed now, decrypts, runs the operation,
// and answers with a message of its own, bound to the request's hash and signed as every message is. An answer is encrypted
// to its origin; in the clear there are only refusals of an origin of which no key is known, and they hold a code, names of
// jurisdictions and a word of this package. A request that is refused is answered too, by whoever refused it: a problem names
// the hop that it is from. What is no message in form, is no request, or bears one's own name as its origin gets a reset
// stream and no answer.
//
// An asker believes an answer when (1) its destination or, a problem only, a hop on the way there signed it as an answer to
// the asker, (2) it decrypts, (3) it names the hash of the request, and (4) it is in time, unless it says that the request was
// not, because the clocks of the two are apart. Anything else is AnswerRefused and is not shown. A message signed with a key
// that the known key sets do not list is judged once more by those that are asked for anew: whoever has a new key signs with
// it as soon as its neighbours know it.
//
// A federated request goes to its destination as any request does, and from there down: whoever serves it hands it on, as it
// is, to those of its children whom it is meant for (Share), so that each of them proves the asker's own signature. Each
// answers it to the asker, signed and in the clear, a refusal too: what children answer is added up by their parent, which
// verifies it (see gather). From the parent it comes to those below its destination, whoever asks, be it somebody of their own
// subtree, or they themselves. One's own subtree may be asked as often as one will; for asking others, who may be a whole
// province, each child has a budget at its parent, the first hop.
//
// The id of a request is chosen by whoever asks, who may use it again where nothing came of it: an id stands for one use of
// the data, however often it has to be asked for.
//
// A request lives as long as its asker waits, and envelope.MaxSkew longer, because the clocks of the two may be so far apart;
// how long the asker still waits travels beside it, and is all the time that a hop takes. After Late, AnswerRefused, or
// Unreachable because a link broke, the asker does not know whether the request was served. Asked again with its id, it is
// refused where it was; only with another id are the data used once more.
//
// The package keeps nothing and records nothing: an operation commits the use before it returns, and refuses an id that it
// has seen, so a replay is refused on every replica and after a restart. It holds no private key, makes no connection, and
// knows no word of the business: operations are handed in, and an error becomes a problem by the function that is handed in
// with them. A panic of an operation is not caught.
package relay

import (
	"context"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
)

// Limits of a call.
const (
	MaxLife    = 15 * time.Minute // from issue to end: an id is remembered for longer than that
	MaxWait    = 2 * time.Minute  // that a hop works on a request, whatever the hop header says
	MaxServing = 64               // requests of one origin that are served at once
	MaxFrom    = 128              // requests of one origin that are passed on at once
	MaxToward  = 1024             // requests that are passed on to one neighbour at once
	WideBurst  = 30               // federated requests of a child to those who are not below it; after that
	WideEvery  = 30 * time.Second // one in so long: hops keep what is answered for months

	MaxData = envelope.MaxContent - 1<<10 // bytes of parameters, or of a result

	maxArgs = 16      // values of a problem
	maxArg  = 1 << 10 // bytes of one
)

// Code says why a hop or the destination refused a message. The numbers are those of the table of errors in
// docs/protocol.md, with the values in the order given here.
type Code uint16

// The codes that this room itself gives.
const (
	TooLarge         Code = 6  // where, size, limit: the parameters of a call, or what an operation gave
	WayRefused       Code = 72 // origin, peer: the origin does not belong on this link
	MessageRefused   Code = 73 // origin, reason: signature, key or body do not fit
	MessageExpired   Code = 74 // origin
	MessageFuture    Code = 75 // origin, by: the clocks of the two are apart
	Unreachable      Code = 76 // jurisdiction, reason
	Late             Code = 77 // jurisdiction
	Busy             Code = 78 // jurisdiction
	UnknownOperation Code = 79 // operation, jurisdiction
	AnswerRefused    Code = 80 // jurisdiction, reason: what came back does not prove to be the answer
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

// Trust says whose signatures are believed now.
type Trust interface {
	// KeySets returns the key sets of a jurisdiction whose endorsement is in force, oldest first; anew: those that whoever
	// endorsed it has now, though not at any rate. The error says why there are none; a *Problem is told to the asker as it is.
	KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.KeySet, error)
}

// Received is a request whose origin is proven.
type Received struct {
	Header   envelope.Header
	Call     envelope.Call
	Evidence []byte // the request as its origin signed it: see Evidence

	message envelope.Envelope // as it came
}

// Hash stands for the request in its answers.
func (r Received) Hash() [32]byte { return r.message.Hash() }

// Result is what an operation gives.
type Result struct {
	Content []byte
	Entry   identity.Entry // that the use was recorded as; zero: none
}

// Operation serves the calls of one kind. Where a use must be recorded, it has recorded it before it returns. Its context
// ends when the asker waits no more.
type Operation func(ctx context.Context, r Received) (Result, error)

// Answer is what Ask brings back, verified.
type Answer struct {
	Result
	Request  [32]byte         // hash of the request
	ID       identity.Message // of the request
	Evidence []byte           // the answer as the destination signed it
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
	ShareOut    = "share" // of a federated request, from the request to a child to its answer, verified
)

// Local is a hosted jurisdiction, and what a relay needs of it. All of it may be called by many goroutines.
type Local struct {
	Name       identity.Jurisdiction
	Parent     func() (identity.Jurisdiction, bool)   // false: a root, or not joined
	Child      func(child identity.Jurisdiction) bool // whether the direct child is endorsed now
	Signer     func() envelope.Signer                 // asked for each message: the key may be renewed between two
	Opener     *envelope.Opener
	Trust      Trust
	Links      Links
	Operations map[identity.Label]Operation // not changed any more
	Federated  map[identity.Label]Operation // those of federated requests; not changed any more
	// Problem tells the error of an operation: a row of the table of errors, not 0, with its values.
	Problem func(error) (code uint16, args []string)
	Now     func() time.Time
	// Steps, if not nil, is told how long each step of a call took.
	Steps func(step string, took time.Duration)
	// Refused, if not nil, is told of every request of a peer that was answered with a problem, for the log. Nothing of the
	// header need be true.
	Refused func(peer identity.Jurisdiction, request envelope.Header, p *Problem)
}

// Relay asks and serves for one hosted jurisdiction. Many goroutines may use it.
type Relay struct {
	l          Local
	recipients recipients
	serving    places // by origin
	from       places // passed on, by origin
	toward     places // passed on, by the neighbour that they go to
	wide       budget // federated requests of children to those who are not below them
}

// New returns the relay of a hosted jurisdiction.
func New(l Local) *Relay {
	return &Relay{
		l: l, recipients: recipients{now: l.Now, byKey: map[[32]byte]*recipient{}},
		serving: newPlaces(MaxServing), from: newPlaces(MaxFrom), toward: newPlaces(MaxToward),
		wide: newBudget(WideBurst, WideEvery),
	}
}

// step begins a step and returns what ends it.
func (r *Relay) step(name string) func() {
	if r.l.Steps == nil {
		return func() {}
	}
	began := time.Now()
	return func() { r.l.Steps(name, time.Since(began)) }
}

// refuse returns a problem of our own.
func (r *Relay) refuse(code Code, err error, args ...string) *Problem {
	return &Problem{At: r.l.Name, Code: uint16(code), Args: args, Err: err}
}
