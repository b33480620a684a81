package api

import (
	"maps"

	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/ground/text"
)

// causeOf returns a failure with the cause that this jurisdiction knows beside it. What the parent
// said of these keys, and why its link is not up, is known here alone; and the roster tells a place
// that did not join from one that there is not. What another jurisdiction told of its links stays.
func (s *server) causeOf(h Hosted, f *text.Failure, elsewhere bool) *text.Failure {
	named := f.Args["jurisdiction"]
	if f.Code == text.CutAlready {
		named = f.Args["name"]
	}
	about, err := identity.ParseJurisdiction(named)
	if err != nil {
		return f
	}
	above, _ := about.Parent()
	switch {
	case f.Code == text.PlaceWithdrawn && about == h.Ledger.Name():
		return s.denied(h, f)
	case f.Code == text.PlaceWithdrawn && above == h.Ledger.Name():
		if own := text.AsFailure(h.Standing.Absent(about)); own.Code == f.Code { // tells of an invitation, too
			f = own
		}
		return s.hereToo(f, about)
	case f.Code == text.PlaceWithdrawn, f.Code == text.CutAlready:
		return s.hereToo(f, about)
	case f.Code == text.PlaceNotJoined:
		if _, listed := h.Standing.Current().Of(about); !listed {
			return &text.Failure{Code: text.PlaceNowhere, Args: f.Args, Err: f.Err}
		}
	case !elsewhere && f.Code == text.Unreachable && f.Args["reason"] == relay.NoLink:
		return s.unlinked(h, about, f)
	}
	return f
}

// unlinked returns why there is no link to a neighbour, as far as it is known, and when it was last
// heard.
func (s *server) unlinked(h Hosted, about identity.Jurisdiction, f *text.Failure) *text.Failure {
	parent, below := h.Standing.Parent()
	if below && about == parent && h.Keys.Denied() != nil {
		return s.denied(h, f)
	}
	if _, neighbour := h.Standing.Neighbour(about); !neighbour {
		return f
	}
	args := maps.Clone(f.Args)
	l := s.node.Link(h.Ledger.Name(), about)
	if l.Why != "" {
		args["reason"] = l.Why
	}
	if !l.LastHeard.IsZero() {
		args["heard"] = stamp(l.LastHeard)
	}
	return &text.Failure{Code: f.Code, Args: args, Err: f.Err}
}

// hereToo returns the failure of a jurisdiction that was withdrawn, with the word that this node
// hosts it, or did: there it comes back by one command.
func (s *server) hereToo(f *text.Failure, about identity.Jurisdiction) *text.Failure {
	if !s.node.Hosts(about) {
		return f
	}
	args := maps.Clone(f.Args)
	args["hosted"] = "yes"
	return &text.Failure{Code: f.Code, Args: args, Err: f.Err}
}

// denied returns what the parent said of these keys, which says to their administrator what to do.
func (s *server) denied(h Hosted, f *text.Failure) *text.Failure {
	d := h.Keys.Denied()
	if d == nil {
		return f
	}
	said := &text.Failure{Code: text.Code(d.Code), Args: text.Named(text.Code(d.Code), d.Args), Err: f.Err}
	return s.hereToo(said, h.Ledger.Name())
}
