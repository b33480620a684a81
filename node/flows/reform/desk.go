package reform

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/questions"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Desk ends and moves what one hosted jurisdiction has. Many goroutines may use it.
type Desk struct{ Own book.Ledger }

// Agreed is what somebody says to a plan: its hash, and for what reason.
type Agreed struct {
	Plan   string
	Reason string // of a move: "" is allowed
}

// Done is what was done.
type Done struct {
	Plan
	Entry identity.Entry // the first that records it
}

// asked is one request, as it is told apart from others under the same id.
func asked(what string, parts ...any) ([]byte, error) {
	data, err := json.Marshal(append([]any{what}, parts...))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return data, nil
}

// act is one request that is shown before it is done.
type act[B any] struct {
	command book.Command[B, ledger.Ref]
	request book.Request
	look    func(*state.Reader) (Plan, error)
	body    func(Plan) (B, error) // what is proposed, of the same look
}

// do does what was shown. It looks once, at one state: where the plan is not the one that was
// shown, nothing is done, and what comes in between has the command refused. The same request again
// gets the answer of the first time, whatever became of it since.
func (a act[B]) do(ctx context.Context, l book.Ledger, to Agreed) (done Done, err error) {
	came := false
	err = l.View(ctx, func(r *state.Reader) error {
		var ref ledger.Ref
		if ref, came, err = a.command.Before(r, l, a.request); came || err != nil {
			done.Entry = ref.In(l.Names())
			done.Plan, _ = plans.Load(r, planKey(ref))
			return err
		}
		if done.Plan, err = a.look(r); err == nil {
			err = done.agreed(to.Plan)
		}
		return err
	})
	if came || err != nil {
		return done, err
	}
	body, err := a.body(done.Plan)
	if err != nil {
		return done, err
	}
	done.Entry, err = book.Enter(ctx, l, a.command, a.request, body)
	return done, err
}

// PlanWithdrawal tells what withdrawing a dataset would do. Refusals: text.UnknownDataset,
// text.DatasetWithdrawn, text.NotProvider, and those of the actor.
func (d *Desk) PlanWithdrawal(ctx context.Context, by catalog.Actor, code identity.Label) (p Plan, err error) {
	err = d.Own.View(ctx, func(r *state.Reader) (err error) {
		p, _, err = withdrawing(r, by, code)
		return err
	})
	return p, err
}

// Withdraw takes a dataset out of the catalogue and ends its grants, as an act of its provider.
// Refusals are those of PlanWithdrawal, text.BadRequest and text.NotText for the reason,
// text.EndPlanNeeded and text.PlanMoved for a plan that was not shown, or is another by now.
func (d *Desk) Withdraw(ctx context.Context, id identity.Message, by catalog.Actor, code identity.Label, to Agreed) (done Done, err error) {
	if err := catalog.CheckReason(to.Reason); err != nil {
		return done, err
	}
	what, err := asked("withdraw", code, to)
	if err != nil {
		return done, err
	}
	var of catalog.Published
	return act[withdrawBody]{
		command: commandWithdraw, request: book.ByNode(d.Own, id, what),
		look: func(r *state.Reader) (p Plan, err error) {
			p, of, err = withdrawing(r, by, code)
			return p, err
		},
		body: func(p Plan) (b withdrawBody, err error) {
			b = withdrawBody{Plan: p, Grants: p.grants}
			b.Withdrawal, err = catalog.WithdrawalOf(d.Own, of, to.Reason)
			return b, err
		},
	}.do(ctx, d.Own, to)
}

// moving is what a move moves.
type moving struct {
	plan      Plan
	into      identity.Label
	datasets  []catalog.Published
	standards []catalog.SetStandard
}

// maxMoved bounds what is moved by one command, in bytes: the rest of it needs some, too.
const maxMoved = state.MaxCommandLen - 16<<10

