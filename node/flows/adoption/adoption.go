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
	"cmp"
	"context"
	"errors"
	"fmt"
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

// The commands of this room. The numbers are those of docs/protocol.md. commandAdopt publishes a
// catalogue entry that adopts a standard, with its endless grants; commandAdoptAlong does so with
// the rows of an import, too.
const (
	commandAdopt      book.Command[adoptBody, catalog.PublicationResult] = 24
	commandAdoptAlong book.Command[alongBody, catalog.PublicationResult] = 47
)

type adoptBody struct {
	_           struct{} `cbor:",toarray"`
	Publication catalog.Publication
	Endless     sharing.Endless
}

type alongBody struct {
	_       struct{} `cbor:",toarray"`
	Along   records.Along
	Endless sharing.Endless
}

// Register adds this room's commands. changed is that of catalog.Register.
func Register(r *state.Registry, changed catalog.ChangedOf) {
	commandAdopt.Handle(r, func(tx *state.Tx, b adoptBody) (catalog.PublicationResult, error) {
		return giving(tx, b.Endless, func() (catalog.PublicationResult, error) {
			return catalog.ApplyPublication(tx, b.Publication, changed)
		})
	})
	commandAdoptAlong.Handle(r, func(tx *state.Tx, b alongBody) (catalog.PublicationResult, error) {
		return giving(tx, b.Endless, func() (catalog.PublicationResult, error) { return records.ApplyAlong(tx, b.Along) })
	})
}

// giving publishes, and gives the endless grants. It refuses before it writes.
func giving(tx *state.Tx, endless sharing.Endless, publish func() (catalog.PublicationResult, error)) (catalog.PublicationResult, error) {
	if err := endless.Check(); err != nil {
		return catalog.PublicationResult{}, err
	}
	next := book.Next(tx)
	result, err := publish()
	if err != nil || result.Entry != next { // it is in force already, and so are they
		return result, err
	}
	return result, endless.Give(tx, result.Entry)
}

// Records checks the records of a dataset against a version that is to come, and publishes that
// together with rows that are staged for it; *records.Desk does.
type Records interface {
	Plan(ctx context.Context, by catalog.Actor, next catalog.Entry, with identity.Entry) (records.Plan, catalog.Checked, error)
	PlanAgain(ctx context.Context, by catalog.Actor, next catalog.Entry, with identity.Entry) (records.Plan, catalog.Checked, error)
	Came(ctx context.Context, code identity.Label, as catalog.Checked) (count int, err error)
	Published(ctx context.Context, code identity.Label, opened identity.Entry) (bool, error)
	Bring(ctx context.Context, p catalog.Publication, of records.RowsPlan) (records.Along, error)
	PublishAlong(ctx context.Context, request book.Request, a records.Along) (catalog.PublicationResult, error)
	CameAlong(ctx context.Context, request book.Request) (_ catalog.PublicationResult, came bool, err error)
}

// Desk publishes the entries of one hosted jurisdiction.
type Desk struct {
	own     book.Ledger
	level   func() string // of the jurisdiction, as it is now; "": not known
	ask     *anywhere.Desk
	records Records
}

// New returns the desk of a jurisdiction, whose level may change with the roster.
func New(own book.Ledger, level func() string, ask *anywhere.Desk, records Records) *Desk {
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
	Plan     string         // its hash
	With     identity.Entry // that opened the import whose rows come along; zero: none do
	LeaveOut bool           // records that the new schema does not take are left out of every answer
}

// prepared is an entry that may be published.
type prepared struct {
	entry   catalog.Entry
	publish catalog.Publication
	before  catalog.Published
	setter  identity.Agency // that set the standard which the entry adopts; zero: it adopts none
}

// Plan checks the entry, and the records of its dataset against it, and publishes nothing. The
// check is a use of the records by their provider, and recorded. with is the entry that opened the
// import whose rows would come along; zero: none do.
func (d *Desk) Plan(ctx context.Context, by catalog.Actor, e catalog.Entry, with identity.Entry) (Plan, error) {
	p, err := d.prepare(ctx, by, e)
	if err != nil {
		return Plan{}, err
	}
	plan, _, err := d.plan(ctx, by, p, with, d.records.Plan)
	return plan, err
}

// checks is a method of Records that checks the records.
type checks func(ctx context.Context, by catalog.Actor, next catalog.Entry, with identity.Entry) (records.Plan, catalog.Checked, error)

