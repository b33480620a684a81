package api

import (
	"context"

	"xietong/consensus/state"
	"xietong/node/business/usage"
	"xietong/node/faces/client"
	"xietong/node/flows/witnessing"
)

// entriesListed lists the heads of entries, which are public inside the jurisdiction, or the acts
// of one below as they are known here.
func entriesListed(ctx context.Context, h Hosted, in *listEntries) (out client.Entries, err error) {
	f := usage.EntryFilter{Kind: in.Kind, OldestFirst: in.Order == "index"}
	if f.Period, err = usage.ReadPeriod(in.From, in.To, h.Standing.Zone()); err != nil {
		return out, err
	}
	if err = parsed(in.By, &f.Agency); err == nil {
		err = parsed(in.Code, &f.Code)
	}
	if err != nil {
		return out, err
	}
	var known *witnessing.Acts
	if in.At != "" {
		if f.Of, err = h.below(in, &out, &known); err != nil {
			return out, err
		}
	}
	all, cursor, err := h.Usage.Entries(ctx, f, in.page())
	out.Entries, out.Cursor, out.Period = []client.Entry{}, cursor, client.Period{From: stamp(f.From), To: stamp(f.To)}
	for _, e := range all {
		shown := entryShown(e)
		shown.Lost = known != nil && !known.Has(e.Name)
		out.Entries = append(out.Entries, shown)
	}
	return out, err
}

// below returns the acts of the jurisdiction that the request names, nil where that is the own one,
// and tells on the first page how far those of it and of all below it are known. known is
// set to those that were read.
func (h Hosted) below(in *listEntries, out *client.Entries, known **witnessing.Acts) (acts func(*state.Reader) (usage.Leaves, error), err error) {
	of, err := h.Standing.Resolve(in.At)
	if err != nil {
		return nil, err
	}
	if in.Cursor == "" {
		err = h.Ledger.Look(func(r *state.Reader) error {
			for _, k := range h.Witness.KnownBelow(r, of) {
				out.Below = append(out.Below, *knownShown(k))
			}
			return nil
		})
	}
	if err != nil || of == h.Ledger.Name() {
		return nil, err
	}
	return func(r *state.Reader) (usage.Leaves, error) {
		acts, err := h.Witness.ActsOf(r, of)
		if err == nil {
			out.Known, *known = knownShown(acts.Known()), acts
		}
		return acts, err
	}, nil
}

func knownShown(k witnessing.Known) *client.Known {
	return &client.Known{Log: k.Log.String(), Size: k.Size, Acts: k.Acts, By: k.By.String(), At: stamp(k.At)}
}