// moves makes the acts by which the agency takes over. More than fit one command are refused as
// text.MovesTooMany.
func (m moving) moves(l book.Ledger) (all []catalog.Move, err error) {
	all = []catalog.Move{}
	size := len(m.plan.shown)
	for _, p := range m.datasets {
		one, err := catalog.MoveOf(l, p, m.into)
		if err != nil {
			return nil, err
		}
		size += one.Size()
		all = append(all, one)
	}
	for _, s := range m.standards {
		one, err := catalog.MoveOfStandard(l, s, m.into)
		if err != nil {
			return nil, err
		}
		size += one.Size()
		all = append(all, one)
	}
	if size > maxMoved {
		return nil, text.Fail(text.MovesTooMany, text.Args{
			"count": strconv.Itoa(len(all)), "size": strconv.Itoa(size), "limit": strconv.Itoa(maxMoved),
		}, nil)
	}
	return all, nil
}

// handing looks at datasets that are to move to an agency.
func handing(r *state.Reader, by catalog.Actor, codes []identity.Label, into string) (m moving, err error) {
	for _, code := range codes {
		p, err := catalog.Known(r, code, catalog.Published{})
		if err != nil {
			return m, err
		}
		if _, err := by.For(p.Agency).Provider(r, code, p.Agency); err != nil {
			return m, err
		}
		if m.plan.Into, err = taking(r, p.Agency, into); err != nil {
			return m, err
		}
		if err := m.plan.from(r, p.Agency); err != nil {
			return m, err
		}
		m.datasets = append(m.datasets, p)
	}
	m.into, m.plan.What = m.plan.Into.Code, told(codes)
	m.plan.move(r, m.datasets, nil)
	return m, m.plan.sealed()
}

func told(codes []identity.Label) string {
	var names []string
	for _, code := range codes {
		names = append(names, code.String())
	}
	return strings.Join(names, ", ")
}

// once returns the codes, each once, and refuses none at all.
func once(codes []identity.Label) ([]identity.Label, error) {
	codes = slices.Clone(codes)
	slices.SortFunc(codes, func(a, b identity.Label) int { return strings.Compare(a.String(), b.String()) })
	if codes = slices.Compact(codes); len(codes) == 0 {
		return nil, text.Fail(text.Empty, text.Args{"name": "datasets"}, nil)
	}
	return codes, nil
}

// PlanMove tells what moving datasets to another agency of the jurisdiction would do. Refusals:
// text.UnknownDataset, text.NotProvider, text.IntoItself, text.UnknownAgency, text.AgencyEnded and
// text.AgencyMerged for the agency, and those of the actor.
func (d *Desk) PlanMove(ctx context.Context, by catalog.Actor, codes []identity.Label, into string) (p Plan, err error) {
	if codes, err = once(codes); err != nil {
		return p, err
	}
	err = d.Own.View(ctx, func(r *state.Reader) error {
		m, err := handing(r, by, codes, into)
		p = m.plan
		return err
	})
	return p, err
}

// Move moves datasets to another agency of the jurisdiction, all of them or none: each is the next
// version of its entry, as an act of the agency that takes over. Records and grants stay. Refusals
// are those of PlanMove and of a plan, as of Withdraw, and text.MovesTooMany.
func (d *Desk) Move(ctx context.Context, id identity.Message, by catalog.Actor, codes []identity.Label, into string, to Agreed) (done Done, err error) {
	if codes, err = once(codes); err != nil {
		return done, err
	}
	what, err := asked("move", codes, into, to)
	if err != nil {
		return done, err
	}
	var m moving
	return act[moveBody]{
		command: commandMove, request: book.ByNode(d.Own, id, what),
		look: func(r *state.Reader) (_ Plan, err error) {
			m, err = handing(r, by, codes, into)
			return m.plan, err
		},
		body: func(p Plan) (b moveBody, err error) {
			b.Plan = p
			b.Moves, err = m.moves(d.Own)
			return b, err
		},
	}.do(ctx, d.Own, to)
}

// Order says how an agency is to end.
type Order struct {
	Agency identity.Label
	Into   string // code of the agency that takes over; "": none does
	Drop   bool   // grants that it holds may end with it, although nobody takes over
}

