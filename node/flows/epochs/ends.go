package epochs

import (
	"context"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/flows/reform"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// endAll ends here what acts ended that are lost, in their order. What has ended already stays so;
// so it may be done again from the beginning. What a person published, added or invited after an
// entry, with which the ledger went on, stays, too.
func (d *Desk) endAll(ctx context.Context, all []known, after uint64) error {
	children := false
	for _, a := range last(all) {
		if anew, err := d.anew(ctx, rows[a.Leaf.Head.Kind].newest, a.Leaf.Head, after); err != nil || anew {
			if err != nil {
				return err
			}
			continue
		}
		did, err := d.end(ctx, a, after)
		if err != nil {
			return fmt.Errorf("end what entry %d ended: %w", a.Index, err)
		}
		children = children || did && a.Leaf.Head.Agency.IsZero()
	}
	if !children {
		return nil
	}
	return d.Changed(ctx)
}

// made returns the newest entry by which what a head is about was made; zero: there is none.
type made func(r *state.Reader, head ledger.Head) (identity.Entry, error)

// anew reports whether what an act ended was made anew after an entry; newest tells when it was
// made last, and nil that it never is made anew.
func (d *Desk) anew(ctx context.Context, newest made, head ledger.Head, after uint64) (anew bool, err error) {
	if newest == nil {
		return false, nil
	}
	err = d.Own.View(ctx, func(r *state.Reader) error {
		entry, err := newest(r, head)
		anew = !entry.IsZero() && entry.Index() > after
		return passed(err)
	})
	return anew, err
}

// ended is an act of a log.
type ended struct {
	log identity.Log
	ledger.Indexed
}

// last leaves the last among the acts that hold the same thing, in the order of their logs, and of
// a child that was withdrawn after it none. Those that hold a child come last: who is held may yet
// be invited by an invitation that was not replaced. Revocations come first, those of all logs:
// whoever made one may have ended in what is lost, and then revokes nothing any more.
func last(logs []known) (all []ended) {
	of := func(h ledger.Head) string {
		if h.Kind == ledger.KindWithdrawal {
			return holdsChild + h.Code.String()
		}
		return rows[h.Kind].holds + h.Code.String()
	}
	at := map[string]int{}
	for _, k := range logs {
		for _, a := range k.acts {
			at[of(a.Leaf.Head)] = len(all)
			all = append(all, ended{k.log, a})
		}
	}
	counts := all[:0]
	for i, a := range all {
		if rows[a.Leaf.Head.Kind].holds == "" || at[of(a.Leaf.Head)] == i {
			counts = append(counts, a)
		}
	}
	turn := func(a ended) int {
		switch kind := a.Leaf.Head.Kind; {
		case kind == ledger.KindGrantRevoked:
			return 0
		case rows[kind].holds == holdsChild:
			return 2
		}
		return 1
	}
	slices.SortStableFunc(counts, func(a, b ended) int { return turn(a) - turn(b) })
	return counts
}

// end ends what one act ended, or holds what it changed, and reports whether there was something to
// do.
func (d *Desk) end(ctx context.Context, a ended, after uint64) (did bool, err error) {
	does := rows[a.Leaf.Head.Kind].does
	if does == nil {
		return false, nil
	}
	id, err := identity.NewMessage()
	if err != nil {
		return false, err
	}
	did, err = does(d, ctx, lostAct{id, a.Leaf.Head, a.log.Entry(a.Index), after})
	return did && err == nil, passed(err)
}

// withdrawChild withdraws a child, and takes back an invitation that was not made after an entry,
// since it may have been redeemed in what is lost.
func (d *Desk) withdrawChild(ctx context.Context, id identity.Message, child identity.Label, after uint64, reason string) error {
	_, err := tree.Withdraw(ctx, d.Own, id, child, reason)
	if err = passed(err); err != nil {
		return err
	}
	if id, err = identity.NewMessage(); err != nil {
		return err
	}
	return d.cancelOld(ctx, id, child, after, reason)
}

// cancelOld takes back the invitation of a child that was not made after an entry.
func (d *Desk) cancelOld(ctx context.Context, id identity.Message, child identity.Label, after uint64, reason string) error {
	anew, err := d.anew(ctx, newestInvited, ledger.Head{Code: child}, after)
	if err != nil || anew {
		return err
	}
	_, err = tree.Cancel(ctx, d.Own, id, child, reason)
	return err
}

// passed drops the refusals of what is not here, or has ended already. A refusal after which a use
// goes on is none of them: what is dropped here counts as done for good.
func passed(err error) error {
	if err == nil || failure.Is(err, text.NotFound, text.UnknownDataset, text.DatasetWithdrawn, text.NoStandard, text.StandardWithdrawn,
		text.UnknownAgency, text.AgencyEnded, text.AgencyMerged, text.NotEndorsed, text.InvitedOnly, text.NoInvitation, text.ChildDamaged) {
		return nil
	}
	return err
}

func (d *Desk) withdraw(ctx context.Context, id identity.Message, code identity.Label, reason string) error {
	by, err := d.providerOf(ctx, code)
	if err != nil {
		return err
	}
	plan, err := d.Reform.PlanWithdrawal(ctx, by, code)
	if err == nil {
		_, err = d.Reform.Withdraw(ctx, id, by, code, reform.Agreed{Plan: plan.Hash, Reason: reason})
	}
	return err
}

func (d *Desk) withdrawStandard(ctx context.Context, id identity.Message, code identity.Label, reason string) error {
	var by catalog.Actor
	err := d.Own.View(ctx, func(r *state.Reader) error {
		s, err := catalog.StandardOf(r, code)
		if err == nil && s != nil {
			by = catalog.Local(s.Agency.String())
		}
		return err
	})
	if err != nil {
		return err
	}
	plan, err := d.Reform.PlanStandard(ctx, by, code)
	if err == nil {
		_, err = d.Reform.WithdrawStandard(ctx, id, by, code, reform.Agreed{Plan: plan.Hash, Reason: reason})
	}
	return err
}

// endAgency ends an agency, with the grants that it holds. What it provides, which may have moved
// to another one in what is lost, is withdrawn before: whoever takes it over publishes it again.
func (d *Desk) endAgency(ctx context.Context, id identity.Message, code identity.Label, reason string) error {
	var datasets, standards []identity.Label
	err := d.Own.View(ctx, func(r *state.Reader) error {
		datasets, standards = catalog.OfferedBy(r, code)
		return nil
	})
	each := func(end func(context.Context, identity.Message, identity.Label, string) error, of []identity.Label) {
		for _, dataset := range of {
			if err != nil {
				return
			}
			var one identity.Message
			if one, err = identity.NewMessage(); err == nil {
				err = passed(end(ctx, one, dataset, reason))
			}
		}
	}
	each(d.withdraw, datasets)
	each(d.withdrawStandard, standards)
	if err != nil {
		return err
	}
	by, order := catalog.Local(code.String()), reform.Order{Agency: code, Drop: true}
	plan, err := d.Reform.PlanEnd(ctx, by, order)
	if err == nil {
		_, err = d.Reform.End(ctx, id, by, order, reform.Agreed{Plan: plan.Hash, Reason: reason})
	}
	return err
}
