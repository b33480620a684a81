package reform

import (
	"context"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
)

// PlanStandard tells what withdrawing a standard would do: nobody adopts it any more. Datasets that
// adopted it below go on as they are, with their grants, until whoever provides them withdraws
// them. Refusals: text.NoStandard, text.StandardWithdrawn, text.NotProvider, and those of the
// actor.
func (d *Desk) PlanStandard(ctx context.Context, by catalog.Actor, code identity.Label) (p Plan, err error) {
	err = d.Own.View(ctx, func(r *state.Reader) error {
		s, err := catalog.StandardBy(r, by, code)
		if err != nil {
			return err
		}
		p = Plan{What: code.String()}
		if p.From, err = catalog.Living(r, s.Agency); err != nil {
			return err
		}
		p.move(r, nil, []catalog.SetStandard{*s})
		return p.sealed()
	})
	return p, err
}

// WithdrawStandard takes a standard back, as an act of the agency that set it. Refusals are those
// of PlanStandard, and of a plan and a reason, as of Withdraw.
func (d *Desk) WithdrawStandard(ctx context.Context, id identity.Message, by catalog.Actor, code identity.Label, to Agreed) (done Done, err error) {
	entry, came, err := catalog.StandardWithdrawnBefore(ctx, d.Own, id, code, to.Reason)
	if came || err != nil {
		return Done{Entry: entry}, err
	}
	if done.Plan, err = d.PlanStandard(ctx, by, code); err != nil {
		return done, err
	}
	if err := done.agreed(to.Plan); err != nil {
		return done, err
	}
	done.Entry, err = catalog.WithdrawStandard(ctx, d.Own, id, by, code, to.Reason)
	return done, err
}