// ending looks at an agency that is to end.
func ending(r *state.Reader, by catalog.Actor, o Order) (m moving, err error) {
	if err := m.plan.from(r, o.Agency); err != nil {
		return m, err
	}
	acting, err := by.For(o.Agency).Resolve(r)
	own := identity.NewAgency(r.Log().Jurisdiction(), o.Agency)
	switch {
	case err != nil:
		return m, err
	case acting != own:
		return m, text.Fail(text.NotThatAgency, text.Args{"agency": o.Agency.String(), "acting": acting.Code().String()}, nil)
	}
	if err := catalog.EndFits(r); err != nil {
		return m, err
	}
	m.plan.What = o.Agency.String()
	m.plan.end(r, sharing.HeldBy(r, own))
	m.plan.Questions = questions.Count(r, o.Agency)
	if o.Into == "" {
		datasets, standards := catalog.OfferedBy(r, o.Agency)
		if len(datasets)+len(standards) > 0 || m.plan.Ending > 0 && !o.Drop {
			return m, catalog.InUse(o.Agency, datasets, standards, m.plan.Ending)
		}
		if err := m.plan.leave(r, o.Agency); err != nil {
			return m, err
		}
		return m, m.plan.sealed()
	}
	if m.plan.Into, err = taking(r, o.Agency, o.Into); err != nil {
		return m, err
	}
	if m.datasets, m.standards, err = catalog.Of(r, o.Agency); err != nil {
		return m, err
	}
	m.into = m.plan.Into.Code
	m.plan.move(r, m.datasets, m.standards)
	return m, m.plan.sealed()
}

// PlanEnd tells what ending an agency would do. Refusals: text.UnknownAgency, text.AgencyEnded,
// text.AgencyMerged, text.NotThatAgency, text.AgencyInUse for one that offers something, or holds
// grants, and has no successor, text.IntoItself, and those of the actor.
func (d *Desk) PlanEnd(ctx context.Context, by catalog.Actor, o Order) (p Plan, err error) {
	err = d.Own.View(ctx, func(r *state.Reader) error {
		m, err := ending(r, by, o)
		p = m.plan
		return err
	})
	return p, err
}

// End ends an agency, as an act of its own, and moves what it offers to its successor. Refusals are
// those of PlanEnd, and of a plan and a reason, as of Withdraw, and text.MovesTooMany.
func (d *Desk) End(ctx context.Context, id identity.Message, by catalog.Actor, o Order, to Agreed) (done Done, err error) {
	if err := catalog.CheckReason(to.Reason); err != nil {
		return done, err
	}
	what, err := asked("end", o, to)
	if err != nil {
		return done, err
	}
	var m moving
	return act[endBody]{
		command: commandEnd, request: book.ByNode(d.Own, id, what),
		look: func(r *state.Reader) (_ Plan, err error) {
			m, err = ending(r, by, o)
			return m.plan, err
		},
		body: func(p Plan) (b endBody, err error) {
			b = endBody{Plan: p, Drop: o.Drop, Grants: p.grants}
			if b.Moves, err = m.moves(d.Own); err == nil {
				b.End, err = catalog.EndOf(d.Own, o.Agency, m.into, to.Reason)
			}
			return b, err
		},
	}.do(ctx, d.Own, to)
}

// Return brings an agency back that ended, under the title that it had. What moved to another
// agency stays there, and grants that ended stay ended. Refusals: text.BadRequest,
// text.UnknownAgency, text.AgencyTaken for another title, text.AgencyLives.
func (d *Desk) Return(ctx context.Context, id identity.Message, a catalog.Agency) (catalog.Listed, error) {
	act, payload, err := a.Act(d.Own, ledger.KindAgency)
	if err != nil {
		return catalog.Listed{}, err
	}
	request := book.ByNode(d.Own, id, payload)
	entry, err := book.Enter(ctx, d.Own, commandReturn, request, catalog.AgencyReturn{Code: a.Code, Title: a.Title, Statement: act})
	return catalog.Listed{Agency: a, Entry: entry}, err
}
