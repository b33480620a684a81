// Package granting gives and renews grants by hand, for a clerk of the agency that provides the
// dataset.
//
// A grant may be given to an agency of any jurisdiction. An agency of this one must be registered.
// Whether another jurisdiction has the agency, its list of agencies tells, which is asked for end
// to end: an agency that the list lacks gets no grant. Where the list cannot be had now, the grant
// is given all the same, and the clerk is told that nobody has looked: it serves nobody but an
// agency that its jurisdiction lists, because each use is checked against that list again.
//
// What is decided and kept is the business of sharing; this room holds none.
package granting

import (
	"context"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// Lists knows the agencies of other jurisdictions; catalog.Lists does.
type Lists interface {
	// Listed reports whether another jurisdiction lists its agency. The error is
	// text.AgencyListMissing.
	Listed(ctx context.Context, agency identity.Agency) (bool, error)
}

// Desk gives the grants of one hosted jurisdiction. Many goroutines may use it.
type Desk struct {
	Own       book.Ledger
	Catalogue sharing.Catalogue
	Lists     Lists
}

// Given is a grant that was given. Unchecked is why nobody knows yet whether the consumer's
// jurisdiction has such an agency; nil: it does.
type Given struct {
	sharing.Given
	Unchecked error
}

// Give gives or renews a grant, as an act of the provider. The same order again under its id gets
// the same grant. Refusals are those of sharing.Look, text.UnknownAgency for an agency that is not
// registered here, and text.AgencyNotThere for one that its jurisdiction does not list.
func (d *Desk) Give(ctx context.Context, id identity.Message, by catalog.Actor, q sharing.Order) (out Given, err error) {
	var g sharing.Giving
	err = d.Own.View(ctx, func(r *state.Reader) (err error) {
		if g, err = sharing.Look(r, d.Own, id, by, d.Catalogue, q); err != nil || g.Before() != nil {
			return err
		}
		if c := g.Consumer; c.Jurisdiction() == d.Own.Name() {
			_, err = catalog.Foreign(c).Resolve(r)
		}
		return err
	})
	if err != nil {
		return out, err
	}
	if before := g.Before(); before != nil {
		return Given{Given: *before}, nil
	}
	if out.Unchecked, err = d.listed(ctx, g.Consumer); err != nil {
		return out, err
	}
	out.Given, err = g.Give(ctx, d.Own)
	return out, err
}

// listed looks whether an agency of another jurisdiction is listed there.
func (d *Desk) listed(ctx context.Context, c identity.Agency) (unchecked, err error) {
	if c.Jurisdiction() == d.Own.Name() {
		return nil, nil
	}
	switch has, err := d.Lists.Listed(ctx, c); {
	case failure.Is(err, text.AgencyListMissing):
		return err, nil
	case err != nil:
		return nil, err
	case !has:
		return nil, text.Fail(text.AgencyNotThere, text.Args{"agency": c.Code().String(), "jurisdiction": c.Jurisdiction().String()}, nil)
	}
	return nil, nil
}
