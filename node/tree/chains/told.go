package chains

import (
	"errors"
	"slices"

	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/exchange/route"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// Told is a refusal of a neighbour that was asked for a chain. Nothing proves it: it is the word of
// that neighbour alone, also where the neighbour says that another told it. So it is told as such,
// and ends no belief in a chain that was proven.
type Told struct {
	By      identity.Jurisdiction
	Failure *text.Failure
}

func (t *Told) Error() string { return "told by " + t.By.String() + ": " + t.Failure.Error() }

func (t *Told) Unwrap() error { return t.Failure }

// isTold reports whether a chain was not found because a neighbour says so. One that says that what
// it got does not verify is not meant: somebody on the way may be hiding a withdrawal, and belief
// ends, as where that came here.
func isTold(err error) bool {
	t, told := errors.AsType[*Told](err)
	return told && t.Failure.Code != text.AnswerRefused
}

// mayTell are the codes with which a neighbour may refuse a chain. Any other would put commands, or
// alarms of another node, before a person here, or an accusation, as that a third one holds
// requests back.
var mayTell = []text.Code{
	text.Unreachable, text.Late, text.Busy, text.Overloaded, text.AnswerRefused, text.Internal,
	text.PlaceNotJoined, text.PlaceInvited, text.PlaceWithdrawn, text.PlaceExpired, text.BeingVerified,
}

// heardFrom returns what a neighbour refused a chain with, as far as it may say so: about a
// jurisdiction on the way from it to the one that the question is about, and with values that are
// of their kinds. An honest neighbour brings the proof of a withdrawal (see Prove), unless the
// neighbour itself, or one above it, was cut off. So without that none is told: nobody else is said
// to have withdrawn anything.
func heardFrom(neighbour identity.Jurisdiction, w door.Wanted, f *text.Failure) error {
	_, formed := failure.Formed(neighbour, f.Code, f.Args)
	named, names := f.Args["jurisdiction"]
	about, err := identity.ParseJurisdiction(named)
	onTheWay := !names || err == nil && (about == w.Name || slices.Contains(route.Path(neighbour, w.Name), about))
	above, below := about.Parent()
	switch {
	case !formed || !onTheWay || !slices.Contains(mayTell, f.Code):
		f = failure.OtherForm(neighbour, nil)
	case f.Code == text.PlaceWithdrawn && !(below && neighbour.Under(about)):
		f = &text.Failure{Code: text.Unreachable, Args: text.Args{"jurisdiction": named, "reason": relay.NotEndorsed}}
	}
	if _, has := f.Args["by"]; has {
		f.Args["by"] = above.String() // nobody else endorses it
	}
	return &Told{By: neighbour, Failure: f}
}
