// Package relay is one hop of a call: it signs and sends a request of a hosted jurisdiction, and verifies, serves and answers
// what comes over a link.
//
// A hop checks the way: from a child only origins in that child's subtree come, from the parent only origins outside one's
// own. The destination verifies the signature, decrypts, and answers with a message of its own, bound to the request's hash
// and signed as every message is. A request that is refused is answered too, by whoever refused it: a problem names the hop
// that it is from. What is no message at all gets a reset stream and no answer.
//
// The package keeps nothing and records nothing: an operation commits the use before it returns, and refuses an id that it
// has seen, so a replay is refused on every replica and after a restart. It holds no private key, makes no connection, and
// knows no word of the business: operations are handed in, and an error becomes a problem by the function that is handed in
// with them.
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
	MaxLife   = 15 * time.Minute // from issue to end: an id is remembered for longer than that
	MaxWait   = 2 * time.Minute  // that a hop works on a request, whatever the hop header says
	maxReason = 200              // bytes of a reason in a problem
)

// Code says why a hop or the destination refused a message. The numbers are those of the table of errors in
// docs/protocol.md, with the values in the order given here.
type Code uint16

// The codes that this room itself gives.
const (
	NotRouted        Code = 71 // destination, neighbour: messages go between neighbours only
	WayRefused       Code = 72 // origin, peer: the origin does not belong on this link
	MessageRefused   Code = 73 // origin, reason: signature, key or body do not fit
	MessageExpired   Code = 74 // origin
	MessageFuture    Code = 75 // origin, by: the clocks of the two are apart
	Unreachable      Code = 76 // jurisdiction, reason
	Late             Code = 77 // jurisdiction
	UnknownOperation Code = 79 // operation, jurisdiction
	AnswerRefused    Code = 80 // jurisdiction, reason: what came back does not prove to be the answer
)

// Problem is a refusal by the jurisdiction At.
type Problem struct {
	At   identity.Jurisdiction
	Code uint16
	Args []string
}

func (p *Problem) Error() string {
	return fmt.Sprintf("refused by %s with code %d %q", p.At, p.Code, p.Args)
}

// Links carries frames to neighbours; *link.Socket is one.
type Links interface {
	Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func(frame []byte) error) error
}

// Trust says whose signatures are believed now.
type Trust interface {
	// KeySets returns the key sets of a jurisdiction whose endorsement is in force, oldest first. The error says why there
	// are none.
	KeySets(of identity.Jurisdiction) ([]trust.KeySet, error)
}

// Received is a request whose origin is proven.
type Received struct {
	Header   envelope.Header
	Call     envelope.Call
	Evidence []byte // the request as its origin signed it: see Evidence
}

// Result is what an operation gives.
type Result struct {
	Content []byte
	Entry   identity.Entry // that the use was recorded as; zero: none
}

// Operation serves the calls of one kind. Where a use must be recorded, it has recorded it before it returns.
type Operation func(ctx context.Context, r Received) (Result, error)

// Answer is what Ask brings back, verified.
type Answer struct {
	Result
	Request  [32]byte // hash of the request
	ID       identity.Message
	Evidence []byte // the answer as the destination signed it
}