func (d *Desk) plan(ctx context.Context, by catalog.Actor, p prepared, with identity.Entry, check checks) (plan Plan, as catalog.Checked, err error) {
	plan.First, plan.Unchanged = p.before.Version == 0, p.before.Is(p.publish)
	if plan.First || plan.Unchanged {
		return plan, as, nil
	}
	if plan.Plan, as, err = check(ctx, by, p.entry, with); err == nil {
		plan.Hash, err = plan.Plan.Hash(p.publish.Document)
	}
	return plan, as, err
}

// Coming returns the entry as the rows of a file are checked for it. It refuses what Publish
// refuses before it looks at a record, and an entry that is in force already as text.EntryInForce.
func (d *Desk) Coming(ctx context.Context, by catalog.Actor, e catalog.Entry) (*records.Coming, error) {
	p, err := d.prepare(ctx, by, e)
	switch {
	case err != nil:
		return nil, err
	case p.before.Is(p.publish):
		return nil, text.Fail(text.EntryInForce, text.Args{"dataset": e.Code.String()}, nil)
	}
	return &records.Coming{Entry: p.entry, Document: p.publish.Document}, nil
}

// prepare checks the entry, and the standard that it names: the entry must be that standard or
// tighter, and the standard must be the one that holds now at the jurisdiction that set it.
func (d *Desk) prepare(ctx context.Context, by catalog.Actor, e catalog.Entry) (p prepared, err error) {
	if e.Standard == "" && len(e.Counts) > 0 {
		return p, catalog.Invalid(e.Code.String(), errors.New("only who adopts a standard lets others count"))
	}
	var unlike error // the standard
	if e.Standard != "" {
		var s catalog.SetStandard
		if s, unlike = d.adopted(ctx, by, e); unlike == nil {
			p.setter = identity.NewAgency(s.At.Log().Jurisdiction(), s.Agency)
		}
	}
	p.entry, p.publish, p.before, err = catalog.Prepare(ctx, d.own, by, e)
	return p, cmp.Or(unlike, err)
}

// Publish publishes a catalogue entry, as an act of its agency. A later version must be agreed to:
// it is refused as text.EntryPlanNeeded without the hash of its plan, as text.EntryPlanMoved where
// the plan is another by now, as text.RecordsUnfit where records do not fit and are not left out,
// and as text.RecordsComing where records come faster than they can be checked. An entry that is in
// force as it is is not published again; rows that were to come along with it, and did not, are
// then refused as text.EntryInForce. The same request again has its answer, whatever became of the
// dataset since.
func (d *Desk) Publish(ctx context.Context, id identity.Message, by catalog.Actor, e catalog.Entry, agreed Agreed) (catalog.Published, error) {
	p, err := d.prepare(ctx, by, e)
	if p.before.Version > 0 {
		if done, came, err := d.answered(ctx, id, p, agreed.With); came || err != nil {
			return done, err
		}
	}
	switch {
	case err != nil:
		return p.before, err
	case p.before.Is(p.publish) && agreed.With.IsZero() && !id.IsZero():
		p.publish.Same = p.before.Version
		return d.publish(ctx, id, p, nil)
	case p.before.Is(p.publish):
		return p.before, d.came(ctx, e.Code, agreed.With)
	case p.before.Version == 0 && !agreed.With.IsZero():
		return p.before, text.Fail(text.NotAlong, text.Args{"import": agreed.With.String(), "dataset": e.Code.String()}, nil)
	}
	if p.before.Version > 0 && agreed.Plan == "" {
		return catalog.Published{}, text.Fail(text.EntryPlanNeeded, text.Args{"dataset": e.Code.String()}, nil)
	}
	return d.publishChecked(ctx, id, by, p, agreed)
}

// publishRounds is how often a publication is proposed: records that came since they were checked
// have it refused, and then those are checked, and nothing else.
const publishRounds = 20

// publishChecked publishes what the provider agreed to as it was shown.
func (d *Desk) publishChecked(ctx context.Context, id identity.Message, by catalog.Actor, p prepared, agreed Agreed) (catalog.Published, error) {
	for round := 1; ; round++ {
		plan, as, err := d.plan(ctx, by, p, agreed.With, d.records.PlanAgain)
		if err == nil {
			err = plan.agreed(p.entry.Code, agreed)
		}
		if err != nil {
			return catalog.Published{}, err
		}
		p.publish.Checked = &as
		done, err := d.publish(ctx, id, p, plan.Rows)
		if !failure.Is(err, text.DatasetMoved) || plan.First {
			return done, err
		}
		came, failed := d.records.Came(ctx, p.entry.Code, as)
		switch {
		case failed != nil:
			return done, failed
		case came == 0: // it was the entry
			return done, err
		case round == publishRounds:
			return done, text.Fail(text.RecordsComing, text.Args{"dataset": p.entry.Code.String(), "count": strconv.Itoa(came)}, err)
		}
	}
}

