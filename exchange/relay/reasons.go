package relay

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/route"
)

// The reasons of MessageRefused and AnswerRefused: words, which node/ground/text tells in a
// sentence.
const (
	NotEndorsed   = "not endorsed" // of Unreachable too: no endorsement is in force
	keysNotFound  = "keys not found"
	UnknownKey    = "unknown signing key"
	otherTime     = "unknown signing key, at another time" // it may be known by the time of now
	badSignature  = "signature does not fit"
	badBody       = "body does not fit"
	notHeld       = "encapsulation not held"
	badEncryption = "unusable decryption key"
	badForm       = "another form"
	longLife      = "lives too long"
	noHops        = "no hops left"
	expired       = "expired"
	fromFuture    = "from the future"
	bySomebody    = "from somebody else"
	noAnswer      = "no answer to this request"
	inClear       = "not encrypted"
	notClear      = "not in the clear"
	notOne        = "not one frame"
)

// The reasons of Unreachable, beside those of link.
const (
	NoLink  = "no-link"
	NoRoute = "no-route"
)

// Reason returns the reason of the problem; "" where its code has none.
func (p *Problem) Reason() string {
	switch Code(p.Code) {
	case MessageRefused, AnswerRefused, Unreachable:
		if len(p.Args) == 2 {
			return p.Args[1]
		}
	}
	return ""
}

// Absent reports whether the problem is that a jurisdiction on the way, or the destination, is not
// endorsed: it did not join, or was withdrawn or not renewed. What anybody else than who may say so
// tells is hearsay.
func (p *Problem) Absent() bool {
	if Code(p.Code) == Unreachable {
		return p.Reason() == NotEndorsed
	}
	return tellsAbsence(Code(p.Code)) && !p.Hearsay()
}

// Hearsay reports whether the problem says why a jurisdiction is not endorsed, and whoever says so
// is not its parent, nor, where it joined once, the jurisdiction itself, whom the parent told; or
// the entry that is named is not one of the parent's.
func (p *Problem) Hearsay() bool {
	if !tellsAbsence(Code(p.Code)) {
		return false
	}
	said := append(slices.Clone(p.Args), "", "", "")
	about, err := identity.ParseJurisdiction(said[0])
	above, below := about.Parent()
	if err != nil || !below || said[1] != above.String() {
		return true
	}
	if entry := said[2]; Code(p.Code) == PlaceWithdrawn && entry != "" {
		if e, err := identity.ParseEntry(entry); err != nil || e.Log().Jurisdiction() != above {
			return true
		}
	}
	joined := Code(p.Code) == PlaceWithdrawn || Code(p.Code) == PlaceExpired
	return p.At != above && !(joined && p.At == about)
}

// tellsAbsence reports whether a code says why a jurisdiction is not endorsed. The first of its
// values is the jurisdiction, and the second its parent.
func tellsAbsence(c Code) bool {
	return c == PlaceNotJoined || c == PlaceInvited || c == PlaceWithdrawn || c == PlaceExpired
}

// absent returns the problem of a direct child that is not endorsed.
func (r *Relay) absent(child identity.Jurisdiction) *Problem {
	if r.l.Absent == nil {
		return r.refuse(Unreachable, nil, child.String(), NotEndorsed)
	}
	code, args := r.l.Absent(child)
	return r.refuse(Code(code), nil, args...)
}

// reasonOf says which check of envelope a message did not pass.
func reasonOf(err error) string {
	if p, ok := errors.AsType[*Problem](err); ok && p.Reason() != NotEndorsed && !p.Absent() {
		return keysNotFound // a jurisdiction on the way to the key sets is away
	}
	for _, known := range []struct {
		err    error
		reason string
	}{
		{errNotEndorsed, NotEndorsed},
		{envelope.ErrUnknownKey, UnknownKey},
		{envelope.ErrSignature, badSignature},
		{envelope.ErrUnknownEncapsulation, notHeld},
		{envelope.ErrBody, badBody},
	} {
		if errors.Is(err, known.err) {
			return known.reason
		}
	}
	return badForm // envelope.ErrMalformed
}

// next returns the jurisdiction that a message for the destination goes to: this one, or a
// neighbour.
func (r *Relay) next(destination identity.Jurisdiction) (identity.Jurisdiction, *Problem) {
	parent, _ := r.l.Parent()
	step := route.Next(r.l.Name, route.Neighbours{Parent: parent, Child: r.l.Child}, destination)
	switch {
	case step.Way == route.Nowhere && step.To.IsZero():
		return step.To, r.refuse(Unreachable, nil, destination.String(), NoRoute)
	case step.Way == route.Nowhere:
		return step.To, r.absent(step.To)
	}
	return step.To, nil
}

// unreachable returns the problem of an exchange with a neighbour that failed: the time is up, or
// the link is not there or broke. It returns nil if the caller gave up.
func (r *Relay) unreachable(ctx context.Context, to identity.Jurisdiction, err error) *Problem {
	broken, isBroken := errors.AsType[*link.Error](err)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return r.late(ctx, err, to)
	case ctx.Err() != nil:
		return nil
	case errors.Is(err, link.ErrNoLink):
		return r.unlinked(to, err)
	case isBroken:
		return r.refuse(Unreachable, err, to.String(), string(broken.Reason))
	}
	return r.refuse(Unreachable, err, to.String(), string(link.Broken))
}

// unlinked returns the problem of a neighbour to which there is no link. Whoever is withdrawn tells
// those below it just that: the network has nothing to do with it.
func (r *Relay) unlinked(to identity.Jurisdiction, err error) *Problem {
	if parent, below := r.l.Parent(); below && to == parent && r.l.CutOff != nil {
		if code, args := r.l.CutOff(); code != 0 {
			return r.refuse(Code(code), err, args...)
		}
	}
	return r.refuse(Unreachable, err, to.String(), NoLink)
}

// told cuts the values of a problem so that they fit into an answer.
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
