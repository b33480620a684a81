package relay

import (
	"context"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/route"
)

// hurried is the part of the time the asker waits that a request must still have when it is handed
// over first, and spent the part of that which every hop on the way may take. With less, being late
// is no word of whoever got it so.
const (
	hurried = 4
	spent   = 5
)

// haste is a request that was handed over with little of the time that its asker waits. What is
// left stands in the hop header, which nobody signs; how long the asker waits stands in the header
// that it signed.
type haste struct {
	by         identity.Jurisdiction
	left, wait time.Duration
}

type hasteKey struct{}

// hasten returns the context for a request, which says whether it was handed over in haste.
func (r *Relay) hasten(ctx context.Context, in *inbound) context.Context {
	left := time.Duration(in.Hop.Remaining) * time.Millisecond
	if left >= fair(in.header, r.l.Name, r.handedDown(in.peer, in.header)) {
		return ctx
	}
	return context.WithValue(ctx, hasteKey{}, haste{in.peer, left, waits(in.header)})
}

// waits returns how long the asker of a request waits, as it signed.
func waits(h envelope.Header) time.Duration {
	return min(h.Expires.Sub(h.Issued)-envelope.MaxSkew, MaxWait)
}

// fair returns the time that a request must have when it is handed over to a jurisdiction on its
// way, or handed down to it from its destination. It falls from hop to hop by more than a hop keeps
// for itself. So a hop that got its fair time can give the next one a fair time, and one that
// cannot refuses in its own name: whoever says that a request came too late never says so of an
// honest neighbour.
func fair(h envelope.Header, to identity.Jurisdiction, down bool) time.Duration {
	left := waits(h) / hurried
	for range hops(h, to, down) - 1 {
		left -= left / spent
	}
	return left
}

// hops returns how often a request was handed over when it is at a jurisdiction on its way. A
// federated one may go all the way up, and down from its destination to those on that way too.
func hops(h envelope.Header, at identity.Jurisdiction, down bool) int {
	between := func(from, to identity.Jurisdiction) int { return max(len(route.Path(from, to))-1, 0) }
	if down {
		return between(h.Origin, h.Destination) + between(h.Destination, at)
	}
	return between(h.Origin, at)
}

// remaining returns the time that the asker of a request hands it over with: what is left to it.
// A message that is sent again may have been signed for longer than its asker now waits. No hop is
// to blame for that; the asker, who leaves when its time is up, then says half of what it signed.
func remaining(ctx context.Context, e envelope.Envelope) uint32 {
	return uint32(max(left(ctx), waits(e.Header())/2, 0).Milliseconds())
}

// handedOn returns the time with which a federated request is handed on to a child: what is left,
// but for a part in which the answers are merged. For the asker itself it is as remaining says.
func (r *Relay) handedOn(ctx context.Context, h envelope.Header) time.Duration {
	wait := left(ctx)
	wait -= min(wait/keptPart, keptMost)
	if h.Origin == r.l.Name {
		wait = max(wait, waits(h)/2)
	}
	return wait
}

// Haste returns the values of Hurried if ctx belongs to a request that was handed over to a
// jurisdiction with little of the time that its asker waits.
func Haste(ctx context.Context, at identity.Jurisdiction) (args []string, ok bool) {
	h, ok := ctx.Value(hasteKey{}).(haste)
	if !ok {
		return nil, false
	}
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	return []string{at.String(), h.by.String(), ms(h.left), ms(h.wait)}, true
}

// late returns the problem of a request for which the time is up: somebody did not answer in time,
// unless the request was handed over with too little of it. No hop can have another say that it
// was late.
func (r *Relay) late(ctx context.Context, err error, who identity.Jurisdiction) *Problem {
	if args, ok := Haste(ctx, r.l.Name); ok {
		return r.refuse(Hurried, err, args...)
	}
	return r.refuse(Late, err, who.String())
}