// came refuses an entry that is in force without the rows of the import; the zero entry is none.
func (d *Desk) came(ctx context.Context, code identity.Label, with identity.Entry) error {
	if with.IsZero() {
		return nil
	}
	done, err := d.records.Published(ctx, code, with)
	if err == nil && !done {
		err = text.Fail(text.EntryInForce, text.Args{"dataset": code.String()}, nil)
	}
	return err
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

// publish proposes the command. rows come along; nil: none do.
func (d *Desk) publish(ctx context.Context, id identity.Message, p prepared, rows *records.RowsPlan) (catalog.Published, error) {
	var with identity.Entry
	if rows != nil {
		with = rows.Import
	}
	result, err := d.propose(ctx, d.request(id, p, with), p, rows)
	return d.published(p, result), err
}

func (d *Desk) propose(ctx context.Context, request book.Request, p prepared, rows *records.RowsPlan) (result catalog.PublicationResult, err error) {
	var along records.Along
	if rows != nil {
		if along, err = d.records.Bring(ctx, p.publish, *rows); err != nil {
			return result, err
		}
	}
	switch {
	case p.setter.IsZero() && rows == nil:
		return catalog.Propose(ctx, d.own, request, p.publish)
	case p.setter.IsZero():
		return d.records.PublishAlong(ctx, request, along)
	}
	endless, err := sharing.Stand(d.own, p.setter, p.entry.Code, p.entry.Counts, p.entry.Measures)
	switch {
	case err != nil:
		return result, err
	case rows == nil:
		return commandAdopt.Do(ctx, d.own, request, adoptBody{Publication: p.publish, Endless: endless})
	}
	return commandAdoptAlong.Do(ctx, d.own, request, alongBody{Along: along, Endless: endless})
}

// adopted returns the standard that the entry names, if the entry is that standard, or tighter.
func (d *Desk) adopted(ctx context.Context, by catalog.Actor, e catalog.Entry) (catalog.SetStandard, error) {
	invalid := func(reason string, of ...any) (catalog.SetStandard, error) {
		return catalog.SetStandard{}, catalog.Invalid(e.Code.String(), fmt.Errorf(reason, of...))
	}
	named, err := identity.ParseEntry(e.Standard)
	if err != nil {
		return invalid("%w", err)
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
		return invalid("the standard that it names is not the one that holds now, %s", s.At)
	case !d.isFor(s):
		return s, text.Fail(text.StandardLevel, text.Args{
			"dataset": e.Code.String(), "level": s.Level, "jurisdiction": d.own.Name().String(), "own": d.level(),
		}, nil)
	}
	if err := s.Adopts(e); err != nil {
		return catalog.SetStandard{}, catalog.Invalid(e.Code.String(), err)
	}
	return s, nil
}

// isFor reports whether this jurisdiction is of the level that is to offer the standard.
func (d *Desk) isFor(s catalog.SetStandard) bool {
	level := d.level()
	return level == "" || s.Level == level
}

// Standard returns the standard entry with the code that the jurisdiction of has set. If of is this
// jurisdiction, which adopts no standard of its own, it returns the standard of the nearest
// jurisdiction above that has set one that holds: one that is for this level or, where there is
// none, for another. A jurisdiction above that cannot be asked is an error, because its standard
// would be the nearer one.
func (d *Desk) Standard(ctx context.Context, by catalog.Actor, of identity.Jurisdiction, code identity.Label) (catalog.SetStandard, error) {
	if of != d.own.Name() {
		return d.ask.Standard(ctx, by, of, code)
	}
	var other *catalog.SetStandard // for another level
	failed := text.Fail(text.NoStandard, text.Args{"dataset": code.String(), "jurisdiction": d.own.Name().String()}, nil)
	for setter, ok := d.own.Name().Parent(); ok; setter, ok = setter.Parent() {
		s, err := d.ask.Standard(ctx, by, setter, code)
		switch {
		case err == nil && d.isFor(s):
			return s, nil
		case err == nil:
			other = cmp.Or(other, &s)
		case !failure.Is(err, text.NoStandard, text.StandardWithdrawn):
			return s, err
		case !failure.Is(failed, text.StandardWithdrawn): // it says more than that there is none
			failed = err
		}
	}
	if other != nil {
		return *other, nil
	}
	return catalog.SetStandard{}, failed
}
