package epochs

import (
	"context"
	"fmt"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/flows/reform"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// endAll ends here what acts of a log ended that are lost, in their order. What has ended already
// stays so; so it may be done again from the beginning. What a person published, added or invited
// after an entry stays, too; 0: nobody did.
func (d *Desk) endAll(ctx context.Context, log identity.Log, acts []ledger.Indexed, after uint64) error {
	children := false
	for _, a := range newestEndorsed(acts) {
		if anew, err := d.anew(ctx, a.Leaf.Head, after); err != nil || anew {
			if err != nil {
				return err
			}
			continue
		}
		did, err := d.end(ctx, log, a)
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

// anew reports whether what an act ended was made anew after an entry.
func (d *Desk) anew(ctx context.Context, head ledger.Head, after uint64) (anew bool, err error) {
	if after == 0 {
		return false, nil
	}
	err = d.Own.View(ctx, func(r *state.Reader) error {
		entry, err := newest(r, head)
		anew = !entry.IsZero() && entry.Index() > after
		return passed(err)
	})
	return anew, err
}

// newest returns the newest entry by which what an act ended was made; zero: there is none. A grant
// is never made anew, but given again as another one.
func newest(r *state.Reader, head ledger.Head) (e identity.Entry, err error) {
	switch head.Kind {
	case ledger.KindDatasetEnded:
		p, err := catalog.Known(r, head.Code, catalog.Published{})
		return p.At, err
	case ledger.KindStandardEnded:
		s, err := catalog.StandardOf(r, head.Code)
		if s != nil {
			e = s.At
		}
		return e, err
	case ledger.KindAgencyEnded:
		all, err := catalog.Agencies(r)
		for _, l := range all {
			if l.Code == head.Agency {
				e = l.Entry
			}
		}
		return e, err
	case ledger.KindWithdrawal, ledger.KindCancellation, ledger.KindEndorsement:
		child, _ := tree.ChildOf(r, head.Code)
		e = child.Invitation.In(r.Names())
	}
	return e, nil
}

// newestEndorsed leaves the last endorsement of each child among the acts, and none of a child that
// was withdrawn after it.
func newestEndorsed(acts []ledger.Indexed) []ledger.Indexed {
	last := map[identity.Label]uint64{}
	for _, a := range acts {
		if k := a.Leaf.Head.Kind; k == ledger.KindEndorsement || k == ledger.KindWithdrawal {
			last[a.Leaf.Head.Code] = a.Index
		}
	}
	return slices.DeleteFunc(slices.Clone(acts), func(a ledger.Indexed) bool {
		return a.Leaf.Head.Kind == ledger.KindEndorsement && last[a.Leaf.Head.Code] != a.Index
	})
}

// end ends what one act of a log ended, and reports whether there was something to end.
func (d *Desk) end(ctx context.Context, log identity.Log, a ledger.Indexed) (did bool, err error) {
	id, err := identity.NewMessage()
	if err != nil {
		return false, err
	}
	head := a.Leaf.Head
	reason := fmt.Sprintf("ended by entry %d of the epoch before, which is lost", a.Index)
	switch head.Kind {
	case ledger.KindGrantRevoked:
		return d.revoke(ctx, id, head, reason)
	case ledger.KindDatasetEnded:
		err = d.withdraw(ctx, id, head.Code, reason)
	case ledger.KindStandardEnded:
		err = d.withdrawStandard(ctx, id, head.Code, reason)
	case ledger.KindAgencyEnded:
		err = d.endAgency(ctx, id, head.Agency, reason)
	case ledger.KindWithdrawal:
		_, err = tree.Withdraw(ctx, d.Own, id, head.Code, reason)
	case ledger.KindEndorsement:
		return tree.Hold(ctx, d.Own, id, log.Entry(a.Index), head, fmt.Sprintf("its newest keys were endorsed by entry %d of the epoch before, which is lost", a.Index))
	case ledger.KindCancellation:
		_, err = tree.Cancel(ctx, d.Own, id, head.Code, reason)
	default:
		return false, nil
	}
	return err == nil, passed(err)
}

// passed drops the refusals of what is not here, or has ended already.
func passed(err error) error {
	if err == nil || failure.Is(err, text.NotFound, text.GrantReplaced, text.UnknownDataset, text.DatasetWithdrawn, text.NoStandard, text.StandardWithdrawn,
		text.UnknownAgency, text.AgencyEnded, text.AgencyMerged, text.NotEndorsed, text.InvitedOnly, text.NoInvitation) {
		return nil
	}
	return err
}

// revoke revokes a grant that was given before anything was lost.
func (d *Desk) revoke(ctx context.Context, id identity.Message, head ledger.Head, reason string) (bool, error) {
	grant, ok := head.About.Index()
	if !ok {
		return false, nil
	}
	by, revoked, err := d.providerOf(ctx, head.Code, grant)
	if err != nil || revoked {
		return false, passed(err)
	}
	_, err = sharing.Revoke(ctx, d.Own, id, by, grant, reason)
	return err == nil, passed(err)
}

// providerOf returns who provides a dataset now, and whether a grant is revoked already.
func (d *Desk) providerOf(ctx context.Context, dataset identity.Label, grant uint64) (by catalog.Actor, revoked bool, err error) {
	err = d.Own.View(ctx, func(r *state.Reader) error {
		p, err := catalog.Known(r, dataset, catalog.Published{})
		by = catalog.Local(p.Agency.String())
		for _, g := range sharing.Grants(r) {
			revoked = revoked || g.Index == grant && g.Revoked != ledger.None
		}
		return err
	})
	return by, revoked, err
}

func (d *Desk) withdraw(ctx context.Context, id identity.Message, code identity.Label, reason string) error {
	by, _, err := d.providerOf(ctx, code, 0)
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
			one, failed := identity.NewMessage()
			if err == nil && failed == nil {
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
