// Package adoption lets a jurisdiction adopt a standard that a jurisdiction above it has set. It
// publishes a dataset that is the standard or tighter and, in the same command, gives the endless
// grants that the entry names: under them the agencies of the jurisdictions above measure all
// records, for the purposes and by the fields of the entry.
//
// A standard is read from the jurisdiction that set it, and checked as it holds there now. The
// publication is the act of an agency like any other; nothing is adopted that an agency of this
// jurisdiction did not sign.
package adoption

import (
	"context"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/flows/anywhere"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// commandAdopt publishes a catalogue entry that adopts a standard, with its endless grants. Its
// number is that of docs/protocol.md.
const commandAdopt book.Command[adoptBody, catalog.PublicationResult] = 24

type adoptBody struct {
	_           struct{} `cbor:",toarray"`
	Publication catalog.Publication
	Endless     sharing.Endless
}

// Register adds this room's command.
func Register(r *state.Registry) {
	commandAdopt.Handle(r, func(tx *state.Tx, b adoptBody) (catalog.PublicationResult, error) {
		if err := b.Endless.Check(); err != nil {
			return catalog.PublicationResult{}, err
		}
		result, err := catalog.ApplyPublication(tx, b.Publication)
		if err != nil {
			return result, err
		}
		return result, b.Endless.Give(tx, result.Entry)
	})
}

// Desk publishes the entries of one hosted jurisdiction.
type Desk struct {
	own   book.Ledger
	level string // of the jurisdiction; "": not known
	ask   *anywhere.Desk
}

// New returns the desk of a jurisdiction of the level.
func New(own book.Ledger, level string, ask *anywhere.Desk) *Desk {
	return &Desk{own: own, level: level, ask: ask}
}

// Publish publishes a catalogue entry, as an act of its agency. An entry that names a standard must
// be that standard or tighter, and the standard must be the one that holds now at the jurisdiction
// that set it.
func (d *Desk) Publish(ctx context.Context, id identity.Message, by catalog.Actor, e catalog.Entry) (catalog.Published, error) {
	if e.Standard == "" {
		return catalog.Publish(ctx, d.own, id, by, e)
	}
	s, err := d.adopted(ctx, by, e)
	if err != nil {
		return catalog.Published{}, err
	}
	e, p, err := catalog.Prepare(ctx, d.own, by, e)
	if err != nil {
		return catalog.Published{}, err
	}
	setter := identity.NewAgency(s.At.Log().Jurisdiction(), s.Agency)
	endless, err := sharing.Stand(d.own, setter, e.Code, e.Counts, e.Measures)
	if err != nil {
		return catalog.Published{}, err
	}
	result, err := commandAdopt.Do(ctx, d.own, book.By(identity.NewAgency(d.own.Name(), e.Agency), id, p.Document), adoptBody{Publication: p, Endless: endless})
	return catalog.Published{Entry: e, Version: result.Version, At: result.Entry.In(d.own.Log()), Document: p.Document}, err
}

// adopted returns the standard that the entry names, if the entry is that standard, or tighter.
func (d *Desk) adopted(ctx context.Context, by catalog.Actor, e catalog.Entry) (catalog.SetStandard, error) {
	invalid := func(reason string) (catalog.SetStandard, error) {
		return catalog.SetStandard{}, text.Fail(text.EntryInvalid, text.Args{"dataset": e.Code.String(), "reason": reason}, nil)
	}
	named, err := identity.ParseEntry(e.Standard)
	if err != nil {
		return invalid(err.Error())
	}
	setter := named.Log().Jurisdiction()
	if self := d.own.Name(); self == setter || !self.Under(setter) {
		return invalid("a standard is set by who stands above")
	}
	s, err := d.ask.Standard(ctx, by, setter, e.Code)
	switch {
	case err != nil:
		return s, err
	case s.At != named:
		return invalid("the standard that it names is not the one that holds now, " + s.At.String())
	case d.level != "" && s.Level != d.level:
		return invalid("the standard is for the level " + s.Level)
	}
	if err := s.Adopts(e); err != nil {
		return catalog.SetStandard{}, catalog.Invalid(e.Code.String(), err)
	}
	return s, nil
}

// Standard returns the standard entry with the code that the jurisdiction of has set. If of is this
// jurisdiction, which adopts no standard of its own, it returns the standard of the nearest
// jurisdiction above that has set one. A jurisdiction above that cannot be asked is an error,
// because its standard would be the nearer one.
func (d *Desk) Standard(ctx context.Context, by catalog.Actor, of identity.Jurisdiction, code identity.Label) (catalog.SetStandard, error) {
	if of != d.own.Name() {
		return d.ask.Standard(ctx, by, of, code)
	}
	failed := text.Fail(text.NoStandard, text.Args{"dataset": code.String(), "jurisdiction": d.own.Name().String()}, nil)
	for setter, ok := d.own.Name().Parent(); ok; setter, ok = setter.Parent() {
		s, err := d.ask.Standard(ctx, by, setter, code)
		if err == nil {
			return s, nil
		}
		if failed = err; !failure.Is(err, text.NoStandard) {
			break
		}
	}
	return catalog.SetStandard{}, failed
}
