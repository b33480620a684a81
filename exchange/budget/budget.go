// Package budget shares what a node has to give among those who ask for it, so that nobody who asks
// for much takes it from the others.
//
// Whoever asks is a Payer: first the neighbour whose identity the connection proved, and only then
// the origin that the neighbour names. What a sender writes cannot be what the sender is measured
// by: a neighbour that invents origins divides its own part and gets nothing more. The agencies of
// the node's own jurisdictions are one neighbour, Local.
//
// There are three kinds of budget. Places bounds what is under way at once. Rate bounds what is
// spent over time, such as bytes that are recorded. Slots shares the processors: work that only
// computes runs in one of as many slots as there are processors, and whoever has used least goes
// first. Long work gives its slot up after 10 ms where somebody waits, and after 1 ms where that is
// a neighbour that has used less and holds fewer slots: it was lent what is now wanted. The last
// free slot is not lent again before that neighbour has stayed away for 10 ms. While another
// neighbour is here, long work leaves its processor alone for a moment each millisecond.
//
// Places and Rate divide by one rule, which needs no list of those who could come: a payer may hold
// as much as is still free for it. One neighbour that is alone may hold a third of all; n
// neighbours that each take what they can hold 1/(n+2) each, and leave two thirds of that to the
// next one that comes. The origins of one neighbour divide its part by the same rule, and so do
// those within one origin, where a payer names one (a quarter of all is the most for it then). So
// there is always some left for somebody new, and what nobody uses is lent.
//
// The package does no I/O and starts no goroutine. It knows no message: it is told who pays.
package budget

import (
	"context"
	"fmt"
	"time"
)

// Local is the neighbour that the agencies of this node's own jurisdictions are.
const Local = "local"

// Payer is who pays.
type Payer struct {
	Neighbour string // proven: a jurisdiction, or Local; all who knock at the door are one
	Origin    string // within it, as the neighbour says: a jurisdiction or an agency
	Within    string // within the origin, as the neighbour says; "": nothing apart
}

type payerKey struct{}

// With returns a context whose work the payer pays for.
func With(ctx context.Context, p Payer) context.Context {
	return context.WithValue(ctx, payerKey{}, p)
}

// PayerOf returns who pays for the work of a context. Nobody pays for what the node does of its own
// accord; it is not held up.
func PayerOf(ctx context.Context) (Payer, bool) {
	p, ok := ctx.Value(payerKey{}).(Payer)
	return p, ok
}

// SpentError is the refusal of work whose payer has spent its part.
type SpentError struct {
	Payer Payer
	Again time.Duration // after which there is room for the same work, if the payer asks for nothing else
}

func (e *SpentError) Error() string {
	return fmt.Sprintf("%s for %s has spent its part; again in %s", e.Payer.Neighbour, e.Payer.Origin, e.Again)
}

// Seconds returns Again in whole seconds, rounded up, and at least 1: what Retry-After says (RFC
// 9110 §10.2.3).
func (e *SpentError) Seconds() int64 {
	return max(1, int64((e.Again+time.Second-1)/time.Second))
}
