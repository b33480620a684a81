package relay

import (
	"context"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
)

// hurried is the part of the time the asker waits that a request must still have when it is handed
// over. With less, being late is no word of whoever got it so.
const hurried = 4

// haste is a request that was handed over with little of the time that its asker waits. What is
// left stands in the hop header, which nobody signs; how long the asker waits stands in the header
// that it signed.
type haste struct {
	by         identity.Jurisdiction
	left, wait time.Duration
}

type hasteKey struct{}

// hasten returns the context for a request, which says whether it was handed over in haste.
func (in *inbound) hasten(ctx context.Context) context.Context {
	wait := min(in.header.Expires.Sub(in.header.Issued)-envelope.MaxSkew, MaxWait)
	left := time.Duration(in.Hop.Remaining) * time.Millisecond
	if left >= wait/hurried {
		return ctx
	}
	return context.WithValue(ctx, hasteKey{}, haste{in.peer, left, wait})
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
