package relay

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/route"
)

// The reasons of MessageRefused and AnswerRefused: words, which node/text tells in a sentence.
const (
	notEndorsed   = "not endorsed"
	keysNotFound  = "keys not found"
	unknownKey    = "unknown signing key"
	badSignature  = "signature does not fit"
	badBody       = "body does not fit"
	badEncryption = "unusable decryption key"
	badForm       = "another form"
	longLife      = "lives too long"
	noHops        = "no hops left"
	expired       = "expired"
	fromFuture    = "from the future"
	bySomebody    = "from somebody else"
	noAnswer      = "no answer to this request"
	inClear       = "not encrypted"
	notOne        = "not one frame"
)

// The reasons of Unreachable, beside those of link.
const (
	noLink  = "no-link"
	noRoute = "no-route"
)

// reasonOf says which check of envelope a message did not pass.
func reasonOf(err error) string {
	if p, ok := errors.AsType[*Problem](err); ok && (len(p.Args) == 0 || p.Args[len(p.Args)-1] != notEndorsed) {
		return keysNotFound // somebody on the way to them is away
	}
	for _, known := range []struct {
		err    error
		reason string
	}{
		{errNotEndorsed, notEndorsed},
		{envelope.ErrUnknownKey, unknownKey},
		{envelope.ErrSignature, badSignature},
		{envelope.ErrBody, badBody},
	} {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	return badForm // envelope.ErrMalformed, envelope.ErrBatch
}

// next returns to whom a message for the destination goes: oneself, or a neighbour.
func (r *Relay) next(destination identity.Jurisdiction) (identity.Jurisdiction, *Problem) {
	parent, _ := r.l.Parent()
	step := route.Next(r.l.Name, route.Neighbours{Parent: parent, Child: r.l.Child}, destination)
	switch {
	case step.Way == route.Nowhere && step.To.IsZero():
		return step.To, r.refuse(Unreachable, nil, destination.String(), noRoute)
	case step.Way == route.Nowhere:
		return step.To, r.refuse(Unreachable, nil, step.To.String(), notEndorsed)
	}
	return step.To, nil
}

// unreachable tells why an exchange with a neighbour came to nothing: our time is up, or the link is not there or broke. It
// is nil where the caller gave up.
func (r *Relay) unreachable(ctx context.Context, to identity.Jurisdiction, err error) *Problem {
	broken, isBroken := errors.AsType[*link.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return r.refuse(Late, err, to.String())
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, link.ErrNoLink):
		return r.refuse(Unreachable, err, to.String(), noLink)
	case isBroken:
		return r.refuse(Unreachable, err, to.String(), string(broken.Reason))
	}
	return r.refuse(Unreachable, err, to.String(), string(link.Broken))
}

// told makes the values of a problem fit into an answer.
func told(args []string) []string {
	fit := make([]string, 0, min(len(args), maxArgs))
	for _, arg := range args[:min(len(args), maxArgs)] {
		fit = append(fit, clip(strings.ToValidUTF8(arg, "\uFFFD")))
	}
	return fit
}

// clip cuts valid UTF-8 to maxArg bytes, between two characters.
func clip(s string) string {
	if len(s) <= maxArg {
		return s
	}
	end := maxArg
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
