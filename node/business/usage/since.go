package usage

import (
	"cmp"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/text"
)

// Since is what the agency was told of a grant by answers and refusals to later questions, which
// the provider's jurisdiction signed. The zero value: nothing.
type Since struct {
	Closed   bool   // its dataset was withdrawn: it ended with it, also where the dataset came back
	Stopped  bool   // the category lets nobody use the data under it
	Replaced string // the grant that counts in its place; "": none
}

// mostSince is how many later questions are looked at for what became of a grant.
const mostSince = 100

// since returns what later questions of the agency were told of the grant, by the newest of them
// that was told something.
func (d *Desk) since(r *state.Reader, row HeldRow) (s Since) {
	dataset, err := identity.ParseLabel(row.Dataset)
	to, bad := identity.ParseJurisdiction(row.To)
	if cmp.Or(err, bad) != nil {
		return s
	}
	find := FindAsked(d.own, dataset, to, identity.Label{})
	w, err := askedBy.walk(r, r.Size(), one(row.Agency.String()), one(find.Dataset.part()), one(find.To.part()), nil)
	if err != nil {
		return s
	}
	for range mostSince {
		n, _, _, ok := w.next()
		if !ok || n <= row.Asked.Index() || s != (Since{}) {
			return s
		}
		var later AskedSaid
		if said(r, d.own, n, &later) == Told {
			s = later.of(row.AskedSaid)
		}
	}
	return s
}

// of returns what a later question was told of the grant that an earlier one was told of.
func (later AskedSaid) of(earlier AskedSaid) (s Since) {
	outcome, same := text.ByNumber(later.Outcome), later.Purpose == earlier.Purpose
	switch {
	case outcome == text.DatasetWithdrawn:
		s.Closed = true
	case outcome == text.NotShared, outcome == text.GrantNeeded && same && earlier.holders():
		s.Stopped = true
	case same && earlier.holders() && later.holders() && later.newer(earlier):
		s.Replaced = later.Grant
	}
	return s
}

// holders reports whether the grant that was told of is the agency's own. An endless one, which a
// standard entry gives beside it to everybody above, has no end.
func (a AskedSaid) holders() bool {
	switch text.ByNumber(a.Outcome) {
	case text.GrantExpired, text.GrantEnded, text.FieldNotGranted, text.MeasureNotGranted, text.NotRenewable:
		return true
	}
	return !a.Until.IsZero()
}

// newer reports whether the grant that was told of was given after the earlier one.
func (a AskedSaid) newer(earlier AskedSaid) bool {
	now, err := identity.ParseEntry(a.Grant)
	before, bad := identity.ParseEntry(earlier.Grant)
	if cmp.Or(err, bad) != nil || now.Log().Jurisdiction() != before.Log().Jurisdiction() {
		return false
	}
	return cmp.Or(cmp.Compare(now.Log().Epoch(), before.Log().Epoch()), cmp.Compare(now.Index(), before.Index())) > 0
}
