package api

import (
	"context"

	"xietong/consensus/state"
	"xietong/node/business/usage"
	"xietong/node/faces/client"
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
	of, err := h.Standing.Resolve(in.At)
	if in.At != "" && err != nil {
		return out, err
	}
	if in.At != "" && of != h.Ledger.Name() {
		f.Of = func(r *state.Reader) (usage.Leaves, error) {
			acts, err := h.Witness.ActsOf(r, of)
			if err == nil {
				out.Known = &client.Known{Log: acts.Log().String(), Size: acts.Size(), Acts: acts.Count(), At: stamp(acts.At())}
			}
			return acts, err
		}
	}
	all, cursor, err := h.Usage.Entries(ctx, f, in.page())
	out.Entries, out.Cursor, out.Period = []client.Entry{}, cursor, client.Period{From: stamp(f.From), To: stamp(f.To)}
	for _, e := range all {
		out.Entries = append(out.Entries, h.entryShown(e))
	}
	return out, err
}
