// Package adoption lets a jurisdiction adopt a standard that a jurisdiction above it has set. It
// publishes a dataset that is the standard or tighter and, in the same command, gives the endless
// grants that the entry names: under them the agencies of the jurisdictions above measure all
// records, for the purposes and by the fields of the entry.
//
// It is also where a later version of any entry is published: the provider is first shown what that
// would do to the records and the grants, and what it then agrees to is published, or nothing.
//
// A standard is read from the jurisdiction that set it, and checked as it holds there now. The
// publication is the act of an agency like any other; nothing is adopted that an agency of this
// jurisdiction did not sign.
package adoption

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
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

// Register adds this room's command. changed is that of catalog.Register.
func Register(r *state.Registry, changed catalog.ChangedOf) {
	commandAdopt.Handle(r, func(tx *state.Tx, b adoptBody) (catalog.PublicationResult, error) {
		if err := b.Endless.Check(); err != nil {
			return catalog.PublicationResult{}, err
		}
		result, err := catalog.ApplyPublication(tx, b.Publication, changed)
		if err != nil {
			return result, err
		}
		return result, b.Endless.Give(tx, result.Entry)
	})
}

// Checker checks the records of a dataset against a version that is to come; *records.Desk is one.
type Checker interface {
	Plan(ctx context.Context, by catalog.Actor, next catalog.Entry) (records.Plan, catalog.Checked, error)
}

// Desk publishes the entries of one hosted jurisdiction.
type Desk struct {
	own     book.Ledger
	level   string // of the jurisdiction; "": not known
	ask     *anywhere.Desk
	records Checker
}

// New returns the desk of a jurisdiction of the level.
func New(own book.Ledger, level string, ask *anywhere.Desk, records Checker) *Desk {
	return &Desk{own: own, level: level, ask: ask, records: records}
}

// Plan is what publishing an entry would do, as it is shown to the provider.
type Plan struct {
	records.Plan
	First     bool   // nothing is in force under the code: there is nothing to ask
	Unchanged bool   // the entry is in force as it is: nothing would be published
	Hash      string // of the plan, for the publication; "" where First or Unchanged
}

// Agreed is what the provider says to the plan.
type Agreed struct {
	Plan     string // its hash
	LeaveOut bool   // records that the new schema does not take are left out of every answer
}

// prepared is an entry that may be published.
type prepared struct {
	entry   catalog.Entry
	publish catalog.Publication
	before  catalog.Published
	setter  identity.Agency // that set the standard which the entry adopts; zero: it adopts none
}

// Plan checks the entry, and the records of its dataset against it, and publishes nothing. The
// check is a use of the records by their provider, and recorded.
func (d *Desk) Plan(ctx context.Context, by catalog.Actor, e catalog.Entry) (Plan, error) {
	p, err := d.prepare(ctx, by, e)
	if err != nil {
		return Plan{}, err
	}
	plan, _, err := d.plan(ctx, by, p)
	return plan, err
}

func (d *Desk) plan(ctx context.Context, by catalog.Actor, p prepared) (plan Plan, as catalog.Checked, err error) {
	plan.First, plan.Unchanged = p.before.Version == 0, p.before.Is(p.publish)
	if plan.First || plan.Unchanged {
		return plan, as, nil
	}
	if plan.Plan, as, err = d.records.Plan(ctx, by, p.entry); err == nil {
		plan.Hash, err = plan.Plan.Hash(p.publish.Document)
	}
	return plan, as, err
}

// prepare checks the entry, and the standard that it names: the entry must be that standard or
// tighter, and the standard must be the one that holds now at the jurisdiction that set it.
func (d *Desk) prepare(ctx context.Context, by catalog.Actor, e catalog.Entry) (p prepared, err error) {
	if e.Standard == "" && len(e.Counts) > 0 {
		return p, catalog.Invalid(e.Code.String(), errors.New("only who adopts a standard lets others count"))
	}
	if e.Standard != "" {
		s, err := d.adopted(ctx, by, e)
		if err != nil {
			return p, err
		}
		p.setter = identity.NewAgency(s.At.Log().Jurisdiction(), s.Agency)
	}
	p.entry, p.publish, p.before, err = catalog.Prepare(ctx, d.own, by, e)
	return p, err
}

// Publish publishes a catalogue entry, as an act of its agency. A later version must be agreed to:
// it is refused as text.EntryPlanNeeded without the hash of its plan, as text.EntryPlanMoved where
// the plan is another by now, as text.RecordsUnfit where records do not fit and are not left out,
// and as text.DatasetMoved where records change all the time. An entry that is in force as it is is
// not published again.
func (d *Desk) Publish(ctx context.Context, id identity.Message, by catalog.Actor, e catalog.Entry, agreed Agreed) (catalog.Published, error) {
	p, err := d.prepare(ctx, by, e)
	if err != nil || p.before.Is(p.publish) {
		return p.before, err
	}
	if p.before.Version > 0 && agreed.Plan == "" {
		return catalog.Published{}, text.Fail(text.EntryPlanNeeded, text.Args{"dataset": e.Code.String()}, nil)
	}
	plan, as, err := d.plan(ctx, by, p)
	if err != nil {
		return catalog.Published{}, err
	}
	if err := plan.agreed(e.Code, agreed); err != nil {
		return catalog.Published{}, err
	}
	p.publish.Checked = &as
	return d.publish(ctx, id, p)
}

// agreed refuses what the provider did not agree to.
func (plan Plan) agreed(code identity.Label, to Agreed) error {
	switch {
	case plan.Hash != to.Plan && plan.Hash != "":
		return text.Fail(text.EntryPlanMoved, text.Args{"dataset": code.String()}, nil)
	case plan.Unfit > 0 && !to.LeaveOut:
		var first []string
		for _, f := range plan.Faults {
			first = append(first, strings.TrimSpace(f.Key+" "+f.Field)) // the plan tells the rules
		}
		return text.Fail(text.RecordsUnfit, text.Args{
			"dataset": code.String(), "count": strconv.FormatUint(plan.Unfit, 10), "first": strings.Join(first, ", "),
		}, nil)
	}
	return nil
}

// publish proposes the command.
func (d *Desk) publish(ctx context.Context, id identity.Message, p prepared) (catalog.Published, error) {
	e := p.entry
	request := book.By(identity.NewAgency(d.own.Name(), e.Agency), id, p.publish.Document)
	var result catalog.PublicationResult
	var err error
	if p.setter.IsZero() {
		result, err = catalog.Propose(ctx, d.own, request, p.publish)
	} else {
		var endless sharing.Endless
		if endless, err = sharing.Stand(d.own, p.setter, e.Code, e.Counts, e.Measures); err == nil {
			result, err = commandAdopt.Do(ctx, d.own, request, adoptBody{Publication: p.publish, Endless: endless})
		}
	}
	return catalog.Published{Entry: e, Version: result.Version, At: result.Entry.In(d.own.Log()), Document: p.publish.Document}, err
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
