package reform

import (
	"context"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
)

// takingBack returns the plan of taking a standard back, and the standard.
func takingBack(r *state.Reader, by catalog.Actor, code identity.Label) (p Plan, s *catalog.SetStandard, err error) {
	if s, err = catalog.StandardBy(r, by, code); err != nil {
		return p, s, err
	}
	p.What = code.String()
	if err := p.from(r, s.Agency); err != nil {
		return p, s, err
	}
	p.move(r, nil, []catalog.SetStandard{*s})
	return p, s, p.sealed()
}

// PlanStandard tells what withdrawing a standard would do: nobody adopts it any more. Datasets that
// adopted it below go on as they are, with their grants, until whoever provides them withdraws
// them. Refusals: text.NoStandard, text.StandardWithdrawn, text.NotProvider, and those of the
// actor.
func (d *Desk) PlanStandard(ctx context.Context, by catalog.Actor, code identity.Label) (p Plan, err error) {
	err = d.Own.View(ctx, func(r *state.Reader) (err error) {
		p, _, err = takingBack(r, by, code)
		return err
	})
	return p, err
}

// WithdrawStandard takes a standard back, as an act of the agency that set it. Refusals are those
// of PlanStandard, and of a plan and a reason, as of Withdraw.
func (d *Desk) WithdrawStandard(ctx context.Context, id identity.Message, by catalog.Actor, code identity.Label, to Agreed) (done Done, err error) {
	if err := catalog.CheckReason(to.Reason); err != nil {
		return done, err
	}
	what, err := asked("withdraw standard", code, to)
	if err != nil {
		return done, err
	}
	var s *catalog.SetStandard
	return act[standardBody]{
		command: commandStandard, request: book.ByNode(d.Own, id, what),
		look: func(r *state.Reader) (p Plan, err error) {
			p, s, err = takingBack(r, by, code)
			return p, err
		},
		body: func(p Plan) (b standardBody, err error) {
			b.Plan = p
			b.Withdrawal, err = catalog.WithdrawalOfStandard(d.Own, *s, to.Reason)
			return b, err
		},
	}.do(ctx, d.Own, to)
}
