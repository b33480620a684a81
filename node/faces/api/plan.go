package api

import (
	"xietong/certs/identity"
	"xietong/node/business/records"
	"xietong/node/faces/client"
	"xietong/node/flows/adoption"
)

// planShown turns the plan of a publication into its wire type. since is the name of the entry of
// its rows.
func planShown(p adoption.Plan, since identity.Entry) client.DatasetPlan {
	d := p.Differences
	out := client.DatasetPlan{
		Hash: p.Hash, First: p.First, Unchanged: p.Unchanged, Version: p.Version, Records: p.Records,
		Vanish: held(p.Vanish), Return: held(p.Return), Unfit: p.Unfit, Unreadable: p.Unreadable, Ending: p.Ending, Beginning: p.Beginning,
		Category: d.Category, Fields: d.Gone, NewFields: d.New, OtherFields: d.Other, Purposes: d.Purposes,
		NewPurposes: d.NewPurposes, Open: d.Open,
		Dropped: d.Dropped, Indexed: d.Indexed, Groups: d.Groups, NewGroups: d.NewGroups,
		Measures: d.Measures, NewMeasures: d.NewMeasures, Cell: d.Cell,
	}
	out.Withdrawn, out.Held = endedShown(p.Withdrawn), heldFor(p.Withdrawn)
	if w := p.Rows; w != nil {
		out.Rows = &client.RowsPlan{
			Import: w.Import.String(), Since: since.String(), Rows: w.Rows,
			New: w.New, Replaced: w.Replaced, Unchanged: w.Unchanged, Stay: w.Stay, Left: w.Left,
		}
	}
	for _, f := range p.Faults {
		out.Faults = append(out.Faults, client.RecordFault{Key: f.Key, Field: f.Field, Rule: f.Rule})
	}
	for _, e := range p.Ends {
		out.Ends = append(out.Ends, client.EndingGrant{Grant: e.Grant.String(), Consumer: e.Consumer.String(), Purpose: e.Purpose.String()})
	}
	for _, b := range p.Begins {
		begun := client.BeginningGrant{Purpose: b.Purpose.String(), Grant: b.Grant.String(), Consumer: b.Consumer.String()}
		out.Begins = append(out.Begins, begun)
	}
	for _, r := range d.Rest {
		out.Rest = append(out.Rest, client.EntryDifference{At: r.At, Before: r.Before, After: r.After})
	}
	return out
}

func held(all []records.Holding) (out []client.HeldField) {
	for _, h := range all {
		out = append(out, client.HeldField{Field: h.Field, Records: h.Records})
	}
	return out
}
